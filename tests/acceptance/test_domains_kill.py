"""Traffic between two domains outlives kill -9 of either server, and of its store: nothing is lost,
nothing comes twice, and the order is kept."""

from __future__ import annotations

from collections import Counter

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12, V13
from imps.testing.books import Books
from imps.testing.careful import Careful, a_moment
from imps.testing.correspondence import reported
from imps.testing.domains import Domains, try_again
from imps.testing.service import end_leases, unfinished_work

STEP = 4
"""How many messages each takes, and gets, between kills."""

SETTINGS = """
[messages]
resend_seconds = 1
max_tries = 100
[session]
requests_per_second = 1000
[ssp]
messages_per_user = 100000
"""


class OneProcessTests(TestCase):
    """One process on each side, which is started again."""

    timeout = 400
    processes = 1

    async def setUp(self):
        self.domains = await Domains(self, self.processes, SETTINGS).start()
        self.books, self.stopped, self.trouble = Books(), False, None

    async def client(self, domain, name, version, encoding):
        user, urls = await domain.user(name), domain.urls
        client = Careful(self, urls, user, version, encoding, wait=a_moment, books=self.books)
        client.wants_reports = True
        await client.sign_on()
        return client

    async def test_traffic_outlives_kills(self):
        north, south = self.domains
        there = [
            await self.client(north, "ann", V12, "wbxml"),
            await self.client(north, "abe", V11, "xml"),
        ]
        here = [
            await self.client(south, "bo", V11, "wbxml"),
            await self.client(south, "bea", V13, "xml"),
        ]
        self.clients = [*there, *here]
        traffic = [self.keep_talking(each, here) for each in there]
        traffic += [self.keep_talking(each, there) for each in here]
        traffic = [Deferred.fromCoroutine(each).addErrback(self.fails) for each in traffic]
        for each in traffic:
            self.addCleanup(each.cancel)
        for domain, with_store in ((south, False), (north, False), (south, True)):
            await self.goes_on()
            await domain.services.kill(*range(self.processes))
            if with_store:
                await domain.services.kill_store()
            await self.more_is_taken()
            await domain.services.start()
        await self.goes_on()
        self.stopped = True
        await gatherResults(traffic)
        self.check()
        while self.books.missing:
            await self.polled()
        for each in self.domains:
            await end_leases(each.services.data)
            while await unfinished_work(each.services.data):
                await a_moment()
        await self.all_is_reported()
        await self.polled()
        self.assertEqual((self.books.lost, self.books.missing, +self.books.wrong), (0, set(), {}))
        for each in self.domains:
            await each.services.stop()

    async def goes_on(self):
        """Wait until everybody has got some more messages."""
        before = Counter(self.books.ways[each][1] for each in self.books.received)
        while True:
            now = Counter(self.books.ways[each][1] for each in self.books.received)
            if all(now[each.user] >= before[each.user] + STEP for each in self.clients):
                return
            self.check()
            await self.hurry()
            await a_moment()

    async def more_is_taken(self):
        """Wait until somebody was told that a message is taken, for one that is dead."""
        enough = len(self.books.taken) + 1
        while len(self.books.taken) < enough:
            self.check()
            await a_moment()

    async def hurry(self):
        """Nobody waits as long as real servers would."""
        for domain in self.domains:
            await try_again(domain.services.data)

    async def polled(self):
        await self.hurry()
        for each in self.clients:
            await each.poll()
        await a_moment()

    async def all_is_reported(self):
        for sender in self.clients:
            expected = Counter((each, 200) for each in self.books.taken_from(sender.user))
            while len(sender.reports) < expected.total():
                await self.polled()
            await sender.poll()
            self.assertEqual(Counter(map(reported, sender.reports)), expected)

    def fails(self, failure):
        self.trouble, self.stopped = self.trouble or failure, True

    def check(self):
        if self.trouble is not None:
            self.trouble.raiseException()

    async def keep_talking(self, client, partners):
        """Send to one after the other; what comes is fetched when an answer says so."""
        while not self.stopped:
            for partner in partners:
                await client.tell(partner.user)
                await client.poll()
                await a_moment()


class TwoProcessesTests(OneProcessTests):
    """Two processes on each side, all of which are killed."""

    processes = 2
