"""What the statuses with which an SMSC refuses a short message say, and of whom (SMPP 3.4, 5.1.3).

A text fails for what is wrong with it alone. What is wrong with our session, our account or what
is the same in all that we send says nothing of the text, which waits until somebody has mended it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from imps.sms.smpp.pdu import PDU, Command, Status


class Refusal(Enum):
    """Why a short message is refused."""

    MESSAGE = "this one is refused, and will be"
    BUSY = "too many come; this one is as good as any"
    TROUBLE = "something is wrong, perhaps with this one"
    OURS = "something is wrong with our session or settings, whichever comes"


_OF = {
    Refusal.MESSAGE: (
        Status.INVALID_MESSAGE_LENGTH,
        Status.INVALID_DESTINATION,
        Status.INVALID_ESM_CLASS,
        Status.INVALID_PARAMETER_LENGTH,
        Status.PERMANENT_ERROR,
        Status.REJECTED,
        Status.DELIVERY_FAILURE,
    ),
    Refusal.BUSY: (Status.QUEUE_FULL, Status.THROTTLED),
    Refusal.TROUBLE: (
        Status.SYSTEM_ERROR,
        Status.SUBMIT_FAILED,
        Status.TEMPORARY_ERROR,
        Status.UNKNOWN_ERROR,
    ),
    Refusal.OURS: (
        # Of the session.
        Status.INVALID_COMMAND_ID,
        Status.INCORRECT_BIND_STATUS,
        Status.ALREADY_BOUND,
        # Of the account, and of what it may do.
        Status.BIND_FAILED,
        Status.INVALID_PASSWORD,
        Status.INVALID_SYSTEM_ID,
        Status.INVALID_SYSTEM_TYPE,
        Status.INVALID_SERVICE_TYPE,
        Status.INVALID_SOURCE,
        Status.INVALID_SOURCE_TON,
        Status.INVALID_SOURCE_NPI,
        # Of fields that have one value in all that we send, or follow from the settings.
        Status.INVALID_DESTINATION_TON,
        Status.INVALID_DESTINATION_NPI,
        Status.INVALID_PRIORITY,
        Status.INVALID_REGISTERED_DELIVERY,
        Status.INVALID_REPLACE_FLAG,
        Status.INVALID_SCHEDULE,
        Status.INVALID_VALIDITY,
        Status.INVALID_DEFAULT_MESSAGE,
        Status.INVALID_OPTIONS,
        Status.OPTION_NOT_ALLOWED,
        Status.MISSING_OPTION,
        Status.INVALID_OPTION_VALUE,
    ),
}
_REFUSALS: Mapping[int, Refusal] = {
    status: refusal for refusal, statuses in _OF.items() for status in statuses
}


def refusal_of(response: PDU) -> Refusal | None:
    """Why a short message is refused with this response; None if it is not.

    The statuses that an SMSC has for itself, and those of requests that we never make, may mean
    anything, so there is trouble. Who does not know what we ask (generic_nack) has not looked at
    the message.
    """
    is_nack = response.command == Command.GENERIC_NACK
    if response.status == Status.OK and not is_nack:
        return None
    refusal = _REFUSALS.get(response.status, Refusal.TROUBLE)
    return Refusal.OURS if is_nack and refusal is not Refusal.BUSY else refusal
