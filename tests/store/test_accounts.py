from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from imps.model.account import Account
from imps.model.address import Address
from imps.model.message import Content, Message
from imps.model.status import StatusCode
from imps.store.accounts import (
    CLAIM_SECONDS,
    AccountExists,
    Accounts,
    MsisdnTaken,
    NoSuchAccount,
)
from imps.store.keys import Buckets
from imps.store.messages import Messages
from imps.store.sessions import Found, Sessions
from imps.testing.store import StoreTestCase

NUMBER = "+358501234567"


def deferred(coroutine):
    return Deferred.fromCoroutine(coroutine)


class AccountsTestCase(StoreTestCase):
    async def setUp(self):
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

    async def test_those_of_many_who_exist_are_told(self):
        names = [f"user{n}" for n in range(150)]
        await gatherResults([deferred(self.accounts.add(self.account(n))) for n in names])
        asked = [Address.parse(f"wv:USER{n}@localhost") for n in range(300)]
        self.assertEqual(await self.accounts.existing(asked), set(asked[:150]))
        self.assertEqual(await self.accounts.existing([]), set())

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


class ChangeTests(AccountsTestCase):
    async def change(self, account, **fields):
        changed = evolve(account, **fields)
        await self.accounts.change(account, changed, now=self.clock.seconds())
        self.assertEqual(await self.accounts.get(account.address), changed)
        return changed

    async def test_what_differs_is_written(self):
        ann = self.account("ann", first_name="Ann", suspended=True)
        await self.accounts.add(ann)
        changed = await self.change(ann, secret=b"other", first_name="", alias="a")
        await self.change(changed, suspended=False, services=frozenset(("IMFeat",)))

    async def test_what_another_has_changed_stays(self):
        ann = self.account("ann")
        await self.accounts.add(ann)
        await self.change(ann, suspended=True)
        renamed = evolve(ann, alias="a")
        await self.accounts.change(ann, renamed, now=self.clock.seconds())
        self.assertEqual(await self.accounts.get(ann.address), evolve(renamed, suspended=True))

    async def test_nothing_changed_is_no_mistake(self):
        ann = self.account("ann")
        await self.accounts.add(ann)
        await self.change(ann)

    async def test_account_that_is_gone_cannot_be_changed(self):
        ann = self.account("ann")
        changing = self.accounts.change(ann, evolve(ann, alias="a"), now=self.clock.seconds())
        await self.assertFailure(deferred(changing), NoSuchAccount)
        self.assertIsNone(await self.accounts.get(ann.address))

    async def test_old_number_is_free_at_once(self):
        ann = self.account("ann", msisdn=NUMBER)
        await self.accounts.add(ann)
        changed = await self.change(ann, msisdn="+358509999999")
        self.assertIsNone(await self.accounts.with_msisdn(NUMBER))
        self.assertEqual(await self.accounts.with_msisdn("+358509999999"), changed)
        await self.accounts.add(self.account("bob", msisdn=NUMBER))

    async def test_number_of_another_cannot_be_had(self):
        ann = self.account("ann", msisdn=NUMBER)
        await self.accounts.add(ann)
        bob = self.account("bob")
        await self.accounts.add(bob)
        self.clock.advance(CLAIM_SECONDS * 2)
        changing = self.accounts.change(bob, evolve(bob, msisdn=NUMBER), now=self.clock.seconds())
        await self.assertFailure(deferred(changing), MsisdnTaken)
        self.assertEqual(await self.accounts.with_msisdn(NUMBER), ann)


