"""Short messages: what one SMS holds, and a text as a row of them (3GPP TS 23.040, 9.2.3.24).

A user data header says which part of a text a short message is, and for which application.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zlib import crc32

from attrs import field, frozen

from imps.model.gsm7 import Coding, coded, encoded, units
from imps.model.text import OutgoingText

OCTETS = 140
_MOST_PARTS = 255

_CONCATENATED, _PORTS_8, _PORTS_16, _CONCATENATED_16 = 0x00, 0x04, 0x05, 0x08


@frozen
class Place:
    """Which part a short message is, of how many, of what has this reference; counted from 1."""

    reference: int
    total: int
    number: int


@frozen
class Header:
    """What a user data header says that matters here; ``port`` is the one that it is for."""

    place: Place | None = None
    port: int | None = None

    @property
    def octets(self) -> bytes:
        """The header; empty if there is nothing to say."""
        elements = b""
        if self.port is not None:
            ports = self.port.to_bytes(2, "big") * 2
            elements += bytes([_PORTS_16, 4]) + ports
        if self.place is not None:
            place = self.place
            elements += bytes([_CONCATENATED, 3, place.reference & 0xFF, place.total, place.number])
        return bytes([len(elements)]) + elements if elements else b""

    @classmethod
    def read(cls, octets: bytes) -> Header:
        """What a header says; one that is broken says what it does up to there."""
        place, port = None, None
        for kind, value in _elements(octets):
            if kind == _CONCATENATED and len(value) == 3:
                place = _place(value[0], value[1], value[2])
            elif kind == _CONCATENATED_16 and len(value) == 4:
                place = _place(int.from_bytes(value[:2], "big"), value[2], value[3])
            elif kind == _PORTS_16 and len(value) == 4:
                port = int.from_bytes(value[:2], "big")
            elif kind == _PORTS_8 and len(value) == 2:
                port = value[0]
        return cls(place, port)


def _elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    rest = octets[1 : 1 + octets[0]] if octets else b""
    while len(rest) >= 2:
        kind, length = rest[0], rest[1]
        if len(rest) < 2 + length:
            return
        yield kind, rest[2 : 2 + length]
        rest = rest[2 + length :]


def _place(reference: int, total: int, number: int) -> Place | None:
    # A part that there cannot be is none; it is read as if nothing were said of it.
    return Place(reference, total, number) if 1 <= number <= total else None


@frozen
class ShortMessage:
    """What one SMS holds: a header, and text or octets."""

    coding: Coding
    text: str = field(default="", repr=False)
    content: bytes = field(default=b"", repr=False)
    header: Header = Header()

    @property
    def octets(self) -> bytes:
        """What it says without its header, an octet for each septet in the alphabet of GSM."""
        if self.coding is Coding.OCTETS:
            return self.content
        return encoded(self.text) if self.coding is Coding.GSM else self.text.encode("utf-16-be")


class TextTooLong(Exception):
    """A text takes more short messages than may be sent."""


def short_messages(text: OutgoingText, at_most: int = _MOST_PARTS) -> list[ShortMessage]:
    """A text as short messages, always the same ones. Raises TextTooLong."""
    if text.octets is not None:
        pieces: Sequence[str | bytes] = _cut(text.octets, room(Coding.OCTETS, text.port))
        coding, whole = Coding.OCTETS, room(Coding.OCTETS, text.port, is_part=True)
        if len(pieces) > 1:
            pieces = _cut(text.octets, whole)
    else:
        fitting = coded(text.body, within_latin_1=text.within_latin_1)
        coding = fitting.coding
        pieces = _split(fitting.text, coding, room(coding, text.port))
        if len(pieces) > 1:
            pieces = _split(fitting.text, coding, room(coding, text.port, is_part=True))
    if len(pieces) > min(at_most, _MOST_PARTS):
        raise TextTooLong(f"{len(pieces)} short messages")
    # Parts that are sent again are the same parts to the phone.
    reference = crc32(text.id.encode()) & 0xFF
    return [
        _message(coding, piece, _header(text.port, reference, len(pieces), number))
        for number, piece in enumerate(pieces, 1)
    ]


def how_many(body: str, *, within_latin_1: bool = False) -> int:
    """How many short messages a text takes, however many may be sent."""
    fitting = coded(body, within_latin_1=within_latin_1)
    if len(_split(fitting.text, fitting.coding, room(fitting.coding))) == 1:
        return 1
    return len(_split(fitting.text, fitting.coding, room(fitting.coding, is_part=True)))


def room(coding: Coding, port: int | None = None, is_part: bool = False) -> int:
    """How much one short message holds: septets, units of UCS-2, or octets."""
    header = len(Header(Place(0, 1, 1) if is_part else None, port).octets)
    if coding is Coding.GSM:
        # The text begins at a septet's border behind the header.
        return (OCTETS * 8 - header * 8) // 7
    return (OCTETS - header) // (2 if coding is Coding.UCS2 else 1)


def joined(parts: Mapping[int, ShortMessage], total: int) -> ShortMessage:
    """The parts of a text, by their numbers, as one; where one is missing stands an ellipsis."""
    first = parts[min(parts)]
    if first.coding is Coding.OCTETS:
        content = b"".join(parts[number].octets for number in sorted(parts))
        return ShortMessage(Coding.OCTETS, content=content, header=Header(None, first.header.port))
    texts, is_gap = [], False
    for number in range(1, total + 1):
        part = parts.get(number)
        if part is not None:
            texts.append(part.text)
        elif not is_gap:
            texts.append("...")
        is_gap = part is None
    return ShortMessage(first.coding, "".join(texts), header=Header(None, first.header.port))


def _header(port: int | None, reference: int, total: int, number: int) -> Header:
    return Header(Place(reference, total, number) if total > 1 else None, port)


def _message(coding: Coding, piece: str | bytes, header: Header) -> ShortMessage:
    if isinstance(piece, bytes):
        return ShortMessage(coding, content=piece, header=header)
    return ShortMessage(coding, piece, header=header)


def _cut(octets: bytes, size: int) -> list[bytes]:
    return [octets[start : start + size] for start in range(0, len(octets), size)] or [b""]


def _split(text: str, coding: Coding, size: int) -> list[str]:
    """A text in pieces of at most this size; no character is cut in two."""
    pieces, begin, filled = [], 0, 0
    for place, character in enumerate(text):
        needed = units(character, coding)
        if filled + needed > size:
            pieces.append(text[begin:place])
            begin, filled = place, 0
        filled += needed
    return [*pieces, text[begin:]]
