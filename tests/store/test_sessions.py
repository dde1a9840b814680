from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.sessions import Asked, Opened, Operation, Sessions
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")


class SessionsTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        await self.add_accounts(ANN)
        self.sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)

    async def open(self, name="a", client="phone", record=b"record"):
        await self.opened(name, client, record)
        return f"{self.store.buckets.of(ANN):02}{name}"

    async def opened(self, name, client, record=b"record"):
        session_id = f"{self.store.buckets.of(ANN):02}{name}"
        outcome, _ = await self.sessions.open(
            session_id,
            ANN,
            client,
            record,
            now=self.clock.seconds(),
            lifetime_seconds=100,
            remember_seconds=1000,
            fields={"messaging": "0 SERVERLOGIC", "takes_reports": "1"},
        )
        return outcome

    async def check(self, session_id, *asked):
        return await self.sessions.check(
            session_id,
            [Asked(*each) for each in asked],
            now=self.clock.seconds(),
        )


class LifeTests(SessionsTestCase):
    async def test_session_is_found_with_its_record(self):
        record = b'\x00\xff"record"\n'
        found = await self.check(await self.open(record=record))
        self.assertEqual((found.record, found.has_waiting, found.operations), (record, False, ()))

    async def test_session_that_asks_too_often_has_to_wait(self):
        session_id = await self.open()
        for _ in range(100):
            self.assertEqual((await self.check(session_id)).record, b"record")
        self.assertIs(await self.check(session_id), StatusCode.SERVICE_UNAVAILABLE)
        self.clock.advance(0.1)
        for _ in range(4):
            self.assertEqual((await self.check(session_id)).record, b"record")
        self.clock.advance(90)
        self.assertEqual((await self.check(session_id)).record, b"record")

    async def test_what_is_no_session_id_is_unknown(self):
        session_id = await self.open()
        for other in ("", "nonsense", session_id + "b", "99a", "00\n", session_id.upper()):
            self.assertIs(await self.check(other), StatusCode.INVALID_SESSION, other)

    async def test_every_request_prolongs_it(self):
        session_id = await self.open()
        for _ in range(5):
            self.clock.advance(99)
            self.assertEqual((await self.check(session_id)).record, b"record")
        self.clock.advance(100)
        self.assertIs(await self.check(session_id), StatusCode.SESSION_EXPIRED)
        self.assertIs(await self.check(session_id), StatusCode.SESSION_EXPIRED)

    async def test_change_replaces_record_and_life(self):
        session_id = await self.open()
        now = self.clock.seconds()
        other = await self.sessions.change(
            session_id, b"record", b"other", now=now, lifetime_seconds=10, fields={"a": ""}
        )
        self.assertEqual(other, b"other")
        self.assertEqual((await self.check(session_id)).record, b"other")
        there = await self.sessions.change(
            session_id, b"record", b"third", now=now, lifetime_seconds=99, fields={"a": ""}
        )
        self.assertEqual(there, b"other")
        self.clock.advance(10)
        self.assertIs(await self.check(session_id), StatusCode.SESSION_EXPIRED)

    async def test_session_that_is_gone_cannot_be_changed_or_ended(self):
        session_id = await self.open()
        self.assertEqual(await self.sessions.end(session_id, now=self.clock.seconds()), [])
        self.assertIs(await self.check(session_id), StatusCode.INVALID_SESSION)
        self.assertIsNone(await self.sessions.end(session_id, now=self.clock.seconds()))
        now = self.clock.seconds()
        for gone in (session_id, "nonsense"):
            changed = await self.sessions.change(
                gone, b"record", b"other", now=now, lifetime_seconds=10, fields={"a": ""}
            )
            self.assertIsNone(changed)
        self.assertIs(await self.check(session_id), StatusCode.INVALID_SESSION)

    async def test_other_clients_of_a_user_have_sessions_of_their_own(self):
        phone, tablet = await self.open("a", "phone"), await self.open("b", "tablet")
        for session_id in (phone, tablet):
            self.assertEqual((await self.check(session_id)).record, b"record")

    async def test_client_that_signs_on_again_ends_its_old_session(self):
        old, new = await self.open("a"), await self.open("b")
        for _ in range(3):
            self.assertIs(await self.check(old), StatusCode.FORCED_LOGOUT)
            self.assertTrue(await self.sessions.say_goodbye(old))
        self.assertFalse(await self.sessions.say_goodbye(old))
        self.assertIs(await self.check(old), StatusCode.INVALID_SESSION)
        self.assertEqual((await self.check(new)).record, b"record")

    async def test_user_may_have_so_many_sessions(self):
        for number in range(20):
            await self.open(f"a{number}", client=f"client {number}")
        self.assertIs(await self.opened("b", client="other"), Opened.TOO_MANY)
        self.assertIs(await self.opened("c", client="client 7"), Opened.YES)
        self.clock.advance(101)
        self.assertIs(await self.opened("d", client="other"), Opened.YES)

    async def test_store_forgets_it_in_the_end(self):
        session_id = await self.open()
        prefix = self.store.buckets.prefix_of(ANN)
        await self.check(session_id, ("1", "d", "op"))
        for kind, seconds in (("session", 1100), ("transactions", 180)):
            left = await self.store.client.execute("TTL", f"{prefix}{kind}:{session_id}")
            self.assertTrue(0 < left <= seconds, (kind, left))


