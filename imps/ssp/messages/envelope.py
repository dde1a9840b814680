"""What stands around messages (SSP, envelope)."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

from imps.model.version import Version
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.setup import LoginRequest, LoginResponse, SendSecretToken

LONGEST_TRANSACTION_ID = 128


class Mode(Enum):
    """Whether a transaction asks or answers; what says neither answers."""

    REQUEST = "Request"
    RESPONSE = "Response"


SetupMessage = SendSecretToken | LoginRequest | LoginResponse
SETUP_MESSAGES = (SendSecretToken, LoginRequest, LoginResponse)


@frozen(kw_only=True)
class SetupTransaction:
    """A step in setting a session up."""

    mode: Mode
    transaction_id: str
    message: SetupMessage


@frozen(kw_only=True)
class Transaction:
    """A request or a response; of one that cannot be read, why."""

    mode: Mode
    transaction_id: str
    message: Message


@frozen(kw_only=True)
class InSession:
    """Transactions in a session, under the id that the sender gave it."""

    session_id: str = field(repr=False)
    transactions: tuple[Transaction, ...]


@frozen
class SSPMessage:
    """A whole message, in a version; None if it names none that is known."""

    content: SetupTransaction | InSession
    version: Version | None = None
