"""A whole service for tests: ``twistd imps`` on a data directory, in a process of its own."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from attrs import define, field
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.store.accounts import Accounts
from imps.store.opening import open_store
from imps.testing.process import Program, installed, is_alive, reactor
from imps.testing.store import private_directory

PASSWORD = "secret"
LOOK_SECONDS = 0.02

_WHAT_STAYS = ("store.sock", "store.pid")


@define(eq=False)
class Service:
    """A service of a test, with its embedded store; neither outlives the test."""

    test: TestCase
    options: tuple[str, ...] = ()
    data: Path = field()
    program: Program = field(init=False)

    @data.default
    def _fresh(self) -> Path:
        return private_directory(self.test) / "data"

    def __attrs_post_init__(self) -> None:
        self.test.addCleanup(self.kill_store)

    async def start(self) -> str:
        """Start it, for the first time or again on the same data; the URL of its CSP."""
        self.launch()
        found = await self.program.says(r"CSP on (127\.0\.0\.1:\d+)")
        await self.program.says("imps is ready")
        return f"http://{found[1]}/"

    def launch(self, terminal: bool = False) -> None:
        """Start it, without waiting for it to be ready."""
        arguments = [installed("twistd"), "-n", "--pidfile=", "imps", "--data", str(self.data)]
        self.program = Program.start(
            self.test,
            [*arguments, "--csp", "tcp:0:interface=127.0.0.1", *self.options],
            directory=self.data.parent,
            terminal=terminal,
        )

    async def add_users(self, *names: str) -> None:
        """Make accounts, all with the same password."""
        settings = Settings.read(None, {"data": str(self.data)})
        store = await open_store(settings, reactor, for_service=False)
        try:
            accounts = Accounts(store.client, store.buckets)
            directory = Directory(accounts, store.secrets, store.domains, reactor)
            for name in names:
                await directory.add(Address.parse(name), PASSWORD)
        finally:
            await store.close()

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it in good order, and see that nothing stays behind."""
        store = self.store_process_id
        self.program.signal(number)
        # twistd ends with the signal that stopped it, once everything is in order.
        self.test.assertEqual(await self.program.ends(), -number, self.program.output)
        self.test.assertIn("Server Shut Down", self.program.output)
        self.check_nothing_stays(store)

    def check_nothing_stays(self, store: int | None) -> None:
        """See that the store and all it had to itself are gone, too."""
        self.test.assertIsNotNone(store)
        self.test.assertFalse(store is not None and is_alive(store), "the store still runs")
        left_behind = [name for name in _WHAT_STAYS if (self.data / name).exists()]
        self.test.assertEqual(left_behind, [])

    async def kill(self) -> None:
        """Kill the service alone (kill -9)."""
        await self.program.kill()

    async def kill_store(self) -> None:
        """Kill the store alone (kill -9); done when it is dead."""
        process_id = self.store_process_id
        if process_id is None:
            return
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
        while is_alive(process_id):
            await deferLater(reactor, LOOK_SECONDS)

    @property
    def store_process_id(self) -> int | None:
        """The process of the embedded store, None where there is none."""
        try:
            return int((self.data / "store.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None


async def running_service(test: TestCase, *options: str) -> tuple[Service, str]:
    """A service that serves, and the URL of its CSP."""
    service = Service(test, options)
    return service, await service.start()


def settings_file(test: TestCase, text: str) -> str:
    """A file with settings, for ``--config``."""
    file = private_directory(test) / "imps.toml"
    file.write_text(text)
    return str(file)
