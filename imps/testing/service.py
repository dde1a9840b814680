"""Whole services for tests: ``twistd imps`` on a data directory, in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Unpack

from attrs import define, field, frozen
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.elements.directory import Details, Directory
from imps.model.address import Address
from imps.store.accounts import Accounts
from imps.store.opening import Store, open_store
from imps.testing.process import (
    PATIENCE_SECONDS,
    Program,
    environment,
    installed,
    is_alive,
    reactor,
)
from imps.testing.store import private_directory

PASSWORD = "secret"
LOOK_SECONDS = 0.02
CIR = ("--cir", "tcp:0:interface=127.0.0.1")

_WHAT_STAYS = ("store.sock", "store.pid")

_ADDRESS = re.compile(r"CSP on (127\.0\.0\.1:\d+)")

_numbers = count()


def _command(data: Path, options: Sequence[str]) -> list[str]:
    arguments = [installed("twistd"), "-n", "--pidfile=", "imps", "--data", str(data)]
    return [*arguments, "--csp", "tcp:0:interface=127.0.0.1", *options]


@asynccontextmanager
async def store_of(data: Path) -> AsyncIterator[Store]:
    """The store of a service, while that runs or not."""
    store = await open_store(Settings.read(None, {"data": str(data)}), reactor, for_service=False)
    try:
        yield store
    finally:
        await store.close()


async def add_users(data: Path, *names: str, **details: Unpack[Details]) -> None:
    """Make accounts, all with the same password, while a service runs or not."""
    async with store_of(data) as store:
        accounts = Accounts(store.client, store.buckets)
        directory = Directory(accounts, store.secrets, store.domains, reactor)
        for name in names:
            await directory.add(Address.parse(name), PASSWORD, **details)


async def unfinished_work(data: Path) -> dict[str, float]:
    """The work that is not done: the id of each piece, and until when it is left to somebody."""
    found: dict[str, float] = {}
    async with store_of(data) as store:
        for bucket in range(store.buckets.count):
            overdue = f"{store.buckets.prefix(bucket)}overdue"
            reply = await store.client.execute("ZRANGE", overdue, 0, -1, "WITHSCORES")
            found.update(zip(map(bytes.decode, reply[::2]), map(float, reply[1::2]), strict=True))
    return found


async def end_leases(data: Path) -> None:
    """Make all work overdue that is not done: nobody is waited for any longer to do it."""
    async with store_of(data) as store:
        await end_leases_in(store)


async def end_leases_in(store: Store) -> None:
    """The same in a store that is open."""
    for bucket in range(store.buckets.count):
        overdue = f"{store.buckets.prefix(bucket)}overdue"
        await store.client.execute("ZUNIONSTORE", overdue, 1, overdue, "WEIGHTS", 0)


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
        found = await self.program.says(_ADDRESS.pattern)
        await self.program.says("imps is ready")
        return f"http://{found[1]}/"

    def launch(self, terminal: bool = False) -> None:
        """Start it, without waiting for it to be ready."""
        self.program = Program.start(
            self.test,
            _command(self.data, self.options),
            directory=self.data.parent,
            terminal=terminal,
        )

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it in good order, and see that nothing stays behind."""
        store = self.store_process_id
        await self.stop_process(number)
        self.check_nothing_stays(store)

    async def stop_process(self, number: int = signal.SIGTERM) -> None:
        """Stop it in good order; its store may be another one's."""
        self.program.signal(number)
        # twistd ends with the signal that stopped it, once everything is in order.
        self.test.assertEqual(await self.program.ends(), -number, self.program.output)
        self.test.assertIn("Server Shut Down", self.program.output)

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


