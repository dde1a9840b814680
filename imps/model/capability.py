"""What a client can do and wants (client capability negotiation)."""

from enum import Enum


class ClientType(Enum):
    """The kind of device or program behind a session."""

    MOBILE_PHONE = "MOBILE_PHONE"
    COMPUTER = "COMPUTER"
    PDA = "PDA"
    CLI = "CLI"
    OTHER = "OTHER"


class DeliveryMethod(Enum):
    """Whether new messages are pushed, or notified and then fetched."""

    PUSH = "P"
    NOTIFY = "N"


class Bearer(Enum):
    """What carries CSP."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    WSP = "WSP"
    SMS = "SMS"


class CIRMethod(Enum):
    """How a client can be told to poll."""

    WAPSMS = "WAPSMS"
    WAPUDP = "WAPUDP"
    SUDP = "SUDP"
    STCP = "STCP"
    SSMS = "SSMS"
    SHTTP = "SHTTP"


class OfflineETEMHandling(Enum):
    """What becomes of messages to a user who is off line (1.3)."""

    PRIORITY_REJECT = "PRIORITYREJECT"
    PRIORITY_STORE = "PRIORITYSTORE"
    REJECT = "REJECT"
    SEND_REJECT = "SENDREJECT"
    SEND_STORE = "SENDSTORE"


class OnlineETEMHandling(Enum):
    """Which of several sessions gets a message (1.3)."""

    DETECT = "DETECT"
    FORK_ALL = "FORKALL"
    SERVER_LOGIC = "SERVERLOGIC"


class ContentPolicy(Enum):
    """What becomes of content above the limit of its type (1.3)."""

    NOTIFY = "N"
    REJECT = "R"
    COST = "C"
