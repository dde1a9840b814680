"""Large content leaves the store when it is sent, and at no other time."""

from __future__ import annotations

from typing import Any

from imps.model.message import Content, Message
from imps.model.status import StatusCode
from imps.store.deliveries import Acknowledgement
from imps.testing.store import EPOCH
from tests.store.test_messages import ANN, BOB, MessagesTestCase

LARGE = 65_537
IDS = [f"m{number}" for number in range(5)]
ODDS_AND_ENDS = 20_000
"""What the store says besides: heads, and about itself."""


class LargeContentTests(MessagesTestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.messages = self.limited(octets=10 * LARGE)
        self.phone = await self.session("phone", messaging="0 SERVERLOGIC NOTIF")
        self.tablet = await self.session("tablet")
        for message_id in IDS:
            await self.store_large(message_id)
        self.octets = await self.said_so_far()

    async def store_large(self, message_id: str) -> None:
        content = Content(octets=b"x" * LARGE, type="image/png")
        message = Message(
            message_id=message_id,
            sender=ANN,
            content=content,
            sent_at=EPOCH,
            expires_at=EPOCH + 600,
            wants_report=True,
        )
        await self.messages.store(message, [BOB], now=EPOCH)

    async def said_so_far(self) -> int:
        """How much the store has said to anybody."""
        facts: dict[str, str] = await self.store.client.facts("stats")
        return int(facts["total_net_output_bytes"])

    async def said(self) -> int:
        """How much the store has said since this was asked last, or the test began."""
        before, self.octets = self.octets, await self.said_so_far()
        return self.octets - before

    async def fetched(self, message_id: str, with_large: bool) -> Message:
        found: Any = await self.messages.fetch(
            self.phone, message_id, with_large=with_large, now=EPOCH
        )
        assert isinstance(found, Message)
        return found

    async def test_nothing_but_sending_reads_it(self) -> None:
        for session in (self.phone, self.tablet):
            flight: Any = (await self.deliver(session)).in_flight
            self.assertEqual(
                (flight.what.content.size, flight.what.content.is_here), (LARGE, False)
            )
        refused = Acknowledgement.REFUSED
        await self.deliver(self.phone, refused, "s1")
        await self.messages.waiting(self.phone, 100, now=EPOCH)
        for message_id in IDS:
            await self.fetched(message_id, with_large=False)
        await self.messages.link(self.phone, IDS, now=EPOCH)
        await self.messages.dispose(
            self.phone, IDS[:1], StatusCode.MESSAGE_REJECTED, operation_id="op", now=EPOCH
        )
        await self.sessions.end(self.tablet, now=EPOCH)
        self.clock.advance(600)
        await self.run_timers()
        self.assertLess(await self.said(), ODDS_AND_ENDS)
        self.assertEqual(await self.store.client.execute("KEYS", "*content:*"), [])

    async def test_what_is_sent_is_read_once(self) -> None:
        message = await self.fetched("m0", with_large=True)
        self.assertEqual(message.content.octets, b"x" * LARGE)
        self.assertLess(await self.said(), LARGE + ODDS_AND_ENDS)
        tokens = await self.messages.link(self.phone, ["m1"], now=EPOCH)
        linked = await self.messages.linked(tokens["m1"], now=EPOCH)
        assert linked is not None
        self.assertTrue(linked.content.is_here)
        self.assertLess(await self.said(), LARGE + ODDS_AND_ENDS)

    async def test_token_is_as_hard_to_guess_as_a_session_id(self) -> None:
        tokens = await self.messages.link(self.phone, IDS, now=EPOCH)
        self.assertEqual(len(set(tokens.values())), len(IDS))
        for token in tokens.values():
            # The bucket, and 128 bits.
            self.assertRegex(token, r"^\d\d[\w-]{22}$")
            self.assertEqual(self.store.buckets.of_token(token), self.store.buckets.of(BOB))
        self.assertEqual(await self.messages.link(self.phone, IDS, now=EPOCH), tokens)
        self.assertEqual(await self.messages.link(self.tablet, IDS, now=EPOCH), tokens)

    async def test_only_who_may_have_a_message_gets_a_token(self) -> None:
        await self.add_accounts(ANN)
        stranger = await self.session("stranger", ANN)
        self.assertEqual(await self.messages.link(stranger, IDS, now=EPOCH), {})
        self.assertEqual(await self.messages.link(self.phone, ["m9"], now=EPOCH), {})
        self.assertEqual(await self.messages.link("nonsense", IDS, now=EPOCH), {})
        self.assertEqual(await self.messages.link(self.phone, [], now=EPOCH), {})
        self.assertEqual(await self.messages.link(self.phone, IDS, now=EPOCH + 600), {})
