from attrs import evolve

from imps.model.address import Address
from imps.model.events import MessageWaits
from imps.model.message import Content, Message
from imps.store.deliveries import Acknowledgement, Deliveries
from imps.store.messages import HELD_SECONDS, Messages, Stored
from imps.store.sessions import Sessions
from imps.store.work import WorkRecords
from imps.testing.store import EPOCH, StoreTestCase

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:bob@localhost")


class MessagesTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)
        self.messages = self.limited()
        self.deliveries = Deliveries(self.store.client, self.store.buckets, self.sessions, 30, 3)
        await self.add_accounts(BOB)

    def limited(self, *, waiting=10, octets=1000):
        return Messages(self.store.client, self.store.buckets, waiting, octets)

    async def session(self, name, user=BOB, seconds=1000, client="", messaging="0 SERVERLOGIC"):
        session_id = f"{self.store.buckets.of(user):02}{name}"
        await self.sessions.open(
            session_id,
            user,
            client or name,
            b"record",
            now=self.clock.seconds(),
            lifetime_seconds=seconds,
            remember_seconds=1000,
            fields={"messaging": messaging},
        )
        return session_id

    async def store_message(self, text, *recipients, seconds=600, report=False):
        now = self.clock.seconds()
        message = Message(
            message_id=f"m-{text}",
            sender=ANN,
            content=Content(octets=text.encode()),
            sent_at=now,
            expires_at=now + seconds,
            wants_report=report,
        )
        return await self.messages.store(message, recipients or [BOB], now=now)

    async def deliver(self, session_id, acknowledgement=Acknowledgement.NONE, of="", wanted=True):
        return await self.deliveries.take(
            session_id,
            now=self.clock.seconds(),
            acknowledgement=acknowledgement,
            acknowledged=of,
            wanted=wanted,
        )

    async def run_timers(self):
        """Do what is due by now; the work that it causes."""
        records = WorkRecords(self.store.client, self.store.buckets)
        work = []
        for bucket in range(self.store.buckets.count):
            work += (await records.due(bucket, now=self.clock.seconds())).work
        return work

    async def next(self, session_id):
        """What comes next, and how it is acknowledged; None for nothing."""
        flight = (await self.deliver(session_id)).in_flight
        return flight and (flight.what.content.octets.decode(), flight.transaction_id)

    async def take(self, session_id):
        """All that comes, each acknowledged."""
        texts = []
        while (flight := await self.next(session_id)) is not None:
            text, transaction_id = flight
            texts.append(text)
            await self.deliver(session_id, Acknowledgement.TRANSACTION, transaction_id, False)
        return texts

    async def left(self, user=BOB):
        """How many messages and octets are kept for a user."""
        prefix = self.store.buckets.prefix_of(user)
        count = await self.store.client.execute("ZCARD", f"{prefix}queue:{user}")
        octets = await self.store.client.execute("HGET", f"{prefix}waiting:{user}", "octets")
        return count, int(octets or 0)


class StoringTests(MessagesTestCase):
    async def test_each_recipient_is_told_of(self):
        nobody = Address.parse("wv:nobody@localhost")
        self.assertEqual(
            await self.store_message("hello", nobody, BOB, nobody),
            [Stored.NO_SUCH_USER, Stored.YES, Stored.NO_SUCH_USER],
        )
        count, octets = await self.left()
        self.assertEqual(count, 1)
        self.assertGreater(octets, len("hello"))
        self.assertEqual((await self.left(nobody))[0], 0)

    async def test_many_recipients_get_it_in_chunks(self):
        users = [Address.parse(f"wv:user{number}@localhost") for number in range(250)]
        for user in users:
            await self.add_accounts(user)
        self.assertEqual(set(await self.store_message("to all", *users)), {Stored.YES})
        for user in users[::50]:
            self.assertEqual(await self.take(await self.session("phone", user)), ["to all"])

    async def test_repetition_does_nothing(self):
        session = await self.session("phone")
        for _ in range(2):
            self.assertEqual(await self.store_message("hello"), [Stored.YES])
        self.assertEqual(await self.take(session), ["hello"])
        self.assertEqual(await self.store_message("hello"), [Stored.YES])
        self.assertEqual(await self.take(session), [])

    async def test_only_so_many_wait_for_a_user(self):
        self.messages = self.limited(waiting=2)
        await self.store_message("one")
        await self.store_message("two", seconds=10)
        self.assertEqual(await self.store_message("three"), [Stored.QUEUE_FULL])
        self.clock.advance(11)
        await self.run_timers()
        self.assertEqual(await self.store_message("three"), [Stored.YES])
        self.assertEqual(await self.take(await self.session("phone")), ["one", "three"])

    async def test_only_so_many_octets_wait_for_a_user(self):
        """What a message costs is its text, and what is kept of it besides."""
        await self.store_message("abc")
        _, cost = await self.left()
        self.messages = self.limited(octets=2 * cost)
        self.assertEqual(await self.store_message("abcd"), [Stored.QUEUE_FULL])
        self.assertEqual(await self.store_message("xyz"), [Stored.YES])
        self.assertEqual(await self.left(), (2, 2 * cost))
        await self.take(await self.session("phone"))
        self.assertEqual(await self.left(), (0, 0))
        self.assertEqual(await self.store_message("abcd"), [Stored.YES])


