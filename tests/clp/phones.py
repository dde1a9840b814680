"""Phones that can only text, with a handset or two on the other side: whole parts on a store, a
gateway that is scripted, and a clock that stands still."""

from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater

from imps.csp.primitives.im import NewMessage
from imps.model.address import Address
from imps.model.gsm7 import coded
from imps.model.short_message import ShortMessage
from imps.sms.inbox import Arrival
from imps.sms.traffic import Traffic
from imps.store.outgoing_texts import Reported, Said
from imps.testing.door import DoorTestCase, delivered, text_of
from tests.sms.scripted import Scripted

AMY = "+358401111111"
CY = "+358403333333"

WRITES_LATIN_1: dict[str, Any] = {
    "gateway": [
        {
            "kind": "smpp",
            "name": "old",
            "host": "127.0.0.1",
            "port": 1,
            "system_id": "x",
            "default_alphabet": "latin-1",
        }
    ]
}
"""Settings for an SMSC that knows no more than Latin-1 and UCS-2."""


class Gateway(Scripted):
    """One that remembers what it has accepted."""

    def __init__(self):
        super().__init__()
        self.accepted = []

    async def submit(self, outgoing):
        answer = await super().submit(outgoing)
        if answer.said is Said.ACCEPTED:
            self.accepted.append(outgoing)
        return answer


class Phone:
    """A phone, what it sends and what it gets."""

    def __init__(self, test, number):
        self.test, self.number = test, number
        self.got = []
        self.sent = 0

    async def text(self, body, *, id=None, to="4664", **options):
        """Send a text; what comes back at once, all of it."""
        self.sent += 1
        arrival = Arrival(
            gateway="s",
            id=(id or f"{self.number}:{self.sent}").removeprefix("s:"),
            sender=self.number,
            number=to,
            message=ShortMessage(coded(body).coding, body),
            **options,
        )
        await self.test.parts.inbox.receive(arrival)
        await self.test.quiet()
        return self.new()

    async def says(self, body, *expected, **options):
        """Send a text, and see that this, and no more, comes back."""
        got = await self.text(body, **options)
        self.test.assertEqual(got, list(expected), body)

    def new(self):
        """What has come since this was asked for last."""
        texts = [each.message.text for each in self.test.gateway.accepted if each.to == self.number]
        new = texts[len(self.got) :]
        self.got = texts
        return new

    async def gets(self, *expected, seconds=1):
        """See that this, and no more, comes by itself in some seconds."""
        await self.test.later(seconds)
        self.test.assertEqual(self.new(), list(expected))


class PhoneTestCase(DoorTestCase):
    """Amy and cy have phones; ann and bob have handsets, and have signed on."""

    registered = ("amy", "cy")

    async def setUp(self):
        await super().setUp()
        assert self.parts.clp
        self.gateway = Gateway()
        self.reports = True
        self._reported = 0
        self.traffic = Traffic(
            self.parts.inbox,
            self.parts.outbox,
            [self.gateway],
            self.parts.texts,
            self.parts.outgoing_texts,
            self.parts.working,
            self.store.buckets,
            self.clock,
        )
        self.parts.outbox.through([self.gateway])
        self.parts.texts.on_waiting(self.parts.outbox.turns.begin)
        self.amy, self.cy = Phone(self, AMY), Phone(self, CY)
        for user, phone in zip(("amy", "cy"), (AMY, CY), strict=True):
            if user in self.registered:
                await self.directory.add(Address(user), "secret", phone)

    async def later(self, seconds=1):
        """Some seconds pass: what is due is done, and what the gateway has is delivered."""
        self.clock.advance(seconds)
        for _ in range(3):
            await self.settled_but_phones()
            await self.parts.timers.do_all()
            await self.traffic.look()
            await self.quiet()

    async def settled_but_phones(self):
        await deferLater(reactor, 0.002)

    async def quiet(self):
        """Wait until nothing is in hand, and have what was sent reported as delivered."""
        still = 0
        while still < 3:
            busy = self.traffic.inbox.turns.is_busy or self.traffic.outbox.turns.is_busy
            await deferLater(reactor, 0.002)
            still = 0 if busy else still + 1
            if not busy and self.reports and await self._report():
                still = 0

    async def _report(self):
        new = self.gateway.accepted[self._reported :]
        self._reported += len(new)
        for each in new:
            await self.parts.outbox.report(
                "scripted", each.to, Reported.DELIVERED, text_id=each.text_id, part=each.part
            )
        return bool(new)

    async def signed_on(self, phone, *commands):
        """A phone's user who is signed on, and knows the help."""
        await phone.text("on")
        for each in commands:
            await phone.text(each)
        phone.new()

    async def heard_by(self, speaker):
        """The messages that a handset gets, each acknowledged: from whom, and what."""
        heard = []
        transaction = await speaker.poll()
        while transaction is not None:
            if not isinstance(transaction.content, NewMessage):
                break
            sender = transaction.content.message_info.sender.user.user_id
            heard.append((sender.user, text_of(transaction)))
            transaction = await speaker.say(delivered(transaction), transaction)
        return heard
