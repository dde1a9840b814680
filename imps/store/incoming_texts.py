"""Texts from phones: each is kept from when its gateway is told that it has arrived until what it
asks for is done, and done in order of arrival, one at a time for each phone."""

from __future__ import annotations

from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.text import IncomingText
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import incoming_text_packed, unpacked_incoming_text

REMEMBER_SECONDS = 86_400
LEASE_SECONDS = 15
"""How long a text is in the hands of whoever took it; longer than it may take to do it."""


class Received(Enum):
    """What became of a text when it came; too many from one phone are left to the gateway."""

    STORED = 1
    REPEATED = 0
    TOO_MANY = -1


@frozen
class TakenText:
    """A text that is to be done now, and how often that was tried in vain."""

    text: IncomingText
    tries: int


@define(eq=False)
class IncomingTexts:
    """The inbox of the phones; ``taker`` is whoever takes texts out of it, in this process."""

    _client: StoreClient
    _buckets: Buckets
    _taker: str
    _max_waiting: int

    async def store(self, text: IncomingText) -> Received:
        """Store a text, once for each id in a day."""
        reply = await self._client.run(
            "store_incoming_text",
            [self._prefix(text.sender)],
            text.sender,
            text.id,
            incoming_text_packed(text),
            repr(text.received_at),
            self._max_waiting,
            REMEMBER_SECONDS,
        )
        return Received(reply)

    async def take(self, phone: str, *, now: float, done: str = "") -> TakenText | None:
        """The first text of a phone, for a while; None if there is none, or somebody has one. The
        text of the id that was done before is forgotten."""
        found = await self._client.run(
            "take_incoming_text",
            [self._prefix(phone)],
            phone,
            repr(now),
            self._taker,
            repr(now + LEASE_SECONDS),
            done,
        )
        if not found:
            return None
        id, record, tries = found
        return TakenText(unpacked_incoming_text(id.decode(), phone, record), int(tries))

    async def postpone(self, phone: str, *, until: float, in_vain: bool) -> None:
        """Put off the text that was taken, and all that came after it from this phone."""
        await self._client.run(
            "postpone_incoming_text",
            [self._prefix(phone)],
            phone,
            self._taker,
            repr(until),
            int(in_vain),
        )

    def _prefix(self, phone: str) -> str:
        return self._buckets.prefix_of(Address(phone))