@define(eq=False)
class Services:
    """A service of a test in several processes on one store, which the first has embedded.

    ``urls`` are theirs, also once one was started again: clients that have them ask one process
    after the other.
    """

    test: TestCase
    processes: int
    options: tuple[str, ...] = ()
    each: tuple[Service, ...] = field(init=False)
    urls: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        first = Service(self.test, self.options)
        options = (*self.options, "--redis", f"unix://{first.data}/store.sock")
        others = [Service(self.test, options, first.data) for _ in range(1, self.processes)]
        self.each = (first, *others)
        self.urls = [""] * self.processes

    @property
    def data(self) -> Path:
        """The directory that they share."""
        return self.each[0].data

    @property
    def output(self) -> str:
        """What all of them have written."""
        return "".join(service.program.output for service in self.each)

    async def start(self, *numbers: int) -> None:
        """Start all of them, or these, for the first time or again."""
        for number in numbers or range(self.processes):
            self.urls[number] = await self.each[number].start()

    async def stop(self) -> None:
        """Stop all in good order, and see that nothing stays behind."""
        first, *others = self.each
        for service in others:
            await service.stop_process()
        await first.stop()

    async def kill(self, *numbers: int) -> None:
        """Kill these, all at once (kill -9); the store goes on."""
        for number in numbers:
            self.each[number].program.signal(signal.SIGKILL)
        for number in numbers:
            await self.each[number].program.ends()

    async def kill_store(self) -> None:
        """Kill the store (kill -9); the first process starts it again, if it lives."""
        await self.each[0].kill_store()


# The shell lives as long as this process holds the other end of its input, and takes the service
# with it, and the store if it is that one's: even when the run is killed, nothing stays behind.
_UNTIL_WE_ARE_GONE = """
    directory=$0
    "$@" & service=$!
    read -r _
    kill -9 $service
    wait $service
    kill -9 $(cat "$directory/data/store.pid")
    rm -rf "$directory"
"""


@frozen
class SharedServices:
    """Services that a test run keeps, in one process or in several on one store."""

    data: Path
    urls: tuple[str, ...]
    logs: tuple[Path, ...]
    _guards: tuple[subprocess.Popen[bytes], ...]

    @classmethod
    @cache
    def running(cls, processes: int) -> SharedServices:
        """The services of this run; started when they are first asked for."""
        directory = Path(mkdtemp(prefix="imps-"))
        store = ("--redis", f"unix://{directory}/data/store.sock")
        logs = tuple(directory / f"log-{number}" for number in range(processes))
        urls: list[str] = []
        guards: list[subprocess.Popen[bytes]] = []
        for log in logs:
            options = (*CIR, *(store if guards else ()))
            command = _command(directory / "data", options)
            guards.append(
                subprocess.Popen(
                    ["/bin/sh", "-c", _UNTIL_WE_ARE_GONE, str(directory), *command],
                    stdin=subprocess.PIPE,
                    stdout=log.open("wb"),
                    stderr=subprocess.STDOUT,
                    env=environment(),
                    cwd=directory,
                    start_new_session=True,
                )
            )
            urls.append(_url_in(log))
        return cls(directory / "data", tuple(urls), logs, tuple(guards))


def _url_in(log: Path) -> str:
    """The URL of a service that is starting, once it is ready."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while "imps is ready" not in (text := log.read_text()):
        if time.monotonic() > give_up_at:
            raise AssertionError(f"no service in {PATIENCE_SECONDS} seconds: {text}")
        time.sleep(LOOK_SECONDS)
    found = _ADDRESS.search(text)
    assert found is not None
    return f"http://{found[1]}/"


class ServiceTestCase(TestCase):
    """A test on services that run, and that other tests of the run use, too.

    Users are new in each test, and nothing may go wrong in the service.
    """

    processes = 1
    urls: tuple[str, ...]

    def setUp(self) -> None:
        self._services = SharedServices.running(self.processes)
        self.urls = self._services.urls
        self._sizes = [log.stat().st_size for log in self._services.logs]
        self.addCleanup(self._check_logs)

    def _check_logs(self) -> None:
        for log, size in zip(self._services.logs, self._sizes, strict=True):
            with log.open("rb") as text:
                text.seek(size)
                self.assertNotIn(b"Traceback", text.read())

    @property
    def data(self) -> Path:
        """The directory of the services."""
        return self._services.data

    async def known(self, *names: str) -> list[str]:
        """New users, and how they are addressed."""
        users = [f"{name}-{next(_numbers)}" for name in names]
        await add_users(self.data, *users)
        return [f"wv:{user}@localhost" for user in users]


def settings_file(test: TestCase, text: str) -> str:
    """A file with settings, for ``--config``."""
    file = private_directory(test) / "imps.toml"
    file.write_text(text)
    return str(file)
