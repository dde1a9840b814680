"""Contact lists in the store, against a small model of them."""

from __future__ import annotations

import contextlib  # trial takes a module's `suppress` for its own.
from random import Random

from attrs import define, evolve, field

from imps.model.account import Account
from imps.model.address import Address
from imps.model.contacts import Change, Contact, ContactList, Properties
from imps.store.accounts import Accounts
from imps.store.contact_lists import Changed, ContactLists, Made, TooManyContacts
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
FRIENDS = ANN.resource_named("friends")
FAMILY = ANN.resource_named("Family")
BOB = Contact(Address.parse("wv:Bob@localhost"), "Bobby")
CARL = Contact(Address.parse("wv:carl@elsewhere.example"))
NUMBER = Contact(Address.parse("wv:+358501234567@localhost"), "two\nlines  and ")


class ContactListsTestCase(StoreTestCase):
    max_lists, max_contacts = 3, 4

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        client, buckets = self.store.client, self.store.buckets
        self.accounts = Accounts(client, buckets)
        self.lists = ContactLists(client, buckets, self.max_lists, self.max_contacts)
        await self.add_accounts(ANN)
        self.operations = 0

    async def make(self, address: Address, *contacts: Contact, default: bool = False) -> Made:
        self.operations += 1
        contact_list = ContactList(address, address.resource or "", default, contacts)
        return await self.lists.create(ANN, contact_list, f"op{self.operations}")

    async def change(self, address: Address, **change: object) -> ContactList | None:
        changed = Change(**change)  # type: ignore[arg-type]
        changed_list = await self.lists.change(ANN, address, changed, with_contacts=True)
        return None if changed_list is None else changed_list.contact_list

    async def contacts(self, address: Address) -> tuple[Contact, ...] | None:
        found = await self.lists.get(ANN, address)
        return None if found is None else found.contacts


