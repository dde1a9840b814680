"""What was answered is there after kill -9 of processes of the service, its store, or all.

Clients go on with the process that is left, at once and where they were.
"""

import os
import signal
from collections import Counter

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12
from imps.testing.handset import sent
from imps.testing.nokia import Nokia, reported
from imps.testing.process import reactor
from imps.testing.service import (
    Services,
    add_users,
    end_leases,
    settings_file,
    unfinished_work,
)

TRY_AGAIN_SECONDS = 0.05
STEP = 10
STORE = "store"

# Real clients get a lost message again after half a minute, which is long for a test.
SETTINGS = """
[messages]
resend_seconds = 1
max_tries = 100
[session]
requests_per_second = 1000
"""


async def a_moment():
    """How these clients wait before they go on, be it after a loss or a poll."""
    await deferLater(reactor, TRY_AGAIN_SECONDS)


@define(eq=False)
class Careful(Nokia):
    """A client that says again what was not answered, or with 503, and keeps books.

    ``taken`` is what it sent and got 200 for, ``sent_ids`` the ids of that, ``settled`` the
    messages that it has acknowledged and got an answer: none of those may come once more, not even
    under another TransactionID.
    """

    taken: dict[str, list[str]] = field(factory=dict)
    sent_ids: list[str] = field(factory=list)
    settled: set[str] = field(factory=set)
    _acknowledging: dict[bytes, str] = field(factory=dict)

    async def exchange(self, body, session_id=None):
        message = await super().exchange(body, session_id)
        while message is not None and message.transactions[0].code == 503:
            await a_moment()
            message = await super().exchange(body, session_id)
        if body in self._acknowledging:
            self.settled.add(self._acknowledging.pop(body))
        return message

    def responses(self, message):
        request = message.transactions[0]
        message_id = request.primitive.findtext("MessageInfo/MessageID")
        self.expect(message_id not in self.settled, f"{message_id} came after all was said")
        responses = super().responses(message)
        for response in responses:
            if b"MessageDelivered" in response:
                self._acknowledging[response] = message_id
        return responses

    async def tell(self, recipient, text):
        """Send a text until it is taken."""
        answer = sent(await self.ask(self.message([recipient], text)))
        self.expect(answer.code == 200, f"{answer.code} for a message")
        self.taken.setdefault(recipient, []).append(text)
        self.sent_ids.append(answer.message_id)
        return answer

    def from_(self, sender):
        """What came from a user, in order."""
        return [each.content for each in self.received if each.sender == sender]


