"""Authorization: what a publisher lets a watcher see. It is decided here alone, for what is sent as
for what is fetched."""

from __future__ import annotations

from attrs import evolve, frozen

from imps.model.address import Address
from imps.model.notice import NotificationType
from imps.model.presence import (
    EVERY_ATTRIBUTE,
    Attribute,
    CommunicationMeans,
    Content,
    PresenceValue,
    Target,
    TargetKind,
)

Attributes = frozenset[Attribute]


@frozen(kw_only=True)
class Permissions:
    """All that a publisher has said that may concern one watcher.

    ``contact_lists`` are the attribute lists of those contact lists that hold the watcher, as far
    as they have one. ``notifying`` are those of these lists whose publisher wants to be told of
    whoever asks for more. ``granted`` and ``denied`` is what was answered when the watcher asked.
    """

    is_publisher: bool = False
    user: Attributes | None = None
    contact_lists: tuple[Attributes, ...] = ()
    default: Attributes | None = None
    granted: Attributes = frozenset()
    denied: Attributes = frozenset()
    notifying: tuple[Target, ...] = ()

    @property
    def decides(self) -> TargetKind:
        """Which kind of list decides what was allowed ahead, if there is one."""
        if self.user is not None:
            return TargetKind.USER
        return TargetKind.CONTACT_LIST if self.contact_lists else TargetKind.DEFAULT

    @property
    def ahead(self) -> Attributes | None:
        """What was allowed ahead: the user's own list alone decides, else the contact lists add
        up, else the default counts. None where there is no list."""
        match self.decides:
            case TargetKind.USER:
                return self.user
            case TargetKind.CONTACT_LIST:
                return frozenset[Attribute]().union(*self.contact_lists)
            case TargetKind.DEFAULT:
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


@frozen(kw_only=True)
class Question:
    """That a watcher wants to see these attributes, which are not allowed.

    Where nothing was allowed ahead, it is open until it is answered. Else the publisher wants to be
    told, by the list for the watcher, those of these contact lists, or the default.
    """

    attributes: Attributes
    is_open: bool
    reason: NotificationType
    contact_lists: tuple[Address, ...] = ()


def question(permissions: Permissions, asked: Attributes) -> Question | None:
    """What a publisher is to be asked or told of a watcher who asks for attributes; None for
    nothing (presence, reactive authorization; CSP 1.3, notifications)."""
    if permissions.is_publisher:
        return None
    ahead = permissions.ahead
    if ahead is None:
        more = asked - permissions.granted - permissions.denied
        return (
            Question(attributes=more, is_open=True, reason=_REASONS[TargetKind.USER])
            if more
            else None
        )
    kind = permissions.decides
    notifying = [target for target in permissions.notifying if target.kind is kind]
    more = asked - ahead
    if not more or not notifying:
        return None
    return Question(
        attributes=more,
        is_open=False,
        reason=_REASONS[kind],
        contact_lists=tuple(
            target.address for target in notifying if kind is TargetKind.CONTACT_LIST
        ),
    )


_REASONS = {
    TargetKind.USER: NotificationType.AUTHORIZATION_NEEDED_FOR_A_USER,
    TargetKind.CONTACT_LIST: NotificationType.AUTHORIZATION_NEEDED_FOR_A_CONTACT_LIST,
    TargetKind.DEFAULT: NotificationType.AUTHORIZATION_NEEDED_FOR_THE_DEFAULT_LIST,
}


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
