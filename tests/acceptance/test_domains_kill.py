"""Traffic between two domains outlives kill -9 of either server, and of its store: nothing is lost,
nothing comes twice, and the order is kept."""

from __future__ import annotations

from collections import Counter

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12
from imps.testing.correspondence import reported
from imps.testing.domains import Domains, try_again
from imps.testing.service import end_leases, unfinished_work
from tests.acceptance.test_kill import SETTINGS, Careful, a_moment

STEP = 4


class DomainKillTestCase(TestCase):
    timeout = 400
    processes = 1

    async def setUp(self):
        self.domains = await Domains(self, self.processes, SETTINGS).start()
        self.stopped, self.trouble = False, None

    async def client(self, domain, name, version, encoding):
        user = await domain.user(name)
        client = Careful(self, domain.urls, user, version, encoding, wait=a_moment)
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
            await self.client(south, "bea", V12, "xml"),
        ]
        clients = [*there, *here]
        traffic = [self.keep_sending(each, here) for each in there]
        traffic += [self.keep_sending(each, there) for each in here]
        traffic += [self.keep_polling(each) for each in clients]
        traffic = [Deferred.fromCoroutine(each).addErrback(self.fails) for each in traffic]
        for domain, with_store in ((south, False), (north, False), (south, True)):
            await self.goes_on(clients)
            await domain.services.kill(*range(self.processes))
            if with_store:
                await domain.services.kill_store()
            await self.a_while(clients)
            await domain.services.start()
            await self.hurry()
        await self.goes_on(clients)
        self.stopped = True
        await gatherResults(traffic)
        self.check()
        for senders, receivers in ((there, here), (here, there)):
            for sender in senders:
                for receiver in receivers:
                    await self.fetch(receiver, sender.user, sender.taken[receiver.user])
        for domain in self.domains:
            await end_leases(domain.services.data)
            while await unfinished_work(domain.services.data):
                await a_moment()
        for sender in clients:
            await self.fetch_reports(sender)
        for domain in self.domains:
            await domain.services.stop()

    async def goes_on(self, clients):
        """Wait until each has got some more answers, and some more messages."""
        sent = [len(each.sent_ids) for each in clients]
        got = [len(each.received) for each in clients]
        while any(
            len(each.sent_ids) < sent[i] + STEP or len(each.received) < got[i] + STEP
            for i, each in enumerate(clients)
        ):
            self.check()
            await self.hurry()
            await a_moment()

    async def a_while(self, clients):
        """Wait until somebody has got an answer while the other server is dead."""
        sent = sum(len(each.sent_ids) for each in clients)
        while sum(len(each.sent_ids) for each in clients) <= sent:
            self.check()
            await a_moment()

    async def hurry(self):
        for domain in self.domains:
            await try_again(domain.services.data)

    async def fetch(self, client, sender, texts):
        while len(client.from_(sender)) < len(texts):
            await self.hurry()
            await client.poll()
            await a_moment()
        self.assertEqual(client.from_(sender), texts)

    async def fetch_reports(self, sender):
        while len(sender.reports) < len(sender.sent_ids):
            await self.hurry()
            await sender.poll()
            await a_moment()
        await sender.poll()
        expected = [(message_id, 200) for message_id in sender.sent_ids]
        self.assertEqual(Counter(map(reported, sender.reports)), Counter(expected))

    def fails(self, failure):
        self.trouble, self.stopped = failure, True

    def check(self):
        if self.trouble is not None:
            self.trouble.raiseException()

    async def keep_sending(self, sender, receivers):
        number = 0
        while not self.stopped:
            number += 1
            for receiver in receivers:
                await sender.tell(receiver.user, f"{number} from {sender.user}")

    async def keep_polling(self, receiver):
        while not self.stopped:
            await receiver.poll()
            await a_moment()


class TwoProcessesTests(DomainKillTestCase):
    processes = 2
