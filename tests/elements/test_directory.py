from typing import Any

from twisted.internet.defer import Deferred

from imps.elements.directory import Directory, UserExists
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.store.accounts import Accounts
from imps.store.sessions import Found, Sessions
from imps.testing.store import StoreTestCase


class DirectoryTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        accounts = Accounts(self.store.client, self.store.buckets)
        domains = ("localhost", "example.org")
        self.directory = Directory(accounts, self.store.secrets, domains, self.clock)

    async def add(self, address, password="secret", msisdn=None, **details):
        return await self.directory.add(Address.parse(address), password, msisdn, **details)

    async def change(self, address, **changes):
        return await self.directory.change(Address.parse(address), **changes)

    async def opened_session(self, account):
        """Open a session of a user, and return how it is found later."""
        sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)
        session_id = f"{self.store.buckets.of(account.address):02}session"
        now = self.clock.seconds()
        await sessions.open(
            session_id,
            account.address,
            "phone",
            b"record",
            now=now,
            lifetime_seconds=60,
            remember_seconds=60,
            fields={"messaging": "0 SERVERLOGIC", "takes_reports": "1"},
        )
        return lambda: sessions.check(session_id, (), now=now)

    async def refused(self, code, *arguments, **details):
        return await self.refused_at(code, self.add(*arguments, **details))

    async def refused_at(self, code, doing):
        refusal = await self.assertFailure(Deferred.fromCoroutine(doing), Refusal)
        self.assertEqual(refusal.code, code)
        return refusal.description


class DirectoryTests(DirectoryTestCase):
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
        await self.assertFailure(Deferred.fromCoroutine(self.add("ann")), UserExists)
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

    async def test_hidden_number_names_nobody_but_is_its_users(self):
        number = Address.parse("wv:+358501234567@localhost")
        ann = await self.add("ann", msisdn="+358501234567")
        self.assertEqual(await self.directory.named(number), ann)
        self.assertEqual(await self.directory.account_of(number), ann.address)
        ann = await self.directory.change(ann.address, hides_number=True)
        self.assertIsNone(await self.directory.named(number))
        self.assertIsNone(await self.directory.account_of(number))
        self.assertEqual(await self.directory.named(ann.address), ann)
        self.assertEqual(await self.directory.account_of(ann.address), ann.address)
        # By the number, the user signs on, and the phone is known.
        self.assertEqual(await self.directory.find(number), ann)
        self.assertEqual(await self.directory.with_msisdn("+358501234567"), ann)
        self.assertIn(number, await self.directory.names_of(ann.address))
        await self.directory.change(ann.address, hides_number=False)
        self.assertEqual(await self.directory.account_of(number), ann.address)

    async def test_user_whose_address_is_the_number_cannot_hide_it(self):
        number = Address.parse("wv:+358501234567@localhost")
        account = await self.add("+358501234567", hides_number=True)
        self.assertEqual(await self.directory.named(number), account)

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

    async def test_details_are_kept(self):
        services = frozenset(("IMFeat", "SRCH", "GroupUseFunc"))
        account = await self.add("ann", services=services, first_name="Ann", alias="a")
        self.assertEqual(await self.directory.get(Address.parse("ann")), account)
        self.assertEqual((account.services, account.first_name), (services, "Ann"))
        self.assertIsNone((await self.add("bob")).services)

    async def test_unknown_service_is_refused(self):
        said = await self.refused(
            StatusCode.BAD_PARAMETER, "ann", services=frozenset(("IMFeat", "imfeat"))
        )
        self.assertEqual(said, "there is no service imfeat")
        await self.add("ann")
        changing = self.change("ann", services=frozenset(("WVCSPFeat",)))
        await self.refused_at(StatusCode.BAD_PARAMETER, changing)


class ChangeTests(DirectoryTestCase):
    async def test_what_is_given_is_changed(self):
        await self.add("ann", "first", "+358501234567", first_name="Ann", alias="a")
        changed = await self.change("ann", msisdn="050 123", alias="b")
        self.assertEqual(await self.directory.get(Address.parse("ann")), changed)
        self.assertEqual((changed.first_name, changed.alias), ("Ann", "b"))
        self.assertEqual(changed.msisdn, "+050123")
        self.assertEqual(self.directory.password_of(changed), "first")

    async def test_changes_are_checked(self):
        await self.add("ann")
        await self.add("bob", msisdn="+358501234567")
        for code, changes in [
            (StatusCode.BAD_PARAMETER, {"password": ""}),
            (StatusCode.BAD_PARAMETER, {"password": "p" * 51}),
            (StatusCode.MSISDN_ERROR, {"msisdn": "ten"}),
            (StatusCode.MSISDN_ERROR, {"msisdn": "+358501234567"}),
        ]:
            await self.refused_at(code, self.change("ann", **changes))
        await self.refused_at(StatusCode.UNKNOWN_USER, self.change("nobody", alias="n"))

    async def test_only_a_new_password_ends_sessions(self):
        account = await self.add("ann", "first")
        session = await self.opened_session(account)
        await self.change("ann", password="first", alias="a")
        self.assertIsInstance(await session(), Found)
        changed = await self.change("ann", password="second")
        self.assertEqual(self.directory.password_of(changed), "second")
        self.assertIs(await session(), StatusCode.FORCED_LOGOUT)


class OperationsTests(DirectoryTestCase):
    async def setUp(self):
        await super().setUp()
        self.account = await self.add("ann", "first", "+358501234567")
        self.ann = self.account.address
        self.session = await self.opened_session(self.account)

    async def test_set_password_ends_sessions(self):
        await self.directory.set_password(self.ann, "first")
        self.assertIs(await self.session(), StatusCode.FORCED_LOGOUT)
        await self.directory.set_password(self.ann, "second")
        account = await self.directory.get(self.ann)
        self.assertEqual(self.directory.password_of(account), "second")
        await self.refused_at(StatusCode.BAD_PARAMETER, self.directory.set_password(self.ann, ""))

    async def test_suspended_user_has_no_session_until_resumed(self):
        await self.directory.suspend(self.ann)
        self.assertIs(await self.session(), StatusCode.FORCED_LOGOUT)
        self.assertTrue((await self.directory.get(self.ann)).suspended)
        await self.directory.suspend(self.ann)
        await self.directory.resume(self.ann)
        self.assertEqual(await self.directory.get(self.ann), self.account)

    async def test_deleted_user_is_gone(self):
        await self.directory.delete(Address.parse("+358501234567"))
        self.assertIs(await self.session(), StatusCode.FORCED_LOGOUT)
        self.assertIsNone(await self.directory.find(self.ann))
        await self.add("bob", msisdn="+358501234567")

    async def test_unknown_users_are_refused(self):
        nobody = Address.parse("nobody")
        for doing in (
            self.directory.set_password(nobody, "word"),
            self.directory.suspend(nobody),
            self.directory.resume(nobody),
            self.directory.delete(nobody),
        ):
            said = await self.refused_at(StatusCode.UNKNOWN_USER, doing)
            self.assertEqual(said, "there is no user wv:nobody@localhost")
