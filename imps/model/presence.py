"""Presence: what a user, and the clients of a user, let others know; and the words for it."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from attrs import frozen

from imps.model.address import Address

Item: TypeAlias = "str | int | bool | bytes | Content"
"""What stands in a value: text, a number, a truth, octets, or more of the same."""

Content: TypeAlias = tuple[tuple[str, Item], ...]
"""What a value consists of: parts by the names that the standard gives them, in order; a name is
repeated where there are several."""


class Attribute(Enum):
    """A presence attribute; those of clients come first (presence attributes, classes)."""

    ONLINE_STATUS = "OnlineStatus"
    REGISTRATION = "Registration"
    CLIENT_INFO = "ClientInfo"
    TIME_ZONE = "TimeZone"
    GEO_LOCATION = "GeoLocation"
    ADDRESS = "Address"
    FREE_TEXT_LOCATION = "FreeTextLocation"
    PLMN = "PLMN"
    COMM_CAP = "CommCap"
    USER_AVAILABILITY = "UserAvailability"
    PREFERRED_CONTACTS = "PreferredContacts"
    PREFERRED_LANGUAGE = "PreferredLanguage"
    STATUS_TEXT = "StatusText"
    STATUS_MOOD = "StatusMood"
    ALIAS = "Alias"
    STATUS_CONTENT = "StatusContent"
    CONTACT_INFO = "ContactInfo"
    INFO_LINK = "InfoLink"

    @property
    def is_of_client(self) -> bool:
        """Whether it describes a client, of which a user may have several, and not the user."""
        return self in _OF_CLIENT


_OF_CLIENT = frozenset(list(Attribute)[:9])

EVERY_ATTRIBUTE = frozenset(Attribute)


def names_of(attributes: frozenset[Attribute]) -> str:
    """Attributes as text; an asterisk for all of them."""
    if attributes == EVERY_ATTRIBUTE:
        return "*"
    return " ".join(sorted(each.value for each in attributes))


def attributes_named(names: str) -> frozenset[Attribute]:
    """Attributes from such a text."""
    return EVERY_ATTRIBUTE if names == "*" else frozenset(map(Attribute, names.split()))


@frozen
class PresenceValue:
    """The value of an attribute; one that is not valid says that what was known holds no more
    (Qualifier)."""

    is_valid: bool = True
    content: Content = ()

    def first(self, name: str) -> Item | None:
        """The first part of a name."""
        return next((item for each, item in self.content if each == name), None)


@frozen
class Published:
    """An attribute with its value, and for one of a client whose: how it signed on."""

    attribute: Attribute
    value: PresenceValue
    client: str | None = None


@frozen
class Presence:
    """What is told of a publisher; an attribute of clients may be there for each of them."""

    publisher: Address
    published: tuple[Published, ...] = ()


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
