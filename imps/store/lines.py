"""Lines: connections on which users write to us, in any process, and which of them has a user.

``line:<user>`` holds the id of the line that its user came by last. It is forgotten soon after the
process that has the line no longer says that it is there. An id begins with the user's bucket, as
that of a session does, and is what a line is woken by.
"""

from __future__ import annotations

from secrets import token_hex

from attrs import define

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets

KEPT_SECONDS = 60
"""For how long a line has its user if it says nothing."""


@define(eq=False)
class StoredLines:
    """The lines of the home domains' users."""

    _client: StoreClient
    _buckets: Buckets

    def new_id(self, user: Address) -> str:
        """What a line for a user is called."""
        return f"{self._buckets.of(user):02}{token_hex(16)}"

    async def take(self, user: Address, line_id: str) -> str:
        """From now on this line has the user; the one that did before, '' for none."""
        key = f"{self._buckets.prefix_of(user)}line:{user.canonical}"
        before: bytes | None = await self._client.execute(
            "SET", key, line_id, "EX", KEPT_SECONDS, "GET"
        )
        return (before or b"").decode()

    async def keep(self, user: Address, line_id: str) -> bool:
        """Say that a line is still there; False if another one has its user."""
        prefix = self._buckets.prefix_of(user)
        kept = await self._client.run("keep_line", [prefix], user.canonical, line_id, KEPT_SECONDS)
        return bool(kept)

    async def leave(self, user: Address, line_id: str) -> bool:
        """A line is gone; False if it did not have its user any more."""
        prefix = self._buckets.prefix_of(user)
        return bool(await self._client.run("leave_line", [prefix], user.canonical, line_id))

    async def of(self, user: Address) -> str:
        """The line that has a user, '' if none does."""
        key = f"{self._buckets.prefix_of(user)}line:{user.canonical}"
        found: bytes | None = await self._client.execute("GET", key)
        return (found or b"").decode()

    async def wake(self, line_id: str) -> None:
        """Have the process that has a line look what there is for it (``store/wakeups``)."""
        bucket = self._buckets.of_session(line_id)
        if bucket is not None:
            await self._client.execute(
                "PUBLISH", f"{self._buckets.prefix(bucket)}wake:{line_id}", ""
            )