class DeliveryTests(MessagesTestCase):
    async def test_messages_come_one_at_a_time_and_in_order(self):
        session = await self.session("phone")
        for text in ("one", "two", "three"):
            await self.store_message(text)
        first = await self.deliver(session)
        self.assertTrue(first.has_more)
        nothing = await self.deliver(session)
        self.assertEqual((nothing.in_flight, nothing.has_more), (None, False))
        second = await self.deliver(
            session, Acknowledgement.TRANSACTION, first.in_flight.transaction_id
        )
        self.assertTrue(second.acknowledged)
        self.assertEqual(second.in_flight.what.content.octets, b"two")
        self.assertNotEqual(second.in_flight.transaction_id, first.in_flight.transaction_id)

    async def test_unacknowledged_message_comes_again_as_it_was(self):
        session = await self.session("phone")
        await self.store_message("hello")
        first = await self.deliver(session)
        for seconds, again in ((29, None), (1, first.in_flight), (30, first.in_flight)):
            self.clock.advance(seconds)
            self.assertEqual((await self.deliver(session)).in_flight, again)

    async def test_after_some_tries_it_is_left_to_the_next_session(self):
        session = await self.session("phone")
        for text in ("stubborn", "next"):
            await self.store_message(text)
        for _ in range(3):
            self.assertEqual((await self.next(session))[0], "stubborn")
            self.clock.advance(30)
        self.assertEqual(await self.take(session), ["next"])
        self.assertEqual(await self.take(await self.session("other")), ["stubborn"])
        self.assertEqual(await self.left(), (0, 0))

    async def test_acknowledgement_of_something_else_means_nothing(self):
        session = await self.session("phone")
        await self.store_message("hello")
        self.assertEqual(await self.next(session), ("hello", "s1"))
        for how, of in (
            (Acknowledgement.TRANSACTION, "s2"),
            (Acknowledgement.REFUSED, ""),
            (Acknowledgement.MESSAGE, "m-other"),
        ):
            self.assertFalse((await self.deliver(session, how, of)).acknowledged)
        self.clock.advance(30)
        self.assertEqual(await self.next(session), ("hello", "s1"))

    async def test_message_is_acknowledged_by_its_id_too_as_often_as_one_likes(self):
        session = await self.session("phone")
        await self.store_message("hello")
        await self.next(session)
        for _ in range(3):
            delivery = await self.deliver(session, Acknowledgement.MESSAGE, "m-hello")
            self.assertTrue(delivery.acknowledged)
        self.assertEqual(await self.left(), (0, 0))

    async def test_unwanted_message_is_left_to_the_next_session(self):
        session = await self.session("phone")
        await self.store_message("hello")
        _, transaction_id = await self.next(session)
        await self.deliver(session, Acknowledgement.REFUSED, transaction_id)
        self.assertEqual(await self.take(session), [])
        self.assertEqual(await self.take(await self.session("other")), ["hello"])

    async def test_expired_messages_are_passed_over_and_removed(self):
        session = await self.session("phone")
        await self.store_message("short", seconds=10)
        await self.store_message("long")
        self.clock.advance(10)
        self.assertEqual(await self.take(session), ["long"])
        await self.run_timers()
        self.assertEqual(await self.left(), (0, 0))

    async def test_expiry_is_reported_once_to_those_who_want_it(self):
        await self.store_message("unreported", seconds=10)
        await self.store_message("reported", seconds=10, report=True)
        await self.store_message("arrived", seconds=10, report=True)
        session = await self.session("phone")
        await self.deliver(session, Acknowledgement.MESSAGE, "m-arrived")
        self.clock.advance(9)
        self.assertEqual(await self.run_timers(), [])
        self.clock.advance(1)
        (work,) = await self.run_timers()
        self.assertEqual(
            (work.kind, work.details[0], work.details[1], float(work.details[2]), work.details[4]),
            ("report", "m-reported", str(BOB), self.clock.seconds(), 542),
        )
        self.assertEqual(await self.run_timers(), [])

    async def test_work_that_is_not_finished_is_claimed_again_after_the_lease(self):
        await self.store_message("reported", seconds=10, report=True)
        self.clock.advance(10)
        (work,) = await self.run_timers()
        self.clock.advance(29)
        self.assertEqual(await self.run_timers(), [])
        self.clock.advance(1)
        self.assertEqual(await self.run_timers(), [work])
        await WorkRecords(self.store.client, self.store.buckets).finish(work)
        self.clock.advance(30)
        self.assertEqual(await self.run_timers(), [])

    async def test_message_that_expires_in_flight_is_not_sent_again(self):
        session = await self.session("phone")
        await self.store_message("short", seconds=35)
        await self.next(session)
        self.clock.advance(36)
        self.assertIsNone(await self.next(session))

    async def test_unknown_session_gets_nothing(self):
        await self.store_message("hello")
        for session_id in ("nonsense", f"{self.store.buckets.of(BOB):02}nobody"):
            delivery = await self.deliver(session_id)
            self.assertEqual((delivery.acknowledged, delivery.in_flight), (False, None))


