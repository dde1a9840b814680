"""Messages that wait for their recipients, each stored once, in order of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.message import Message
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import packed, unpacked_message

CHUNK = 100
REMEMBER_SECONDS = 300


class Stored(Enum):
    """What became of a message for one recipient."""

    YES = 1
    NO_SUCH_USER = 0
    QUEUE_FULL = -1


class Acknowledgement(Enum):
    """What a client says about a message: that it has what is in flight under a transaction id,
    that it does not want that, or that it has the message of an id."""

    NONE = ""
    TRANSACTION = "transaction"
    REFUSED = "refused"
    MESSAGE = "message"


@frozen
class InFlight:
    """A message on its way to a session: under which transaction id, and since when."""

    transaction_id: str
    since: float
    message: Message


@frozen
class Delivery:
    """The next message of a session, if there is one, whether more wait behind it, and whether an
    acknowledgement meant something."""

    acknowledged: bool
    has_more: bool
    in_flight: InFlight | None = None


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
        """Take an acknowledgement and then, if wanted, the next message that is due for a session.

        One message is in flight at a time. It is sent again, under its transaction id, when it was
        not acknowledged for a while, and left to the user's next session after some tries.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return Delivery(acknowledged=False, has_more=False)
        done, more, *flight = await self._client.run(
            "deliver_message",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            acknowledgement.value,
            acknowledged,
            int(wanted),
            repr(float(self._resend_seconds)),
            self._max_tries,
        )
        in_flight = None
        if flight:
            transaction_id, since, message_id, head, content = flight
            message = unpacked_message(message_id.decode(), head, content)
            in_flight = InFlight(transaction_id.decode(), float(since), message)
        return Delivery(bool(done), bool(more), in_flight)
