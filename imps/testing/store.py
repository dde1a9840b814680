"""A private store for a test run: a real server, emptied between tests."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.model.account import Account
from imps.model.address import Address
from imps.parts import Parts
from imps.store.accounts import Accounts
from imps.store.client import connect
from imps.store.embedded import find_server
from imps.store.opening import Store, open_store
from imps.testing.servers import run_server

EPOCH = 1_767_225_600.0
"""When tests begin: 2026-01-01."""


@cache
def private_server(name: str = "") -> tuple[Path, subprocess.Popen[bytes]]:
    """The directory of this run's server, its socket being ``store.sock``, and what guards it; by
    another name, of another."""
    directory = Path(mkdtemp(prefix="imps-"))
    server = [find_server(), "--port", "0", "--unixsocket", str(directory / "store.sock")]
    quiet = ["--save", "", "--dir", str(directory), "--logfile", str(directory / "store.log")]
    return directory, run_server(directory, *server, *quiet)


def private_directory(test: TestCase) -> Path:
    """A directory for one test; its path is short enough for a socket, as trial's are not."""
    directory = Path(mkdtemp(prefix="imps-"))
    test.addCleanup(rmtree, directory, ignore_errors=True)
    return directory


async def empty_store(reactor: Any, settings: Settings) -> None:
    """Forget everything in the store of a test run, as if it were new."""
    client = connect(reactor, settings.redis, settings.store.timeout_seconds)
    await client.ready(10)
    await client.execute("FLUSHALL")
    await client.close()


class StoreTestCase(TestCase):
    """A test with an empty store, and a clock that stands still; ``overrides`` are settings that
    are not the defaults."""

    overrides: ClassVar[Mapping[str, object]] = {}
    store: Store
    clock: Clock
    settings: Settings
    parts: Parts

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        directory, _ = private_server()
        redis = f"unix://{directory}/store.sock"
        self.settings = Settings.read(
            None, {"data": str(directory), "redis": redis, **self.overrides}
        )
        self.clock = Clock()
        self.clock.advance(EPOCH)
        await empty_store(reactor, self.settings)
        self.store = await open_store(self.settings, reactor, for_service=True)
        self.addCleanup(self.store.close)
        self.parts = Parts(self.settings, self.store, self.clock)

    async def settled(self) -> None:
        """Wait until all work that was begun is done."""
        for _ in range(1000):
            if not await self.store.client.execute("KEYS", "imps:*:work"):
                return
            await deferLater(reactor, 0.005)
        self.fail("work is left")

    async def add_accounts(self, *users: Address) -> None:
        """Make accounts, whose passwords are nothing that anybody could sign on with."""
        accounts = Accounts(self.store.client, self.store.buckets)
        for user in users:
            account = Account(address=user, secret=b"", created_at=self.clock.seconds())
            await accounts.add(account)