class KillTestCase(TestCase):
    processes: int

    async def setUp(self):
        options = ("--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        self.stopped = False
        self.trouble = None
        names = ("ann", "bob", "carl", "dora", "eve")
        await add_users(self.services.data, *names)
        self.users = [f"wv:{name}@localhost" for name in names]

    def handset(self, user, version=V12, encoding="xml"):
        return Careful(self, self.services.urls, user, version, encoding, wait=a_moment)

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

    async def fetch(self, handset, sender, texts):
        """Poll until all that was sent is there."""
        while len(handset.from_(sender)) < len(texts):
            await handset.poll()
            await a_moment()
        self.assertEqual(handset.from_(sender), texts)

    async def fetch_reports(self, sender):
        """Poll until each message is reported, and see that it is so once."""
        while len(sender.reports) < len(sender.sent_ids):
            await sender.poll()
            await a_moment()
        await sender.poll()
        expected = [(message_id, 200) for message_id in sender.sent_ids]
        self.assertEqual(Counter(map(reported, sender.reports)), Counter(expected))


class Kills:
    timeout = 300

    async def test_what_was_answered_is_there_and_nothing_is_there_twice(self):
        ann, bob, *_ = self.users
        sender, receiver = self.handset(ann), self.handset(bob)
        await sender.sign_on()
        await receiver.sign_on()
        for number, victims in enumerate(({STORE}, *self.victims)):
            before = sender.session_id, receiver.session_id
            await sender.tell(bob, f"read before kill {number}")
            await receiver.poll()
            settled = list(receiver.texts)
            transaction_id = sender.next_transaction_id()
            message = sender.message([bob], f"answered before kill {number}")
            first = sent(await sender.ask(message, transaction_id))
            await self.kill(victims)
            again = sent(await sender.ask(message, transaction_id))
            self.assertEqual((again.code, again), (200, first))
            await receiver.poll()
            expected = [*settled, f"answered before kill {number}"]
            self.assertEqual(receiver.texts, expected)
            await sender.tell(bob, f"sent after kill {number}")
            await receiver.poll()
            self.assertEqual(receiver.texts, [*expected, f"sent after kill {number}"])
            self.assertEqual((sender.session_id, receiver.session_id), before)
            for user in self.users[2:]:
                self.assertEqual(await self.handset(user).login(), 200)
            await self.revive()
        await self.services.stop()

    async def test_traffic_outlives_all_kills(self):
        ann, bob, carl, dora, eve = self.users
        senders = [self.handset(ann, V12, "wbxml"), self.handset(bob, V11, "xml")]
        receivers = [self.handset(carl, V11, "wbxml"), self.handset(dora, V12, "xml")]
        for handset in (*senders, *receivers):
            handset.wants_reports = True
            await handset.sign_on()
        traffic = [
            *(self.keep_sending(sender, receivers) for sender in senders),
            *(self.keep_polling(receiver) for receiver in receivers),
            self.keep_signing_on(eve),
        ]
        traffic = [Deferred.fromCoroutine(each).addErrback(self.fails) for each in traffic]
        for victims in self.victims * self.rounds:
            await self.goes_on(senders)
            await self.kill(victims)
            if self.dead:
                await self.goes_on(senders)
                await self.revive()
        await self.goes_on(senders)
        self.stopped = True
        await gatherResults(traffic)
        self.check()
        for sender in senders:
            for receiver in receivers:
                await self.fetch(receiver, sender.user, sender.taken[receiver.user])
        # What the dead have left undone would be done when their leases are over.
        await end_leases(self.services.data)
        while await unfinished_work(self.services.data):
            await a_moment()
        for sender in senders:
            await self.fetch_reports(sender)
        await self.services.stop()

    async def goes_on(self, senders):
        """Wait until each sender has got some more answers."""
        before = [len(sender.sent_ids) for sender in senders]
        while any(
            len(sender.sent_ids) < count + STEP
            for sender, count in zip(senders, before, strict=True)
        ):
            self.check()
            await a_moment()

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
            # A client with a wake-up channel would wait here until it is woken.
            await a_moment()

    async def keep_signing_on(self, user):
        handset = self.handset(user)
        while not self.stopped:
            self.assertEqual(await handset.login(), 200)
            self.assertIn(await handset.sign_off(), (200, 604))
            handset.session_id = None


class OneProcessTests(Kills, KillTestCase):
    """The service is started again at once."""

    processes = 1
    victims = ({0}, {0, STORE})
    rounds = 10

    async def test_service_that_dies_while_its_store_is_dead_starts_again(self):
        ann, bob, *_ = self.users
        sender = self.handset(ann)
        await sender.sign_on()
        await sender.tell(bob, "kept")
        store = self.services.each[0].store_process_id
        os.kill(store, signal.SIGSTOP)
        await self.services.kill(0)
        os.kill(store, signal.SIGKILL)
        await self.services.start()
        receiver = self.handset(bob)
        await receiver.sign_on()
        await receiver.poll()
        self.assertEqual(receiver.texts, ["kept"])
        await self.services.stop()


class TwoProcessTests(Kills, KillTestCase):
    """One of them is killed, then the other, with each request sent to the other than the last:
    what breaks is said again to the one that lives."""

    processes = 2
    victims = ({0}, {1}, {0, STORE}, {0, 1, STORE})
    rounds = 2
