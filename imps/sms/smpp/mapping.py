"""What short messages are in SMPP, both ways.

A delivery receipt is a short message, too, which says in words, or in optional fields, what became
of another one (SMPP 3.4, Appendix B).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from attrs import evolve, frozen

from imps.config import SMPPSettings
from imps.model.gsm7 import Coding, decoded, of_ucs2
from imps.model.short_message import Header, Place, ShortMessage
from imps.sms.gateway import ALARM_SECONDS, Answer, Outgoing
from imps.sms.smpp.pdu import PDU, Bind, MessageId, Option, ShortMessagePDU
from imps.sms.smpp.statuses import Refusal, refusal_of
from imps.store.outgoing_texts import Reported, Said

_INTERNATIONAL, _NETWORK_SPECIFIC, _ISDN = 1, 3, 1
_UDHI = 0x40
_MESSAGE_TYPE, _RECEIPTS = 0x3C, (0x04, 0x20)
_FINAL_RECEIPT = 1
_DATA_CODINGS = {Coding.GSM: 0, Coding.OCTETS: 4, Coding.UCS2: 8}

# The alphabet of the SMSC, ASCII, Latin-1 and UCS-2; the others are not text that we could read.
_CODINGS = {0: Coding.GSM, 1: Coding.GSM, 3: Coding.GSM, 8: Coding.UCS2}

BUSY_SECONDS = 2

_STATES = {
    1: Reported.ACCEPTED,
    2: Reported.DELIVERED,
    3: Reported.UNDELIVERED,
    4: Reported.UNDELIVERED,
    5: Reported.UNDELIVERED,
    6: Reported.ACCEPTED,
    7: Reported.UNDELIVERED,
    8: Reported.UNDELIVERED,
}
_STATS = {
    "ENROUTE": Reported.ACCEPTED,
    "ACCEPTD": Reported.ACCEPTED,
    "DELIVRD": Reported.DELIVERED,
    "EXPIRED": Reported.UNDELIVERED,
    "DELETED": Reported.UNDELIVERED,
    "UNDELIV": Reported.UNDELIVERED,
    "REJECTD": Reported.UNDELIVERED,
    "UNKNOWN": Reported.UNDELIVERED,
}
_ID = re.compile(rb"\bid:(\S+)")
_STAT = re.compile(rb"\bstat:(\w+)")
_ERROR = re.compile(rb"\berr:(\w+)")
_BASES = {"hexadecimal": 16, "decimal": 10}


class Unreadable(Exception):
    """What the SMSC delivers cannot be meant; the text says why."""


@frozen
class Receipt:
    """What became of a short message, by how the SMSC calls it."""

    message_id: str
    reported: Reported
    reason: str


def bind_of(settings: SMPPSettings) -> Bind:
    """How we ask to be let in."""
    return Bind(
        system_id=settings.system_id,
        password=settings.password,
        system_type=settings.system_type,
        address_range=settings.address_range,
    )


def submitted(outgoing: Outgoing, settings: SMPPSettings) -> ShortMessagePDU:
    """A short message to a phone. ValueError if the SMSC has no characters for it."""
    message = outgoing.message
    header = message.header.octets
    source_ton, source_npi, source = _address(outgoing.number)
    ton, npi, destination = _address(outgoing.to)
    return ShortMessagePDU(
        source_ton=source_ton,
        source_npi=source_npi,
        source=source,
        destination_ton=ton,
        destination_npi=npi,
        destination=destination,
        esm_class=_UDHI if header else 0,
        validity_period=_relative(outgoing.validity_seconds),
        registered_delivery=_FINAL_RECEIPT,
        data_coding=_DATA_CODINGS[message.coding],
        short_message=header + _octets(message, settings),
    )


def answer_of(response: PDU, settings: SMPPSettings) -> Answer:
    """What the response to a short message means."""
    refusal, reason = refusal_of(response), f"status {response.status:#04x}"
    if refusal is None:
        # What is not named cannot be reported on; it is accepted all the same.
        said_id = response.body.message_id if isinstance(response.body, MessageId) else ""
        reference = _message_id(said_id, settings.response_ids)
        return Answer(said=Said.ACCEPTED, reference=reference)
    if refusal is Refusal.MESSAGE:
        return Answer(said=Said.FAILED, reason=reason)
    return Answer(
        said=Said.LATER,
        reason=reason,
        after_seconds=ALARM_SECONDS if refusal is Refusal.OURS else BUSY_SECONDS,
        in_vain=refusal is Refusal.TROUBLE,
    )


def receipt(pdu: PDU, body: ShortMessagePDU, settings: SMPPSettings) -> Receipt | None:
    """What is reported, if this is a report. Raises Unreadable."""
    if body.esm_class & _MESSAGE_TYPE not in _RECEIPTS:
        return None
    words = _content(pdu, body)
    tagged = pdu.options.get(Option.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0")
    found = _ID.search(words)
    # In an optional field, an id is as the response had it; in words it may be in another base.
    if tagged:
        message_id = _message_id(tagged.decode("latin-1"), settings.response_ids)
    elif found is not None:
        message_id = _message_id(found[1].decode("latin-1"), settings.receipt_ids)
    else:
        raise Unreadable("a receipt of nothing")
    stat, error = _STAT.search(words), _ERROR.search(words)
    state = pdu.options.get(Option.MESSAGE_STATE, b"")
    reported = _STATES.get(state[0]) if len(state) == 1 else None
    if reported is None and stat is not None:
        reported = _STATS.get(stat[1].decode("latin-1").upper())
    if reported is None:
        raise Unreadable("a receipt that does not say what became of it")
    said = [match[0].decode("latin-1") for match in (stat, error) if match is not None]
    return Receipt(message_id, reported, " ".join(said))


def delivered(pdu: PDU, body: ShortMessagePDU, settings: SMPPSettings) -> ShortMessage:
    """The short message that a phone has sent. Raises Unreadable."""
    octets, header = _content(pdu, body), Header()
    if body.esm_class & _UDHI:
        length = octets[0] + 1 if octets else 0
        if not 0 < length <= len(octets):
            raise Unreadable("a header that is longer than its message")
        header, octets = Header.read(octets[:length]), octets[length:]
    header = _with_options(header, pdu.options)
    coding = _coding(body.data_coding)
    if coding is Coding.OCTETS:
        return ShortMessage(coding, content=octets, header=header)
    return ShortMessage(coding, _text(octets, body.data_coding, settings), header=header)


def sender_of(body: ShortMessagePDU) -> str:
    """The number that a short message is from, as we write numbers; or a name."""
    return f"+{body.source}" if _is_whole(body.source_ton, body.source) else body.source


def number_of(body: ShortMessagePDU) -> str:
    """The number that it is to."""
    whole = _is_whole(body.destination_ton, body.destination)
    return f"+{body.destination}" if whole else body.destination


def digest_of(pdu: PDU, body: ShortMessagePDU) -> str:
    """What tells a short message from others, as far as that can be told from what it is."""
    fields = (body.source, body.destination, body.esm_class, body.data_coding)
    said = sha256(repr(fields).encode() + body.short_message)
    for tag, value in sorted(pdu.options.items()):
        said.update(repr((tag, value)).encode())
    return said.hexdigest()[:24]


def _is_whole(ton: int, number: str) -> bool:
    return ton == _INTERNATIONAL and not number.startswith("+")


def _address(number: str) -> tuple[int, int, str]:
    if number.startswith("+"):
        return _INTERNATIONAL, _ISDN, number[1:]
    return _NETWORK_SPECIFIC, 0, number


def _relative(seconds: int) -> str:
    """A time from now on, by the largest units that are exact: days, hours, minutes, seconds."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    # There are no months of one length; two digits of days are more than SMSCs keep anything.
    return f"0000{min(days, 30):02}{hour:02}{minute:02}{second:02}000R"


