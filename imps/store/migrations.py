"""Bringing a store of an older format up to date, one number at a time.

A migration may be interrupted, and is then begun anew: it has to bear being done twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from imps.store.client import StoreClient
from imps.store.errors import StoreError
from imps.store.format import NUMBER, too_new
from imps.store.keys import FORMAT, Buckets
from imps.store.processes import LIFETIME_SECONDS, Processes

Migration = Callable[[StoreClient, Buckets], Awaitable[None]]

MIGRATIONS: Mapping[int, Migration] = MappingProxyType({})
"""What takes a store from a format to the next, by the number of the older one."""


async def upgrade(
    client: StoreClient,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    number: int = NUMBER,
) -> int | None:
    """Migrate the store to the format of this number, and return the one it had.

    None for a store that is new. StoreError when it cannot be done, or not while a service runs.
    """
    found, buckets = await client.execute("HMGET", FORMAT, "number", "buckets")
    if found is None:
        return None
    before = int(found)
    if before > number:
        raise too_new(before, number)
    steps = range(before, number)
    for step in steps:
        if step not in migrations:
            raise StoreError(f"there is no way from format {step}, which this store has")
    if steps:
        await _check_nobody_serves(client)
    for step in steps:
        await migrations[step](client, Buckets(int(buckets)))
        await client.execute("HSET", FORMAT, "number", step + 1)
    return before


async def _check_nobody_serves(client: StoreClient) -> None:
    for process in await Processes(client).all():
        raise StoreError(
            f"process {process.process_id} on {process.host} serves this store: stop it first "
            f"(if it was killed, wait for {LIFETIME_SECONDS} seconds)"
        )
