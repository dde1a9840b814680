"""Authorization: what a publisher lets a watcher see. It is decided here alone, for what is sent as
for what is fetched."""

from __future__ import annotations

from attrs import evolve, frozen

from imps.model.presence import (
    EVERY_ATTRIBUTE,
    Attribute,
    CommunicationMeans,
    Content,
    PresenceValue,
)

Attributes = frozenset[Attribute]


@frozen(kw_only=True)
class Permissions:
    """All that a publisher has said that may concern one watcher.

    ``contact_lists`` are the attribute lists of those contact lists that hold the watcher, as far
    as they have one. ``granted`` and ``denied`` is what was answered when the watcher asked.
    """

    is_publisher: bool = False
    user: Attributes | None = None
    contact_lists: tuple[Attributes, ...] = ()
    default: Attributes | None = None
    granted: Attributes = frozenset()
    denied: Attributes = frozenset()

    @property
    def ahead(self) -> Attributes | None:
        """What was allowed ahead: the user's own list alone decides, else the contact lists add
        up, else the default counts. None where there is no list."""
        if self.user is not None:
            return self.user
        if self.contact_lists:
            return frozenset[Attribute]().union(*self.contact_lists)
        return self.default


def visible(permissions: Permissions) -> Attributes:
    """The attributes that a watcher may see (presence, authorization)."""
    if permissions.is_publisher:
        return EVERY_ATTRIBUTE
    if permissions.ahead is not None:
        return permissions.ahead
    return permissions.granted - permissions.denied


def what_shows(allowed: Attributes) -> Attributes:
    """The attributes of which there is something to be seen by whom these are visible to."""
    shows_messages = Attribute.ONLINE_STATUS in allowed
    return allowed | {Attribute.COMM_CAP} if shows_messages else allowed


def is_open_to_asking(permissions: Permissions, asked: Attributes) -> bool:
    """Whether the publisher is to be asked about these: nothing was allowed ahead, and there is
    one among them about which no answer has been given."""
    if permissions.is_publisher or permissions.ahead is not None:
        return False
    return bool(asked - permissions.granted - permissions.denied)


def visible_value(
    attribute: Attribute, value: PresenceValue, allowed: Attributes
) -> PresenceValue | None:
    """What of a value may be seen by whom these attributes are visible to; None for nothing.

    Whoever may see whether the publisher is on line may see whether messages reach them, too: the
    entry of CommCap for instant messages, and nothing else of it.
    """
    if attribute in allowed:
        return value
    if attribute is Attribute.COMM_CAP and Attribute.ONLINE_STATUS in allowed:
        return _for_messages_only(value)
    return None


def _for_messages_only(value: PresenceValue) -> PresenceValue:
    entries: Content = tuple(
        (name, entry)
        for name, entry in value.content
        if name == "CommC"
        and isinstance(entry, tuple)
        and ("Cap", CommunicationMeans.IM.value) in entry
    )
    return evolve(value, content=entries)
