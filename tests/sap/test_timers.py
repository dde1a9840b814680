from twisted.internet.defer import Deferred, gatherResults

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.message import Content, Draft
from imps.sap.timers import Timers
from imps.store.deliveries import Acknowledgement, Deliveries
from imps.store.work import LEASE_SECONDS
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:bob@localhost")
MESSAGES = 20
NOTHING: tuple[int, list[int]] = (0, [])


class SeveralProcessesTests(StoreTestCase):
    """Processes that look for what is due at the same time, or after one of them has died."""

    async def setUp(self):
        await super().setUp()
        self.im, self.records = self.parts.im, self.parts.work
        self.done = []
        self.processes = [
            Timers(self.records, self.do, self.store.buckets, self.clock) for _ in range(2)
        ]
        await self.add_accounts(ANN, BOB)
        self.ann = await self.session(ANN)

    async def do(self, work):
        self.done.append(work.id)
        await self.parts.working.do(work)

    async def session(self, user):
        return (await self.parts.sessions.open(user, "phone", 3600, {})).id

    async def send(self, number=0, seconds=600):
        content = Content(octets=b"hello")
        draft = Draft(content=content, users=(BOB,), validity_seconds=seconds, wants_report=True)
        await self.im.send(Caller(ANN, self.ann, f"op{number}"), draft)

    async def after(self, seconds):
        """How much is done when both look at the same time, and the reports that come then."""
        self.clock.advance(seconds)
        self.done.clear()
        looking = [Deferred.fromCoroutine(each.do_all()) for each in self.processes]
        await gatherResults(looking)
        return len(self.done), await self.reports()

    async def reports(self):
        """All reports that the sender gets, each acknowledged."""
        codes = []
        while (flight := (await self.parts.delivery.take(self.ann)).in_flight) is not None:
            codes.append(flight.what.code)
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                self.ann, acknowledged, flight.transaction_id, wanted=False
            )
        return codes

    async def acknowledged_to_a_process_that_dies(self):
        """A message is acknowledged; the work that this causes, which nobody does."""
        await self.send()
        bob = await self.session(BOB)
        await self.parts.delivery.take(bob)
        deliveries = Deliveries(
            self.store.client, self.store.buckets, self.parts.stored_sessions, 30, 3
        )
        taken = await deliveries.take(
            bob,
            now=self.clock.seconds(),
            acknowledgement=Acknowledgement.TRANSACTION,
            acknowledged="s1",
            wanted=False,
        )
        return taken.work

    async def test_message_that_expires_is_reported_once(self):
        for number in range(MESSAGES):
            await self.send(number, seconds=10)
        self.assertEqual(await self.after(9), NOTHING)
        self.assertEqual(await self.after(1), (MESSAGES, [542] * MESSAGES))
        self.assertEqual(await self.after(LEASE_SECONDS), NOTHING)

    async def test_work_of_a_process_that_died_is_done_once_its_lease_is_over(self):
        await self.acknowledged_to_a_process_that_dies()
        self.assertEqual(await self.after(LEASE_SECONDS - 1), NOTHING)
        self.assertEqual(await self.after(1), (1, [200]))
        self.assertEqual(await self.after(LEASE_SECONDS), NOTHING)

    async def test_work_of_a_process_that_died_before_it_could_say_so_has_no_effect_again(self):
        work = await self.acknowledged_to_a_process_that_dies()
        await self.parts.local_im.report(work)
        self.assertEqual(await self.reports(), [200])
        self.assertEqual(await self.after(LEASE_SECONDS), (1, []))
        self.assertEqual(await self.after(LEASE_SECONDS), NOTHING)

    async def test_work_of_a_process_that_claimed_it_and_died_is_claimed_again(self):
        await self.acknowledged_to_a_process_that_dies()
        self.clock.advance(LEASE_SECONDS)
        claimed = [
            await self.records.due(bucket, now=self.clock.seconds())
            for bucket in range(self.store.buckets.count)
        ]
        self.assertEqual(sum(len(each.work) for each in claimed), 1)
        self.assertEqual(await self.after(LEASE_SECONDS - 1), NOTHING)
        self.assertEqual(await self.after(1), (1, [200]))

    async def test_work_that_cannot_be_done_does_not_keep_the_rest_from_being_done(self):
        await self.send(seconds=10)
        prefix = self.store.buckets.prefix_of(BOB)
        records = {"!": b'["later kind", "!", 1]', "?": b"no record", "??": b"1"}
        for work_id, record in records.items():
            await self.store.client.execute("HSET", f"{prefix}work", work_id, record)
            await self.store.client.execute("ZADD", f"{prefix}overdue", 0, work_id)
        self.clock.advance(10)
        assert self.parts.local_im
        working = Timers(self.records, self.parts.working.do, self.store.buckets, self.clock)
        await working.do_all()
        self.assertEqual(await self.reports(), [542])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
