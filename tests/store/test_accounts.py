from twisted.internet.defer import Deferred, gatherResults

from imps.model.account import Account
from imps.model.address import Address
from imps.store.accounts import CLAIM_SECONDS, AccountExists, Accounts, MsisdnTaken
from imps.store.contact_lists import ContactLists
from imps.store.keys import Buckets
from imps.testing.store import StoreTestCase

NUMBER = "+358501234567"


def deferred(coroutine):
    return Deferred.fromCoroutine(coroutine)


class AccountsTestCase(StoreTestCase):
    async def setUp(self):  # type: ignore[override]
        await super().setUp()
        self.accounts = Accounts(self.store.client, self.store.buckets)

    def account(self, name, **fields):
        address = Address.parse(f"wv:{name}@localhost")
        created_at = self.clock.seconds()
        return Account(address=address, secret=b"\x00\xff", created_at=created_at, **fields)


class AccountsTests(AccountsTestCase):
    async def test_account_comes_back_as_it_was(self):
        plain = self.account("Ann")
        full = self.account(
            "bob",
            msisdn=NUMBER,
            suspended=True,
            services=frozenset(("IMFeat", "PresenceFeat")),
            first_name="Bób",
            last_name="de la Tour",
            email="bob@example.org",
            alias="b",
        )
        nothing = self.account("carl", services=frozenset())
        for account in (plain, full, nothing):
            await self.accounts.add(account)
            got = await self.accounts.get(account.address)
            self.assertEqual(got, account)
            self.assertEqual(str(got and got.address), str(account.address))

    async def test_spelling_makes_no_second_account(self):
        await self.accounts.add(self.account("Ann"))
        self.assertIsNotNone(await self.accounts.get(Address.parse("wv:ANN@LOCALHOST")))
        second = deferred(self.accounts.add(self.account("aNN")))
        await self.assertFailure(second, AccountExists)

    async def test_one_of_two_at_once_is_made(self):
        adding = [deferred(self.accounts.add(self.account("ann"))) for _ in range(5)]
        for each in adding:
            each.addErrback(lambda failure: failure.trap(AccountExists))
        made = await gatherResults(adding)
        self.assertEqual(made.count(None), 1)

    async def test_nobody_is_not_found(self):
        self.assertIsNone(await self.accounts.get(Address.parse("wv:nobody@localhost")))
        self.assertIsNone(await self.accounts.with_msisdn(NUMBER))

    async def test_secret_is_not_shown(self):
        self.assertNotIn("secret", repr(self.account("ann")))

    async def test_all_are_listed_chunk_by_chunk(self):
        self.accounts = Accounts(self.store.client, Buckets(1))
        names = {f"user{n}" for n in range(250)}
        await gatherResults([deferred(self.accounts.add(self.account(name))) for name in names])
        listed = [account.address.user async for account in self.accounts.all()]
        self.assertEqual(len(listed), 250)
        self.assertEqual(set(listed), names)

    async def test_all_buckets_are_listed(self):
        names = {f"user{n}" for n in range(150)}
        await gatherResults([deferred(self.accounts.add(self.account(name))) for name in names])
        self.assertEqual({account.address.user async for account in self.accounts.all()}, names)


class MsisdnTests(AccountsTestCase):
    async def taken(self, name):
        return await self.assertFailure(
            deferred(self.accounts.add(self.account(name, msisdn=NUMBER))), MsisdnTaken
        )

    async def test_account_is_found_by_its_number(self):
        ann = self.account("ann", msisdn=NUMBER)
        await self.accounts.add(ann)
        self.assertEqual(await self.accounts.with_msisdn(NUMBER), ann)

    async def test_number_belongs_to_one_account(self):
        await self.accounts.add(self.account("ann", msisdn=NUMBER))
        await self.taken("bob")
        self.clock.advance(CLAIM_SECONDS * 2)
        await self.taken("bob")
        self.assertIsNone(await self.accounts.get(self.account("bob").address))

    async def test_existing_account_claims_no_second_number(self):
        await self.accounts.add(self.account("ann"))
        again = deferred(self.accounts.add(self.account("ann", msisdn=NUMBER)))
        await self.assertFailure(again, AccountExists)
        await self.accounts.add(self.account("bob", msisdn=NUMBER))

    async def test_claim_of_an_account_that_was_never_made_lapses(self):
        prefix = self.store.buckets.prefix_of(Address(NUMBER))
        claimed_at = repr(self.clock.seconds())
        arguments = (NUMBER, "wv:ann@localhost", claimed_at, "")
        self.assertIsNone(await self.store.client.run("claim_msisdn", [prefix], *arguments))
        self.assertIsNone(await self.accounts.with_msisdn(NUMBER))
        await self.taken("bob")
        self.clock.advance(CLAIM_SECONDS)
        await self.accounts.add(self.account("bob", msisdn=NUMBER))
        self.assertIsNotNone(await self.accounts.with_msisdn(NUMBER))

    async def test_interrupted_creation_can_be_repeated(self):
        prefix = self.store.buckets.prefix_of(Address(NUMBER))
        arguments = (NUMBER, "wv:ann@localhost", repr(self.clock.seconds()), "")
        await self.store.client.run("claim_msisdn", [prefix], *arguments)
        await self.accounts.add(self.account("ann", msisdn=NUMBER))

    async def test_one_of_two_claims_at_once_is_granted(self):
        adding = [
            deferred(self.accounts.add(self.account(name, msisdn=NUMBER)))
            for name in ("ann", "bob", "carl")
        ]
        for each in adding:
            each.addErrback(lambda failure: failure.trap(MsisdnTaken))
        self.assertEqual((await gatherResults(adding)).count(None), 1)


class ContactListsTests(AccountsTestCase):
    async def test_account_begins_with_one_list(self):
        ann = self.account("Ann")
        await self.accounts.add(ann)
        contact_lists = ContactLists(self.store.client, self.store.buckets)
        (friends,) = await contact_lists.of(Address.parse("wv:ann@localhost"))
        self.assertEqual(str(friends.address), "wv:Ann/friends@localhost")
        self.assertTrue(friends.is_default)
        self.assertEqual(friends.display_name, "Friends")

    async def test_nobody_has_no_list(self):
        contact_lists = ContactLists(self.store.client, self.store.buckets)
        self.assertEqual(await contact_lists.of(Address.parse("wv:nobody@localhost")), [])
