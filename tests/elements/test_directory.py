from typing import Any

from twisted.internet.defer import Deferred

from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.store.accounts import Accounts
from imps.testing.store import StoreTestCase


class DirectoryTests(StoreTestCase):
    async def setUp(self):  # type: ignore[override]
        await super().setUp()
        accounts = Accounts(self.store.client, self.store.buckets)
        domains = ("localhost", "example.org")
        self.directory = Directory(accounts, self.store.secrets, domains, self.clock)

    async def add(self, address, password="secret", msisdn=None):
        return await self.directory.add(Address.parse(address), password, msisdn)

    async def refused(self, code, *arguments):
        refusal = await self.assertFailure(Deferred.fromCoroutine(self.add(*arguments)), Refusal)
        self.assertEqual(refusal.code, code)
        return refusal.description

    async def test_address_without_a_domain_is_of_the_first(self):
        account = await self.add("ann")
        self.assertEqual(str(account.address), "wv:ann@localhost")
        self.assertEqual(await self.directory.get(Address.parse("ANN")), account)
        self.assertEqual(account.created_at, self.clock.seconds())

    async def test_secret_comes_back_for_the_checks_of_login(self):
        for password in ("x", "p" * 50, "pässwörd ☃"):
            account = await self.add(f"user{len(password)}", password)
            self.assertEqual(self.directory.password_of(account), password)
            self.assertNotEqual(password.encode(), account.secret)
        self.assertIsNone(await self.directory.find(Address.parse("wv:nobody@localhost")))

    async def test_password_is_bounded(self):
        await self.refused(StatusCode.BAD_PARAMETER, "ann", "")
        await self.refused(StatusCode.BAD_PARAMETER, "ann", "p" * 51)

    async def test_foreign_and_impossible_addresses_are_refused(self):
        for address in ("wv:ann@elsewhere.org",):
            said = await self.refused(StatusCode.DOMAIN_NOT_SUPPORTED, address)
            self.assertEqual(
                said, "elsewhere.org is not a home domain; those are localhost, example.org"
            )
        for address in ("", "wv:@localhost", "ann/friends", "/group", "a b", "+12", "ann@a b"):
            await self.refused(StatusCode.BAD_PARAMETER, address)

    async def test_existing_account_is_kept(self):
        await self.add("ann", "first")
        said = await self.refused(StatusCode.FORBIDDEN, "Ann", "second")
        self.assertEqual(said, "wv:Ann@localhost exists already")
        kept = await self.directory.get(Address.parse("ann"))
        self.assertEqual(self.directory.password_of(kept), "first")

    async def test_number_is_normalised(self):
        account = await self.add("ann", "secret", "358 (50) 123-4567")
        self.assertEqual(account.msisdn, "+358501234567")
        by_number = await self.directory.get(Address.parse("wv:+358501234567@localhost"))
        self.assertEqual(by_number, account)

    async def test_number_finds_no_user_of_another_domain(self):
        await self.add("ann@example.org", "secret", "+358501234567")
        found = await self.directory.find(Address.parse("wv:+358501234567@localhost"))
        self.assertIsNone(found)

    async def test_impossible_number_is_refused(self):
        for number in ("", "12", "+", "ten", "+12345678901234567890", "٣٥٨٥٠١٢٣"):
            await self.refused(StatusCode.MSISDN_ERROR, "ann", "secret", number)

    async def test_number_in_use_is_refused(self):
        await self.add("ann", "secret", "+358501234567")
        await self.refused(StatusCode.MSISDN_ERROR, "bob", "secret", "+358501234567")
        await self.refused(StatusCode.MSISDN_ERROR, "+358501234567")

    async def test_user_named_by_a_number_has_it(self):
        account = await self.add("wv:+358501234567@localhost")
        self.assertEqual(account.msisdn, "+358501234567")
        await self.refused(StatusCode.MSISDN_ERROR, "wv:+3585000000", "secret", "+3585000001")

    async def test_unknown_user_is_refused(self):
        getting = Deferred.fromCoroutine(self.directory.get(Address.parse("nobody")))
        refusal: Any = await self.assertFailure(getting, Refusal)
        self.assertEqual(refusal.code, StatusCode.UNKNOWN_USER)

    async def test_all_lists_every_account(self):
        for name in ("ann", "bob", "carl@example.org"):
            await self.add(name)
        listed = {str(account.address) async for account in self.directory.all()}
        self.assertEqual(listed, {"wv:ann@localhost", "wv:bob@localhost", "wv:carl@example.org"})
