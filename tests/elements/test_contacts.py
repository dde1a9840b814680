"""Who may do what with which contact list, and what comes of it."""

from attrs import evolve

from imps.elements.contacts import LONGEST_NAME
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Change, Contact, ContactList, Properties
from imps.model.status import Refusal
from imps.parts import Parts
from imps.testing.conformance import shows_feature
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:Bob@localhost")
NUMBER = "+358501234567"
NUMBERED = Address.parse(f"wv:{NUMBER}@localhost")
UNUSED = Address.parse("wv:+358509999999@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")
NOBODY = Address.parse("wv:nobody@localhost")
NO_ONE = Address.parse("wv:no.one@localhost")
FRIENDS = Address.parse("wv:ann/friends@localhost")
FAMILY = Address.parse("wv:ann/family@localhost")
OF_BOB = Address.parse("wv:bob/friends@localhost")


class ContactsTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        limits = evolve(self.settings.contacts, max_lists=3, max_contacts=4)
        self.settings = evolve(self.settings, contacts=limits)
        self.parts = Parts(self.settings, self.store, self.clock)
        self.contacts = self.parts.contacts
        await self.parts.directory.add(ANN, "secret", "+358500000001")
        await self.parts.directory.add(BOB, "secret", NUMBER)
        self.operations = 0

    def caller(self, user=ANN):
        self.operations += 1
        return Caller(user, "", f"op{self.operations}")

    async def create(self, address, *users, **properties):
        contacts = tuple(map(Contact, users))
        properties = Properties(**properties)
        return await self.contacts.create(self.caller(), address, contacts, properties)

    async def change(self, address, *, with_contacts=True, **change):
        return await self.contacts.change(
            self.caller(), address, Change(**change), with_contacts=with_contacts
        )

    async def add(self, *users):
        return await self.change(FRIENDS, added=tuple(map(Contact, users)))

    async def code(self, operation):
        """The code that an operation is answered with, and what it says of single contacts."""
        try:
            managed = await operation
        except Refusal as refusal:
            return refusal.code, {}
        if managed is None:
            return 200, {}
        details = {each.code: set(each.users) for each in managed.outcome.details}
        return managed.outcome.code, details


class CodesTests(ContactsTestCase):
    async def test_codes_of_all_operations(self):
        five = [Address.parse(f"wv:u{number}@elsewhere.example") for number in range(5)]
        number_list = Address.parse("wv:+358500000001/family@localhost")
        long = "x" * (LONGEST_NAME + 1)
        caller, nickname = self.caller(), Contact(BOB, long)
        for operation, expected in (
            # Whose it is, and whether it can be at all.
            (self.create(OF_BOB), (752, {})),
            (self.create(Address.parse("wv:ann/friends@elsewhere.example")), (752, {})),
            (self.create(ANN), (752, {})),
            (self.create(Address.parse("wv:/public@localhost")), (752, {})),
            (self.create(Address.parse("wv:ann/a b@localhost")), (752, {})),
            (self.create(Address.parse("wv:ann/@localhost")), (752, {})),
            (self.create(Address()), (402, {})),
            (self.create(FRIENDS), (701, {})),
            (self.create(Address.parse("ANN/Friends")), (701, {})),
            (self.create(FAMILY, display_name=long), (752, {})),
            (self.create(FAMILY, *five), (754, {})),
            # It is made, whoever is known.
            (self.create(FAMILY, NOBODY), (201, {531: {NOBODY}})),
            (self.create(number_list), (701, {})),
            (self.create(Address.parse("ann/bare"), BOB, NUMBERED, STRANGER), (200, {})),
            (self.create(Address.parse("ann/one-more")), (753, {})),
            # Contacts come and go.
            (self.add(BOB), (200, {})),
            (self.add(NOBODY), (531, {})),
            (self.add(NOBODY, NO_ONE), (900, {531: {NOBODY, NO_ONE}})),
            (self.add(BOB, NOBODY), (201, {531: {NOBODY}})),
            (self.add(Address.parse("wv:a b@localhost")), (531, {})),
            (self.add(OF_BOB), (531, {})),
            (self.add(STRANGER, UNUSED), (200, {})),
            (self.add(*five[:2]), (754, {})),
            (self.change(FRIENDS, added=(nickname,)), (402, {})),
            (self.change(FRIENDS, removed=(NOBODY, BOB)), (200, {})),
            (self.change(FRIENDS, properties=Properties(display_name=long)), (752, {})),
            (self.change(FRIENDS), (200, {})),
            # What others have is not there.
            (self.change(OF_BOB), (700, {})),
            (self.change(OF_BOB, added=(Contact(ANN),)), (700, {})),
            (self.change(ANN.resource_named("none")), (700, {})),
            (self.change(ANN), (700, {})),
            (self.change(Address()), (402, {})),
            (self.contacts.delete(caller, OF_BOB), (700, {})),
            (self.contacts.delete(caller, ANN), (700, {})),
            (self.contacts.delete(caller, Address()), (402, {})),
            (self.contacts.delete(caller, FAMILY), (200, {})),
            (self.contacts.delete(self.caller(), FAMILY), (700, {})),
        ):
            self.assertEqual(await self.code(operation), expected)


