"""What Kannel's smsbox and we say to each other over HTTP, as octets and values.

It asks ``/sms/mo`` with the parameters of a ``get-url`` and ``/sms/dlr`` with those of the
``dlr-url`` that it was given; we ask its ``sendsms``.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from math import ceil
from urllib.parse import parse_qsl, quote, urlencode

from attrs import frozen

from imps.model.gsm7 import Coding
from imps.model.short_message import Header, ShortMessage
from imps.sms.gateway import ALARM_SECONDS, Answer, Outgoing
from imps.store.outgoing_texts import Reported, Said

Parameters = Mapping[str, bytes]

# Final: 1 delivered, 2 failed, 16 rejected by the SMSC; 4 waits there, 8 is accepted there.
DLR_MASK = 31
_REPORTS = {
    1: Reported.DELIVERED,
    2: Reported.UNDELIVERED,
    4: Reported.ACCEPTED,
    8: Reported.ACCEPTED,
    16: Reported.UNDELIVERED,
}
_CHARSETS = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "ucs-2": "utf-16-be",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
    "us-ascii": "ascii",
    "ascii": "ascii",
}
_LONGEST_REASON = 200
WAIT_SECONDS = 2


class Malformed(Exception):
    """What Kannel says cannot be meant; the text says why."""


@frozen
class Arrived:
    """What Kannel says of a text from a phone."""

    id: str
    sender: str
    number: str
    message: ShortMessage
    sent_at: float | None


@frozen
class Report:
    """What Kannel says of a part of a text, counted from 0, that it was given."""

    text_id: str
    part: int
    phone: str
    reported: Reported
    reason: str


def parameters(query: bytes) -> Parameters:
    """The parameters of a query, in octets; of those of one name, the last. Raises Malformed."""
    try:
        pairs = parse_qsl(
            query.decode("ascii", "replace"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=50,
        )
        return {name: value.encode("latin-1") for name, value in pairs}
    except ValueError:
        raise Malformed("this is no query") from None


def arrived(said: Parameters) -> Arrived:
    """The text from a phone that a request to ``/sms/mo`` tells of. Raises Malformed."""
    for name in ("from", "to", "id", "text"):
        if name not in said or (name != "text" and not said[name]):
            raise Malformed(f"{name} is missing")
    header = Header.read(said.get("udh", b""))
    coding = _number(said, "coding", 0)
    charset = _word(said, "charset").lower()
    if coding == Coding.OCTETS:
        message = ShortMessage(Coding.OCTETS, content=said["text"], header=header)
    elif coding in (Coding.GSM, Coding.UCS2):
        if coding == Coding.UCS2 and not charset:
            charset = "utf-16be"
        message = ShortMessage(Coding(coding), _decoded(said["text"], charset), header=header)
    else:
        raise Malformed("coding is none of 0, 1, 2")
    return Arrived(
        id=_word(said, "id"),
        sender=_word(said, "from"),
        number=_word(said, "to"),
        message=message,
        sent_at=_number(said, "ts", 0) or None,
    )


def report(said: Parameters) -> Report:
    """The report that a request to ``/sms/dlr`` makes. Raises Malformed."""
    try:
        words = urlsafe_b64decode(_word(said, "ref") + "==").decode()
        phone, part, text_id = words.split(" ", 2)
        number = int(part)
    except ValueError:
        raise Malformed("ref is none of ours") from None
    reported = _REPORTS.get(_number(said, "d", 0))
    if reported is None:
        raise Malformed("d is none of 1, 2, 4, 8, 16")
    reason = said.get("reason", b"").decode("utf-8", "replace")[:_LONGEST_REASON]
    return Report(text_id, number, phone, reported, reason)


def report_url(base: str, key: str, outgoing: Outgoing) -> str:
    """Where Kannel is to report on a short message; it puts in what stands after percent signs, so
    there is none in the rest."""
    words = f"{outgoing.to} {outgoing.part} {outgoing.text_id}"
    reference = urlsafe_b64encode(words.encode()).decode().rstrip("=")
    return f"{base.rstrip('/')}/sms/dlr?key={key}&ref={reference}&d=%d&reason=%A"


def submission(outgoing: Outgoing, username: str, password: str, dlr_url: str) -> str:
    """The query with which a short message is submitted."""
    message = outgoing.message
    said: dict[str, str | bytes | int] = {
        "username": username,
        "password": password,
        "from": outgoing.number,
        "to": outgoing.to,
        # Kannel would put question marks where its default coding lacks a character.
        "coding": int(message.coding),
        "validity": ceil(outgoing.validity_seconds / 60),
        "dlr-mask": DLR_MASK,
        "dlr-url": dlr_url,
    }
    if message.coding is Coding.OCTETS:
        said["text"] = message.content
    else:
        said |= {"charset": "UTF-8", "text": message.text}
    if header := message.header.octets:
        said["udh"] = header
    return urlencode(said, quote_via=quote)


def answer(status: int, body: bytes) -> Answer:
    """What a response to a submission means."""
    reason = f"{status} {body[:_LONGEST_REASON].decode('latin-1')}".strip()
    if status == 202 or status == 200:
        return Answer(said=Said.ACCEPTED, reason=reason)
    if status == 400:
        return Answer(said=Said.FAILED, reason=reason)
    if 400 <= status < 500:
        # Nobody has looked at the text: somebody has to correct the settings, here or there.
        return Answer(said=Said.LATER, reason=reason, after_seconds=ALARM_SECONDS)
    return Answer(said=Said.LATER, reason=reason, after_seconds=WAIT_SECONDS)


def _word(said: Parameters, name: str) -> str:
    try:
        return said.get(name, b"").decode().strip()
    except UnicodeDecodeError:
        raise Malformed(f"{name} is not in UTF-8") from None


def _number(said: Parameters, name: str, default: int) -> int:
    word = _word(said, name)
    if not word:
        return default
    if not (word.isascii() and word.isdigit() and len(word) <= 12):
        raise Malformed(f"{name} is no number")
    return int(word)


def _decoded(octets: bytes, charset: str) -> str:
    codec = _CHARSETS.get(charset)
    if codec is None:
        raise Malformed(f"there is no charset {charset[:20]!r}")
    try:
        # Half of a surrogate pair is made whole, or none, where the text is.
        return octets.decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        raise Malformed(f"text is not in {codec}") from None
