"""Sessions: who is signed on, with which client, and what was agreed; whatever the door."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from attrs import define, evolve, field, frozen
from cattrs import Converter
from twisted.internet.interfaces import IReactorTime

from imps.elements.interfaces import Caller, IWork
from imps.model.address import Address
from imps.model.capability import Bearer, Capabilities
from imps.model.notice import NotificationType
from imps.model.status import Refusal, StatusCode
from imps.store.keys import Buckets
from imps.store.sessions import Asked, Looked, Opened, Operation
from imps.store.sessions import Sessions as StoredSessions

UNKNOWN = Capabilities()
"""What a client can before it says so."""


class Texted(Enum):
    """How a session whose client is told by text gets messages: copies of what others get, too, or
    last what no others take."""

    COPIES = "copies"
    LAST = "last"


@frozen(kw_only=True)
class Session:
    """A session of a user's client; ``door`` is what the door that opened it needs to know.

    ``granted`` are the functions that its user may have, ``services`` those agreed; None is all of
    them, as before they are negotiated. ``notifications`` are the kinds that it asked for. One that
    ``is_absent`` is there to get messages alone: to others, its user is off line.
    """

    id: str
    user: Address
    client: str
    time_to_live_seconds: int
    capabilities: Capabilities = field(factory=Capabilities)
    granted: frozenset[str] | None = None
    services: frozenset[str] | None = None
    notifications: frozenset[NotificationType] = frozenset()
    door: dict[str, Any] = field(factory=dict)
    texted: Texted | None = None
    is_absent: bool = False

    def caller(self, operation_id: str = "") -> Caller:
        """The user of this session as one who asks for an operation."""
        return Caller(self.user, self.id, operation_id, self.application)

    @property
    def application(self) -> str:
        """The application behind its client, '' where that has said nothing of it."""
        return "".join(self.client.split("\n")[2:])

    def has(self, *functions: str) -> bool:
        """Whether any of these functions was agreed, and the user may have it."""
        return any(
            (self.granted is None or function in self.granted)
            and (self.services is None or function in self.services)
            for function in functions
        )

    def as_of(self, record: bytes) -> Session:
        """This session with what was agreed in a record of it from before."""
        then = session_of(self.id, record)
        return evolve(
            self, capabilities=then.capabilities, services=then.services, granted=then.granted
        )

    @property
    def _asks(self) -> Iterator[str]:
        if self.has("REACT"):
            yield "REACT"
        if NotificationType.AUTHORIZATION_NEEDED_FOR_A_USER in self.notifications:
            yield "ANU"

    @property
    def _is_told_off_line(self) -> bool:
        agreed = self.services is not None and self.has("OFFNOTIF")
        return agreed and Bearer.SMS in self.capabilities.offline_bearers

    @property
    def fields(self) -> dict[str, str]:
        """What the store has to know: how it takes messages, its priority and handling and whether
        it can be notified of them, if it takes any; what it rejects above which size; whether it
        takes reports; of which kinds it takes notifications; how it asks its user who may see what,
        if it does; what becomes of messages while nobody is signed on, if it said so, and whether
        its user is told of them then; of what type its client is; and whether that is told by
        text, or the user absent."""
        agreed = self.capabilities
        messaging = [str(agreed.priority), agreed.online_handling.value]
        if self.has("NOTIF"):
            messaging.append("NOTIF")
        return {
            "messaging": " ".join(messaging) if self.has("NEWM", "NOTIF") else "",
            "rejects": " ".join(f"{named} {most}" for named, most in agreed.rejected.items()),
            "takes_reports": "1" if self.has("MDELIV") else "",
            "notifications": " ".join(sorted(each.value for each in self.notifications)),
            "asks": " ".join(self._asks),
            "offline_handling": agreed.offline_handling.value if agreed.offline_handling else "",
            "offline_notices": "1" if self._is_told_off_line else "",
            "client_type": agreed.client_type.value if agreed.client_type else "",
            "texted": self.texted.value if self.texted else "",
            "absent": "1" if self.is_absent else "",
        }


@frozen
class Present:
    """A live session, whether anything waits for it, and what it asked."""

    session: Session
    has_waiting: bool
    operations: tuple[Operation, ...] = ()


class AnsweredBefore(Exception):
    """A request was answered before, in a session that is over by now: with this answer."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("answered before")
        self.answer = answer


@frozen(kw_only=True)
class SessionLimits:
    """How long sessions live without a request, and how long they are remembered after that."""

    time_to_live_seconds: int
    min_time_to_live_seconds: int
    max_time_to_live_seconds: int
    grace_seconds: int
    remember_seconds: int

    def time_to_live(self, wanted: int | None) -> int:
        """The time to live, within bounds, that a client gets which wants this one."""
        if wanted is None:
            return self.time_to_live_seconds
        return max(self.min_time_to_live_seconds, min(wanted, self.max_time_to_live_seconds))


