"""Charsets of text, by their names and by their numbers (MIBenum), and text in them as UTF-8.

Only those are known that take time in proportion to the text. What others call a charset is never
looked up elsewhere: that would be remembered for good.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases

from imps.model.message import CHARSET, media_type
from imps.syntax.errors import CodecError
from imps.syntax.texts import printable, utf8

_BY_NUMBER = {
    "3": "ascii",
    "4": "latin_1",
    **{str(number + 3): f"iso8859_{number}" for number in range(2, 10)},
    "13": "iso8859_10",
    "17": "shift_jis",
    "18": "euc_jp",
    "38": "euc_kr",
    "39": "iso2022_jp",
    "106": "utf_8",
    "109": "iso8859_13",
    "110": "iso8859_14",
    "111": "iso8859_15",
    "112": "iso8859_16",
    "113": "gbk",
    "114": "gb18030",
    "1000": "utf_16_be",
    "1013": "utf_16_be",
    "1014": "utf_16_le",
    "1015": "utf_16",
    "2025": "gb2312",
    "2026": "big5",
    "2084": "koi8_r",
    "2088": "koi8_u",
    **{str(number + 1000): f"cp{number}" for number in range(1250, 1259)},
    "2259": "tis_620",
}
_NAMES = frozenset(_BY_NUMBER.values())
_UCS_2 = "iso_10646_ucs_2"
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")

_PLAIN_TEXT = "text/plain"


def text_in_utf8(content_type: str, octets: bytes, is_utf8: bool = False) -> tuple[str, bytes]:
    """Content as the model has it: text of a charset that is known becomes UTF-8, and what then
    still names a charset is not. What some client could not be sent is replaced in plain text; all
    else stays as it is, octet by octet. Text that ``is_utf8`` is so whatever its type says."""
    if not media_type(content_type).startswith("text/"):
        return content_type, octets
    charset = CHARSET.search(content_type)
    converted = octets if is_utf8 else in_utf8(octets, charset[1] if charset else "")
    if converted is None:
        return content_type, octets
    content_type = CHARSET.sub("", content_type)
    if media_type(content_type) == _PLAIN_TEXT:
        converted = printable(converted.decode()).encode()
    return content_type, converted


def in_utf8(octets: bytes, charset: str) -> bytes | None:
    """Text of a charset, UTF-8 if none is named, in UTF-8; None where the charset is unknown, or
    the text in another."""
    known = _known(charset) if charset else "utf_8"
    if known is None:
        return None
    if known == "utf_16" and octets[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        known = "utf_16_be"
    try:
        text = utf8(octets) if known == "utf_8" else octets.decode(known)
        return text.encode()
    except (UnicodeError, CodecError):
        return None


def _known(charset: str) -> str | None:
    """What Python calls a charset."""
    name = _NOT_IN_A_NAME.sub("_", charset.lower()).strip("_")
    known = _BY_NUMBER.get(name) or aliases.get(name, name)
    if known == _UCS_2:
        return "utf_16_be"
    return known if known in _NAMES else None
