"""How often signing on failed of late, by account and by source; counted by the minute."""

from __future__ import annotations

from attrs import define

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets

WINDOW_SECONDS = 60


@define(eq=False)
class LoginFailures:
    """Counts failures, and tells who has had too many in the present minute."""

    _client: StoreClient
    _buckets: Buckets
    _max_per_account: int
    _max_per_source: int

    async def are_too_many(self, user: Address, source: str, *, now: float) -> bool:
        """Whether this user, who need not exist, or this source has to wait."""
        for key, limit in (
            (self._account_key(user, now), self._max_per_account),
            (self._source_key(source, now), self._max_per_source),
        ):
            count: bytes | None = await self._client.execute("GET", key)
            if int(count or 0) >= limit:
                return True
        return False

    async def begin(self, user: Address, *, now: float) -> bool:
        """Count a try as failed until it has succeeded; whether it may be made.

        Counting before the password is checked bounds tries made at one time as well.
        """
        count: int = await self._add(self._account_key(user, now))
        return count <= self._max_per_account

    async def succeed(self, user: Address, *, now: float) -> None:
        """The try that began then was no failure."""
        await self._client.execute("DECR", self._account_key(user, now))

    async def fail(self, source: str, *, now: float) -> None:
        """A try from this source failed.

        Sources are counted afterwards, for thousands may sign on at one time behind a gateway.
        """
        await self._add(self._source_key(source, now))

    async def _add(self, key: str) -> int:
        count: int = await self._client.execute("INCR", key)
        await self._client.execute("EXPIRE", key, 2 * WINDOW_SECONDS)
        return count

    def _account_key(self, user: Address, now: float) -> str:
        return f"{self._buckets.prefix_of(user)}failures:{user.canonical}:{_minute(now)}"

    def _source_key(self, source: str, now: float) -> str:
        # A source is no address of ours, but is spread over the buckets like one.
        prefix = self._buckets.prefix_of(Address(source))
        return f"{prefix}source-failures:{source}:{_minute(now)}"


def _minute(now: float) -> int:
    return int(now // WINDOW_SECONDS)
