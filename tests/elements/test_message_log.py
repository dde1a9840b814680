"""What is written down of messages, for charging and support: each thing once, and no content."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import capturedLogs

from imps.elements.interfaces import Caller
from imps.logs import as_json_line
from imps.model.access import AccessChange, Entity, EntityKind
from imps.model.address import Address
from imps.model.message import Content, Draft
from imps.parts import Parts
from imps.sap.timers import Timers
from imps.store.deliveries import Acknowledgement
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:Ann@localhost")
BOB = Address.parse("wv:bob@localhost")
CARL = Address.parse("wv:carl@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
TEXT = b"meet me at the harbour"

Fields = dict[str, Any]


class MessageLogTests(StoreTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.events = self.enterContext(capturedLogs())
        await self.add_accounts(ANN, BOB, CARL)
        self.ann = await self.session(ANN)
        self.operations = self.read = 0

    async def session(self, user: Address, client: str = "phone") -> str:
        return (await self.parts.sessions.open(user, client, None, {})).id

    async def send(self, *users: Address, parts: Parts | None = None, **fields: Any) -> str:
        """Send a message; its id, whatever became of it."""
        self.operations += 1
        content = Content(octets=TEXT, type="text/html")
        draft = Draft(content=content, users=users, **fields)
        caller = Caller(ANN, self.ann, f"op{self.operations}")
        await (parts or self.parts).im.send(caller, draft)
        return f"mop{self.operations}"

    async def acknowledge(self, session_id: str) -> None:
        """Take what comes next, and say twice that it has arrived."""
        flight = (await self.parts.delivery.take(session_id)).in_flight
        assert flight is not None
        has_it = Acknowledgement.TRANSACTION
        for _ in range(2):
            await self.parts.delivery.take(session_id, has_it, flight.transaction_id, wanted=False)

    async def pass_time(self, seconds: float) -> None:
        """Have two processes look at the same time for what is due then."""
        self.clock.advance(seconds)
        assert self.parts.local_im
        do, records = self.parts.working.do, self.parts.work
        processes = [Timers(records, do, self.store.buckets, self.clock) for _ in range(2)]
        await gatherResults([Deferred.fromCoroutine(each.do_all()) for each in processes])

    def written(self) -> list[Fields]:
        """The fields of the records since this was asked last."""
        lines = [as_json_line(each) or "{}" for each in self.events[self.read :]]
        self.read += len(lines)
        for line in lines:
            self.assertNotIn(TEXT.decode(), line)
            self.assertNotIn(self.ann, line)
        said = list(map(json.loads, lines))
        ours = [each for each in said if each.get("namespace") == "imps.messages"]
        return [{name: each[name] for name in list(each)[4:]} for each in ours]

    def record(self, event: str, message_id: str, recipient: Address, code: int) -> Fields:
        """What is to be written of a message of Ann's."""
        return {
            "event": event,
            "message_id": message_id,
            "sender": "wv:ann@localhost",
            "recipient": str(recipient),
            "content_type": "text/html",
            "size": len(TEXT),
            "code": code,
        }

    async def test_message_is_accepted_for_each_recipient_and_delivered_once(self) -> None:
        phone, tablet = await self.session(BOB), await self.session(BOB, "tablet")
        sent = await self.send(BOB, CARL, BOB)
        accepted = [self.record("accepted", sent, each, 200) for each in (BOB, CARL)]
        self.assertEqual(self.written(), accepted)
        await self.acknowledge(phone)
        self.assertEqual(self.written(), [self.record("delivered", sent, BOB, 200)])
        await self.acknowledge(tablet)
        self.assertEqual(self.written(), [])

    async def test_message_that_is_refused_has_the_code(self) -> None:
        sent = await self.send(NOBODY)
        self.assertEqual(self.written(), [self.record("refused", sent, NOBODY, 531)])
        change = AccessChange(is_in_use=True, added=(Entity(EntityKind.USER, ANN),))
        await self.parts.access_control.change(Caller(BOB, ""), block=change)
        sent = await self.send(BOB)
        self.assertEqual(self.written(), [self.record("refused", sent, BOB, 532)])
        messages = evolve(self.settings.messages, max_waiting=1)
        parts = Parts(evolve(self.settings, messages=messages), self.store, self.clock)
        await self.send(CARL, parts=parts)
        self.written()
        sent = await self.send(CARL, parts=parts)
        self.assertEqual(self.written(), [self.record("refused", sent, CARL, 507)])

    async def test_message_expires_once_while_nobody_is_signed_on(self) -> None:
        sent = [await self.send(BOB, validity_seconds=10, wants_report=each) for each in (0, 1)]
        self.written()
        await self.pass_time(9)
        self.assertEqual(self.written(), [])
        await self.pass_time(1)
        expired = [self.record("expired", each, BOB, 542) for each in sent]
        self.assertCountEqual(self.written(), expired)
        await self.pass_time(60)
        self.assertEqual(self.written(), [])

    async def test_message_that_was_delivered_does_not_expire(self) -> None:
        phone, _ = await self.session(BOB), await self.session(BOB, "tablet")
        await self.send(BOB, validity_seconds=10)
        await self.acknowledge(phone)
        self.written()
        await self.pass_time(10)
        self.assertEqual(self.written(), [])

    async def test_message_is_rejected_once(self) -> None:
        sent, bob = await self.send(BOB), await self.session(BOB)
        self.written()
        for operation_id in ("first", "second"):
            await self.parts.im.reject(Caller(BOB, bob, operation_id), [sent])
        self.assertEqual(self.written(), [self.record("rejected", sent, BOB, 538)])

    async def test_message_that_is_sent_on_is_accepted_anew(self) -> None:
        sent, bob = await self.send(BOB), await self.session(BOB)
        self.written()
        caller = Caller(BOB, bob, "onward")
        await self.parts.im.forward(caller, sent, Draft(content=Content(), users=(CARL,)))
        onward = self.record("accepted", "monward", CARL, 200) | {"sender": str(BOB)}
        self.assertEqual(self.written(), [onward, self.record("forwarded", sent, BOB, 541)])
