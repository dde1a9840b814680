"""The records of messages in the log, for charging and support: one for each thing that becomes of
a message for one recipient, all with the same fields.

Each is written once, by the process in which it happened, as soon as the store says so. Where that
is killed in between, or does not hear it, there is none; and where a request is repeated after such
trouble, there may be two. Whoever counts goes by message, recipient and event.
"""

from __future__ import annotations

from twisted.logger import Logger

from imps.model.address import Address
from imps.model.events import MessageReported
from imps.model.message import Message
from imps.model.status import StatusCode
from imps.store.endings import Ending

_ENDINGS = {
    StatusCode.OK: "delivered",
    StatusCode.UNABLE_TO_DELIVER: "undelivered",
    StatusCode.MESSAGE_EXPIRED: "expired",
    StatusCode.MESSAGE_REJECTED: "rejected",
    StatusCode.MESSAGE_FORWARDED: "forwarded",
}

_log = Logger(namespace="imps.messages")


def message_accepted(message: Message, recipient: Address) -> None:
    """A message waits for a recipient now."""
    _write_sent("accepted", message, recipient, StatusCode.OK)


def message_refused(message: Message, recipient: Address, code: StatusCode) -> None:
    """A message was not stored for a recipient."""
    _write_sent("refused", message, recipient, code)


def message_ended(ending: Ending) -> None:
    """A message was delivered to its recipient, or nobody gets it any more."""
    _write(
        _ENDINGS[ending.code],
        ending.message_id,
        ending.sender,
        ending.recipient,
        ending.content_type,
        ending.size,
        ending.code,
    )


def message_reported(event: MessageReported) -> None:
    """What the server of another domain says became of a message to a user of its own."""
    _write(
        _ENDINGS.get(event.code, "refused"),
        event.message_id,
        event.sender.canonical,
        event.recipient.canonical,
        event.content_type,
        event.content_size,
        event.code,
    )


def _write_sent(event: str, message: Message, recipient: Address, code: StatusCode) -> None:
    content, users = message.content, (message.sender.canonical, recipient.canonical)
    _write(event, message.message_id, *users, content.type, content.size, code)


def _write(
    event: str,
    message_id: str,
    sender: str,
    recipient: str,
    content_type: str,
    size: int,
    code: StatusCode,
) -> None:
    # Put together here: a format takes longer, and ids are made here and have no braces.
    _log.info(
        f"Message {event}: {message_id}",
        event=event,
        message_id=message_id,
        sender=sender,
        recipient=recipient,
        content_type=content_type,
        size=size,
        code=int(code),
    )
