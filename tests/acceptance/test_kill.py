"""What was answered is there after kill -9 of the service, its store, or both."""

import os
import signal

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12
from imps.testing.handset import sent
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Service, add_users, settings_file

TRY_AGAIN_SECONDS = 0.05
STEP = 15

# Real clients get a lost message again after half a minute, which is long for a test.
SETTINGS = """
[messages]
resend_seconds = 1
max_tries = 100
[session]
requests_per_second = 1000
"""


@define(eq=False)
class Careful(Nokia):
    """A client that says again what was not answered, or with 503, and keeps books.

    ``taken`` is what it sent and got 200 for, ``settled`` the messages that it has acknowledged and
    got an answer: none of those may come once more, not even under another TransactionID.
    """

    taken: dict[str, list[str]] = field(factory=dict)
    settled: set[str] = field(factory=set)
    _acknowledging: dict[bytes, str] = field(factory=dict)

    async def exchange(self, body, session_id=None):
        message = await super().exchange(body, session_id)
        while message is not None and message.transactions[0].code == 503:
            await deferLater(reactor, TRY_AGAIN_SECONDS)
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
        return answer

    def from_(self, sender):
        """What came from a user, in order."""
        return [each.content for each in self.received if each.sender == sender]


class KillTestCase(TestCase):
    async def setUp(self):
        self.service = Service(self, ("--config", settings_file(self, SETTINGS)))
        self.urls = (await self.service.start(),)
        self.is_away = False
        self.stopped = False
        self.trouble = None
        self.handsets = []
        names = ("ann", "bob", "carl", "dora", "eve")
        await add_users(self.service.data, *names)
        self.users = [f"wv:{name}@localhost" for name in names]

    def handset(self, user, version=V12, encoding="xml"):
        handset = Careful(self, self.urls, user, version, encoding, wait=self.service_is_back)
        self.handsets.append(handset)
        return handset

    async def service_is_back(self):
        while self.is_away:
            await deferLater(reactor, TRY_AGAIN_SECONDS)

    async def kill(self, victim):
        """Kill the service, its store, or both; only the service needs to be started again."""
        if victim == "store":
            await self.service.kill_store()
            return
        self.is_away = True
        self.service.program.signal(signal.SIGKILL)
        if victim == "both":
            await self.service.kill_store()
        await self.service.program.ends()
        self.urls = (await self.service.start(),)
        for handset in self.handsets:
            handset.urls = self.urls
        self.is_away = False

    async def fetch(self, handset, sender, texts):
        """Poll until all that was sent is there."""
        while len(handset.from_(sender)) < len(texts):
            await handset.poll()
            await deferLater(reactor, TRY_AGAIN_SECONDS)
        self.assertEqual(handset.from_(sender), texts)


class KillTests(KillTestCase):
    timeout = 300

    async def test_what_was_answered_is_there_and_nothing_is_there_twice(self):
        ann, bob, *_ = self.users
        sender, receiver = self.handset(ann), self.handset(bob)
        await sender.sign_on()
        await receiver.sign_on()
        settled = []
        for victim in ("service", "store", "both"):
            before = sender.session_id, receiver.session_id
            await sender.tell(bob, f"read before {victim} was killed")
            await receiver.poll()
            settled = list(receiver.texts)
            transaction_id = sender.next_transaction_id()
            message = sender.message([bob], f"answered before {victim} was killed")
            first = sent(await sender.ask(message, transaction_id))
            await self.kill(victim)
            again = sent(await sender.ask(message, transaction_id))
            self.assertEqual((again.code, again), (200, first))
            await receiver.poll()
            expected = [*settled, f"answered before {victim} was killed"]
            self.assertEqual(receiver.texts, expected)
            await sender.tell(bob, f"sent after {victim} was killed")
            await receiver.poll()
            self.assertEqual(receiver.texts, [*expected, f"sent after {victim} was killed"])
            self.assertEqual((sender.session_id, receiver.session_id), before)
            for user in self.users[2:]:
                self.assertEqual(await self.handset(user).login(), 200)
        await self.service.stop()

    async def test_traffic_outlives_all_kills(self):
        ann, bob, carl, dora, eve = self.users
        senders = [self.handset(ann, V12, "wbxml"), self.handset(bob, V11, "xml")]
        receivers = [self.handset(carl, V11, "wbxml"), self.handset(dora, V12, "xml")]
        for handset in (*senders, *receivers):
            await handset.sign_on()
        traffic = [
            *(self.keep_sending(sender, receivers) for sender in senders),
            *(self.keep_polling(receiver) for receiver in receivers),
            self.keep_signing_on(eve),
        ]
        traffic = [Deferred.fromCoroutine(each).addErrback(self.fails) for each in traffic]
        for victim in ("service", "both") * 10:
            await self.goes_on(senders)
            await self.kill(victim)
        await self.goes_on(senders)
        self.stopped = True
        await gatherResults(traffic)
        self.check()
        for sender in senders:
            for receiver in receivers:
                await self.fetch(receiver, sender.user, sender.taken[receiver.user])
        await self.service.stop()

    async def goes_on(self, senders):
        """Wait until each sender has got some more answers."""
        before = [self.count(sender) for sender in senders]
        while any(
            self.count(sender) < count + STEP for sender, count in zip(senders, before, strict=True)
        ):
            self.check()
            await deferLater(reactor, TRY_AGAIN_SECONDS)

    def count(self, sender):
        return sum(map(len, sender.taken.values()))

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
            await deferLater(reactor, TRY_AGAIN_SECONDS)

    async def keep_signing_on(self, user):
        handset = self.handset(user)
        while not self.stopped:
            self.assertEqual(await handset.login(), 200)
            self.assertIn(await handset.sign_off(), (200, 604))
            handset.session_id = None

    async def test_service_that_dies_while_its_store_is_dead_starts_again(self):
        ann, bob, *_ = self.users
        sender = self.handset(ann)
        await sender.sign_on()
        await sender.tell(bob, "kept")
        store = self.service.store_process_id
        os.kill(store, signal.SIGSTOP)
        self.service.program.signal(signal.SIGKILL)
        await self.service.program.ends()
        os.kill(store, signal.SIGKILL)
        self.urls = (await self.service.start(),)
        receiver = self.handset(bob)
        await receiver.sign_on()
        await receiver.poll()
        self.assertEqual(receiver.texts, ["kept"])
        await self.service.stop()
