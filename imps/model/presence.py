"""Presence: what a user, and the clients of a user, let others know; and the words for it."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from attrs import Factory, field, frozen

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

    # There is one of each: what enumerations do by default takes a call in Python for each look
    # into a set, of which telling a watcher something takes dozens.
    __hash__ = object.__hash__

    @property
    def is_of_client(self) -> bool:
        """Whether it describes a client, of which a user may have several, and not the user."""
        return self in _OF_CLIENT


_OF_CLIENT = frozenset(list(Attribute)[:9])

EVERY_ATTRIBUTE = frozenset(Attribute)


@lru_cache(maxsize=1000)
def names_of(attributes: frozenset[Attribute]) -> str:
    """Attributes as text; an asterisk for all of them."""
    if attributes == EVERY_ATTRIBUTE:
        return "*"
    return " ".join(sorted(each.value for each in attributes))


@lru_cache(maxsize=1000)
def attributes_named(names: str) -> frozenset[Attribute]:
    """Attributes from such a text."""
    return EVERY_ATTRIBUTE if names == "*" else frozenset(map(Attribute, names.split()))


@frozen(cache_hash=True)
class PresenceValue:
    """The value of an attribute; one that is not valid says that what was known holds no more
    (Qualifier)."""

    is_valid: bool = True
    content: Content = ()

    def first(self, name: str) -> Item | None:
        """The first part of a name."""
        return next((item for each, item in self.content if each == name), None)


@frozen(cache_hash=True)
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


class CommunicationMeans(Enum):
    """A way to reach a user; the last five had their words until CSP 1.2."""

    CALL = "CALL"
    SMS = "SMS"
    MMS = "MMS"
    IM = "IM"
    EMAIL = "EMAIL"
    AUDIO_CALL = "AUDIO_CALL"
    VIDEO_CALL = "VIDEO_CALL"
    VIDEO_STREAM = "VIDEO_STREAM"
    IM_ONLINE = "IM_ONLINE"
    IM_OFFLINE = "IM_OFFLINE"


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


@frozen
class AttributeList:
    """The attributes that a publisher allows somebody to see, and whether the publisher wants to
    be told of those who ask for more."""

    attributes: frozenset[Attribute] = frozenset()
    notify: bool = False


class TargetKind(Enum):
    """Whom an attribute list is for."""

    USER = "user"
    CONTACT_LIST = "list"
    DEFAULT = "default"


_NOBODY = Address()


@frozen
class Target:
    """One whom an attribute list is for: a user, a contact list, or by default everybody.

    The publisher may name a user otherwise, by number.
    """

    kind: TargetKind
    address: Address = _NOBODY
    spelled: Address = field(default=Factory(lambda self: self.address, takes_self=True), eq=False)


DEFAULT = Target(TargetKind.DEFAULT)