@define(eq=False)
class Sessions:
    """The sessions of this service access point; any process serves any of them."""

    _stored: StoredSessions
    _buckets: Buckets
    _clock: IReactorTime
    _limits: SessionLimits
    _work: IWork

    async def open(
        self,
        user: Address,
        client: str,
        time_to_live_seconds: int | None,
        door: dict[str, Any],
        granted: frozenset[str] | None = None,
        *,
        capabilities: Capabilities = UNKNOWN,
        texted: Texted | None = None,
        is_absent: bool = False,
    ) -> Session:
        """Open a session for a user who is who they say; the same client's old session ends.

        Refused with 403 when the user has been suspended or deleted meanwhile, and with 503 when
        other clients have as many sessions as the user may have.
        """
        session = Session(
            id=f"{self._buckets.of(user):02}{secrets.token_hex(16)}",
            user=user,
            client=client,
            time_to_live_seconds=self._limits.time_to_live(time_to_live_seconds),
            granted=granted,
            door=door,
            capabilities=capabilities,
            texted=texted,
            is_absent=is_absent,
        )
        opened, work = await self._stored.open(
            session.id,
            user,
            client,
            _packed(session),
            now=self._clock.seconds(),
            lifetime_seconds=self._lifetime(session),
            remember_seconds=self._limits.remember_seconds,
            fields=session.fields,
        )
        if opened is Opened.TOO_MANY:
            raise Refusal(StatusCode.SERVICE_UNAVAILABLE, "too many sessions of this user")
        if opened is Opened.NO_SUCH_USER:
            raise Refusal(StatusCode.FORBIDDEN, "the account is suspended")
        if work is not None:
            self._work.begin(work)
        return session

    async def resume(
        self,
        session_id: str,
        user: Address,
        client: str,
        time_to_live_seconds: int | None,
        door: dict[str, Any],
        granted: frozenset[str] | None = None,
    ) -> Session | None:
        """The session that a client wants to go on with; None when it is gone.

        What was agreed and what waits stays. Refused with 422 when it is not that client's.
        """
        try:
            before = (await self.check(session_id)).session
        except Refusal as refusal:
            if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                raise
            return None
        if before.user != user or before.client != client:
            raise Refusal(StatusCode.USER_AND_CLIENT_DO_NOT_MATCH, "not a session of this client")
        time_to_live = self._limits.time_to_live(time_to_live_seconds)
        return await self._change(
            before, is_back=True, time_to_live_seconds=time_to_live, door=door, granted=granted
        )

    async def check(
        self,
        session_id: str,
        asked: Sequence[tuple[str, str]] = (),
        *,
        polls: bool = False,
        answers_later: bool = False,
        messages: int = 0,
    ) -> Present:
        """The session of a request, whose life it prolongs (CSP, implicit keep-alive), and which
        sends so many messages.

        ``asked`` are the transactions that must not be done twice: transaction id and a digest of
        the request. With ``answers_later``, whoever asks will say when it is answered. Refused with
        600 when the session has expired, 601 when the server ended it, 604 when there is none, and
        503 when it asks too often. Raises AnsweredBefore in a session that is over, for what was
        answered in it.
        """
        found = await self._stored.check(
            session_id,
            [Asked(each, digest, secrets.token_hex(16)) for each, digest in asked],
            now=self._clock.seconds(),
            polls=polls,
            answers_later=answers_later,
            messages=messages,
        )
        if isinstance(found, StatusCode):
            raise absence(found)
        if not found.record:
            raise AnsweredBefore(found.operations[0].answer)
        session = session_of(session_id, found.record)
        return Present(session, found.has_waiting, found.operations)

    async def finish(
        self,
        session: Session,
        operations: Sequence[tuple[str, str]],
        answers: tuple[bytes, bytes] | None,
    ) -> bool:
        """Requests that were to be answered later are, each named by its transaction and operation
        id: whether anything waits by now.

        Their answer, the first if nothing waits and else the other, is kept for a repetition.
        """
        now = self._clock.seconds()
        return await self._stored.finish(session.id, operations, answers, now=now)

    async def look(self, session_id: str, channel: str = "") -> tuple[Session, Looked]:
        """The session of a client to which there is a channel, for whoever holds that, and what
        tells whether to wake the client.

        Refused like ``check``; it does not prolong the life of the session. If the client has come
        back by a ``channel``, what is in flight to it is sent again, and older channels are over.
        """
        found = await self._stored.look(session_id, now=self._clock.seconds(), channel=channel)
        if isinstance(found, StatusCode):
            raise absence(found)
        return session_of(session_id, found.record), found

    async def agree(
        self,
        session: Session,
        *,
        capabilities: Capabilities | None = None,
        services: frozenset[str] | None = None,
        notifications: frozenset[NotificationType] | None = None,
        texted: Texted | None = None,
    ) -> Session:
        """Record what was negotiated."""
        agreed: dict[str, Any] = {
            "capabilities": capabilities,
            "services": services,
            "notifications": notifications,
            "texted": texted,
        }
        return await self._change(
            session, **{name: value for name, value in agreed.items() if value is not None}
        )

    async def keep_alive(self, session: Session, time_to_live_seconds: int) -> Session:
        """Agree on another time to live, within bounds."""
        time_to_live = self._limits.time_to_live(time_to_live_seconds)
        return await self._change(session, time_to_live_seconds=time_to_live)

    async def close(self, session: Session) -> None:
        """End a session, with all that ends with it."""
        for work in await self._stored.end(session.id, now=self._clock.seconds()) or ():
            self._work.begin(work)

    async def say_goodbye(self, session_id: str, is_known: bool = False) -> bool:
        """Whether the client of a session that the server ended is to be told so, unless that
        ``is_known`` (CSP, Disconnect)."""
        return await self._stored.say_goodbye(session_id, is_known=is_known)

    async def _change(self, session: Session, is_back: bool = False, **said: Any) -> Session:
        """Change some of what is recorded; what others have changed meanwhile stays."""
        before = _packed(session)
        while True:
            changed = evolve(session, **said)
            record = _packed(changed)
            there = await self._stored.change(
                session.id,
                before,
                record,
                now=self._clock.seconds(),
                lifetime_seconds=self._lifetime(changed),
                fields=changed.fields,
                is_back=is_back,
            )
            if there is None:
                raise Refusal(StatusCode.INVALID_SESSION, "there is no such session")
            if there == record:
                return changed
            before, session = there, session_of(session.id, there)

    def _lifetime(self, session: Session) -> int:
        return session.time_to_live_seconds + self._limits.grace_seconds


