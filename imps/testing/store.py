"""A private store for a test run: a real server, emptied between tests."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.store.client import connect
from imps.store.embedded import find_server
from imps.store.opening import Store, open_store

EPOCH = 1_767_225_600.0
"""When tests begin: 2026-01-01."""

# The shell lives as long as this process holds the other end of its input, and takes the server
# with it: even when the run is killed, nothing stays behind.
_UNTIL_WE_ARE_GONE = '"$@" & server=$!; read -r _; kill -9 $server; wait $server; rm -rf "$0"'


@cache
def private_server() -> tuple[Path, subprocess.Popen[bytes]]:
    """The directory of this run's server, its socket being ``store.sock``, and what guards it."""
    directory = Path(mkdtemp(prefix="imps-"))
    server = [find_server(), "--port", "0", "--unixsocket", str(directory / "store.sock")]
    quiet = ["--save", "", "--dir", str(directory), "--logfile", str(directory / "store.log")]
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _UNTIL_WE_ARE_GONE, str(directory), *server, *quiet],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return directory, guard


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
    """A test with an empty store, and a clock that stands still."""

    store: Store
    clock: Clock
    settings: Settings

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        directory, _ = private_server()
        redis = f"unix://{directory}/store.sock"
        self.settings = Settings.read(None, {"data": str(directory), "redis": redis})
        self.clock = Clock()
        self.clock.advance(EPOCH)
        await empty_store(reactor, self.settings)
        self.store = await open_store(self.settings, reactor, for_service=True)
        self.addCleanup(self.store.close)
