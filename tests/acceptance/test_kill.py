"""What was answered is there after kill -9 of processes of the service, its store, or all.

Clients go on with the process that is left, at once and where they were.
"""

import os
import signal
from collections import Counter
from random import Random

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from imps.model.version import V12
from imps.testing.books import Books
from imps.testing.careful import Careful, a_moment
from imps.testing.correspondence import reported
from imps.testing.door import EVERY
from imps.testing.service import (
    Services,
    add_users,
    end_leases,
    settings_file,
    unfinished_work,
)
from imps.testing.together import some_at_a_time

STORE = "store"
CLIENTS = 200
SIGNING_ON = 16
PARTNERS = 2
KILLS = 6
BETWEEN_KILLS = range(40, 200)
"""How many messages are taken before the next kill."""
REPORTED, FETCHING = 10, 7
"""One client in so many wants reports, and one in so many is notified, and fetches."""

# Real clients get a lost message again after half a minute, which is long for a test.
SETTINGS = """
[messages]
resend_seconds = 1
max_tries = 100
[session]
requests_per_second = 1000
"""


class KillTestCase(TestCase):
    processes: int

    async def setUp(self):
        options = ("--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        self.books = Books()
        self.stopped = False
        self.trouble = None
        names = ("ann", "bob", "carl", "dora", "eve")
        await add_users(self.services.data, *names)
        self.users = [f"wv:{name}@localhost" for name in names]

    def handset(self, user, version=V12, encoding="xml"):
        urls = self.services.urls
        return Careful(self, urls, user, version, encoding, wait=a_moment, books=self.books)

    async def kill(self, victims):
        """Kill processes, the store, or both; what is left to serve, if anything, serves."""
        self.dead = sorted(victims - {STORE})
        await self.services.kill(*self.dead)
        if STORE in victims:
            await self.services.kill_store()
        # The first process is the one that starts the store again.
        if len(self.dead) == self.processes or victims >= {0, STORE}:
            await self.revive()

    async def revive(self):
        """Start again what was killed and is still dead."""
        dead, self.dead = self.dead, []
        if dead:
            await self.services.start(*dead)


class Kills:
    timeout = 300

    async def test_what_was_answered_is_there_and_nothing_is_there_twice(self):
        ann, bob, *_ = self.users
        sender, receiver = self.handset(ann), self.handset(bob)
        await sender.sign_on()
        await receiver.sign_on()
        for victims in ({STORE}, *self.victims):
            before = sender.session_id, receiver.session_id
            await sender.tell(bob)
            await receiver.poll()
            settled = list(receiver.texts)
            transaction_id = sender.next_transaction_id()
            number = self.books.begin(ann, bob)
            first = await sender.say(number, transaction_id)
            await self.kill(victims)
            self.assertEqual(await sender.say(number, transaction_id), first)
            await receiver.poll()
            self.assertEqual(receiver.texts[:-1], settled)
            await sender.tell(bob)
            await receiver.poll()
            self.assertEqual(len(receiver.texts), len(settled) + 2)
            self.assertEqual(self.books.missing, set())
            self.assertEqual((sender.session_id, receiver.session_id), before)
            for user in self.users[2:]:
                self.assertEqual(await self.handset(user).login(), 200)
            await self.revive()
        await self.services.stop()

    async def test_traffic_outlives_kills_at_random(self):
        """Clients of all versions and encodings send to some others each, and fetch what comes."""
        moments = Random(self.processes)
        clients = await self.many_clients()
        traffic = [
            *(self.keep_talking(client, partners) for client, partners in clients.items()),
            self.keep_signing_on(self.users[0]),
        ]
        traffic = [Deferred.fromCoroutine(each).addErrback(self.fails) for each in traffic]
        for each in traffic:
            self.addCleanup(each.cancel)
        for _ in range(KILLS):
            await self.goes_on(moments.choice(BETWEEN_KILLS))
            await self.kill(moments.choice(({STORE}, *self.victims)))
            if self.dead:
                await self.goes_on(moments.choice(BETWEEN_KILLS))
                await self.revive()
        await self.goes_on(len(clients))
        self.stopped = True
        await gatherResults(traffic)
        self.check()
        await self.settle(clients)
        # What the dead have left undone would be done when their leases are over.
        await end_leases(self.services.data)
        while await unfinished_work(self.services.data):
            await a_moment()
        await self.settle_reports([each for each in clients if each.wants_reports])
        # Whatever comes now comes twice.
        await some_at_a_time(SIGNING_ON, [client.poll() for client in clients])
        self.assertEqual((self.books.lost, self.books.missing, +self.books.wrong), (0, set(), {}))
        await self.services.stop()

    async def many_clients(self):
        """Clients that are signed on, each with those to whom it sends, who have other versions and
        encodings."""
        names = [f"user{number}" for number in range(CLIENTS)]
        await add_users(self.services.data, *names)
        users = [f"wv:{name}@localhost" for name in names]
        clients = {}
        for number, user in enumerate(users):
            client = self.handset(user, *EVERY[number % len(EVERY)])
            client.wants_reports = number % REPORTED == 0
            client.fetches = number % FETCHING == 0
            others = range(number + 1, number + 1 + PARTNERS)
            clients[client] = [users[other % CLIENTS] for other in others]
        await some_at_a_time(SIGNING_ON, [client.sign_on() for client in clients])
        # Only of clients that have answered a notification is it known that they do.
        fetching = [client for client in clients if client.fetches]
        await some_at_a_time(SIGNING_ON, [client.tell(client.user) for client in fetching])
        await some_at_a_time(SIGNING_ON, [client.poll() for client in fetching])
        return clients

    async def goes_on(self, messages):
        """Wait until so many more messages are taken."""
        enough = len(self.books.taken) + messages
        while len(self.books.taken) < enough:
            self.check()
            await a_moment()

    def fails(self, failure):
        """Something is wrong: the first that is seen says what."""
        self.trouble, self.stopped = self.trouble or failure, True

    def check(self):
        if self.trouble is not None:
            self.trouble.raiseException()

    async def keep_talking(self, client, partners):
        """Send to one partner after the other; what comes is fetched when an answer says so."""
        while not self.stopped:
            for partner in partners:
                await client.tell(partner)
                # A client with a wake-up channel would wait here until it is woken.
                await a_moment()

    async def keep_signing_on(self, user):
        handset = self.handset(user)
        while not self.stopped:
            self.assertEqual(await handset.login(), 200)
            self.assertIn(await handset.sign_off(), (200, 604))
            handset.session_id = None

    async def settle(self, clients):
        """Poll until all that was taken is settled."""
        while missing := {self.books.ways[number][1] for number in self.books.missing}:
            polls = [client.poll() for client in clients if client.user in missing]
            await some_at_a_time(SIGNING_ON, polls)
            await a_moment()

    async def settle_reports(self, senders):
        """Poll until each message is reported, and see that it is so once."""
        for sender in senders:
            expected = Counter((each, 200) for each in self.books.taken_from(sender.user))
            while len(sender.reports) < expected.total():
                await sender.poll()
                await a_moment()
            await sender.poll()
            self.assertEqual(Counter(map(reported, sender.reports)), expected)


class OneProcessTests(Kills, KillTestCase):
    """The service is started again at once."""

    processes = 1
    victims = ({0}, {0, STORE})

    async def test_service_that_dies_while_its_store_is_dead_starts_again(self):
        ann, bob, *_ = self.users
        sender = self.handset(ann)
        await sender.sign_on()
        await sender.tell(bob)
        store = self.services.each[0].store_process_id
        os.kill(store, signal.SIGSTOP)
        await self.services.kill(0)
        os.kill(store, signal.SIGKILL)
        await self.services.start()
        receiver = self.handset(bob)
        await receiver.sign_on()
        await receiver.poll()
        self.assertEqual(len(receiver.texts), 1)
        await self.services.stop()


class TwoProcessTests(Kills, KillTestCase):
    """One of them is killed, then the other, with each request sent to the other than the last:
    what breaks is said again to the one that lives."""

    processes = 2
    victims = ({0}, {1}, {0, STORE}, {0, 1, STORE})
