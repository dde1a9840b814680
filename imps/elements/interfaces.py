"""What the doors and the elements say to each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen
from zope.interface import Interface

from imps.model.address import Address
from imps.model.events import MessageReported, Notification
from imps.model.message import Draft, Message
from imps.model.presence import Attribute, Presence
from imps.model.status import Outcome, Refusal, StatusCode
from imps.store.work import Work


class IDelivery(Interface):
    """How an element tells a user something; implemented by the service access point."""

    async def deliver(to: Address, event: MessageReported, work_id: str) -> None:
        """Tell a user, now or at the next sign-on; once for each ``work_id``."""

    async def notify(to: Iterable[Address], notification: Notification, but: str = "") -> None:
        """Tell those sessions of users that asked to be told such things, but for that of one
        session id: the one that knows."""


class IRemotePresence(Interface):
    """The presence of the users of a partner, for users of ours."""

    async def get(
        caller: Caller, users: Sequence[Address], attributes: frozenset[Attribute]
    ) -> Got:
        """What users let the caller see; for each of them something, be it empty."""

    async def subscribe(
        caller: Caller, users: Sequence[Address], attributes: frozenset[Attribute]
    ) -> Outcome:
        """Have the caller told of users, in whatever session. What they let the caller see comes
        as an event, at once and when something changes."""

    async def unsubscribe(watcher: Address, users: Sequence[Address]) -> None:
        """Have a user of ours told of users no more; a partner that is away learns of it later."""


class IPresenceAbroad(Interface):
    """How the watchers of other domains are told that there is news of a publisher."""

    async def bring_news(publisher: Address, watcher: Address) -> None:
        """Have a watcher told of a publisher, as that then is, and as far as it then may be."""


class IWork(Interface):
    """How an element has work done that an operation has caused."""

    def begin(work: Work) -> None:
        """Do work while nobody waits for it; it is repeated until it is done."""


@frozen
class Caller:
    """Who asks for an operation: a user, in a session, by an application if that has a name. A user
    of another domain has no session here.

    ``operation_id`` is that of the request; a repeated request has the same one.
    """

    user: Address
    session_id: str
    operation_id: str = ""
    application: str = ""

    @property
    def subscriber(self) -> str:
        """Who is subscribed when this caller subscribes: the session, or the user of another
        domain."""
        return self.session_id or self.user.canonical


@frozen
class Sent:
    """A message that was handed in: its id, None if nobody gets it, and what became of it."""

    message_id: str | None
    outcome: Outcome


@frozen
class Got:
    """Presence that was asked for, and of whom there was none to be had."""

    presences: tuple[Presence, ...]
    outcome: Outcome


@frozen
class Waiting:
    """How many messages wait for a session, and the first of them, without their content."""

    count: int
    messages: tuple[Message, ...]


@frozen(kw_only=True)
class MessageLimits:
    """What a message may be: how long it is kept, how large it is, for how many."""

    validity_seconds: int
    max_validity_seconds: int
    max_content_octets: int
    max_recipients: int

    def check(self, draft: Draft) -> None:
        """Refuse a message that nobody could get, as it is (CSP, SendMessage)."""
        if not draft.recipients:
            raise Refusal(StatusCode.BAD_REQUEST, "no recipient")
        if len(draft.recipients) > self.max_recipients:
            raise Refusal(StatusCode.BAD_PARAMETER, f"more than {self.max_recipients} recipients")
        if draft.content.size > self.max_content_octets:
            raise Refusal(
                StatusCode.BAD_PARAMETER,
                f"the content is larger than {self.max_content_octets} octets",
            )


class IMessageSending(Interface):
    """What is asked of whoever serves the recipients of a message: this domain or a partner."""

    async def send(caller: Caller, draft: Draft) -> Sent:
        """Have a message stored for each of its recipients (CSP, SendMessage).

        It is stored when this returns. Refused where the message itself is at fault; what is wrong
        with single recipients is in the outcome.
        """


class IInstantMessaging(IMessageSending):
    """Instant messaging: on the store of this domain, or routed there and to partners."""

    async def fetch(session_id: str, message_id: str, with_large: bool = True) -> Message:
        """A message that waits for the user of a session; refused with 426 if there is none. Large
        content is read only if it is wanted."""

    async def link(session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        """Tokens by which the content of messages that wait for the user of a session can be had
        without one, the same each time (CSP, MessageURI); of those that there are."""

    async def linked(token: str) -> Message:
        """The message to which a token leads, which goes on waiting; refused with 426 if there is
        none, or none any more."""

    async def waiting(session_id: str, at_most: int | None = None) -> Waiting:
        """What waits for the user of a session and was not delivered yet (CSP, GetMessageList)."""

    async def reject(caller: Caller, message_ids: Sequence[str]) -> Outcome:
        """Dispose of messages that wait for the caller; their senders are told. Those that there
        are not are in the outcome, with 426 (CSP, RejectMessage)."""

    async def forward(
        caller: Caller, message_id: str, draft: Draft, through: IMessageSending | None = None
    ) -> Sent:
        """Send what waits for the caller on, instead of delivering it (CSP, ForwardMessage).

        The draft says to whom; ``through`` whom it is sent, if not by whoever keeps it. Refused
        with 426 if there is no such message.
        """
