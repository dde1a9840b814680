"""Attribute lists, in the shapes of every version and encoding."""

from imps.csp.codec.document import NAMESPACES
from imps.csp.primitives.attributes import (
    CommCap,
    InfoLink,
    OnlineStatus,
    PresenceSubList,
    StatusMood,
)
from imps.csp.primitives.common import Status
from imps.csp.primitives.contacts import CreateListRequest, DeleteListRequest
from imps.csp.primitives.identity import ContactListIDList, User, UserIDList
from imps.csp.primitives.presence import (
    CreateAttributeListRequest,
    DefaultAttributeList,
    DeleteAttributeListRequest,
    GetAttributeListRequest,
    GetAttributeListResponse,
)
from imps.model.address import Address
from imps.model.version import V11, V13
from imps.testing.conformance import ALL, shows
from imps.testing.door import EVERY, DoorTestCase

BOB = Address.parse("wv:Bob@localhost")
EVE = Address.parse("wv:eve@elsewhere.example")
NOBODY = Address.parse("wv:nobody@localhost")
FRIENDS = Address.parse("wv:ann/friends@localhost")
FOES = Address.parse("wv:ann/foes@localhost")

REQUEST = """
<WV-CSP-Message xmlns="{WV-CSP-Message}"><Session><SessionDescriptor>
<SessionType>Inband</SessionType><SessionID>{session_id}</SessionID></SessionDescriptor>
<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>
<TransactionID>x</TransactionID></TransactionDescriptor>
<TransactionContent xmlns="{TransactionContent}">
<CreateAttributeList-Request>{content}</CreateAttributeList-Request>
</TransactionContent></Transaction></Session></WV-CSP-Message>
""".strip()

SOME = PresenceSubList(
    online_status=(OnlineStatus(),), comm_caps=(CommCap(),), status_mood=StatusMood()
)
NOTHING = PresenceSubList()


def targets(version, users, lists, wrapped=False):
    """Who is meant, in the shape of a version; users alone or within User."""
    if version is V13:
        return {
            "user_id_list": UserIDList(user_ids=users) if users else None,
            "contact_list_id_list": ContactListIDList(contact_lists=lists) if lists else None,
        }
    if wrapped:
        return {
            "users": tuple(User(user_id=each) for each in users),
            "contact_lists": lists,
        }
    return {"user_ids": users, "contact_lists": lists}