class ListTests(ContactsTestCase):
    async def test_repeated_creation_is_the_same(self):
        caller = self.caller()
        first = await self.contacts.create(caller, FAMILY, [Contact(BOB), Contact(NOBODY)])
        again = await self.contacts.create(caller, FAMILY, [Contact(BOB), Contact(NOBODY)])
        self.assertEqual(first, again)
        self.assertEqual(again.outcome.code, 201)
        self.assertEqual(len(await self.contacts.lists(caller)), 2)

    async def test_contact_who_is_named_twice_keeps_the_nickname(self):
        change = await self.change(FRIENDS, added=(Contact(BOB, "Bobby"), Contact(BOB)))
        self.assertEqual(change.contact_list.contacts, (Contact(BOB, "Bobby"),))

    async def test_list_is_called_by_its_name_unless_that_is_said(self):
        for properties, name in (
            ({}, "family"),
            ({"display_name": ""}, "family"),
            ({"display_name": "Die Familie"}, "Die Familie"),
        ):
            made = await self.create(FAMILY, **properties)
            self.assertEqual(made.contact_list, ContactList(FAMILY, name, False, ()))
            await self.contacts.delete(self.caller(), FAMILY)
        renamed = await self.change(FRIENDS, properties=Properties(display_name=""))
        self.assertEqual(renamed.contact_list.display_name, "friends")

    async def test_list_may_be_named_by_the_number_of_its_owner(self):
        by_number = Address.parse("wv:+358500000001/friends")
        managed = await self.change(by_number, added=(Contact(BOB),))
        self.assertEqual(managed.contact_list.address, FRIENDS)
        self.assertEqual(await self.contacts.members(ANN, by_number), (BOB,))

    async def test_last_list_may_go_and_the_next_is_the_default(self):
        await self.contacts.delete(self.caller(), FRIENDS)
        self.assertEqual(await self.contacts.lists(self.caller()), [])
        made = await self.create(FAMILY, is_default=False)
        self.assertTrue(made.contact_list.is_default)

    async def test_contact_without_domain_is_of_the_first_home_domain(self):
        await self.add(Address.parse("bob"), BOB)
        self.assertEqual(await self.contacts.members(ANN, FRIENDS), (BOB,))
        await self.change(FRIENDS, removed=(Address.parse("BOB"),))
        self.assertEqual(await self.contacts.members(ANN, FRIENDS), ())

    @shows_feature("one address space", "telephone numbers")
    async def test_number_stays_what_it_is_and_stands_for_its_user(self):
        await self.add(NUMBERED)
        self.assertEqual(await self.contacts.members(ANN, FRIENDS), (NUMBERED,))
        for user in (BOB, NUMBERED, Address.parse("bob")):
            self.assertEqual(await self.contacts.lists_with(ANN, user), [FRIENDS])

    async def test_lists_that_a_user_is_in_are_found(self):
        await self.add(STRANGER, BOB)
        await self.create(FAMILY, STRANGER)
        for user, lists in ((STRANGER, [FRIENDS, FAMILY]), (BOB, [FRIENDS]), (NOBODY, [])):
            self.assertEqual(await self.contacts.lists_with(ANN, user), lists)
        self.assertEqual(await self.contacts.lists_with(BOB, ANN), [])

    async def test_members_are_told_of_own_lists_only(self):
        await self.add(BOB)
        self.assertEqual(await self.contacts.members(ANN, FRIENDS), (BOB,))
        self.assertIsNone(await self.contacts.members(BOB, FRIENDS))
        self.assertIsNone(await self.contacts.members(ANN, FAMILY))
        self.assertIsNone(await self.contacts.members(ANN, ANN))
