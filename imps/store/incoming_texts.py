"""Texts from phones: each is kept from when its gateway is told that it has arrived until what it
asks for is done, and done in order of arrival, one at a time for each phone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.text import IncomingText
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import incoming_text_packed, unpacked_incoming_text

REMEMBER_SECONDS = 86_400
LEASE_SECONDS = 15
"""How long a text is left in the hands of whoever took it, or kept it in hand."""

CONFIRM_SECONDS = 600
PARTS_SECONDS = 120
"""How long the parts of a text wait for each other."""
MAX_GROUPS = 20


class Received(Enum):
    """What became of a text when it came; too many from one phone are left to the gateway."""

    STORED = 1
    REPEATED = 0
    TOO_MANY = -1


@frozen
class Hearing:
    """How a text was heard from a gateway that has no ids for texts: in which of its sessions, and
    what it was. In another session the same is the same one again, as long as the first hearing has
    not been confirmed."""

    session: str = ""
    digest: str = ""


@frozen
class PartsOf:
    """Whose parts these are: of the text that a phone sends to a number, by its reference and how
    many there are."""

    gateway: str
    phone: str
    number: str
    reference: int
    total: int

    @property
    def name(self) -> str:
        """What it is called in the store; a phone has no blanks."""
        return f"{self.phone} {self.gateway} {self.number} {self.reference} {self.total}"

    @classmethod
    def named(cls, name: str) -> PartsOf:
        """From what ``name`` says."""
        phone, gateway, rest = name.split(" ", 2)
        number, reference, total = rest.rsplit(" ", 2)
        return cls(gateway, phone, number, int(reference), int(total))


@frozen
class Parts:
    """The parts of a text that have come, by number, since when, and whether these are all."""

    begun_at: float
    parts: dict[int, bytes]
    are_all: bool


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

    async def store(self, text: IncomingText, hearing: Hearing = Hearing()) -> Received:
        """Store a text, once for each id in a day, and once for all hearings of it."""
        reply = await self._client.run(
            "store_incoming_text",
            [self._prefix(text.sender)],
            text.sender,
            text.id,
            incoming_text_packed(text),
            repr(text.received_at),
            self._max_waiting,
            REMEMBER_SECONDS,
            hearing.digest,
            hearing.session,
            CONFIRM_SECONDS,
        )
        return Received(reply)

    async def store_part(
        self, of: PartsOf, number: int, part: bytes, id: str, hearing: Hearing, *, now: float
    ) -> tuple[Received, Parts | None]:
        """Store a part of a text, once for its id and all hearings of it; and the parts if these
        are all."""
        outcome, *found = await self._client.run(
            "store_incoming_part",
            [self._prefix(of.phone)],
            of.phone,
            of.name,
            number,
            part,
            of.total,
            id,
            repr(now),
            repr(now + PARTS_SECONDS),
            MAX_GROUPS,
            REMEMBER_SECONDS,
            hearing.digest,
            hearing.session,
            CONFIRM_SECONDS,
        )
        return Received(outcome), _parts(found[0], of.total) if found else None

    async def parts(self, of: PartsOf) -> Parts | None:
        """The parts of a text that have come."""
        key = f"{self._prefix(of.phone)}incoming-parts:{of.name}"
        return _parts(await self._client.execute("HGETALL", key), of.total)

    async def forget_parts(self, of: PartsOf) -> None:
        """The parts of a text are stored as one."""
        await self._client.run("forget_incoming_parts", [self._prefix(of.phone)], of.phone, of.name)

    async def confirm(self, phone: str, hearings: Iterable[Hearing]) -> None:
        """The gateway knows that we have these; what is heard again is another text."""
        await self._client.run(
            "confirm_incoming",
            [self._prefix(phone)],
            phone,
            *(part for each in hearings for part in (each.digest, each.session)),
        )

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

    async def keep(self, phone: str, *, now: float) -> bool:
        """Keep the text that was taken, for another while; whether it is still ours."""
        kept = await self._client.run(
            "keep_incoming_text",
            [self._prefix(phone)],
            phone,
            self._taker,
            repr(now + LEASE_SECONDS),
        )
        return bool(kept)

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


def _parts(reply: list[bytes], total: int) -> Parts | None:
    said = dict(zip(reply[::2], reply[1::2], strict=True))
    begun_at = said.pop(b"begun", None)
    if begun_at is None:
        return None
    parts = {int(number): part for number, part in said.items()}
    return Parts(float(begun_at), parts, len(parts) == total)
