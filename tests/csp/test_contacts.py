"""Contact lists at the edge of the door, in every version and encoding."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.contacts import wants_contacts
from imps.csp.primitives.access import (
    Functions,
    ServiceRequest,
    ServiceResponse,
)
from imps.csp.primitives.common import DetailedResult, Property, Result, Status
from imps.csp.primitives.contacts import (
    AddNickList,
    ContactListProperties,
    CreateListRequest,
    CreateListResponse,
    DeleteListRequest,
    GetListRequest,
    GetListResponse,
    ListManageRequest,
    ListManageResponse,
    NickList,
    RemoveNickList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ContactListIDList, NickName, Recipient
from imps.csp.primitives.im import NewMessage, SendMessageResponse
from imps.csp.primitives.services import WVCSPFeat
from imps.csp.service_tree import functions_named
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.version import V11, V12, V13
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import (
    EVERY,
    OK,
    DoorTestCase,
    Speaker,
    delivered,
    message_to,
    text_of,
)

FRIENDS = Address.parse("wv:ann/friends@localhost")
FAMILY = Address.parse("wv:ann/family@localhost")
BOB = Address.parse("wv:bob@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")
NOBODY = Address.parse("wv:nobody@localhost")
BOBBY = NickName(name=" Bobby & 日本 ", user_id=BOB)


def properties(**values: str) -> ContactListProperties:
    names = {"display_name": "DisplayName", "default": "Default"}
    return ContactListProperties(
        properties=tuple(
            Property(name=names.get(name, name), value=value) for name, value in values.items()
        )
    )


def added(*users: Address | NickName) -> AddNickList:
    return AddNickList(
        nick_names=tuple(each for each in users if isinstance(each, NickName)),
        user_ids=tuple(each for each in users if isinstance(each, Address)),
    )


class ContactListsTestCase(DoorTestCase):
    async def signed_on(self, version: Any, encoding: str) -> Speaker:
        speaker = self.speaker("ann", "phone", version, encoding)
        await speaker.sign_on()
        return speaker

    async def manage(
        self, speaker: Speaker, contact_list: Address = FRIENDS, **fields: Any
    ) -> ListManageResponse:
        # 1.1 has no ReceiveList; later it is always said.
        request = ListManageRequest(contact_list=contact_list, **{"receive_list": True, **fields})
        answer = await speaker.ask(request)
        assert isinstance(answer, ListManageResponse), answer
        return answer

    async def code(self, speaker: Speaker, request: Primitive) -> int:
        answer: Any = await speaker.ask(request)
        code: int = answer.result.code
        return code


class ContactListsTests(ContactListsTestCase):
    async def test_answer_that_a_client_cannot_read_is_432(self) -> None:
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            strangers = [Address(f"user{n}", None, "elsewhere.example") for n in range(100)]
            await self.manage(ann, add_nick_list=added(*strangers), receive_list=False)
            listed = await self.manage(ann)
            assert listed.nick_list is not None
            self.assertEqual(len(listed.nick_list.user_ids), 100)
            await self.offer(ann, parser_size=2000)
            request = ListManageRequest(contact_list=FRIENDS, receive_list=True)
            answer: Any = await ann.ask(request)
            self.assertIsInstance(answer, Status)
            self.assertEqual(answer.result.code, 432)
            removed = RemoveNickList(user_ids=tuple(strangers))
            await self.manage(ann, remove_nick_list=removed, receive_list=False)

    @shows(GetListRequest, CreateListRequest, DeleteListRequest, *ALL)
    async def test_lists_are_made_named_and_deleted(self) -> None:
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            self.assertEqual(
                await ann.ask(GetListRequest()), GetListResponse(default_contact_list=FRIENDS)
            )
            made = await ann.ask(
                CreateListRequest(
                    contact_list=FAMILY,
                    nick_list=NickList(nick_names=(BOBBY,), user_ids=(STRANGER,)),
                    contact_list_properties=properties(display_name="Die Familie", default="T"),
                )
            )
            is_now = properties(display_name="Die Familie", default="T")
            told = CreateListResponse(contact_list=FAMILY, contact_list_properties=is_now)
            self.assertEqual(made, OK if version < V13 else told)
            named: Any = await ann.ask(GetListRequest())
            self.assertEqual(named.default_contact_list, FAMILY)
            if version is V13:
                self.assertEqual(
                    named.contact_list_id_list, ContactListIDList(contact_lists=(FRIENDS,))
                )
            else:
                self.assertEqual(named.contact_lists, (FRIENDS,))
            self.assertEqual(await ann.ask(DeleteListRequest(contact_list=FAMILY)), OK)
            self.assertEqual(
                await ann.ask(GetListRequest()), GetListResponse(default_contact_list=FRIENDS)
            )

    async def test_without_lists_the_answer_is_empty(self) -> None:
        await self.ann.ask(DeleteListRequest(contact_list=FRIENDS))
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            self.assertEqual(await ann.ask(GetListRequest()), GetListResponse())

    @shows(ListManageRequest, *ALL)
    async def test_contacts_and_properties_are_changed_and_read(self) -> None:
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            is_now = properties(display_name="Friends", default="T")
            # To a mere question, all is told.
            read = await self.manage(ann)
            self.assertEqual(read, _managed(NickList(), is_now))
            answer = await self.manage(ann, add_nick_list=added(BOBBY, STRANGER))
            both = NickList(nick_names=(BOBBY,), user_ids=(STRANGER,))
            self.assertEqual(answer, _managed(both))
            removing = RemoveNickList(user_ids=(BOB, STRANGER, NOBODY))
            answer = await self.manage(ann, remove_nick_list=removing)
            # Once the last has gone, the list of them is there, and empty.
            self.assertEqual(answer, _managed(NickList()))
            renamed = properties(display_name="Freunde", default="F")
            answer = await self.manage(ann, contact_list_properties=renamed, receive_list=False)
            is_now = properties(display_name="Freunde", default="T")
            self.assertEqual(answer, _managed(None, is_now))
            back = properties(DISPLAYNAME="Friends")
            await self.manage(ann, contact_list_properties=back)

    async def test_nickname_is_what_was_said_last(self) -> None:
        other = NickName(name="B", user_id=BOB)
        for said, name in ((BOBBY, BOBBY), (BOB, BOBBY), (other, other), (BOB, other)):
            answer = await self.manage(self.ann, add_nick_list=added(said))
            self.assertEqual(answer.nick_list, NickList(nick_names=(name,)))

    async def test_wish_to_authorize_is_understood(self) -> None:
        ann = await self.signed_on(V13, "wbxml")
        answer = await self.manage(ann, add_nick_list=added(BOB), authorize_and_grant=True)
        self.assertEqual(answer, _managed(NickList(user_ids=(BOB,))))

    async def test_unknown_contacts_are_told_and_the_others_added(self) -> None:
        detail = DetailedResult(code=531, user_ids=(NOBODY,))
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            partly = Result(code=201, detailed_results=(detail,))
            answer = await self.manage(ann, add_nick_list=added(BOB, NOBODY))
            self.assertEqual(answer.result, partly)
            self.assertEqual(answer.nick_list, NickList(user_ids=(BOB,)))
            answer = await self.manage(ann, add_nick_list=added(NOBODY))
            self.assertEqual(answer.result, Result(code=531))
            request = CreateListRequest(contact_list=FAMILY, nick_list=NickList(user_ids=(NOBODY,)))
            self.assertEqual(await ann.ask(request), Status(result=partly))
            await ann.ask(DeleteListRequest(contact_list=FAMILY))

    async def test_codes(self) -> None:
        def create(contact_list: Address, **values: str) -> CreateListRequest:
            named = properties(**values) if values else None
            return CreateListRequest(contact_list=contact_list, contact_list_properties=named)

        def rename(**values: str) -> ListManageRequest:
            return manage(FRIENDS, contact_list_properties=properties(**values))

        def manage(contact_list: Address, **fields: Any) -> ListManageRequest:
            return ListManageRequest(contact_list=contact_list, receive_list=True, **fields)

        of_bob = BOB.resource_named("friends")
        for request, code in (
            (create(FRIENDS), 701),
            (create(of_bob), 752),
            (create(FAMILY, Color="red"), 752),
            (create(FAMILY, default="perhaps"), 752),
            (rename(Color="red"), 752),
            (rename(default=""), 752),
            (manage(of_bob), 700),
            (manage(FAMILY), 700),
            (DeleteListRequest(contact_list=FAMILY), 700),
            (DeleteListRequest(contact_list=Address()), 402),
        ):
            for version, encoding in EVERY:
                ann = await self.signed_on(version, encoding)
                self.assertEqual(await self.code(ann, request), code, request)

    async def test_limits_have_codes_since_1_2(self) -> None:
        limits = self.settings.contacts
        many = [Address.parse(f"wv:u{n}@elsewhere.example") for n in range(limits.max_contacts + 1)]
        for n in range(limits.max_lists - 1):
            address = FRIENDS.owner.resource_named(f"list{n}")
            await self.parts.contacts.create(Caller(FRIENDS.owner, "", "op"), address)
        for version, too_many_lists, too_many_contacts in ((V11, 403, 403), (V12, 753, 754)):
            ann = await self.signed_on(version, "xml")
            code = await self.code(ann, CreateListRequest(contact_list=FAMILY))
            self.assertEqual(code, too_many_lists)
            code = (await self.manage(ann, add_nick_list=added(*many))).result.code
            self.assertEqual(code, too_many_contacts)

    async def test_list_that_was_made_is_made_when_the_answer_was_lost(self) -> None:
        await self.succeeds_again(CreateListRequest(contact_list=FAMILY))
        self.assertEqual(await self.code(self.ann, CreateListRequest(contact_list=FAMILY)), 701)

    async def test_list_that_was_deleted_is_deleted_when_the_answer_was_lost(self) -> None:
        await self.ann.ask(CreateListRequest(contact_list=FAMILY))
        await self.succeeds_again(DeleteListRequest(contact_list=FAMILY))
        self.assertEqual(await self.code(self.ann, DeleteListRequest(contact_list=FAMILY)), 700)

    async def succeeds_again(self, request: Primitive) -> None:
        """Make a request that succeeds each time that it comes, although its answer was lost."""
        octets = self.ann.octets_of(self.ann.request(request, "77"))
        for _ in range(3):
            answer = await self.ann.post_octets(octets)
            assert answer is not None
            self.assertEqual(answer.session.transactions[0].content, OK)
            # As after a crash: the operation is known, its answer is not.
            while not (keys := await self.store.client.execute("KEYS", "*answers:*")):
                pass
            await self.store.client.execute("DEL", *[each.decode() for each in keys])

    @shows_feature("services negotiated", "what there is")
    async def test_functions_of_contact_lists_are_there(self) -> None:
        request = ServiceRequest(
            functions=Functions(features=WVCSPFeat()), all_functions_request=True
        )
        answer = await self.ann.ask(request)
        assert isinstance(answer, ServiceResponse) and answer.all_functions is not None
        offered = functions_named(answer.all_functions.features, V12)
        self.assertLessEqual({"GCLI", "CCLI", "DCLI", "MCLS"}, offered)


class WishTests(SynchronousTestCase):
    def test_contacts_are_told_to_who_wants_them(self) -> None:
        nothing: dict[str, Any] = {}
        contacts = {"add_nick_list": added(BOB)}
        fewer = {"remove_nick_list": RemoveNickList(user_ids=(BOB,))}
        names = {"contact_list_properties": properties(default="T")}
        for version, change, wish, is_told in (
            (V11, nothing, None, True),
            (V11, contacts, None, True),
            (V11, fewer, None, True),
            (V11, names, None, False),
            # Some clients say this in 1.1, too.
            (V11, contacts, False, False),
            (V12, nothing, None, True),
            (V12, nothing, False, False),
            (V12, contacts, None, False),
            (V12, fewer, None, False),
            (V12, names, None, False),
            (V12, contacts, True, True),
            (V13, names, True, True),
        ):
            request = ListManageRequest(contact_list=FRIENDS, receive_list=wish, **change)
            self.assertEqual(wants_contacts(request, version), is_told, (version, request))


class MessageToAListTests(ContactListsTestCase):
    @shows_feature("messages to users, groups and contact lists", "a contact list")
    @shows_feature("a contact list in place of its users", "messages")
    async def test_everybody_in_a_list_gets_the_message_once(self) -> None:
        for version, encoding in EVERY:
            ann = await self.signed_on(version, encoding)
            await self.manage(ann, add_nick_list=added(BOB, NOBODY, ann.user))
            answer = await ann.ask(self.message(ann, "bob", lists=(FRIENDS,)))
            assert isinstance(answer, SendMessageResponse)
            self.assertEqual(answer.result.code, 200)
            self.assertIsNotNone(answer.message_id)
            for receiver in (self.bob, ann):
                new = await receiver.poll()
                self.assertEqual(text_of(new), "hi")
                assert new is not None and isinstance(new.content, NewMessage)
                self.assertEqual(
                    new.content.message_info.recipient.users[0].user_id.user, receiver.user.user
                )
                await receiver.say(delivered(new), new)
                self.assertIsNone(await receiver.poll())

    async def test_list_of_another_user_is_none(self) -> None:
        await self.manage(self.ann, add_nick_list=added(BOB))
        answer = await self.bob.ask(self.message(self.bob, lists=(FRIENDS,)))
        assert isinstance(answer, SendMessageResponse)
        self.assertEqual((answer.result.code, answer.message_id), (700, None))
        self.assertIsNone(await self.bob.poll())

    async def test_contact_who_is_gone_is_told(self) -> None:
        await self.directory.add(Address.parse("carl"), "secret")
        carl = Address.parse("wv:carl@localhost")
        await self.manage(self.ann, add_nick_list=added(BOB, carl))
        await self.directory.delete(carl)
        answer = await self.ann.ask(self.message(self.ann, lists=(FRIENDS,)))
        assert isinstance(answer, SendMessageResponse)
        detail = DetailedResult(code=531, user_ids=(carl,))
        self.assertEqual(answer.result, Result(code=201, detailed_results=(detail,)))

    def message(self, speaker: Speaker, *users: str, lists: tuple[Address, ...]) -> Primitive:
        request: Any = message_to(speaker.user, *users)
        recipient: Recipient = evolve(request.message_info.recipient, contact_lists=lists)
        info = evolve(request.message_info, recipient=recipient)
        message: Primitive = evolve(request, message_info=info)
        return message


def _managed(
    nick_list: NickList | None, properties: ContactListProperties | None = None
) -> ListManageResponse:
    return ListManageResponse(
        result=Result(code=200), nick_list=nick_list, contact_list_properties=properties
    )
