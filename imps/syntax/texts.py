"""Values as text and octets: what stands inside elements without children."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from imps.syntax.errors import CodecError, Unusable

LARGEST_INTEGER = 0xFFFFFFFF

_DATE = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d)(?::?(\d\d))?"
    r"(?:([A-IK-Z])|([+-])(\d{1,2}):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_ILLEGAL_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def utf8(octets: bytes) -> str:
    """Text from UTF-8; characters written as two surrogates (one client does) are joined."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        pass
    try:
        return (
            octets.decode("utf-8", "surrogatepass")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16")
        )
    except UnicodeError:
        raise CodecError("text is not UTF-8") from None


def printable(text: str) -> str:
    """The text with what neither encoding can carry replaced."""
    return _ILLEGAL_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def integer(name: str, value: str | bytes, clamped: bool = False) -> int | None:
    """An unsigned integer of 32 bits: decimal, hexadecimal after 0x, or octets; None if empty.

    What is ``clamped`` may be any whole number; the nearest of 32 bits stands for it.
    """
    if isinstance(value, bytes):
        number = int.from_bytes(value.lstrip(b"\0")[:5])
    else:
        digits = value.strip()
        if not digits:
            return None
        if digits.isascii() and digits.isdigit():
            number = int(digits[-20:]) if len(digits.lstrip("0")) <= 10 else LARGEST_INTEGER + 1
        elif re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}", digits):
            number = int(digits, 16)
        elif clamped and re.fullmatch(r"-[0-9]+", digits):
            number = 0
        else:
            raise Unusable(name, "not a number")
    if clamped:
        return min(number, LARGEST_INTEGER)
    if number > LARGEST_INTEGER:
        raise Unusable(name, "number too large", missing_or_unusable=False)
    return number


def octets_of(number: int) -> bytes:
    """An integer as WBXML carries it: big-endian, as short as can be, one octet for zero."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8))


def boolean(name: str, value: str | bytes) -> bool | None:
    """T or F in either case, or one octet; None for no text, which leaves things as they are."""
    if isinstance(value, bytes) and len(value) == 1 and value not in b"TFtf":
        return value != b"\0"
    letter = (utf8(value) if isinstance(value, bytes) else value).strip().upper()
    if letter in ("T", "F"):
        return letter == "T"
    if not letter:
        return None
    raise Unusable(name, "neither T nor F")


def date(name: str, value: str | bytes) -> datetime | None:
    """A date and time: ISO 8601, basic or extended, or six octets of WBXML; UTC without a zone."""
    if isinstance(value, bytes):
        if len(value) == 6:
            return _date_from_octets(name, value)
        value = utf8(value)
    text = value.strip()
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if not found:
        raise Unusable(name, "not a date")
    year, month, day, hour, minute, second = (int(group or 0) for group in found.groups()[:6])
    letter, sign, offset_hours, offset_minutes = found.groups()[6:]
    try:
        zone = _zone(letter or "Z")
        if sign:
            offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
            zone = timezone(-offset if sign == "-" else offset)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(name, "no such date") from None


def _zone(letter: str) -> timezone:
    """The military zones: Z is UTC, A to M without J lie east of it, N to Y west."""
    letter = letter.upper()
    if letter == "Z":
        return UTC
    east = "ABCDEFGHIKLM".find(letter) + 1
    west = "NOPQRSTUVWXY".find(letter) + 1
    return timezone(timedelta(hours=east or -west))


def _date_from_octets(name: str, octets: bytes) -> datetime:
    bits = int.from_bytes(octets)
    zone = chr(bits & 0xFF)
    try:
        moment = datetime(
            bits >> 34 & 0xFFF,
            bits >> 30 & 0xF,
            bits >> 25 & 0x1F,
            bits >> 20 & 0x1F,
            bits >> 14 & 0x3F,
            bits >> 8 & 0x3F,
            tzinfo=_zone(zone) if zone.isascii() and zone.isalpha() and zone not in "Jj" else UTC,
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(name, "no such date") from None


def date_text(moment: datetime) -> str:
    """A date and time as every client reads it: basic form, seconds, Z."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc:%m%dT%H%M%SZ}"
