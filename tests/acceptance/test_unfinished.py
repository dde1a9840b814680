"""What a process was doing when it died is done by another."""

import time

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.store.work import LEASE_SECONDS
from imps.testing.correspondence import reported
from imps.testing.gate import Gate
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Service, add_users, end_leases, store_of, unfinished_work
from imps.testing.store import private_directory

LOOK_SECONDS = 0.05


class UnfinishedTestCase(TestCase):
    """Two processes on one store, and clients of the slow one, which can be stopped half-way."""

    async def setUp(self):
        self.one = Service(self)
        self.url = await self.one.start()
        socket = private_directory(self) / "gate.sock"
        self.gate = Gate(self, self.one.data / "store.sock", socket)
        self.slow = Service(self, ("--redis", f"unix://{socket}"), self.one.data)
        self.slow_url = await self.slow.start()
        names = ("ann", "bob", "carl", "dora", "eve", "fay")
        await add_users(self.one.data, *names)
        *self.users, eve, fay = (f"wv:{name}@localhost" for name in names)
        await self.chat(eve, fay)

    async def chat(self, one, other):
        """Do all that a message takes: a script that the store has yet to learn is said twice."""
        sender, recipient = [await self.signed_on(user, self.url) for user in (one, other)]
        sender.wants_reports = True
        await sender.send(other, text="hello")
        await recipient.poll()
        while not sender.reports or await unfinished_work(self.one.data):
            await sender.poll()

    async def signed_on(self, user, url):
        client = Nokia(self, [url], user)
        await client.sign_on()
        return client


class RequestTests(UnfinishedTestCase):
    """A request is repeated to another process, before the first is through with it."""

    async def setUp(self):
        await super().setUp()
        ann, *self.others = self.users
        self.sender = await self.signed_on(ann, self.slow_url)

    def send(self):
        return Deferred.fromCoroutine(
            self.sender.send(*self.others, text="once", transaction_id="nok99")
        )

    async def half_sent(self):
        """A message that is stored for one recipient and not for the next; its answer to come."""
        stopped = self.gate.stop(b"once", times=1)
        first = self.send()
        await stopped
        self.assertEqual(await self.served(), 1)
        self.sender.urls = [self.url]
        return first

    async def served(self):
        """For how many recipients the store has the message."""
        async with store_of(self.one.data) as store:
            addresses = [Address.parse(user) for user in self.others]
            queues = [
                f"{store.buckets.prefix_of(each)}queue:{each.canonical}" for each in addresses
            ]
            return sum([await store.client.execute("EXISTS", queue) for queue in queues])

    async def check(self):
        """See that each recipient gets it once."""
        for user in self.others:
            recipient = await self.signed_on(user, self.url)
            await recipient.poll()
            self.assertEqual(recipient.texts, ["once"])

    async def test_copy_is_answered_while_the_first_is_carried_out(self):
        first = await self.half_sent()
        again = await self.send()
        self.assertEqual(again.code, 200)
        self.assertNoResult(first)
        self.gate.go_on()
        self.assertEqual(await first, again)
        await self.check()
        await self.slow.kill()
        await self.one.stop()

    async def test_copy_is_done_in_full_after_the_process_of_the_first_was_killed(self):
        first = await self.half_sent()
        await self.slow.kill()
        await self.assertFailure(first, ConnectionLost)
        self.assertEqual((await self.send()).code, 200)
        await self.check()
        await self.one.stop()


class DisposalTests(UnfinishedTestCase):
    """A process has done away with a message, and dies before it can say so."""

    async def test_copy_of_a_rejection_is_told_that_it_was_done(self):
        await self.check("RejectMessage", lambda message_id, _: message_id)
        await self.one.stop()

    async def test_copy_of_a_forwarding_is_told_that_it_was_done(self):
        carl = await self.check(
            "ForwardMessage",
            lambda message_id, user: (
                f"{message_id}<Recipient><User><UserID>{user}</UserID></User></Recipient>"
            ),
        )
        await carl.poll()
        self.assertEqual(carl.texts, ["unread"])
        await self.one.stop()

    async def check(self, name, said_of):
        """See that a request of this name is answered 200 by the process that is left; Carl, whom
        it may name."""
        ann, bob, carl, _ = self.users
        sender, other = [await self.signed_on(user, self.url) for user in (ann, carl)]
        client = await self.signed_on(bob, self.slow_url)
        self.assertEqual(await client.deliver_by("N"), 200)
        message_id = (await sender.send(bob, text="unread")).message_id
        said = said_of(f"<MessageID>{message_id}</MessageID>", carl)

        def ask():
            request = f"<{name}-Request>{said}</{name}-Request>"
            return Deferred.fromCoroutine(client.ask(request, "nok99"))

        # The id is named when the request comes in, and when its answer is kept.
        stopped = self.gate.stop(b"nok99", times=1)
        first = ask()
        await stopped
        await self.slow.kill()
        await self.assertFailure(first, ConnectionLost)
        client.urls = [self.url]
        self.assertEqual(await client.waiting(), [])
        self.assertEqual((await ask()).code, 200)
        return other


class WorkTests(UnfinishedTestCase):
    """A process takes an acknowledgement, and dies while it tells the sender."""

    async def test_report_that_was_due_is_made_once_the_lease_is_over(self):
        ann, message_id = await self.died(times=0)
        await ann.poll()
        self.assertEqual(ann.reports, [])
        await self.is_done_by_the_other()
        await ann.poll()
        self.assertEqual(list(map(reported, ann.reports)), [(message_id, 200)])
        await self.one.stop()

    async def test_report_that_was_made_already_is_not_made_again(self):
        ann, message_id = await self.died(times=1)
        for _ in range(2):
            await ann.poll()
            self.assertEqual(list(map(reported, ann.reports)), [(message_id, 200)])
            await self.is_done_by_the_other()
        await self.one.stop()

    async def died(self, times):
        """The sender, and a message that was acknowledged to a process which then died.

        It died where it would have named the report to the store after so many times.
        """
        ann, bob, *_ = self.users
        sender = await self.signed_on(ann, self.url)
        recipient = await self.signed_on(bob, self.slow_url)
        sender.wants_reports = True
        message_id = (await sender.send(bob, text="hello")).message_id
        message = await recipient.exchange(recipient.written("<Polling-Request/>", None))
        (acknowledgement,) = recipient.responses(message)
        # A whole argument of a command; the report's key holds the same words.
        stopped = self.gate.stop(f"\r\n{message_id}:{bob}\r\n".encode(), times)
        told = Deferred.fromCoroutine(recipient.exchange(acknowledgement))
        told.addErrback(lambda failure: failure.trap(ConnectionLost))
        await stopped
        await self.slow.kill()
        await told
        recipient.urls = [self.url]
        self.assertIsNone(await recipient.exchange(acknowledgement))
        ((work, due_at),) = (await unfinished_work(self.one.data)).items()
        self.assertEqual(work, f"{message_id}:{bob}")
        self.assertLess(due_at - time.time(), LEASE_SECONDS)
        return sender, message_id

    async def is_done_by_the_other(self):
        """Let the lease be over, and wait until nothing is left to be done."""
        await end_leases(self.one.data)
        while await unfinished_work(self.one.data):
            await deferLater(reactor, LOOK_SECONDS)
