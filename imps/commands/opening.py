"""The store, and the elements on it, for the length of a command."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from imps.config import Settings, SettingsError
from imps.model.status import Refusal

if TYPE_CHECKING:
    from imps.elements.directory import Directory

OnDirectory = Callable[["Directory"], Awaitable[None]]


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the store is."""
    parser.add_argument("--data", metavar="DIR", help="state directory of the service")
    parser.add_argument("--redis", metavar="URL", help="the store, unless it is the embedded one")
    parser.add_argument("--config", metavar="FILE", help="TOML settings of the service")


def on_directory(options: argparse.Namespace, work: OnDirectory) -> None:
    """Open the store, do the work with the directory on it, close the store, and exit.

    Ctrl-C ends the work, and closes the store all the same.
    """
    # Importing these installs a reactor, for which `imps --help` should not wait.
    from twisted.internet.defer import CancelledError, Deferred
    from twisted.internet.task import react

    from imps.store.errors import StoreError

    async def opened(reactor: Any) -> None:
        try:
            await _open(options, reactor, work)
        except Refusal as refusal:
            raise SystemExit(f"imps: {refusal.description}") from None
        except (SettingsError, StoreError) as error:
            raise SystemExit(f"imps: {error}") from None
        except CancelledError:
            raise SystemExit("imps: interrupted") from None

    def until_closed(working: Deferred[None]) -> Deferred[None]:
        closed: Deferred[None] = Deferred()

        def close(result: Any) -> Any:
            closed.callback(None)
            return result

        working.addBoth(close)
        working.cancel()
        return closed

    def run(reactor: Any) -> Deferred[None]:
        working = Deferred.fromCoroutine(opened(reactor))
        reactor.addSystemEventTrigger("before", "shutdown", until_closed, working)
        return working

    react(run)


async def _open(options: argparse.Namespace, reactor: Any, work: OnDirectory) -> None:
    from imps.elements.directory import Directory
    from imps.store.accounts import Accounts
    from imps.store.opening import open_store

    named = {key: getattr(options, key) for key in ("data", "redis")}
    given = {key: value for key, value in named.items() if value is not None}
    settings = Settings.read(options.config, given)
    store = await open_store(settings, reactor, for_service=False)
    try:
        accounts = Accounts(store.client, store.buckets, settings.session.remember_seconds)
        await work(Directory(accounts, store.secrets, store.domains, reactor))
    finally:
        await store.close()
