"""Events: what the elements have to tell a user, whatever the door that the user came in by."""

from __future__ import annotations

from attrs import frozen

from imps.model.address import Address
from imps.model.notice import NotificationType
from imps.model.status import StatusCode


@frozen(kw_only=True)
class MessageReported:
    """What became of a message, for its sender; times are seconds since the epoch. The sender's
    domain knows the message by the ``reference``, where that is another one."""

    message_id: str
    sender: Address
    recipient: Address
    code: StatusCode
    at: float
    sent_at: float
    content_type: str
    content_size: int
    reference: str = ""

    @property
    def key(self) -> str:
        """What tells this event from others; of two with one key the newer counts."""
        return f"report:{self.message_id}:{self.recipient.canonical}"


@frozen(kw_only=True)
class MessageWaits:
    """A message waits that a client of its recipient may fetch, since when it is told so."""

    message_id: str
    since: float


@frozen(kw_only=True)
class AuthorizationAsked:
    """Somebody wants to see attributes of a publisher, who has not allowed them."""

    watcher: Address


@frozen(kw_only=True)
class Notification:
    """Something that a session asked to be told of has happened: to these users, contact lists or
    the default, and as far as it is about presence to these attributes (an asterisk for all); or to
    an access list, which is in use or not."""

    type: NotificationType
    users: tuple[Address, ...] = ()
    contact_lists: tuple[Address, ...] = ()
    is_default: bool = False
    names: str | None = None
    alias: str = ""
    is_in_use: bool | None = None

    @property
    def key(self) -> str:
        """What tells this event from others; of two with one key the newer counts."""
        about = " ".join(each.canonical for each in self.users + self.contact_lists)
        return f"notification:{self.type.value}:{self.is_default}:{about}"


Event = MessageReported | MessageWaits | AuthorizationAsked | Notification
"""All events there are."""
