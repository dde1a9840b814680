"""``imps status``: what there is to say about a store, and who serves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imps.commands.opening import add_store_options, on_store
from imps.config import Settings

if TYPE_CHECKING:
    from imps.store.opening import Store
    from imps.store.processes import Process

MEGABYTE = 1024 * 1024


def add_status_command(commands: Any) -> None:
    """Add ``imps status``."""
    text = "say how the store is, and which processes serve it"
    parser = commands.add_parser("status", help=text, description=text)
    add_store_options(parser)
    parser.set_defaults(run=lambda options: on_store(options, _show))


async def _show(settings: Settings, store: Store, reactor: Any) -> None:
    from imps.store.accounts import Accounts
    from imps.store.format import NUMBER
    from imps.store.processes import Processes

    print(f"store: {_place(settings)}")
    print(f"format: {NUMBER}")
    print(f"server: {_server(await store.client.facts('server'))}")
    print(f"memory: {_memory(await store.client.facts('memory'))}")
    print(f"domains: {', '.join(store.domains)}")
    print(f"accounts: {await Accounts(store.client, store.buckets).count()}")
    processes = await Processes(store.client).all()
    print(f"processes: {len(processes)}")
    for process in processes:
        print(f"  {_described(process)}")


def _place(settings: Settings) -> str:
    """Where the store is, without what may be a password."""
    if not settings.redis:
        return f"embedded, in {Path(settings.data).absolute()}"
    url = urlsplit(settings.redis)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def _server(facts: dict[str, str]) -> str:
    if "valkey_version" in facts:
        return f"Valkey {facts['valkey_version']}"
    return f"Redis {facts['redis_version']}"


def _memory(facts: dict[str, str]) -> str:
    used, limit = (int(facts[name]) / MEGABYTE for name in ("used_memory", "maxmemory"))
    return f"{used:.1f} MB" + (f" of {limit:.0f} MB" if limit else ", without a limit")


def _described(process: Process) -> str:
    def parts() -> Iterator[str]:
        since = datetime.fromtimestamp(process.started_at, UTC)
        yield f"process {process.process_id} on {process.host}"
        yield f"imps {process.version}"
        yield f"since {since:%Y-%m-%d %H:%M:%S} UTC"
        yield from process.endpoints

    return ", ".join(parts())
