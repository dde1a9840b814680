"""A gateway that says what a test wants, and what is sent through it."""

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from zope.interface import implementer

from imps.model.gsm7 import coded
from imps.model.short_message import ShortMessage
from imps.model.text import OutgoingText
from imps.sms.gateway import Answer, IGateway
from imps.sms.inbox import Arrival
from imps.sms.traffic import Traffic
from imps.store.incoming_texts import Hearing
from imps.store.outgoing_texts import Said
from imps.testing.store import StoreTestCase

ANN = "+358401234567"
BOB = "+358407654321"
ACCEPTED = Answer(said=Said.ACCEPTED)
LATER = Answer(said=Said.LATER, after_seconds=2)
UNKNOWN = Answer(said=Said.UNKNOWN)


@implementer(IGateway)
class Scripted:
    """Gives these answers, one after the other, the last again and again; an answer may be a
    Deferred, or an exception."""

    def __init__(self, name="scripted", *answers):
        self.name = name
        self.answers = list(answers) or [ACCEPTED]
        self.submitted = []
        self.is_running = False

    def start(self):
        self.is_running = True

    async def stop(self):
        self.is_running = False

    async def submit(self, outgoing):
        self.submitted.append(outgoing)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Deferred):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def texts(self):
        return [each.message.text for each in self.submitted]


class TrafficTestCase(StoreTestCase):
    """What goes through gateways, with a clock that stands still: ``look`` is a round."""

    async def setUp(self):
        await super().setUp()
        self.taken, self.outcomes = [], []
        self.parts.texts.consume(self.take)
        self.parts.texts.on_outcome("test", self.tell)
        self.gateway = Scripted()
        self.traffic = self.traffic_through(self.gateway)

    def traffic_through(self, *gateways):
        parts = self.parts
        traffic = Traffic(
            parts.inbox,
            parts.outbox,
            gateways,
            parts.texts,
            parts.outgoing_texts,
            parts.working,
            self.store.buckets,
            self.clock,
        )
        parts.outbox.through(gateways)
        return traffic

    async def take(self, text):
        self.taken.append(text.body)
        return True

    async def tell(self, outcome):
        self.outcomes.append((outcome.text_id, outcome.state.value, outcome.about))

    async def look(self, seconds=0):
        self.clock.advance(seconds)
        await self.traffic.look()
        await self.quiet()

    async def quiet(self):
        """Wait until nothing is in hand; what waits for the clock is."""
        still = 0
        while still < 3:
            busy = self.traffic.inbox.turns.is_busy or self.traffic.outbox.turns.is_busy
            await self.pause()
            still = 0 if busy else still + 1

    async def pause(self):
        await deferLater(reactor, 0.002)

    async def told(self, *states):
        """See that this, and no more, is what the watcher has been told, once it has been."""
        while len(self.outcomes) < len(states):
            await self.pause()
        self.assertEqual([state for _, state, _ in self.outcomes], list(states))

    async def send(self, id="1", body="hello", to=ANN, **changes):
        text = OutgoingText(id=id, to=to, body=body, watcher="test", about="this", **changes)
        return await self.parts.texts.send(text)

    async def receive(self, id="1", body="hello", sender=ANN):
        return await self.arrive(ShortMessage(coded(body).coding, body), id, sender)

    async def arrive(self, message, id="1", sender=ANN, hearing=Hearing()):  # noqa: B008
        arrival = Arrival(
            gateway="s", id=id, sender=sender, number="4664", message=message, hearing=hearing
        )
        return await self.parts.inbox.receive(arrival)