class OperationTests(SessionsTestCase):
    async def operation(self, session_id, transaction_id, digest, operation_id):
        found = await self.check(session_id, (transaction_id, digest, operation_id))
        return found.operations[0]

    async def finish(self, session_id, transaction_id, operation_id, answer):
        now = self.clock.seconds()
        waits = await self.sessions.finish(
            session_id, [(transaction_id, operation_id)], (answer, b"poll!"), now=now
        )
        self.assertFalse(waits)

    async def test_same_request_keeps_its_operation_id(self):
        session_id = await self.open()
        self.assertEqual(await self.operation(session_id, "1", "d", "a"), Operation("a"))
        self.clock.advance(90)
        self.assertEqual(await self.operation(session_id, "1", "d", "b"), Operation("a"))

    async def test_other_transactions_and_sessions_have_their_own(self):
        session_id, other = await self.open("a"), await self.open("b", "tablet")
        await self.operation(session_id, "1", "d", "a")
        self.assertEqual(await self.operation(session_id, "2", "d", "b"), Operation("b"))
        self.assertEqual(await self.operation(other, "1", "d", "c"), Operation("c"))

    async def test_id_that_is_used_again_later_is_another_operation(self):
        session_id = await self.open()
        await self.operation(session_id, "1", "d", "a")
        self.clock.advance(16)
        self.assertEqual(await self.operation(session_id, "1", "other", "b"), Operation("b"))
        await self.check(session_id)
        self.clock.advance(99)
        await self.check(session_id)
        self.clock.advance(82)
        self.assertEqual(await self.operation(session_id, "1", "other", "c"), Operation("c"))

    async def test_id_in_use_is_no_operation(self):
        session_id = await self.open()
        await self.operation(session_id, "1", "d", "a")
        self.assertEqual(await self.operation(session_id, "1", "other", "b"), Operation(""))

    async def test_answer_is_kept_for_the_same_request(self):
        session_id = await self.open()
        await self.operation(session_id, "1", "d", "a")
        await self.finish(session_id, "1", "a", b"\x00answer\xff")
        again = await self.operation(session_id, "1", "d", "b")
        self.assertEqual(again, Operation("a", b"\x00answer\xff"))
        self.assertEqual(await self.operation(session_id, "1", "other", "c"), Operation("c"))

    async def test_answer_to_another_operation_is_not_kept(self):
        session_id = await self.open()
        await self.operation(session_id, "1", "d", "a")
        await self.finish(session_id, "1", "other", b"answer")
        self.assertEqual(await self.operation(session_id, "1", "d", "b"), Operation("a"))

    async def test_only_the_latest_answers_are_kept(self):
        session_id = await self.open()
        for number in "123456":
            await self.operation(session_id, number, "d", f"op{number}")
            await self.finish(session_id, number, f"op{number}", b"answer")
        kept = [
            number
            for number in "123456"
            if (await self.operation(session_id, number, "d", "x")).answer
        ]
        self.assertEqual(kept, ["3", "4", "5", "6"])

    async def test_requests_of_one_message_are_told_apart(self):
        session_id = await self.open()
        asked = [("1", "d", "a"), ("2", "d", "b")]
        found = await self.check(session_id, *asked)
        self.assertEqual([each.id for each in found.operations], ["a", "b"])
        found = await self.check(session_id, ("2", "d", "x"), ("3", "d", "c"), ("1", "d", "y"))
        self.assertEqual([each.id for each in found.operations], ["b", "c", "a"])

    async def test_transactions_of_long_ago_are_forgotten(self):
        session_id = await self.open()
        for number in range(200):
            await self.operation(session_id, str(number), "d", f"op{number}")
            self.clock.advance(10)
        prefix = self.store.buckets.prefix_of(ANN)
        known = await self.store.client.execute("HLEN", f"{prefix}transactions:{session_id}")
        self.assertLess(known, 40)