class SeveralSessionsTests(MessagesTestCase):
    async def test_each_that_was_on_line_gets_a_copy(self):
        phone, tablet = await self.session("phone"), await self.session("tablet")
        await self.store_message("hello")
        self.assertEqual(await self.take(phone), ["hello"])
        self.assertEqual((await self.left())[0], 1)
        self.assertEqual(await self.take(tablet), ["hello"])
        self.assertEqual(await self.left(), (0, 0))

    async def test_later_session_gets_what_nobody_has_acknowledged(self):
        phone = await self.session("phone")
        await self.store_message("open")
        await self.next(phone)
        self.assertEqual(await self.take(await self.session("tablet")), ["open"])
        self.assertEqual(await self.take(await self.session("computer")), [])

    async def test_session_that_ends_is_not_waited_for(self):
        phone, tablet = await self.session("phone"), await self.session("tablet")
        await self.store_message("hello")
        await self.take(phone)
        await self.sessions.end(tablet, now=self.clock.seconds())
        self.assertEqual(await self.left(), (0, 0))

    async def test_session_that_is_superseded_is_not_waited_for(self):
        phone = await self.session("phone")
        await self.session("tablet")
        await self.store_message("hello")
        await self.take(phone)
        self.assertEqual(await self.take(await self.session("new", client="tablet")), [])
        self.assertEqual(await self.left(), (0, 0))

    async def test_session_that_expires_is_not_waited_for(self):
        phone = await self.session("phone")
        await self.session("tablet", seconds=60)
        await self.store_message("hello")
        await self.take(phone)
        self.clock.advance(61)
        self.assertEqual(await self.take(await self.session("computer")), [])
        self.assertEqual(await self.left(), (0, 0))

    async def test_session_that_expires_is_ended_by_the_timers(self):
        tablet = await self.session("tablet", seconds=60)
        phone = await self.session("phone", seconds=60)
        await self.sessions.check(phone, (), now=self.clock.seconds() + 30)
        await self.store_message("hello")
        await self.take(phone)
        self.clock.advance(61)
        await self.run_timers()
        self.assertEqual(await self.left(), (0, 0))
        now = self.clock.seconds()
        self.assertEqual(await self.sessions.check(tablet, (), now=now), 600)
        self.assertEqual((await self.sessions.check(phone, (), now=now)).record, b"record")

    async def test_session_that_takes_no_messages_gets_none(self):
        presence = await self.session("presence", messaging="")
        await self.store_message("hello")
        self.assertFalse((await self.sessions.check(presence, (), now=EPOCH)).has_waiting)
        self.assertEqual(await self.take(presence), [])
        self.assertEqual(await self.take(await self.session("phone")), ["hello"])
        self.assertEqual(await self.left(), (0, 0))

    async def test_session_of_highest_priority_gets_all_if_it_asks_for_that(self):
        await self.session("low", messaging="1 DETECT")
        first = await self.session("first", messaging="5 SERVERLOGIC")
        self.clock.advance(1)
        latest = await self.session("latest", messaging="5 DETECT")
        await self.store_message("for one")
        self.assertIsNone(await self.next(first))
        late = await self.session("late", messaging="0 SERVERLOGIC")
        self.assertIsNone(await self.next(late))
        self.assertEqual(await self.take(latest), ["for one"])
        await self.store_message("left")
        await self.sessions.end(latest, now=self.clock.seconds())
        self.assertEqual(await self.take(first), ["left"])

    async def test_message_that_the_one_session_leaves_is_offered_to_the_others(self):
        low = await self.session("low", messaging="1 DETECT")
        high = await self.session("high", messaging="5 DETECT")
        await self.store_message("left")
        self.assertIsNone(await self.next(low))
        await self.sessions.end(high, now=self.clock.seconds())
        self.assertEqual(await self.take(low), ["left"])
        high = await self.session("high", messaging="5 DETECT")
        await self.store_message("refused")
        _, transaction_id = await self.next(high)
        await self.deliver(high, Acknowledgement.REFUSED, transaction_id, False)
        self.assertEqual(await self.take(low), ["refused"])
        self.assertEqual(await self.take(high), [])

    async def test_message_that_the_one_session_does_not_take_in_time_is_offered_to_the_others(
        self,
    ):
        low = await self.session("low", messaging="1 DETECT")
        high = await self.session("high", messaging="5 DETECT")
        await self.store_message("held")
        self.clock.advance(HELD_SECONDS - 1)
        await self.run_timers()
        self.assertEqual(await self.take(low), [])
        self.clock.advance(1)
        await self.run_timers()
        self.assertTrue((await self.sessions.check(low, (), now=self.clock.seconds())).has_waiting)
        self.assertEqual(await self.take(low), ["held"])
        self.assertEqual(await self.take(high), ["held"])
        self.assertEqual(await self.left(), (0, 0))

    async def test_message_can_be_fetched_by_its_id_until_it_is_acknowledged(self):
        phone, tablet = await self.session("phone"), await self.session("tablet")
        await self.store_message("first")
        await self.store_message("second")
        for _ in range(2):
            fetched = await self.fetch(phone, "m-second")
            self.assertEqual(fetched.content.octets, b"second")
        acknowledged = await self.deliver(phone, Acknowledgement.MESSAGE, "m-second", False)
        self.assertTrue(acknowledged.acknowledged)
        self.assertIsNone(await self.fetch(phone, "m-second"))
        self.assertIsNotNone(await self.fetch(tablet, "m-second"))
        self.assertEqual(await self.take(phone), ["first"])
        self.assertIsNone(await self.fetch(phone, "m-unknown"))
        self.clock.advance(600)
        self.assertIsNone(await self.fetch(tablet, "m-second"))

    async def test_client_that_does_not_want_a_message_so_is_notified_of_it(self):
        phone = await self.session("phone", messaging="0 SERVERLOGIC NOTIF")
        await self.store_message("hello")
        _, transaction_id = await self.next(phone)
        flight = (await self.deliver(phone, Acknowledgement.REFUSED, transaction_id)).in_flight
        self.assertEqual(flight.what, MessageWaits(message_id="m-hello", since=EPOCH))
        noted = await self.deliver(phone, Acknowledgement.TRANSACTION, flight.transaction_id)
        self.assertEqual((noted.acknowledged, noted.in_flight), (True, None))
        self.assertEqual((await self.fetch(phone, "m-hello")).content.octets, b"hello")
        await self.deliver(phone, Acknowledgement.MESSAGE, "m-hello")
        self.assertEqual(await self.left(), (0, 0))

    async def fetch(self, session_id, message_id):
        now = self.clock.seconds()
        return await self.messages.fetch(session_id, message_id, with_large=True, now=now)

    async def test_session_that_ends_leaves_what_it_has_not_acknowledged(self):
        phone = await self.session("phone")
        await self.store_message("hello")
        await self.next(phone)
        await self.sessions.end(phone, now=self.clock.seconds())
        self.assertEqual(await self.take(await self.session("phone")), ["hello"])


class KeptTests(MessagesTestCase):
    async def test_message_is_given_out_as_it_was_stored(self):
        session = await self.session("phone")
        message = Message(
            message_id="m1",
            sender=Address.parse("wv:Ann@LocalHost"),
            content=Content(octets=bytes(range(256)), type="image/png", name="grün.png"),
            sent_at=EPOCH + 0.25,
            expires_at=EPOCH + 99.5,
        )
        await self.messages.store(message, [BOB], now=EPOCH)
        flight = (await self.deliver(session)).in_flight
        self.assertEqual(flight.what, message)
        self.assertEqual(str(flight.what.sender), "wv:Ann@LocalHost")
        self.assertEqual(flight.since, EPOCH)
        self.assertNotEqual(flight.what, evolve(message, message_id="m2"))