class ContactListsTests(ContactListsTestCase):
    async def test_account_begins_with_one_list(self) -> None:
        (friends,) = await self.lists.of(Address.parse("wv:ann@localhost"))
        self.assertEqual(str(friends.address), "wv:Ann/friends@localhost")
        self.assertEqual(friends, ContactList(FRIENDS, "Friends", is_default=True))
        self.assertEqual(await self.contacts(FRIENDS), ())

    async def test_nobody_has_no_list_and_gets_none(self) -> None:
        self.assertEqual(await self.lists.of(NOBODY), [])
        contact_list = ContactList(NOBODY.resource_named("a"), "a", False, ())
        made = await self.lists.create(NOBODY, contact_list, "op")
        self.assertEqual(made, Made.NO_SUCH_USER)
        self.assertEqual(await self.lists.of(NOBODY), [])

    async def test_list_comes_back_as_it_was_made(self) -> None:
        self.assertEqual(await self.make(FAMILY, BOB, CARL, NUMBER), Made.YES)
        family = await self.lists.get(ANN, Address.parse("wv:ann/FAMILY@localhost"))
        self.assertEqual(family, ContactList(FAMILY, "Family", False, (BOB, CARL, NUMBER)))
        assert family is not None and family.contacts is not None
        self.assertEqual(str(family.contacts[0].address), "wv:Bob@localhost")
        self.assertEqual([each.address for each in await self.lists.of(ANN)], [FRIENDS, FAMILY])

    async def test_list_is_made_once_whatever_the_spelling(self) -> None:
        await self.make(FAMILY, BOB)
        again = Address.parse("wv:ann/FAMILY@LOCALHOST")
        self.assertEqual(await self.make(again, CARL), Made.EXISTS)
        self.assertEqual(await self.contacts(FAMILY), (BOB,))

    async def test_repeated_operation_finds_its_list_made(self) -> None:
        contact_list = ContactList(FAMILY, "Family", False, (BOB,))
        for _ in range(2):
            self.assertEqual(await self.lists.create(ANN, contact_list, "op"), Made.YES)
        self.assertEqual(await self.lists.create(ANN, contact_list, "other"), Made.EXISTS)
        first = ContactList(FRIENDS, "Friends", False, ())
        self.assertEqual(await self.lists.create(ANN, first, ""), Made.EXISTS)
        self.assertEqual(await self.contacts(FAMILY), (BOB,))

    async def test_default_is_one_as_long_as_there_are_lists(self) -> None:
        await self.make(FAMILY, default=True)
        await self.make(ANN.resource_named("work"))
        self.assertEqual(await self.default(), FAMILY)
        await self.change(FRIENDS, properties=Properties(is_default=True))
        await self.change(FRIENDS, properties=Properties(is_default=False))
        self.assertEqual(await self.default(), FRIENDS)
        self.assertTrue(await self.lists.delete(ANN, FRIENDS))
        self.assertEqual(await self.default(), FAMILY)
        await self.lists.delete(ANN, ANN.resource_named("work"))
        self.assertEqual(await self.default(), FAMILY)
        await self.lists.delete(ANN, FAMILY)
        self.assertEqual(await self.lists.of(ANN), [])
        await self.make(FAMILY)
        self.assertEqual(await self.default(), FAMILY)

    async def default(self) -> Address:
        (default,) = [each.address for each in await self.lists.of(ANN) if each.is_default]
        return default

    async def test_contacts_stay_in_their_order_and_take_new_nicknames(self) -> None:
        await self.make(FAMILY, BOB, CARL)
        bobo, carlo = evolve(BOB, nickname="Bobo"), evolve(CARL, nickname="Carlo")
        nameless = Contact(Address.parse("wv:bob@localhost"))
        await self.change(FAMILY, added=(NUMBER, bobo))
        await self.change(FAMILY, added=(nameless, carlo))
        self.assertEqual(await self.contacts(FAMILY), (bobo, carlo, NUMBER))
        await self.change(FAMILY, removed=(BOB.address, NOBODY))
        await self.change(FAMILY, added=(BOB,))
        self.assertEqual(await self.contacts(FAMILY), (carlo, NUMBER, BOB))

    async def test_change_says_what_the_list_is_then(self) -> None:
        properties = Properties(display_name="Frïends")
        renamed = ContactList(FRIENDS, "Frïends", True, ())
        self.assertEqual(await self.change(FRIENDS, properties=properties), renamed)
        unread = await self.lists.change(ANN, FRIENDS, Change(added=(BOB,)), with_contacts=False)
        bob = frozenset({BOB.address})
        self.assertEqual(unread, Changed(evolve(renamed, contacts=None), bob))
        again = await self.lists.change(ANN, FRIENDS, Change(added=(BOB,)), with_contacts=True)
        self.assertEqual(again, Changed(evolve(renamed, contacts=(BOB,)), frozenset()))
        self.assertEqual(await self.contacts(FRIENDS), (BOB,))

    async def test_list_that_is_not_there_is_neither_changed_nor_made(self) -> None:
        self.assertIsNone(await self.change(FAMILY, added=(BOB,)))
        self.assertIsNone(await self.lists.get(ANN, FAMILY))
        self.assertFalse(await self.lists.delete(ANN, FAMILY))

    async def test_limits_hold_and_leave_everything_as_it_was(self) -> None:
        five = [Contact(Address.parse(f"wv:u{number}@localhost")) for number in range(5)]
        self.assertEqual(await self.make(FAMILY, *five), Made.TOO_MANY_CONTACTS)
        await self.make(FAMILY, *five[:4])
        with self.assertRaises(TooManyContacts):
            await self.change(FAMILY, added=five[3:])
        renamed = evolve(five[0], nickname="still fits")
        await self.change(FAMILY, added=(renamed,))
        self.assertEqual(await self.contacts(FAMILY), (renamed, *five[1:4]))
        self.assertEqual(await self.make(ANN.resource_named("work")), Made.YES)
        one_more = ANN.resource_named("one more")
        self.assertEqual(await self.make(one_more), Made.TOO_MANY_LISTS)
        self.assertIsNone(await self.lists.get(ANN, one_more))

    async def test_list_over_a_limit_that_was_lowered_can_be_read_and_emptied(self) -> None:
        await self.change(FRIENDS, added=(BOB, CARL))
        self.lists = ContactLists(self.store.client, self.store.buckets, 1, 1)
        self.assertEqual(await self.contacts(FRIENDS), (BOB, CARL))
        await self.change(FRIENDS, removed=(CARL.address,))
        self.assertEqual(await self.contacts(FRIENDS), (BOB,))

    async def test_lists_that_have_a_contact_are_found_by_any_of_its_addresses(self) -> None:
        await self.make(FAMILY, BOB, NUMBER)
        await self.make(ANN.resource_named("work"), CARL, NUMBER)
        await self.change(FRIENDS, added=(CARL,))
        for contact, found in (
            ([BOB], [FAMILY]),
            ([CARL], [FRIENDS, ANN.resource_named("work")]),
            ([CARL, NUMBER], [FRIENDS, FAMILY, ANN.resource_named("work")]),
            ([Contact(NOBODY)], []),
        ):
            addresses = [each.address for each in contact]
            self.assertEqual(await self.lists.with_contact(ANN, addresses), found)

    async def test_deleted_user_leaves_no_list_behind(self) -> None:
        await self.make(FAMILY, BOB, CARL)
        await self.change(FRIENDS, added=(BOB,))
        account = Account(address=ANN, secret=b"", created_at=0)
        await self.accounts.delete(account, now=self.clock.seconds())
        self.assertEqual(await self.store.client.execute("KEYS", "*contact*"), [])


