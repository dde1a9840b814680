from twisted.internet.task import Clock

from imps.sap.heartbeat import INTERVAL_SECONDS, Heartbeat
from imps.store.keys import PROCESSES, process_key
from imps.store.processes import LIFETIME_SECONDS, Process, Processes
from imps.testing.store import StoreTestCase


def process(id, started_at=0.0):
    return Process(id, "host", 7, "1.0", started_at, ["CSP on 127.0.0.1:8080"])


class ProcessesTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.processes = Processes(self.store.client)

    async def test_those_that_serve_are_known(self):
        first, second = process("b", 1.0), process("a", 2.0)
        for each in (second, first, first):
            await self.processes.announce(each, now=100.0)
        self.assertEqual(await self.processes.all(), [first, second])
        await self.processes.withdraw(first)
        self.assertEqual(await self.processes.all(), [second])

    async def test_one_that_is_silent_is_forgotten(self):
        await self.processes.announce(process("a"), now=100.0)
        left = await self.store.client.execute("TTL", process_key("a"))
        self.assertTrue(0 < left <= LIFETIME_SECONDS)
        await self.store.client.execute("DEL", process_key("a"))
        self.assertEqual(await self.processes.all(), [])
        await self.processes.announce(process("b"), now=100.0 + 2 * LIFETIME_SECONDS)
        self.assertEqual(await self.store.client.execute("ZRANGE", PROCESSES, 0, -1), [b"b"])


class HeartbeatTests(StoreTestCase):
    async def test_process_is_announced_again_and_again_until_it_stops(self):
        clock, client = Clock(), self.store.client
        processes = Processes(client)
        heartbeat = Heartbeat(process("a"), processes, clock)
        await heartbeat.start()
        self.assertEqual(await processes.all(), [process("a")])
        await client.execute("DEL", process_key("a"))
        clock.advance(INTERVAL_SECONDS)
        while not await processes.all():
            pass
        # One beat is still under way when it stops.
        clock.advance(INTERVAL_SECONDS)
        await heartbeat.stop()
        self.assertEqual(await processes.all(), [])
        self.assertEqual(await client.execute("EXISTS", PROCESSES), 0)

    async def test_one_that_never_began_can_be_stopped(self):
        await Heartbeat(process("a"), Processes(self.store.client), Clock()).stop()
