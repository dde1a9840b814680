"""The PDUs of SMPP 3.4, as octets and values (SMPP 3.4, sections 3.2, 4 and 5).

A PDU is a header of four numbers (its length, what it is, a status, a sequence number that its
response repeats), fields in a fixed order, and optional ones, each with a tag and a length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from struct import Struct
from typing import Any, ClassVar

from attrs import define, field, fields, frozen

HEADER = Struct(">IIII")
LONGEST_PDU = 65_536
_OPTION = Struct(">HH")
LONGEST_SHORT_MESSAGE = 254
RESPONSE = 0x80000000


class Command(IntEnum):
    """What a PDU is."""

    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015
    GENERIC_NACK = 0x80000000
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER_RESP = 0x80000002
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM_RESP = 0x80000005
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER_RESP = 0x80000009
    ENQUIRE_LINK_RESP = 0x80000015


class Status(IntEnum):
    """What a response says; an SMSC may say others."""

    OK = 0x00
    INVALID_MESSAGE_LENGTH = 0x01
    INVALID_COMMAND_LENGTH = 0x02
    INVALID_COMMAND_ID = 0x03
    INCORRECT_BIND_STATUS = 0x04
    ALREADY_BOUND = 0x05
    INVALID_PRIORITY = 0x06
    INVALID_REGISTERED_DELIVERY = 0x07
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    INVALID_SERVICE_TYPE = 0x15
    INVALID_ESM_CLASS = 0x43
    SUBMIT_FAILED = 0x45
    INVALID_SOURCE_TON = 0x48
    INVALID_SOURCE_NPI = 0x49
    INVALID_DESTINATION_TON = 0x50
    INVALID_DESTINATION_NPI = 0x51
    INVALID_SYSTEM_TYPE = 0x53
    INVALID_REPLACE_FLAG = 0x54
    THROTTLED = 0x58
    INVALID_SCHEDULE = 0x61
    INVALID_VALIDITY = 0x62
    INVALID_DEFAULT_MESSAGE = 0x63
    TEMPORARY_ERROR = 0x64
    PERMANENT_ERROR = 0x65
    REJECTED = 0x66
    INVALID_OPTIONS = 0xC0
    OPTION_NOT_ALLOWED = 0xC1
    INVALID_PARAMETER_LENGTH = 0xC2
    MISSING_OPTION = 0xC3
    INVALID_OPTION_VALUE = 0xC4
    DELIVERY_FAILURE = 0xFE
    UNKNOWN_ERROR = 0xFF


class Option(IntEnum):
    """Optional fields that mean something here."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    DESTINATION_PORT = 0x020B
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class BrokenStream(Exception):
    """What comes is no SMPP; the connection is of no use any more."""


@frozen
class Body:
    """The fields of a PDU, in their order: numbers of an octet, and texts that a zero ends."""

    longest: ClassVar[Mapping[str, int]] = {}


@frozen(kw_only=True)
class Bind(Body):
    """Who wants to be let in, and as what."""

    longest = {"system_id": 15, "password": 8, "system_type": 12, "address_range": 40}

    system_id: str
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@frozen(kw_only=True)
class BindResponse(Body):
    """Who lets in."""

    longest = {"system_id": 15}

    system_id: str = ""


@frozen(kw_only=True)
class ShortMessagePDU(Body):
    """A short message, either way (submit_sm, deliver_sm)."""

    longest = {
        "service_type": 5,
        "source": 20,
        "destination": 20,
        "schedule_delivery_time": 16,
        "validity_period": 16,
    }

    service_type: str = ""
    source_ton: int = 0
    source_npi: int = 0
    source: str = ""
    destination_ton: int = 0
    destination_npi: int = 0
    destination: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message_id: int = 0
    short_message: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class MessageId(Body):
    """How the SMSC calls a short message (submit_sm_resp, deliver_sm_resp)."""

    longest = {"message_id": 64}

    message_id: str = ""


