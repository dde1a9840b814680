"""The store, and the elements on it, for the length of a command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imps.config import Settings, SettingsError
from imps.model.status import Refusal

if TYPE_CHECKING:
    from imps.elements.directory import Directory
    from imps.store.opening import Store

OnDirectory = Callable[["Directory"], Awaitable[None]]
OnStore = Callable[[Settings, "Store", Any], Awaitable[None]]
Operate = Callable[[Settings, Any], Awaitable[None]]


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the store is."""
    parser.add_argument("--data", metavar="DIR", help="state directory of the service")
    parser.add_argument("--redis", metavar="URL", help="the store, unless it is the embedded one")
    parser.add_argument("--config", metavar="FILE", help="TOML settings of the service")


def on_directory(options: argparse.Namespace, work: OnDirectory, makes_store: bool = False) -> None:
    """Open the store, do the work with the directory on it, close the store, and exit.

    Only what adds users makes a store where there is none.
    """

    async def with_directory(settings: Settings, store: Store, reactor: Any) -> None:
        await work(directory_of(settings, store, reactor))

    on_store(options, with_directory, makes_store)


def directory_of(settings: Settings, store: Store, reactor: Any) -> Directory:
    """The directory on an open store."""
    from imps.elements.directory import Directory
    from imps.store.accounts import Accounts

    accounts = Accounts(store.client, store.buckets, settings.session.remember_seconds)
    allowed = settings.presence.allowed_by_default
    return Directory(accounts, store.secrets, store.domains, reactor, allowed)


def on_store(options: argparse.Namespace, work: OnStore, makes_store: bool = False) -> None:
    """Open the store, do the work with it, close the store, and exit."""

    async def with_store(settings: Settings, reactor: Any) -> None:
        from imps.store.errors import StoreError
        from imps.store.opening import open_store

        if not (makes_store or settings.redis or Path(settings.data).exists()):
            raise StoreError(f"there is no store in {settings.data}")
        store = await open_store(settings, reactor, for_service=False)
        try:
            await work(settings, store, reactor)
        finally:
            await store.close()

    operate(options, with_store)


def operate(options: argparse.Namespace, work: Operate) -> None:
    """Do the work with the settings, while a reactor runs, and exit.

    Ctrl-C ends the work. What it raises of ours is told in one line.
    """
    # Importing these installs a reactor, for which `imps --help` should not wait.
    from twisted.internet.defer import CancelledError, Deferred
    from twisted.internet.task import react

    from imps.store.errors import StoreError

    async def told(reactor: Any) -> None:
        try:
            await work(_settings(options), reactor)
            sys.stdout.flush()
        except Refusal as refusal:
            raise SystemExit(f"imps: {refusal.description}") from None
        except (SettingsError, StoreError) as error:
            raise SystemExit(f"imps: {error}") from None
        except CancelledError:
            raise SystemExit("imps: interrupted") from None
        except BrokenPipeError:
            # Whoever reads along has seen enough, and is to hear of nothing that is still unsaid.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def until_closed(working: Deferred[None]) -> Deferred[None]:
        closed: Deferred[None] = Deferred()

        def close(result: Any) -> Any:
            closed.callback(None)
            return result

        working.addBoth(close)
        working.cancel()
        return closed

    def run(reactor: Any) -> Deferred[None]:
        working = Deferred.fromCoroutine(told(reactor))
        reactor.addSystemEventTrigger("before", "shutdown", until_closed, working)
        return working

    react(run)


def _settings(options: argparse.Namespace) -> Settings:
    named = {key: getattr(options, key) for key in ("data", "redis")}
    given = {key: value for key, value in named.items() if value is not None}
    return Settings.read(options.config, given)