def _message_id(said: str, written: str) -> str:
    base = _BASES.get(written)
    try:
        return said.strip().casefold() if base is None else str(int(said, base))
    except ValueError:
        return said.strip().casefold()


def _content(pdu: PDU, body: ShortMessagePDU) -> bytes:
    return body.short_message or pdu.options.get(Option.MESSAGE_PAYLOAD, b"")


def _with_options(header: Header, options: Mapping[int, bytes]) -> Header:
    """A header with what the optional fields say of the place and the port."""
    port, parts = (
        options.get(Option.DESTINATION_PORT),
        [
            options.get(each, b"")
            for each in (Option.SAR_REFERENCE, Option.SAR_TOTAL, Option.SAR_NUMBER)
        ],
    )
    if port is not None and len(port) == 2:
        header = evolve(header, port=int.from_bytes(port, "big"))
    if all(parts):
        reference, total, number = (int.from_bytes(each, "big") for each in parts)
        if 1 <= number <= total <= 255:
            header = evolve(header, place=Place(reference, total, number))
    return header


def _coding(data_coding: int) -> Coding:
    """SMPP has the first sixteen values to itself; behind them are those of TS 23.038 that name a
    class."""
    if data_coding < 0x10:
        return _CODINGS.get(data_coding, Coding.OCTETS)
    if data_coding & 0xF0 == 0xF0:
        return Coding.OCTETS if data_coding & 0x04 else Coding.GSM
    if data_coding & 0xF0 == 0x10:
        return _CODINGS.get(data_coding & 0x0C, Coding.OCTETS)
    return Coding.OCTETS


def _octets(message: ShortMessage, settings: SMPPSettings) -> bytes:
    if message.coding is not Coding.GSM or settings.default_alphabet == "gsm":
        return message.octets
    try:
        return message.text.encode("latin-1")
    except UnicodeEncodeError:
        # It was handed in before there was such a gateway.
        raise ValueError("a text that is not in the alphabet of the SMSC") from None


def _text(octets: bytes, data_coding: int, settings: SMPPSettings) -> str:
    """Whatever the octets are, they are text: there is nobody who could send it better."""
    if _coding(data_coding) is Coding.UCS2:
        return of_ucs2(octets)
    # What is said to be ASCII and goes beyond it is Latin-1 more often than anything else.
    if data_coding in (1, 3) or (data_coding == 0 and settings.default_alphabet == "latin-1"):
        return octets.decode("latin-1")
    return decoded(octets)
