"""Messages that wait for their recipients, each stored once, in order of arrival; and what is sent
to a session next, messages and events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.events import Event
from imps.model.message import Message
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import packed, report_packed, unpacked_event, unpacked_message
from imps.store.sessions import MAX_EVENTS_IN_FLIGHT
from imps.store.work import LEASE_SECONDS, Work

CHUNK = 100
REMEMBER_SECONDS = 300


class Stored(Enum):
    """What became of a message for one recipient."""

    YES = 1
    NO_SUCH_USER = 0
    QUEUE_FULL = -1


class Acknowledgement(Enum):
    """What a client says about a message: that it has what is in flight under a transaction id,
    that it knows that this may be fetched, that it does not want it, or that it has the message of
    an id."""

    NONE = ""
    TRANSACTION = "transaction"
    NOTIFIED = "notified"
    REFUSED = "refused"
    MESSAGE = "message"


@frozen
class InFlight:
    """What is on its way to a session, and under which transaction id; a message also since when,
    the first time that it was sent, and the session's record of then if it has changed."""

    transaction_id: str
    what: Message | Event
    since: float = 0.0
    record: bytes = b""


@frozen
class Delivery:
    """What a session is to be sent next, if anything, whether more waits behind that, whether an
    acknowledgement meant something, and what it has caused."""

    acknowledged: bool
    has_more: bool
    in_flight: InFlight | None = None
    work: Work | None = None


@define(eq=False)
class Messages:
    """The messages that wait for the users of the home domains."""

    _client: StoreClient
    _buckets: Buckets
    _max_waiting: int
    _max_waiting_octets: int
    _resend_seconds: float
    _max_tries: int

    async def store(
        self, message: Message, recipients: Sequence[Address], *, now: float
    ) -> list[Stored]:
        """Store a message for each recipient, once: a repetition of the same id does nothing."""
        by_bucket: defaultdict[int, list[Address]] = defaultdict(list)
        for recipient in dict.fromkeys(recipients):
            by_bucket[self._buckets.of(recipient)].append(recipient)
        head, content = packed(message)
        outcomes: dict[Address, Stored] = {}
        for bucket, users in by_bucket.items():
            for start in range(0, len(users), CHUNK):
                chunk = users[start : start + CHUNK]
                reply = await self._client.run(
                    "store_messages",
                    [self._buckets.prefix(bucket)],
                    message.message_id,
                    repr(now),
                    repr(message.expires_at),
                    head,
                    content,
                    self._max_waiting,
                    self._max_waiting_octets,
                    REMEMBER_SECONDS,
                    report_packed(message) if message.wants_report else b"",
                    *(user.canonical for user in chunk),
                )
                outcomes.update(zip(chunk, map(Stored, reply), strict=True))
        return [outcomes[recipient] for recipient in recipients]

    async def deliver(
        self,
        session_id: str,
        *,
        now: float,
        acknowledgement: Acknowledgement = Acknowledgement.NONE,
        acknowledged: str = "",
        wanted: bool = True,
    ) -> Delivery:
        """Take an acknowledgement and then, if wanted, what is due to a session next.

        Events come before messages. One message is in flight at a time. What is not acknowledged
        for a while is sent again as it was, under its transaction id; after some tries an event is
        dropped, and a message left to the user's next session.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return Delivery(acknowledged=False, has_more=False)
        done, more, caused, *sent = await self._client.run(
            "deliver",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            acknowledgement.value,
            acknowledged,
            int(wanted),
            repr(float(self._resend_seconds)),
            self._max_tries,
            MAX_EVENTS_IN_FLIGHT,
            repr(now + LEASE_SECONDS),
            int(StatusCode.OK),
        )
        work = Work.unpacked(bucket, caused) if caused else None
        return Delivery(bool(done), bool(more), _in_flight(sent) if sent else None, work)

    async def fetch(self, session_id: str, message_id: str, *, now: float) -> Message | None:
        """A message that waits for the user of a session, if it is for this session, too.

        It goes on waiting until it is acknowledged.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return None
        found = await self._client.run(
            "fetch_message", [self._buckets.prefix(bucket)], session_id, repr(now), message_id
        )
        return unpacked_message(message_id, *found) if found else None


def _in_flight(sent: list[bytes]) -> InFlight:
    if sent[0] == b"event":
        return InFlight(sent[1].decode(), unpacked_event(sent[2]))
    _, transaction_id, since, record, message_id, head, content = sent
    message = unpacked_message(message_id.decode(), head, content)
    return InFlight(transaction_id.decode(), message, float(since), record)
