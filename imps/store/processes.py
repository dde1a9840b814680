"""Which processes serve a store: each says so time and again, or is forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import asdict, define, frozen

from imps.store.client import StoreClient
from imps.store.keys import PROCESSES, process_key

LIFETIME_SECONDS = 30
"""How long a process that says nothing is believed to live."""


@frozen
class Process:
    """A process that serves: where and since when it runs, what it is, and where it listens."""

    id: str
    host: str
    process_id: int
    version: str
    started_at: float
    endpoints: Sequence[str]


@define(eq=False)
class Processes:
    """The processes that serve this store."""

    _client: StoreClient

    async def announce(self, process: Process, *, now: float) -> None:
        """The process lives, and will for a while."""
        # The index only finds the records, each of which expires by itself.
        await self._client.execute("ZADD", PROCESSES, repr(now), process.id)
        record = json.dumps(asdict(process))
        await self._client.execute("SET", process_key(process.id), record, "EX", LIFETIME_SECONDS)
        longest = repr(now - 2 * LIFETIME_SECONDS)
        await self._client.execute("ZREMRANGEBYSCORE", PROCESSES, "-inf", longest)

    async def withdraw(self, process: Process) -> None:
        """The process serves no more."""
        await self._client.execute("DEL", process_key(process.id))
        await self._client.execute("ZREM", PROCESSES, process.id)

    async def all(self) -> list[Process]:
        """Those that live, or did a moment ago, by the order in which they started."""
        living = []
        for id in await self._client.execute("ZRANGE", PROCESSES, 0, -1):
            record = await self._client.execute("GET", process_key(id.decode()))
            if record is not None:
                living.append(Process(**json.loads(record)))
        return sorted(living, key=lambda process: process.started_at)