class EndTests(AccountsTestCase):
    async def setUp(self):
        await super().setUp()
        self.sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)
        self.ann = self.account("ann", msisdn=NUMBER)
        self.bob = self.account("bob")
        for account in (self.ann, self.bob):
            await self.accounts.add(account)

    async def opened(self, account, client="phone"):
        session_id = f"{self.store.buckets.of(account.address):02}{account.address.user}-{client}"
        await self.sessions.open(
            session_id,
            account.address,
            client,
            b"record",
            now=self.clock.seconds(),
            lifetime_seconds=60,
            remember_seconds=600,
            fields={"messaging": "0 SERVERLOGIC", "takes_reports": "1"},
        )
        return session_id

    async def found(self, session_id):
        return await self.sessions.check(session_id, (), now=self.clock.seconds())

    async def send(self, *accounts):
        messages = Messages(self.store.client, self.store.buckets, 10, 1000)
        now = self.clock.seconds()
        message = Message(
            message_id="m1",
            sender=self.bob.address,
            content=Content(octets=b"hello"),
            sent_at=now,
            expires_at=now + 60,
        )
        await messages.store(message, [account.address for account in accounts], now=now)

    async def keys(self):
        """What the store holds, without the buckets."""
        keys = await self.store.client.execute("KEYS", "imps:*")
        return {key.decode().split(":", 2)[2] for key in keys}

    async def end(self):
        await self.accounts.end_sessions(self.ann.address, now=self.clock.seconds())

    async def test_all_sessions_of_the_user_end(self):
        phone, laptop = await self.opened(self.ann), await self.opened(self.ann, "laptop")
        other = await self.opened(self.bob)
        await self.end()
        for session_id in (phone, laptop):
            self.assertIs(await self.found(session_id), StatusCode.FORCED_LOGOUT)
        self.assertIsInstance(await self.found(other), Found)
        await self.end()

    async def test_session_that_has_expired_is_told_that(self):
        session_id = await self.opened(self.ann)
        self.clock.advance(61)
        await self.end()
        self.assertIs(await self.found(session_id), StatusCode.SESSION_EXPIRED)

    async def test_end_of_a_session_is_remembered_for_a_while(self):
        session_id = await self.opened(self.ann)
        self.accounts = Accounts(self.store.client, self.store.buckets, 600)
        await self.end()
        prefix = self.store.buckets.prefix_of(self.ann.address)
        key = f"{prefix}session:{session_id}"
        self.assertEqual(await self.store.client.execute("HGETALL", key), [b"ended", b"601"])
        self.assertIn(await self.store.client.execute("TTL", key), range(590, 601))

    async def test_messages_go_on_waiting(self):
        await self.send(self.ann)
        waiting = await self.keys()
        session_id = await self.opened(self.ann)
        await self.end()
        self.assertEqual(await self.keys(), waiting | {f"session:{session_id}"})

    async def test_deleted_user_leaves_nothing_but_the_end_of_the_sessions(self):
        before = await self.keys()
        carl = self.account("carl", msisdn="+358509999999")
        await self.accounts.add(carl)
        session_id = await self.opened(carl)
        await self.send(carl, self.ann)
        await self.accounts.delete(carl, now=self.clock.seconds())
        left = {key for key in await self.keys() - before if "ann" not in key}
        self.assertEqual(left - {"expiring-messages"}, {f"session:{session_id}"})
        self.assertIs(await self.found(session_id), StatusCode.FORCED_LOGOUT)
        self.assertIsNone(await self.accounts.get(carl.address))
        self.assertNotIn(carl, [account async for account in self.accounts.all()])
        again = deferred(self.accounts.delete(carl, now=self.clock.seconds()))
        await self.assertFailure(again, NoSuchAccount)

    async def test_deleted_user_can_be_added_anew(self):
        await self.accounts.delete(self.ann, now=self.clock.seconds())
        await self.accounts.add(self.ann)
        self.assertEqual(await self.accounts.with_msisdn(NUMBER), self.ann)

    async def test_number_that_was_claimed_anew_stays(self):
        prefix = self.store.buckets.prefix_of(Address(NUMBER))
        old = await self.store.client.execute("GET", f"{prefix}msisdn:{NUMBER}")
        self.clock.advance(1)
        arguments = (NUMBER, self.ann.address.canonical, repr(self.clock.seconds()), "")
        await self.store.client.run("claim_msisdn", [prefix], *arguments)
        await self.store.client.run("release_msisdn", [prefix], NUMBER, old)
        self.assertEqual(await self.accounts.with_msisdn(NUMBER), self.ann)

    async def test_claim_that_a_deletion_has_left_behind_lapses(self):
        prefix = self.store.buckets.prefix_of(self.ann.address)
        arguments = (self.ann.address.canonical, 601, repr(self.clock.seconds()), "600.0")
        await self.store.client.run("delete_account", [prefix], *arguments)
        self.assertIsNone(await self.accounts.with_msisdn(NUMBER))
        self.clock.advance(CLAIM_SECONDS)
        await self.accounts.add(self.account("carl", msisdn=NUMBER))
