"""Opening the store, the same way for the service and for an operator's commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve

from imps.config import Settings
from imps.metrics import Metrics
from imps.store.client import StoreClient, connect
from imps.store.embedded import EmbeddedStore
from imps.store.errors import StoreError
from imps.store.format import Format
from imps.store.keys import FORMAT, Buckets
from imps.store.ownership import Ownership
from imps.store.secrets import Secrets, make_key_file

READY_SECONDS = 10.0


@define(eq=False)
class ReachedStore:
    """A store that answers; nobody has looked into it."""

    client: StoreClient
    _embedded: EmbeddedStore | None = None
    _ownership: Ownership | None = None

    async def close(self) -> None:
        """Disconnect, and stop the embedded store when it was started here; may be repeated."""
        embedded, self._embedded = self._embedded, None
        ownership, self._ownership = self._ownership, None
        await self.client.close()
        await _stop(embedded, ownership)


@define(eq=False)
class Store:
    """An open store: what repositories need, and the home domains it serves."""

    client: StoreClient
    buckets: Buckets
    secrets: Secrets
    domains: tuple[str, ...]
    _reached: ReachedStore

    async def close(self) -> None:
        """Disconnect, and stop the embedded store when it was started here; may be repeated."""
        await self._reached.close()


async def reach_store(
    settings: Settings, reactor: Any, for_service: bool, metrics: Metrics | None = None
) -> ReachedStore:
    """Reach the store the settings name, starting the embedded one where they name none.

    StoreError when it cannot be reached, StoreUnavailable when it does not answer for ten seconds.
    """
    embedded: EmbeddedStore | None = None
    ownership: Ownership | None = None
    url = settings.redis
    client: StoreClient | None = None
    try:
        if not url:
            here = EmbeddedStore(Path(settings.data).absolute(), settings.store, reactor)
            url = here.url
            ownership = await Ownership.take(Path(settings.data), reactor, for_service)
            # Without ownership, a service runs here, and keeps the store running.
            if ownership is not None:
                await here.start()
                embedded = here
        client = connect(
            reactor, url, settings.store.timeout_seconds, settings.store.ca_file, metrics
        )
        await client.ready(READY_SECONDS)
    except BaseException:
        if client is not None:
            await client.close()
        await _stop(embedded, ownership)
        raise
    return ReachedStore(client, embedded, ownership)


async def open_store(
    settings: Settings, reactor: Any, for_service: bool, metrics: Metrics | None = None
) -> Store:
    """Reach the store, and open it with the key.

    The service writes its home domains into the store, commands take them from there. StoreError
    when it cannot be opened, besides what reaching it raises.
    """
    reached = await reach_store(settings, reactor, for_service, metrics)
    try:
        format, secrets = await _unlock(reached.client, settings)
        if for_service:
            format = await _rename(reached.client, format, settings.domain)
    except BaseException:
        await reached.close()
        raise
    return Store(reached.client, format.buckets, secrets, format.domains, reached)


async def _stop(embedded: EmbeddedStore | None, ownership: Ownership | None) -> None:
    try:
        if embedded is not None:
            await embedded.stop()
    finally:
        if ownership is not None:
            ownership.release()


async def _unlock(client: StoreClient, settings: Settings) -> tuple[Format, Secrets]:
    """The store's record and its key, both made where the store is new."""
    key_file = Path(settings.key_file or Path(settings.data) / "key")
    format = await Format.read(client)
    if format is None:
        make_key_file(key_file)
    elif not key_file.exists():
        raise StoreError(f"the key file {key_file} is missing: this store was made with one")
    secrets = Secrets.from_file(key_file)
    if format is None:
        format = await Format.make(client, secrets, settings.domain, Buckets())
    format.check_key(secrets)
    return format, secrets


async def _rename(client: StoreClient, format: Format, domains: Sequence[str]) -> Format:
    if format.domains != tuple(domains):
        await client.execute("HSET", FORMAT, "domains", " ".join(domains))
    return evolve(format, domains=tuple(domains))
