"""Sessions, in the bucket of their user: what is recorded of each, and how long it lives.

A record is octets to the store. What was asked within a session has an id of its own, an operation
id: the same octets under the same transaction id get the same one for a while, so that an operation
that is repeated can tell what it has done before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from attrs import define, frozen

from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.work import LEASE_SECONDS, Work

ANSWERS_KEPT = 4
GOODBYES = 3


class Opened(Enum):
    """Whether a session was opened; not for users that have been suspended or deleted."""

    YES = 1
    NO_SUCH_USER = 0
    TOO_MANY = -1


@frozen
class Asked:
    """A request that may come twice: its transaction id, a digest of its octets, and the id for it
    if it came for the first time."""

    transaction_id: str
    digest: str
    operation_id: str


@frozen
class Operation:
    """What was asked, by its id, and the answer it got if it was asked before and that is kept.

    There is no id while another request of the same transaction id is being carried out.
    """

    id: str
    answer: bytes = b""


@frozen
class Found:
    """A live session: its record, whether anything can be fetched, and what was asked.

    Without a record, the session is over, and what was asked was answered before.
    """

    record: bytes
    has_waiting: bool
    operations: tuple[Operation, ...]


@frozen(kw_only=True)
class Looked:
    """A live session for whoever holds a channel to its client: its record, whether anything can be
    fetched, when the client last polled, since when a request of it is being answered whose answer
    will say whether anything waits, when the answer to the last one said that something does, and
    when something in flight will be sent again."""

    record: bytes
    has_waiting: bool
    polled_at: float
    answering_since: float | None
    told_at: float | None
    repetition_at: float | None
    channel: str


@define(eq=False)
class Sessions:
    """The sessions of the home domains' users.

    What is in flight to a client is sent again after ``resend_seconds``. What scripts have to know
    of a session stands beside its record, in fields of its own: how it takes ``messaging``, its
    priority and handling and perhaps NOTIF, nothing where it takes none; whether it
    ``takes_reports``; of which kinds it takes ``notifications``; how it ``asks`` its user who may
    see what, by REACT or ANU, if it does; its ``offline_handling``, if it said so, which is the
    user's from then on; and its ``client_type``. One whose client is ``texted`` is told by text
    what waits for it: "copies" of what others get, too, or what comes to it "last". One that is
    ``absent`` leaves its user off line to others.
    """

    _client: StoreClient
    _buckets: Buckets
    _resend_seconds: float
    requests_per_second: int
    _most_of_a_user: int
    _messages_per_second: int = 0

    async def open(
        self,
        session_id: str,
        user: Address,
        client: str,
        record: bytes,
        *,
        now: float,
        lifetime_seconds: float,
        remember_seconds: float,
        fields: Mapping[str, str],
    ) -> tuple[Opened, Work | None]:
        """Open a session; one that the same client of the same user has ends with 601.

        With it comes the work of telling those who watch the user.
        """
        reply = await self._client.run(
            "open_session",
            [self._buckets.prefix_of(user)],
            session_id,
            user.canonical,
            client,
            repr(now),
            repr(float(lifetime_seconds)),
            repr(float(remember_seconds)),
            record,
            int(StatusCode.FORCED_LOGOUT),
            int(StatusCode.SESSION_EXPIRED),
            self._most_of_a_user,
            repr(now + LEASE_SECONDS),
            *(part for field in fields.items() for part in field),
        )
        if isinstance(reply, int):
            return Opened(reply), None
        return Opened.YES, Work.unpacked(self._buckets.of(user), reply) if reply else None

    async def check(
        self,
        session_id: str,
        asked: Sequence[Asked],
        *,
        now: float,
        polls: bool = False,
        answers_later: bool = False,
        messages: int = 0,
    ) -> Found | StatusCode:
        """Look up a session, and prolong its life, at a request, which sends so many messages.

        With ``answers_later``, the answer will say at its end whether anything waits: the client
        need not be woken until then. A code says why there is no session: 600 expired, 601 ended by
        the server, else 604; or 503, as it asks too often.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return StatusCode.INVALID_SESSION
        most_messages = self._messages_per_second or self.requests_per_second
        of_a_message = self.requests_per_second / most_messages
        reply = await self._client.run(
            "check_session",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            int(polls),
            int(answers_later),
            self.requests_per_second,
            repr(max(1.0, messages * of_a_message)),
            repr(float(self._resend_seconds)),
            *(
                part
                for each in asked
                for part in (each.transaction_id, each.digest, each.operation_id)
            ),
        )
        return why_not(reply) if isinstance(reply, int) else _found_in(reply)

    async def of(self, user: Address) -> list[str]:
        """The ids of the sessions that a user has."""
        key = f"{self._buckets.prefix_of(user)}sessions:{user.canonical}"
        return [each.decode() for each in await self._client.execute("HVALS", key)]

    async def finish(
        self,
        session_id: str,
        operations: Sequence[tuple[str, str]],
        answers: tuple[bytes, bytes] | None,
        *,
        now: float,
    ) -> bool:
        """Requests are answered, each named by its transaction and operation id: whether anything
        waits for the session by now.

        The answer to the message is kept for a repetition, the first if nothing waits, else the
        other; none if it is not to be kept. The latest few are, also when the session is over.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return False
        is_kept = answers is not None and operations[0][0].isprintable()
        return bool(
            await self._client.run(
                "finish_request",
                [self._buckets.prefix(bucket)],
                session_id,
                repr(now),
                repr(float(self._resend_seconds)),
                *(answers if answers and is_kept else (b"", b"")),
                ANSWERS_KEPT,
                *(part for operation in operations for part in operation),
            )
        )

    async def look(self, session_id: str, *, now: float, channel: str = "") -> Looked | StatusCode:
        """Look at a session without prolonging its life; a code says why there is none.

        If its client has come back by a ``channel``, what is in flight to it is sent again.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return StatusCode.INVALID_SESSION
        reply = await self._client.run(
            "look_at_session",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            repr(float(self._resend_seconds)),
            channel,
        )
        if isinstance(reply, int):
            return why_not(reply)
        record, waiting, polled, answering, told, repetition, last_channel = reply
        return Looked(
            record=record,
            has_waiting=bool(waiting),
            polled_at=float(polled or 0),
            answering_since=float(answering) if answering else None,
            told_at=float(told) if told else None,
            repetition_at=float(repetition) if repetition else None,
            channel=last_channel.decode(),
        )

    async def change(
        self,
        session_id: str,
        before: bytes,
        record: bytes,
        *,
        now: float,
        lifetime_seconds: float,
        fields: Mapping[str, str],
        is_back: bool = False,
    ) -> bytes | None:
        """Put a record in the place of the one before; the record that there is then, which is
        another one if somebody else has changed it, and None when there is no such session.

        If its client ``is_back`` after an absence, what is in flight to it is sent again.
        """
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return None
        reply = await self._client.run(
            "change_session",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            record,
            repr(float(lifetime_seconds)),
            int(is_back),
            before,
            *(part for field in fields.items() for part in field),
        )
        if isinstance(reply, bytes):
            return reply
        return record if reply else None

    async def end(self, session_id: str, *, now: float) -> list[Work] | None:
        """End a session; the work that this causes, None when there is no such session."""
        lease = repr(now + LEASE_SECONDS)
        records = await self._about("end_session", session_id, repr(now), lease)
        if not isinstance(records, list):
            return None
        bucket = self._buckets.of_session(session_id) or 0
        return [Work.unpacked(bucket, record) for record in records if record]

    async def say_goodbye(self, session_id: str, *, is_known: bool = False) -> bool:
        """Whether the client of a session that the server ended is to be told so.

        It is until that ``is_known``, a few times at most; after that there is no such session.
        """
        return bool(await self._about("say_goodbye", session_id, 0 if is_known else GOODBYES))

    async def _about(self, script: str, session_id: str, *arguments: str | int) -> object:
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return 0
        return await self._client.run(
            script, [self._buckets.prefix(bucket)], session_id, *arguments
        )


def _found_in(reply: list[Any]) -> Found:
    record, waiting, *rest = reply
    pairs = zip(rest[::2], rest[1::2], strict=True)
    operations = tuple(Operation(each.decode(), answer) for each, answer in pairs)
    return Found(record, bool(waiting), operations)


_WHY_NOT = {
    0: StatusCode.INVALID_SESSION,
    1: StatusCode.SERVICE_UNAVAILABLE,
    2: StatusCode.SESSION_EXPIRED,
}


def why_not(reply: int) -> StatusCode:
    """Why a request of a session is not served, from what a script says."""
    return _WHY_NOT.get(reply) or StatusCode(reply)
