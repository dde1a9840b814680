"""Words that belong to the protocol alone; those with a meaning to the service are in the model."""

from enum import Enum


class SessionType(Enum):
    """Whether a message belongs to a session."""

    INBAND = "Inband"
    OUTBAND = "Outband"


class TransactionMode(Enum):
    """Whether a transaction asks or answers."""

    REQUEST = "Request"
    RESPONSE = "Response"


class DigestSchema(Enum):
    """How a client proves in a 4-way login that it knows the password."""

    PWD = "PWD"
    SHA = "SHA"
    MD4 = "MD4"
    MD5 = "MD5"
    MD6 = "MD6"


class TransferEncoding(Enum):
    """How content is wrapped for transfer."""

    NONE = "None"
    BASE64 = "BASE64"


class SubscribeType(Enum):
    """What a request does to the subscription of group notices."""

    GET = "G"
    SET = "S"
    UNSET = "U"
