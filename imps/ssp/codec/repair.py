"""What one partner writes that is not well-formed, made so (SSP, syntax quirks).

Two faults of the open server Baraza: an empty ``<Canceled/>`` where its end tag belongs, and ids,
notes and names that are not escaped.
"""

from __future__ import annotations

import re

_CANCELED_TWICE = re.compile(rb"(<Canceled>(?:(?!</?Canceled\b).){0,4096}?)<Canceled\s*/>", re.S)
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_SESSION_ID = re.compile(
    rb"<(?:\w{1,20}:)?Session\s[^<>]{0,200}?\bsessionID\s*=\s*\"([^\"<&]{1,512})\""
)


def repaired(document: bytes) -> bytes:
    """A document without these faults; one that has others is no better afterwards."""
    return _BARE_AMPERSAND.sub(b"&amp;", _CANCELED_TWICE.sub(rb"\1</Canceled>", document))


def session_id_in(document: bytes) -> str | None:
    """The session id in a document that cannot be parsed, to find out whose it is."""
    found = _SESSION_ID.search(document)
    return found[1].decode("utf-8", "replace") if found else None