@define
class Model:
    """What contact lists are meant to be, in the simplest way; the default comes by its place."""

    max_lists: int
    max_contacts: int
    lists: dict[Address, dict[Address, str]] = field(factory=dict)
    default: Address | None = None

    def create(self, address: Address, contacts: list[Contact], default: bool) -> None:
        if address in self.lists or len(self.lists) >= self.max_lists:
            return
        if len({each.address for each in contacts}) > self.max_contacts:
            return
        self.lists[address] = {each.address: each.nickname for each in contacts}
        if default or len(self.lists) == 1:
            self.default = address

    def delete(self, address: Address) -> None:
        self.lists.pop(address, None)
        if self.default == address:
            self.default = next(iter(self.lists), None)

    def add(self, address: Address, contacts: list[Contact]) -> None:
        contacts_of = self.lists.get(address)
        new = {each.address for each in contacts} - set(contacts_of or ())
        if contacts_of is None or (new and len(contacts_of) + len(new) > self.max_contacts):
            return
        for each in contacts:
            contacts_of[each.address] = each.nickname or contacts_of.get(each.address, "")

    def remove(self, address: Address, contacts: list[Contact]) -> None:
        for each in contacts:
            self.lists.get(address, {}).pop(each.address, None)

    def make_default(self, address: Address) -> None:
        if address in self.lists:
            self.default = address


class RandomOperationsTests(ContactListsTestCase):
    """Hypothesis runs synchronous tests only, so the sequences are drawn from seeds."""

    async def test_any_sequence_of_operations_ends_as_in_the_model(self) -> None:
        addresses = [ANN.resource_named(name) for name in ("friends", "a", "b", "c", "d")]
        people = [Address.parse(f"wv:u{number}@localhost") for number in range(6)]
        for seed in range(15):
            random = Random(seed)
            for address in addresses:
                await self.lists.delete(ANN, address)
            model = Model(self.max_lists, self.max_contacts)
            for _ in range(40):
                await self.step(model, random, random.choice(addresses), people)
                await self.check(model, people, f"seed {seed}")

    async def step(
        self, model: Model, random: Random, address: Address, people: list[Address]
    ) -> None:
        contacts = [
            Contact(each, random.choice(["", "x", "y"]))
            for each in random.sample(people, random.randrange(6))
        ]
        match random.randrange(5):
            case 0:
                default = random.random() < 0.3
                await self.make(address, *contacts, default=default)
                model.create(address, contacts, default)
            case 1:
                await self.lists.delete(ANN, address)
                model.delete(address)
            case 2:
                with contextlib.suppress(TooManyContacts):
                    await self.change(address, added=tuple(contacts))
                model.add(address, contacts)
            case 3:
                await self.change(address, removed=tuple(each.address for each in contacts))
                model.remove(address, contacts)
            case 4:
                is_default = random.random() < 0.5
                await self.change(address, properties=Properties(is_default=is_default))
                if is_default:
                    model.make_default(address)

    async def check(self, model: Model, people: list[Address], seed: str) -> None:
        lists = await self.lists.of(ANN)
        self.assertEqual([each.address for each in lists], list(model.lists), seed)
        defaults = [each.address for each in lists if each.is_default]
        self.assertEqual(defaults, [model.default] if model.lists else [], seed)
        for address, contacts in model.lists.items():
            expected = tuple(Contact(*each) for each in contacts.items())
            self.assertEqual(await self.contacts(address), expected, seed)
        someone = people[0]
        with_someone = [each for each, contacts in model.lists.items() if someone in contacts]
        self.assertEqual(await self.lists.with_contact(ANN, [someone]), with_someone, seed)
