"""Messages, events and texts as octets in the store: JSON, and the content of messages bare."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict
from cattrs import Converter

from imps.model.address import Address
from imps.model.events import (
    AuthorizationAsked,
    Event,
    MessageReported,
    MessageWaits,
    Notification,
)
from imps.model.extension import Extension, Foreign
from imps.model.gsm7 import Coding
from imps.model.message import Color, Content, Font, FontSize, FontStyle, Message
from imps.model.short_message import Header, ShortMessage
from imps.model.status import Outcome, StatusCode
from imps.model.text import IncomingText, OutgoingText

_CONVERTER = Converter()
_CONVERTER.register_unstructure_hook(Address, str)
_CONVERTER.register_structure_hook(Address, lambda text, _: Address.parse(text))

_EVENTS: dict[str, type[Event]] = {
    "report": MessageReported,
    "notice": MessageWaits,
    "question": AuthorizationAsked,
    "notification": Notification,
}
_KINDS = {event: kind for kind, event in _EVENTS.items()}


def packed(message: Message) -> tuple[bytes, bytes]:
    """All of a message but its id: head and content."""
    content, font = message.content, message.content.font
    head: dict[str, Any] = {
        "from": str(message.sender),
        "type": content.type,
        "size": content.size,
        "sent": message.sent_at,
        "expires": message.expires_at,
    }
    if content.name is not None:
        head["name"] = content.name
    if content.uri is not None:
        head["uri"] = content.uri
    if font is not None:
        head["font"] = [
            font.size and font.size.value,
            [style.value for style in font.styles],
            font.color and font.color.value,
        ]
    if message.wants_report:
        head["report"] = True
    if message.extensions:
        head["extensions"] = [
            [each.namespace, _foreign_packed(each.content)] for each in message.extensions
        ]
    return json.dumps(head, separators=(",", ":")).encode(), content.octets


def unpacked_message(message_id: str, head: bytes, content: bytes) -> Message:
    """A message from what ``packed`` made of it; large content may not have been read."""
    fields = json.loads(head)
    return Message(
        message_id=message_id,
        sender=Address.parse(fields["from"]),
        content=Content(
            octets=content,
            type=fields["type"],
            name=fields.get("name"),
            font=_font(fields["font"]) if "font" in fields else None,
            uri=fields.get("uri"),
            size=fields["size"],
        ),
        sent_at=fields["sent"],
        expires_at=fields["expires"],
        wants_report=fields.get("report", False),
        extensions=tuple(
            Extension(namespace, _foreign_unpacked(inner))
            for namespace, inner in fields.get("extensions", ())
        ),
    )


def report_packed(message: Message) -> bytes:
    """What a report on a message says of it."""
    content = message.content
    fields = [str(message.sender), message.sent_at, content.type, content.size]
    if message.reference:
        fields.append(message.reference)
    return json.dumps(fields, separators=(",", ":")).encode()


def reported(
    report: bytes, message_id: str, recipient: str, at: float, code: int
) -> MessageReported:
    """The report on a message, from what ``report_packed`` made of it."""
    sender, sent_at, content_type, size, *reference = json.loads(report)
    return MessageReported(
        message_id=message_id,
        sender=Address.parse(sender),
        recipient=Address.parse(recipient),
        code=StatusCode(code),
        at=at,
        sent_at=sent_at,
        content_type=content_type,
        content_size=size,
        reference=reference[0] if reference else "",
    )


def event_packed(event: Event) -> bytes:
    """An event."""
    fields = {"kind": _KINDS[type(event)], **_CONVERTER.unstructure(event)}
    return json.dumps(fields, separators=(",", ":")).encode()


def unpacked_event(octets: bytes) -> Event:
    """An event from what ``event_packed``, or a script, made of it."""
    fields = json.loads(octets)
    kind = fields.pop("kind")
    event: Event = _CONVERTER.structure(fields, _EVENTS[kind])
    return event


def sent_packed(message_id: str, outcome: Outcome) -> bytes:
    """What is said of a message that was handed in: its id, and what became of it."""
    fields = [message_id, _CONVERTER.unstructure(outcome)]
    return json.dumps(fields, separators=(",", ":")).encode()


def unpacked_sent(octets: bytes) -> tuple[str, Outcome]:
    """What is said of a message, from what ``sent_packed`` made of it."""
    message_id, outcome = json.loads(octets)
    return message_id, _CONVERTER.structure(outcome, Outcome)


def incoming_text_packed(text: IncomingText) -> bytes:
    """A text from a phone: all but its id and its sender."""
    return _text_packed(text, "id", "sender")


def unpacked_incoming_text(id: str, sender: str, record: bytes) -> IncomingText:
    """A text from what ``incoming_text_packed`` made of it."""
    return IncomingText(id=id, sender=sender, **_text_fields(record))


def outgoing_text_packed(text: OutgoingText) -> bytes:
    """A text to a phone: all but its id, whom it is to, and what its watcher is told."""
    return _text_packed(text, "id", "to", "watcher", "about")


def unpacked_outgoing_text(id: str, to: str, record: bytes) -> OutgoingText:
    """A text from what ``outgoing_text_packed`` made of it."""
    return OutgoingText(id=id, to=to, **_text_fields(record))


def part_packed(part: ShortMessage) -> bytes:
    """A part of a text: all but its place."""
    fields = [int(part.coding), part.text, part.content.hex(), part.header.port]
    return json.dumps(fields, separators=(",", ":")).encode()


def unpacked_part(record: bytes) -> ShortMessage:
    """A part of a text from what ``part_packed`` made of it."""
    coding, text, content, port = json.loads(record)
    return ShortMessage(Coding(coding), text, bytes.fromhex(content), Header(None, port))


def _text_packed(text: IncomingText | OutgoingText, *but: str) -> bytes:
    fields = asdict(text, filter=lambda field, value: field.name not in but and value is not None)
    if text.octets is not None:
        fields["octets"] = text.octets.hex()
    return json.dumps(fields, separators=(",", ":")).encode()


def _text_fields(record: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(record)
    if "octets" in fields:
        fields["octets"] = bytes.fromhex(fields["octets"])
    return fields


def _font(fields: list[Any]) -> Font:
    size, styles, color = fields
    return Font(
        size=FontSize(size) if size else None,
        styles=tuple(map(FontStyle, styles)),
        color=Color(color) if color else None,
    )


def _foreign_packed(content: tuple[str | Foreign, ...]) -> list[Any]:
    return [
        item
        if isinstance(item, str)
        else [item.name, item.namespace, item.attributes, _foreign_packed(item.content)]
        for item in content
    ]


def _foreign_unpacked(content: list[Any]) -> tuple[str | Foreign, ...]:
    return tuple(
        item
        if isinstance(item, str)
        else Foreign(item[0], item[1], tuple(map(tuple, item[2])), _foreign_unpacked(item[3]))
        for item in content
    )