class AttributeListTests(DoorTestCase):
    async def speakers(self):
        """Ann, in every version and encoding, each time without any attribute list."""
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            await ann.sign_on()
            yield ann
            await self.delete(ann, (BOB, EVE), (FRIENDS,))

    async def create(self, ann, sub_list, users=(), lists=(), default=False, **notify):
        request = CreateAttributeListRequest(
            presence_sub_list=sub_list,
            default_list=default,
            **targets(ann.version, users, lists),
            **notify,
        )
        answer = await ann.ask(request)
        self.assertIsInstance(answer, Status)
        return answer.result

    async def delete(self, ann, users=(), lists=(), default=True):
        request = DeleteAttributeListRequest(
            default_list=default, **targets(ann.version, users, lists)
        )
        answer = await ann.ask(request)
        self.assertIsInstance(answer, Status)
        return answer.result

    async def get(self, ann, users=(), lists=(), default=False):
        request = GetAttributeListRequest(
            default_list=default, **targets(ann.version, users, lists, wrapped=True)
        )
        answer = await ann.ask(request)
        self.assertIsInstance(answer, GetAttributeListResponse)
        return answer

    def said(self, answer):
        """What an answer says of whom, the default by None."""
        said = {}
        for presence in answer.presences:
            (said[presence.user_id or presence.contact_list],) = presence.presence_sub_lists
        if answer.default_attribute_list is not None:
            (said[None],) = answer.default_attribute_list.presence_sub_lists
        return said

    def details(self, result):
        return {
            detail.code: {*detail.user_ids, *detail.contact_lists}
            for detail in result.detailed_results
        }

    @shows(CreateAttributeListRequest, GetAttributeListRequest, DeleteAttributeListRequest, *ALL)
    async def test_lists_are_made_read_replaced_and_deleted(self):
        async for ann in self.speakers():
            self.assertEqual(self.said(await self.get(ann)), {})
            created = await self.create(ann, SOME, (BOB, EVE), (FRIENDS,), True)
            self.assertEqual(created.code, 200)
            everybody = {BOB: SOME, EVE: SOME, FRIENDS: SOME, None: SOME}
            self.assertEqual(self.said(await self.get(ann)), everybody)
            self.assertEqual(self.said(await self.get(ann, default=True)), everybody)
            await self.create(ann, NOTHING, (BOB,), default=True)
            expected = {BOB: NOTHING, EVE: SOME, FRIENDS: SOME, None: NOTHING}
            self.assertEqual(self.said(await self.get(ann)), expected)
            some = await self.get(ann, (BOB,), (FRIENDS,))
            self.assertEqual(self.said(some), {BOB: NOTHING, FRIENDS: SOME})
            some = await self.get(ann, (EVE,), default=True)
            self.assertEqual(self.said(some), {EVE: SOME, None: NOTHING})
            deleted = await self.delete(ann, (BOB,), default=False)
            self.assertEqual(deleted.code, 200)
            rest = {EVE: SOME, FRIENDS: SOME, None: NOTHING}
            self.assertEqual(self.said(await self.get(ann)), rest)

    async def test_an_address_is_given_as_it_was_spelled(self):
        await self.create(self.ann, SOME, (BOB,))
        (presence,) = (await self.get(self.ann, (Address.parse("bob"),))).presences
        self.assertEqual(str(presence.user_id), str(BOB))

    async def test_1_3_says_of_whom_one_wants_to_hear(self):
        ann = self.speaker("ann", "phone", V13)
        await ann.sign_on()
        await self.create(ann, SOME, (BOB,), (FRIENDS,), True, user_notify=True)
        answer = await self.get(ann)
        flags = {
            each.user_id or each.contact_list: (each.user_notify, each.contact_list_notify)
            for each in answer.presences
        }
        self.assertEqual(flags, {BOB: (True, None), FRIENDS: (None, False)})
        default = DefaultAttributeList(default_notify=False, presence_sub_lists=(SOME,))
        self.assertEqual(answer.default_attribute_list, default)
        await self.create(
            ann, SOME, (), (FRIENDS,), True, contact_list_notify=True, default_notify=True
        )
        answer = await self.get(ann, (), (FRIENDS,), True)
        self.assertTrue(answer.presences[0].contact_list_notify)
        self.assertTrue(answer.default_attribute_list.default_notify)

    async def test_what_does_not_exist_is_in_the_details(self):
        async for ann in self.speakers():
            named = ((BOB, NOBODY), (FRIENDS, FOES))
            # 1.1 has no place for contact lists there.
            expected = {531: {NOBODY}, 700: set() if ann.version is V11 else {FOES}}
            for result in (
                await self.create(ann, SOME, *named),
                await self.delete(ann, *named, default=False),
                (await self.get(ann, *named)).result,
            ):
                self.assertEqual((result.code, self.details(result)), (201, expected))
            for named, code in ((((NOBODY,), ()), 531), (((), (FOES,)), 700)):
                self.assertEqual((await self.create(ann, SOME, *named)).code, code)
                self.assertEqual((await self.delete(ann, *named, default=False)).code, code)
                self.assertEqual((await self.get(ann, *named)).result.code, code)

    async def test_list_made_anew_allows_nothing(self):
        await self.create(self.ann, SOME, lists=(FRIENDS,))
        await self.ann.ask(DeleteListRequest(contact_list=FRIENDS))
        await self.ann.ask(CreateListRequest(contact_list=FRIENDS))
        answer = await self.get(self.ann, lists=(FRIENDS,))
        self.assertEqual(answer.presences, ())

    async def test_no_target_is_402(self):
        async for ann in self.speakers():
            self.assertEqual((await self.create(ann, SOME)).code, 402)
            self.assertEqual((await self.delete(ann, default=False)).code, 402)

    async def test_attribute_of_a_later_version_is_750_and_left_out_of_an_answer(self):
        link = PresenceSubList(status_mood=StatusMood(), info_link=InfoLink())
        await self.create(self.ann, link, default=True)
        self.assertEqual(self.said(await self.get(self.ann)), {None: link})
        old = self.speaker("ann", "old phone", V11)
        await old.sign_on()
        mood = PresenceSubList(status_mood=StatusMood())
        self.assertEqual(self.said(await self.get(old)), {None: mood})
        content = "<PresenceSubList><InfoLink/></PresenceSubList><DefaultList>T</DefaultList>"
        self.assertEqual(await self.code_of(old, content), 750)
        self.assertEqual(self.said(await self.get(self.ann)), {None: link})

    async def test_list_without_its_attributes_is_402_and_allows_nothing(self):
        content = "<DefaultList>T</DefaultList>"
        self.assertEqual(await self.code_of(self.ann, content), 402)
        self.assertEqual(self.said(await self.get(self.ann)), {})

    async def code_of(self, speaker, content):
        """The code that a CreateAttributeList-Request gets, whatever it consists of."""
        octets = REQUEST.format(
            **NAMESPACES[speaker.version], session_id=speaker.session_id, content=content
        )
        answer = await speaker.post_octets(octets.encode())
        return answer.session.transactions[0].content.result.code