BODIES: Mapping[int, type[Body]] = {
    Command.BIND_RECEIVER: Bind,
    Command.BIND_TRANSMITTER: Bind,
    Command.BIND_TRANSCEIVER: Bind,
    Command.BIND_RECEIVER_RESP: BindResponse,
    Command.BIND_TRANSMITTER_RESP: BindResponse,
    Command.BIND_TRANSCEIVER_RESP: BindResponse,
    Command.SUBMIT_SM: ShortMessagePDU,
    Command.DELIVER_SM: ShortMessagePDU,
    Command.SUBMIT_SM_RESP: MessageId,
    Command.DELIVER_SM_RESP: MessageId,
}


@frozen
class PDU:
    """A PDU. What cannot be read of one that there is has no body, and says so."""

    command: int
    sequence: int
    status: int = Status.OK
    body: Body | None = None
    options: Mapping[int, bytes] = field(factory=dict, repr=False)
    is_broken: bool = False

    @property
    def is_response(self) -> bool:
        """Whether it answers one of ours."""
        return bool(self.command & RESPONSE)

    @property
    def octets(self) -> bytes:
        """The PDU as it is sent. Raises ValueError where a field is too long."""
        content = b"" if self.body is None else b"".join(_written(self.body))
        for tag, value in self.options.items():
            content += _OPTION.pack(tag, len(value)) + value
        length = HEADER.size + len(content)
        return HEADER.pack(length, self.command, self.status, self.sequence) + content


def _written(body: Body) -> Iterator[bytes]:
    for each in fields(type(body)):
        value = getattr(body, each.name)
        if isinstance(value, int):
            yield bytes([value])
        elif isinstance(value, bytes):
            if len(value) > LONGEST_SHORT_MESSAGE:
                raise ValueError(f"{each.name} is too long")
            yield bytes([len(value)]) + value
        else:
            octets = value.encode("latin-1")
            if len(octets) > body.longest[each.name] or b"\0" in octets:
                raise ValueError(f"{each.name} is too long, or has a zero in it")
            yield octets + b"\0"


class _Short(Exception):
    """The octets end within a field."""


@define
class _Cursor:
    octets: bytes
    place: int = 0

    @property
    def is_at_end(self) -> bool:
        return self.place >= len(self.octets)

    def take(self, count: int) -> bytes:
        if self.place + count > len(self.octets):
            raise _Short
        self.place += count
        return self.octets[self.place - count : self.place]

    def text(self, longest: int) -> str:
        # SMSCs in the field go over the limits of some fields, which hurts nobody.
        end = self.octets.find(b"\0", self.place, self.place + 2 * longest + 16)
        if end < 0:
            raise _Short
        return self.take(end + 1 - self.place)[:-1].decode("latin-1")


def _body(kind: type[Body], cursor: _Cursor) -> Body:
    said: dict[str, Any] = {}
    for each in fields(kind):
        if each.type in (int, "int"):
            said[each.name] = cursor.take(1)[0]
        elif each.type in (bytes, "bytes"):
            said[each.name] = cursor.take(cursor.take(1)[0])
        else:
            said[each.name] = cursor.text(kind.longest[each.name])
    return kind(**said)


def _options(cursor: _Cursor) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    while not cursor.is_at_end:
        tag, length = _OPTION.unpack(cursor.take(_OPTION.size))
        options[tag] = cursor.take(length)
    return options


def read(octets: bytes) -> PDU:
    """The PDU that is in octets, all of it."""
    _, command, status, sequence = HEADER.unpack_from(octets)
    kind, cursor = BODIES.get(command), _Cursor(octets, HEADER.size)
    # A response that is no success may lack its body, and some lack it when it is.
    if kind is None or (command & RESPONSE and cursor.is_at_end):
        return PDU(command, sequence, status)
    try:
        return PDU(command, sequence, status, _body(kind, cursor), _options(cursor))
    except _Short:
        return PDU(command, sequence, status, is_broken=True)


@define
class Reader:
    """Reads PDUs from what comes in, however that is cut."""

    _octets: bytes = b""

    def feed(self, octets: bytes) -> Sequence[PDU]:
        """The PDUs that are complete by now. Raises BrokenStream."""
        self._octets += octets
        found = []
        while len(self._octets) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._octets)[:1]
            if not HEADER.size <= length <= LONGEST_PDU:
                raise BrokenStream(f"a PDU of {length} octets")
            if len(self._octets) < length:
                break
            found.append(read(self._octets[:length]))
            self._octets = self._octets[length:]
        return found
