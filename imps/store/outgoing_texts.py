"""Texts to phones: each is kept until the gateway has accepted it and reported on it, or its time
is over. Of one phone, at most one is with the gateway and not yet accepted."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.short_message import short_messages
from imps.model.text import OutgoingText
from imps.store.client import StoreClient
from imps.store.incoming_texts import PartsOf
from imps.store.keys import Buckets
from imps.store.packing import outgoing_text_packed, unpacked_outgoing_text
from imps.store.work import LEASE_SECONDS as WORK_LEASE_SECONDS
from imps.store.work import Work

LEASE_SECONDS = 30
"""How long a text is in the hands of whoever submits it, or keeps it: longer than one gateway may
take."""
REPORT_SECONDS = 60
"""How long what nobody asked for waits for the final report on what was sent before."""
DOUBT_SECONDS = 15
"""How long a text of which it is not known whether the gateway has it waits for a report."""
EARLY_SECONDS = 60
DOUBTS = 2
AT_A_TIME = 100


class Put(Enum):
    """What became of a text when it was handed in."""

    YES = 1
    BEFORE = 0
    TOO_MANY = -1


class Said(Enum):
    """What the gateway says to a part of a text: it has it, it wants it later, it never will; or
    nobody knows."""

    ACCEPTED = "accepted"
    LATER = "later"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reported(Enum):
    """What the gateway reports on a part of a text; the last two are final."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


@frozen
class Submission:
    """A text that is to be submitted now, what of it is accepted already, and how often that was
    tried in vain."""

    text: OutgoingText
    expires_at: float
    done: int
    tries: int


@frozen
class PartSettled:
    """What the gateway said of a part, counted from 0, and how it calls that part in its reports,
    if by a name of its own; when to try again, and whether this try counts."""

    part: int
    said: Said
    reference: str = ""
    resume_at: float = 0.0
    in_vain: bool = False
    reason: str = ""


@frozen
class Due:
    """The phones to which there are texts to submit, those from which there are texts to be done,
    texts whose parts have waited long enough for each other, and work to be done now."""

    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    parts: tuple[PartsOf, ...]
    work: tuple[Work, ...]


@define(eq=False)
class OutgoingTexts:
    """The outbox of the phones; ``taker`` is whoever takes texts out of it, in this process."""

    _client: StoreClient
    _buckets: Buckets
    _taker: str
    _max_waiting: int
    _max_parts: int

    async def put(self, text: OutgoingText, *, now: float) -> Put:
        """Put a text behind those that wait for its phone. Raises TextTooLong."""
        reply = await self._client.run(
            "put_text",
            [self._prefix(text.to)],
            text.to,
            text.id,
            outgoing_text_packed(text),
            repr(now),
            repr(now + text.validity_seconds),
            "answers" if text.answer else "unasked",
            len(short_messages(text, self._max_parts)),
            self._max_waiting,
            text.watcher,
            text.about,
            int(text.despite_stop),
        )
        return Put(reply)

    async def recall(self, phone: str, *, but: str, now: float) -> list[Work]:
        """End the texts that wait for a phone, but for the one of this id, as if the phone wanted
        to hear nothing; what this causes. One that a gateway has just got, it may accept."""
        works = await self._client.run(
            "recall_texts",
            [self._prefix(phone)],
            phone,
            repr(now),
            but,
            repr(now + WORK_LEASE_SECONDS),
        )
        return self._work(phone, works)

    async def take(self, phone: str, *, now: float) -> tuple[Submission | None, list[Work]]:
        """The text that is next for a phone, to be submitted; None if there is none, or somebody
        has one; and what this causes."""
        works, *found = await self._client.run(
            "take_text",
            [self._prefix(phone)],
            phone,
            repr(now),
            self._taker,
            repr(now + LEASE_SECONDS),
            DOUBTS,
            repr(now + WORK_LEASE_SECONDS),
        )
        work = self._work(phone, works)
        if not found:
            return None, work
        id, record, expires, done, tries = found
        text = unpacked_outgoing_text(id.decode(), phone, record)
        return Submission(text, float(expires), int(done), int(tries)), work

    async def keep(self, phone: str, text_id: str, *, now: float) -> bool:
        """Keep the text that was taken, for another while; whether it is still ours."""
        kept = await self._client.run(
            "keep_text",
            [self._prefix(phone)],
            phone,
            text_id,
            self._taker,
            repr(now),
            repr(now + LEASE_SECONDS),
        )
        return bool(kept)

    async def settle(
        self, phone: str, text_id: str, settled: PartSettled, *, now: float
    ) -> tuple[bool, list[Work]]:
        """Note what the gateway said; whether the rest of the text is to be submitted now, and what
        this causes."""
        until = settled.resume_at
        if settled.said is Said.ACCEPTED:
            until = now + LEASE_SECONDS
        elif settled.said is Said.UNKNOWN:
            until = now + DOUBT_SECONDS
        goes_on, works = await self._client.run(
            "settle_text",
            [self._prefix(phone)],
            phone,
            text_id,
            self._taker,
            repr(now),
            settled.said.value,
            settled.part,
            settled.reference,
            repr(until),
            int(settled.in_vain),
            settled.reason,
            repr(now + WORK_LEASE_SECONDS),
            REPORT_SECONDS,
        )
        return bool(goes_on), self._work(phone, works)

    async def report(
        self,
        phone: str,
        reported: Reported,
        *,
        now: float,
        reference: str = "",
        text_id: str = "",
        part: int = 0,
        reason: str = "",
    ) -> tuple[bool, list[Work]]:
        """Note a report on a part, which the gateway calls by a name of its own, or else by ours;
        whether the part is known, and what this causes."""
        known, works = await self._client.run(
            "report_text",
            [self._prefix(phone)],
            phone,
            repr(now),
            reference,
            text_id,
            part,
            reported.value,
            reason,
            EARLY_SECONDS,
            repr(now + WORK_LEASE_SECONDS),
            REPORT_SECONDS,
        )
        return known == 1, self._work(phone, works)

    async def due(self, bucket: int, *, now: float) -> Due:
        """End texts whose time is over; and say of which phones there are texts to be taken."""
        prefix = self._buckets.prefix(bucket)
        outgoing, incoming, parts, works = await self._client.run(
            "look_for_texts", [prefix], repr(now), AT_A_TIME, repr(now + WORK_LEASE_SECONDS)
        )
        return Due(
            tuple(map(bytes.decode, outgoing)),
            tuple(map(bytes.decode, incoming)),
            tuple(PartsOf.named(name.decode()) for name in parts),
            tuple(Work.unpacked(bucket, record) for record in works),
        )

    def _work(self, phone: str, records: Sequence[bytes]) -> list[Work]:
        bucket = self._buckets.of(Address(phone))
        return [Work.unpacked(bucket, record) for record in records]

    def _prefix(self, phone: str) -> str:
        return self._buckets.prefix_of(Address(phone))
