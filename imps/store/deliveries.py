"""What is sent to a session next, events and messages, and what its client says to that."""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import define, field, frozen

from imps.model.address import Address
from imps.model.events import Event
from imps.model.message import Message
from imps.model.presence import Attribute, attributes_named
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.connection import Argument
from imps.store.endings import Ending
from imps.store.keys import Buckets
from imps.store.packing import unpacked_event, unpacked_message
from imps.store.sessions import Sessions, why_not
from imps.store.work import LEASE_SECONDS, Work


class Acknowledgement(Enum):
    """What is said of what was sent: that a client has what is in flight under a transaction id,
    that it does not want that, or is not sent it, or that it has the message of an id; or that this
    is on its way to a phone, and what became of it is said later (``Phones.settle``)."""

    NONE = ""
    TRANSACTION = "transaction"
    REFUSED = "refused"
    MESSAGE = "message"
    HANDED = "handed"


@frozen
class Said:
    """What a client says of what it was sent: under which transaction id, and of which message, if
    of one."""

    acknowledgement: Acknowledgement = Acknowledgement.NONE
    transaction_id: str = ""
    message_id: str = ""


@frozen
class News:
    """A publisher of whom a session is to be told, by which name it knows that one, which
    attributes, and which it has asked for."""

    publisher: Address
    name: Address
    attributes: frozenset[Attribute]
    asked: frozenset[Attribute]


@frozen
class InFlight:
    """What is on its way to a session, and under which transaction id; a message also since when,
    the first time that it was sent, and the session's record of then if it has changed; and news
    the telephone number of whom they are for, if there is one."""

    transaction_id: str
    what: Message | Event | tuple[News, ...]
    since: float = 0.0
    record: bytes = b""
    msisdn: str | None = None


@frozen
class Taken:
    """What a session is to be sent next, if anything, whether more waits behind that, whether an
    acknowledgement meant something, what it has caused, and the message that it was the first
    for."""

    acknowledged: bool
    has_more: bool
    in_flight: InFlight | None = None
    work: Work | None = None
    ending: Ending | None = None


@define(eq=False)
class Deliveries:
    """What waits for the sessions of the home domains' users.

    What is not acknowledged is sent again after ``resend_seconds``, ``max_tries`` times.
    """

    _client: StoreClient
    _buckets: Buckets
    _sessions: Sessions
    _resend_seconds: float
    _max_tries: int
    _settings: tuple[Argument, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        resend_seconds = repr(float(self._resend_seconds))
        self._settings = (resend_seconds, self._max_tries, LEASE_SECONDS, int(StatusCode.OK))

    async def take(
        self,
        session_id: str,
        *,
        now: float,
        acknowledgement: Acknowledgement = Acknowledgement.NONE,
        acknowledged: str = "",
        message_id: str = "",
        wanted: bool = True,
    ) -> Taken:
        """Take an acknowledgement and then, if wanted, what is due to a session next.

        Events come before messages. One message is in flight at a time. What is not acknowledged
        for a while is sent again as it was, under its transaction id; after some tries an event is
        dropped, and a message left to the user's next session. Who says to have a message under a
        transaction id names it; if that is not what is in flight, nothing is sent.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return Taken(acknowledged=False, has_more=False)
        said = Said(acknowledgement, acknowledged, message_id)
        reply = await self._client.run(
            "deliver",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            int(wanted),
            *self._delivery_of(said),
        )
        return _taken(bucket, reply)

    async def poll(
        self, session_id: str, said: Said, *, now: float, polls: bool
    ) -> tuple[bytes, Taken] | StatusCode:
        """The record of a session, at a request that wants what is due to it next and nothing else;
        take what that says, and prolong the session's life. One step, as clients ask for nothing as
        often. A code says why there is no session, as where it is looked up for other requests."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return StatusCode.INVALID_SESSION
        reply = await self._client.run(
            "poll",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            int(polls),
            self._sessions.requests_per_second,
            *self._delivery_of(said),
        )
        if isinstance(reply, int):
            return why_not(reply)
        record, taken = reply
        return record, _taken(bucket, taken)

    def _delivery_of(self, said: Said) -> tuple[Argument, ...]:
        """What scripts that deliver take last."""
        acknowledgement = said.acknowledgement.value
        return *self._settings, acknowledgement, said.transaction_id, said.message_id


def _taken(bucket: int, reply: list[Any]) -> Taken:
    done, more, caused, ended, *sent = reply
    work = Work.unpacked(bucket, caused) if caused else None
    ending = Ending.unpacked(ended) if ended else None
    return Taken(bool(done), bool(more), _in_flight(sent) if sent else None, work, ending)


def _in_flight(sent: list[bytes]) -> InFlight:
    if sent[0] == b"news":
        return InFlight(sent[1].decode(), _news(sent[2]), msisdn=sent[3].decode() or None)
    if sent[0] == b"event":
        return InFlight(sent[1].decode(), unpacked_event(sent[2]))
    _, transaction_id, since, record, message_id, head, content = sent
    message = unpacked_message(message_id.decode(), head, content)
    return InFlight(transaction_id.decode(), message, float(since), record)


def _news(told: bytes) -> tuple[News, ...]:
    lines = (line.split("\t") for line in told.decode().split("\n"))
    return tuple(
        News(
            Address.parse(publisher),
            Address.parse(name),
            attributes_named(names),
            attributes_named(asked),
        )
        for publisher, names, asked, name in lines
    )