_ABSENCES = {
    StatusCode.SESSION_EXPIRED: "the session has expired",
    StatusCode.FORCED_LOGOUT: "the session was ended",
    StatusCode.INVALID_SESSION: "there is no such session",
    StatusCode.SERVICE_UNAVAILABLE: "too many requests, try again later",
}


def absence(code: StatusCode) -> Refusal:
    """Why a request is not served that needs a session."""
    return Refusal(code, _ABSENCES[code])


_CONVERTER = Converter(omit_if_default=True)


def _packed(session: Session) -> bytes:
    """The record of a session: all of it but its id."""
    fields = {
        "user": str(session.user),
        "client": session.client,
        "time_to_live": session.time_to_live_seconds,
        "capabilities": _CONVERTER.unstructure(session.capabilities),
        "granted": None if session.granted is None else sorted(session.granted),
        "services": None if session.services is None else sorted(session.services),
        "notifications": " ".join(sorted(each.value for each in session.notifications)),
        "door": session.door,
    }
    if session.texted is not None:
        fields["texted"] = session.texted.value
    if session.is_absent:
        fields["absent"] = True
    return json.dumps(fields, separators=(",", ":")).encode()


@lru_cache(maxsize=10_000)
def session_of(session_id: str, record: bytes) -> Session:
    """A session from its record."""
    # Cached, as every request asks for it and it hardly changes.
    fields = json.loads(record)
    return Session(
        id=session_id,
        user=Address.parse(fields["user"]),
        client=fields["client"],
        time_to_live_seconds=fields["time_to_live"],
        capabilities=_capabilities(json.dumps(fields["capabilities"])),
        granted=_functions(fields["granted"]),
        services=_functions(fields["services"]),
        notifications=_notifications(fields["notifications"]),
        door=fields["door"],
        texted=Texted(fields["texted"]) if "texted" in fields else None,
        is_absent="absent" in fields,
    )


# Clients of one kind agree on the same: what they agree on is kept once, not with each session.


def _functions(named: list[str] | None) -> frozenset[str] | None:
    return None if named is None else _same_functions(" ".join(named))


@lru_cache(maxsize=1000)
def _notifications(named: str) -> frozenset[NotificationType]:
    return frozenset(map(NotificationType, named.split()))


@lru_cache(maxsize=1000)
def _same_functions(named: str) -> frozenset[str]:
    return frozenset(named.split())


@lru_cache(maxsize=1000)
def _capabilities(packed: str) -> Capabilities:
    return _CONVERTER.structure(json.loads(packed), Capabilities)
