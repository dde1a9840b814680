"""Sessions, in the bucket of their user: what is recorded of each, and how long it lives.

A record is octets to the store. What was asked within a session has an id of its own, an operation
id: the same octets under the same transaction id get the same one for a while, so that an operation
that is repeated can tell what it has done before.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from attrs import define, frozen

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets

OPERATION_SECONDS = 180


class Absence(Enum):
    """Why there is no session."""

    UNKNOWN = auto()
    EXPIRED = auto()


@frozen
class Asked:
    """A request that may come twice: its transaction id, a digest of its octets, and the id for it
    if it came for the first time."""

    transaction_id: str
    digest: str
    operation_id: str


@frozen
class Found:
    """A live session: its record, whether anything can be fetched, and the operation ids."""

    record: bytes
    has_waiting: bool
    operation_ids: tuple[str, ...]


@define(eq=False)
class Sessions:
    """The sessions of the home domains' users."""

    _client: StoreClient
    _buckets: Buckets

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
    ) -> None:
        """Open a session; one that the same client of the same user has ends."""
        await self._client.run(
            "open_session",
            [self._buckets.prefix_of(user)],
            session_id,
            user.canonical,
            client,
            repr(now),
            repr(float(lifetime_seconds)),
            repr(float(remember_seconds)),
            record,
        )

    async def check(
        self, session_id: str, asked: Sequence[Asked], *, now: float, resend_seconds: float
    ) -> Found | Absence:
        """Look up a session, and prolong its life, at a request."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return Absence.UNKNOWN
        reply = await self._client.run(
            "check_session",
            [self._buckets.prefix(bucket)],
            session_id,
            repr(now),
            OPERATION_SECONDS,
            repr(float(resend_seconds)),
            *(
                part
                for each in asked
                for part in (each.transaction_id, each.digest, each.operation_id)
            ),
        )
        if isinstance(reply, int):
            return Absence.EXPIRED if reply else Absence.UNKNOWN
        record, waiting, *operation_ids = reply
        return Found(record, bool(waiting), tuple(each.decode() for each in operation_ids))

    async def change(
        self, session_id: str, record: bytes, *, now: float, lifetime_seconds: float
    ) -> bool:
        """Replace the record of a session; False when there is no such session."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return False
        prefix = self._buckets.prefix(bucket)
        lifetime = repr(float(lifetime_seconds))
        return bool(
            await self._client.run(
                "change_session", [prefix], session_id, repr(now), record, lifetime
            )
        )

    async def end(self, session_id: str) -> bool:
        """End a session; False when there is no such session."""
        bucket = self._buckets.of_session(session_id)
        if bucket is None:
            return False
        return bool(
            await self._client.run("end_session", [self._buckets.prefix(bucket)], session_id)
        )
