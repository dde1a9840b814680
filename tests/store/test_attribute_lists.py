from imps.model.account import Account
from imps.model.address import Address
from imps.model.presence import DEFAULT, Attribute, AttributeList, Target, TargetKind
from imps.store.accounts import Accounts
from imps.store.attribute_lists import AttributeLists, TooManyAttributeLists
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")
BOB = Target(TargetKind.USER, Address.parse("wv:Bob@localhost"))
EVE = Target(TargetKind.USER, Address.parse("wv:eve@elsewhere.example"))
FRIENDS = Target(TargetKind.CONTACT_LIST, ANN.resource_named("friends"))
FOES = Target(TargetKind.CONTACT_LIST, ANN.resource_named("foes"))

MOOD = AttributeList(frozenset({Attribute.STATUS_MOOD}))
NOTHING = AttributeList(notify=True)


class AttributeListsTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.lists = AttributeLists(self.store.client, self.store.buckets)
        await self.add_accounts(ANN)

    async def set(self, at_most=10, publisher=ANN, **lists):
        targets = {"bob": BOB, "eve": EVE, "friends": FRIENDS, "foes": FOES, "default": DEFAULT}
        named = {targets[name]: each for name, each in lists.items()}
        return await self.lists.set(publisher, named, at_most=at_most)

    async def test_every_kind_of_target_has_its_list(self):
        done = await self.set(bob=MOOD, eve=NOTHING, friends=NOTHING, default=MOOD)
        self.assertEqual(set(done.values()), {True})
        every = await self.lists.all(ANN)
        self.assertEqual(every, {BOB: MOOD, EVE: NOTHING, FRIENDS: NOTHING, DEFAULT: MOOD})
        self.assertIn(str(BOB.address), [str(target.spelled) for target in every])

    async def test_some_are_read_by_any_spelling(self):
        await self.set(bob=MOOD, default=NOTHING)
        spelled = Target(TargetKind.USER, Address.parse("wv:BOB@LOCALHOST"))
        found = await self.lists.some(ANN, [spelled, EVE, FRIENDS])
        self.assertEqual(found, {BOB: MOOD})
        self.assertEqual(await self.lists.some(ANN, []), {})

    async def test_user_is_named_as_the_publisher_does(self):
        number = Address.parse("wv:+358501234567@localhost")
        bob = Target(TargetKind.USER, BOB.address, number)
        await self.lists.set(ANN, {bob: MOOD}, at_most=1)
        (target,) = await self.lists.some(ANN, [BOB])
        self.assertEqual(target, BOB)
        self.assertEqual(target.spelled, number)

    async def test_list_takes_the_place_of_the_former(self):
        await self.set(bob=MOOD, default=MOOD)
        await self.set(bob=NOTHING)
        self.assertEqual(await self.lists.all(ANN), {BOB: NOTHING, DEFAULT: MOOD})

    async def test_contact_list_that_is_not_the_publishers_gets_none(self):
        done = await self.set(foes=MOOD, friends=MOOD)
        self.assertEqual(done, {FOES: False, FRIENDS: True})
        self.assertEqual(await self.lists.all(ANN), {FRIENDS: MOOD})

    async def test_too_many_change_nothing(self):
        await self.set(at_most=2, bob=MOOD, default=MOOD)
        await self.set(at_most=2, bob=NOTHING, default=NOTHING)
        with self.assertRaises(TooManyAttributeLists):
            await self.set(at_most=2, bob=MOOD, eve=MOOD)
        # One that nobody can have does not count.
        await self.set(at_most=2, foes=MOOD)
        self.assertEqual(await self.lists.all(ANN), {BOB: NOTHING, DEFAULT: NOTHING})

    async def test_deleted_list_is_gone(self):
        await self.set(bob=MOOD, friends=MOOD, default=MOOD)
        done = await self.lists.delete(ANN, [BOB, EVE, DEFAULT])
        self.assertEqual(done, {BOB: True, EVE: False, DEFAULT: True})
        self.assertEqual(await self.lists.all(ANN), {FRIENDS: MOOD})

    async def test_publishers_have_their_own(self):
        other = Address.parse("wv:other@localhost")
        await self.add_accounts(other)
        await self.set(bob=MOOD)
        await self.set(bob=NOTHING, publisher=other)
        self.assertEqual(await self.lists.all(ANN), {BOB: MOOD})

    async def test_account_may_begin_with_a_default_and_takes_all_along_when_it_goes(self):
        accounts = Accounts(self.store.client, self.store.buckets)
        carl = Address.parse("wv:carl@localhost")
        account = Account(address=carl, secret=b"", created_at=0.0)
        await accounts.add(account, MOOD)
        self.assertEqual(await self.lists.all(carl), {DEFAULT: MOOD})
        self.assertEqual(await self.lists.all(ANN), {})
        await self.set(publisher=carl, bob=MOOD)
        await accounts.delete(account, now=0.0)
        self.assertEqual(await self.lists.all(carl), {})
        await self.set(publisher=carl, bob=MOOD)
        self.assertEqual(await self.lists.all(carl), {})
