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
        for key, limit in self._counters(user, source, now):
            count: bytes | None = await self._client.execute("GET", key)
            if int(count or 0) >= limit:
                return True
        return False

    async def add(self, user: Address, source: str, *, now: float) -> None:
        """Count a failure."""
        for key, _ in self._counters(user, source, now):
            await self._client.execute("INCR", key)
            await self._client.execute("EXPIRE", key, 2 * WINDOW_SECONDS)

    def _counters(self, user: Address, source: str, now: float) -> list[tuple[str, int]]:
        minute = int(now // WINDOW_SECONDS)
        by_account = f"{self._buckets.prefix_of(user)}failures:{user.canonical}:{minute}"
        # A source is no address of ours, but is spread over the buckets like one.
        prefix = self._buckets.prefix_of(Address(source))
        by_source = f"{prefix}source-failures:{source}:{minute}"
        return [(by_account, self._max_per_account), (by_source, self._max_per_source)]
