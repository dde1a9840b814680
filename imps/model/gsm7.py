"""The 7-bit default alphabet of GSM (3GPP TS 23.038), and which alphabet a text is sent in.

A character takes one septet, one of the extension two. What the alphabet lacks is never replaced by
a question mark: look-alikes of punctuation take its place, and any other text goes as UCS-2.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum

from attrs import frozen

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_CODES: dict[str, bytes] = {
    character: bytes([code]) for code, character in enumerate(_BASIC) if code != _ESCAPE
} | {character: bytes([_ESCAPE, code]) for code, character in _EXTENSION.items()}

# What looks like a character of the alphabet, and means the same in a text.
_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u202f", " "),
        "\u2026": "...",
        "\u2022": "*",
        "\u00ad": "",
        "\ufeff": "",
    }
)


# Texts are composed in pieces, since the time for one grows with the square of its length. A piece
# ends before a character that is never composed with what stands before it, where there is one.
_PIECES = re.compile(r"(?s).{1,256}(?=[\x00-\u02ff]|\Z)|.{1,256}")


class Coding(IntEnum):
    """The alphabet of a short message, by the numbers that Kannel has for them."""

    GSM = 0
    OCTETS = 1
    UCS2 = 2


@frozen
class Coded:
    """A text as it is sent: its characters, in an alphabet that has them all."""

    text: str
    coding: Coding


def coded(text: str, *, within_latin_1: bool = False) -> Coded:
    """A text in the alphabet that suits it: that of GSM if its characters, or look-alikes of them,
    are there, and in Latin-1 too where that is asked for; else UCS-2, with the characters as they
    are."""
    composed = _composed(text)
    alike = composed.translate(_LOOK_ALIKES)
    if is_gsm(alike) and not (within_latin_1 and max(alike, default="") > "\xff"):
        return Coded(alike, Coding.GSM)
    return Coded(mended(composed), Coding.UCS2)


def _composed(text: str) -> str:
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECES.findall(text))


def of_ucs2(octets: bytes) -> str:
    """The text that units of UCS-2 say. Half of a surrogate pair stays one, for its other half may
    stand in the next short message; an octet too many is no character (U+FFFD)."""
    units, rest = octets[: len(octets) & ~1], octets[len(octets) & ~1 :]
    return units.decode("utf-16-be", "surrogatepass") + "\ufffd" * len(rest)


def mended(text: str) -> str:
    """A text that can be written down: halves of a surrogate pair that stand together are the
    character that they mean, and one by itself is none (U+FFFD)."""
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def is_gsm(text: str) -> bool:
    """Whether the alphabet has every character of a text."""
    return _CODES.keys() >= set(text)


def septets(text: str) -> int:
    """How many septets a text takes that is in the alphabet."""
    return length(text, Coding.GSM)


def length(text: str, coding: Coding) -> int:
    """How much of a short message a text takes: septets, or units of UCS-2."""
    if coding is Coding.GSM:
        return len(text) + sum(map(text.count, _EXTENSION.values()))
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def encoded(text: str) -> bytes:
    """A text, an octet for each septet; KeyError for a character that the alphabet lacks."""
    return b"".join(_CODES[character] for character in text)


def decoded(octets: bytes) -> str:
    """The text that septets say, one in each octet.

    An extension that is not known is read as the character in its place in the basic alphabet, and
    an escape at the end as a blank, as the standard has it (TS 23.038, 6.2.1.1).
    """
    characters = []
    is_escaped = False
    for octet in octets:
        code = octet & 0x7F
        if is_escaped:
            characters.append(_EXTENSION.get(code, _BASIC[code] if code != _ESCAPE else " "))
            is_escaped = False
        elif code == _ESCAPE:
            is_escaped = True
        else:
            characters.append(_BASIC[code])
    return "".join(characters) + (" " if is_escaped else "")
