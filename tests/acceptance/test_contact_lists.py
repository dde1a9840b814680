"""Contact lists, as real clients fetch and change them."""

from imps.csp.primitives.contacts import (
    CreateListRequest,
    DeleteListRequest,
    GetListRequest,
    ListManageRequest,
)
from imps.model.version import V13
from imps.testing.conformance import ALL, shows
from imps.testing.contacts import list_of
from imps.testing.nokia import OWN_LISTS, SUBSCRIPTIONS
from imps.testing.sms2 import SMS2
from tests.acceptance.test_handsets import ANDROIDS, NOKIAS, HandsetTestCase


class ContactLists:
    @shows(GetListRequest, ListManageRequest, CreateListRequest, DeleteListRequest, *ALL)
    async def test_lists_and_contacts_come_and_go(self):
        for version, encoding in ANDROIDS:
            ann, bob = await self.known("ann", "bob")
            (android,) = await self.signed_on(self.android(ann, version, encoding))
            friends, family = list_of(ann, "friends"), list_of(ann, "family")
            self.assertEqual(android.contacts, {friends: {}})
            self.assertEqual(await android.rename_list("friends", "Leute"), 200)
            self.assertEqual(await android.add_contact("friends", bob, "Bobby"), 200)
            stranger = "wv:eve@elsewhere.example"
            self.assertEqual(await android.create_list("family", bob, stranger), 200)
            self.assertEqual(await android.create_list("family"), 701)
            await android.load_lists()
            expected = {family: {bob: bob, stranger: stranger}, friends: {bob: "Bobby"}}
            if version is V13:
                del expected[friends]
            self.assertEqual(android.contacts, expected)
            names = {friends: "Leute", family: "family"}
            self.assertEqual(android.list_names, {each: names[each] for each in expected})
            self.assertEqual(await android.create_list("work", bob, is_default=False), 200)
            self.assertEqual(await android.delete_list("work"), 200)
            for user in (bob, bob, "wv:nobody@localhost"):
                self.assertEqual(await android.remove_contact("family", user), 200)
            self.assertEqual(await android.delete_list("friends"), 200)
            self.assertEqual(await android.delete_list("friends"), 700)
            await android.load_lists()
            self.assertEqual(android.contacts, {family: {stranger: stranger}})

    async def test_contact_that_does_not_exist_is_told(self):
        (ann,) = await self.known("ann")
        for version, encoding in ANDROIDS:
            (android,) = await self.signed_on(self.android(ann, version, encoding))
            code = await android.add_contact("friends", "wv:nobody@localhost", "Nobody")
            self.assertEqual(code, 531)

    async def test_lists_are_the_same_to_every_client(self):
        ann, bob = await self.known("ann", "bob")
        for version, encoding in NOKIAS:
            (nokia,) = await self.signed_on(self.nokia(ann, version, encoding))
            # It made its own lists when it first signed on, and finds them from then on.
            own = [list_of(ann, name) for name in OWN_LISTS]
            self.assertEqual(await nokia.named_lists(), [*own, list_of(ann, "friends")])
            friends = list_of(ann, "FRIENDS")
            contact = f"<NickName><Name>B &lt;3</Name><UserID>{bob.upper()}</UserID></NickName>"
            contacts = await nokia.manage_list(friends, f"<AddNickList>{contact}</AddNickList>")
            self.assertEqual(list(contacts.values()), ["B <3"])
            is_now = await nokia.rename_list(friends, "Leute")
            self.assertEqual(is_now, {"DisplayName": "Leute", "Default": "T"})
            (android,) = await self.signed_on(self.android(ann))
            self.assertEqual(list(android.contacts[list_of(ann, "friends")].values()), ["B <3"])
            self.assertEqual(await android.remove_contact("friends", bob), 200)
            self.assertEqual(await nokia.manage_list(friends), {})

    async def test_list_made_twice_by_one_request_is_made_once(self):
        (ann,) = await self.known("ann")
        for version, encoding in NOKIAS:
            (nokia,) = await self.signed_on(self.nokia(ann, version, encoding))
            address = list_of(ann, f"{version}{encoding}")
            request = (
                f"<CreateList-Request><ContactList>{address}</ContactList></CreateList-Request>"
            )
            codes = [(await nokia.ask(request, id)).code for id in ("nok98", "nok98", "nok99")]
            self.assertEqual(codes, [200, 200, 701])

    async def test_sms2_makes_its_list_once(self):
        ann, bob, carl = await self.known("ann", "bob", "carl")
        for friends in ([bob], [bob, carl], []):
            sms2 = SMS2(self, self.urls, ann, friends=friends)
            await sms2.sign_on()
            self.assertEqual(list(await sms2.contacts()), [bob])
        self.assertEqual(await sms2.add_contact(carl), 200)
        for user in (bob, bob):
            self.assertEqual(await sms2.remove_contact(user), 200)
        self.assertEqual(list(await sms2.contacts()), [carl])
        (nokia,) = await self.signed_on(self.nokia(ann))
        own = [list_of(ann, name) for name in OWN_LISTS]
        self.assertEqual(await nokia.named_lists(), [*own, list_of(ann, "friends")])
        self.assertEqual(list(await nokia.manage_list(list_of(ann, SUBSCRIPTIONS))), [carl])


class OneProcessTests(ContactLists, HandsetTestCase):
    pass


class TwoProcessTests(ContactLists, HandsetTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
