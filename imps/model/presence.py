"""Words of the presence service element."""

from enum import Enum


class Availability(Enum):
    """Whether a user wants to be talked to."""

    AVAILABLE = "AVAILABLE"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    DISCREET = "DISCREET"


class Mood(Enum):
    """How a user feels."""

    ANGRY = "ANGRY"
    ANXIOUS = "ANXIOUS"
    ASHAMED = "ASHAMED"
    BORED = "BORED"
    EXCITED = "EXCITED"
    HAPPY = "HAPPY"
    IN_LOVE = "IN_LOVE"
    INVINCIBLE = "INVINCIBLE"
    JEALOUS = "JEALOUS"
    SAD = "SAD"
    SLEEPY = "SLEEPY"


class CommunicationMeans(Enum):
    """A way to reach a user."""

    CALL = "CALL"
    SMS = "SMS"
    MMS = "MMS"
    IM = "IM"
    EMAIL = "EMAIL"


class ContactStatus(Enum):
    """Whether a way to reach a user is open."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class WatcherStatus(Enum):
    """What ties a watcher to a publisher."""

    CURRENT_SUBSCRIBER = "CURRENT_SUBSCRIBER"
    FORMER_SUBSCRIBER = "FORMER_SUBSCRIBER"
    PRESENCE_ACCESS = "PRESENCE_ACCESS"


class ReactiveAuthState(Enum):
    """What a publisher answered to a request for authorization."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"
    PENDING = "PENDING"
