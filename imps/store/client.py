"""The connection to Redis or Valkey; the one module that knows the client library.

There is one connection: the server runs one command at a time, so a second one costs time and
the order of commands, and gains nothing.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from hashlib import sha1
from importlib.resources import files
from time import perf_counter
from typing import Any

import txredisapi
from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.metrics import Metrics
from imps.store.errors import StoreError, StoreFull, StoreUnavailable
from imps.store.servers import Sentinels, Server, reason_of_loss, server_at

Argument = bytes | str | int

RETRY_SECONDS = 0.2

# Errors that say the server cannot serve now, rather than that we asked for something wrong.
_PASSING = ("BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "TRYAGAIN")


def _is_deposed(error: Exception) -> bool:
    """Whether a server says that it is not the master, or may not be for long."""
    return any(word in str(error) for word in ("NOREPLICAS", "READONLY"))


def _meaning(error: Exception) -> StoreError:
    text = str(error)
    # Redis 6 wraps the error of a command inside a script in one of its own.
    if "OOM command not allowed" in text:
        return StoreFull("the store is out of memory")
    if text.startswith(_PASSING) or _is_deposed(error):
        return StoreUnavailable(f"the store cannot serve: {text}")
    return StoreError(f"the store refused: {text}")


class _Connection(txredisapi.RedisProtocol):
    """One connection, which gives itself up when a reply is overdue.

    A timer for each command would cost an eighth of the throughput. Replies come in the order of
    the commands, so one timer for the oldest will do. The library's own way to send a command and
    to wait for its reply takes more than twice the time of this one.
    """

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self.loss = ""
        self._clock = clock
        self._expected: deque[tuple[float, Deferred[Any]]] = deque()
        self._timer: IDelayedCall | None = None

    def send(self, deadline: float, *command: Argument) -> Deferred[Any]:
        """Send a command; its reply comes before the deadline, or the connection is lost."""
        if not self.connected:
            raise txredisapi.ConnectionError("not connected")
        self.transport.write(_encoded(command))
        reply: Deferred[Any] = Deferred()
        self._expected.append((deadline, reply))
        if self._timer is None:
            self._watch()
        return reply

    async def hang_up(self) -> None:
        """Close the connection, if it is open."""
        if self.connected:
            closed: Deferred[object] = self.whenDisconnected()
            self.transport.abortConnection()
            await closed

    def _watch(self) -> None:
        wait = max(0.0, self._expected[0][0] - self._clock.seconds())
        self._timer = self._clock.callLater(wait, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._is_overdue:
            # Who has been busy for long may have the reply, and has not read it yet.
            self._timer = self._clock.callLater(0, self._give_up)
        elif self._expected:
            self._watch()

    def _give_up(self) -> None:
        self._timer = None
        if self._is_overdue:
            self.transport.abortConnection()
        elif self._expected:
            self._watch()

    @property
    def _is_overdue(self) -> bool:
        return bool(self._expected) and self._expected[0][0] <= self._clock.seconds()

    def replyReceived(self, reply: object) -> None:
        _, expected = self._expected.popleft()
        if isinstance(reply, Exception):
            expected.errback(reply)
        else:
            expected.callback(reply)

    def connectionLost(self, reason: Failure) -> None:
        self.loss = reason_of_loss(reason)
        super().connectionLost(reason)
        while self._expected:
            self.replyReceived(txredisapi.ConnectionError("the connection was lost"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _encoded(command: Sequence[Argument]) -> bytes:
    """A command in the protocol of Redis."""
    words = [b"*%d\r\n" % len(command)]
    for each in command:
        octets = each if isinstance(each, bytes) else str(each).encode()
        words.append(b"$%d\r\n%b\r\n" % (len(octets), octets))
    return b"".join(words)


_INCLUDE = re.compile(rb"^-- include (\w+)$", re.MULTILINE)


def _file(name: str) -> bytes:
    return files("imps.store").joinpath("scripts", name).read_bytes()


def _included(line: re.Match[bytes]) -> bytes:
    """What several scripts share stands in files of its own, which they name."""
    return _INCLUDE.sub(_included, _file(f"shared/{line[1].decode()}.lua"))


@frozen
class _Script:
    text: bytes
    digest: str


@define(eq=False)
class StoreClient:
    """Runs scripts and commands on the store, and reconnects by itself.

    Every call ends within the timeout: with its reply, which is bytes, int, None or a list of
    these, or with a StoreError.
    """

    _reactor: Any
    _server: Server | Sentinels
    _timeout_seconds: float
    _metrics: Metrics = field(factory=Metrics)
    _connection: _Connection | None = field(default=None, init=False)
    _waiting: dict[Deferred[_Connection], None] = field(factory=dict, init=False)
    _scripts: dict[str, _Script] = field(factory=dict, init=False)
    _connecting: Deferred[None] | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _reason: str = field(default="", init=False)
    _log = Logger()

    def start(self) -> None:
        """Connect, and stay connected until ``close``."""
        self._connecting = Deferred.fromCoroutine(self._stay_connected())

    async def close(self) -> None:
        """Disconnect; calls that still wait fail."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await self._connecting
        for waiting in list(self._waiting):
            waiting.cancel()

    async def run(self, script: str, keys: Sequence[str], *arguments: Argument) -> Any:
        """Run ``scripts/<script>.lua`` as one atomic step.

        All keys are of one bucket; a script that builds its own gets the bucket's prefix as key.
        """
        known = self._scripts.get(script) or self._read(script)
        rest = (len(keys), *keys, *arguments)
        return await self._timed(script, self._run(known, *rest))

    async def execute(self, command: str, *arguments: Argument) -> Any:
        """Run one command of the server."""
        return await self._timed("command", self._send(self._deadline, command, *arguments))

    async def facts(self, section: str) -> dict[str, str]:
        """What the server says about itself, by name."""
        said: bytes = await self.execute("INFO", section)
        lines = said.decode(errors="replace").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    async def ready(self, timeout_seconds: float) -> None:
        """Wait until the store serves; StoreUnavailable when that takes longer than this."""
        if self._connection is None:
            await self._connected(timeout_seconds)

    async def _timed(self, script: str, call: Coroutine[Any, Any, Any]) -> Any:
        began_at = perf_counter()
        try:
            return await call
        except StoreError as error:
            self._metrics.store_failed(type(error).__name__)
            raise
        finally:
            self._metrics.store_called(script, perf_counter() - began_at)

    async def _run(self, script: _Script, *rest: Argument) -> Any:
        deadline = self._deadline
        connection = self._connection or await self._connected()
        try:
            return await connection.send(deadline, "EVALSHA", script.digest, *rest)
        except txredisapi.ResponseError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise self._refusal(connection, error) from None
        except txredisapi.ConnectionError:
            raise self._unavailable from None
        return await self._send(deadline, "EVAL", script.text, *rest)

    async def _send(self, deadline: float, *command: Argument) -> Any:
        connection = self._connection or await self._connected()
        try:
            return await connection.send(deadline, *command)
        except txredisapi.ResponseError as error:
            raise self._refusal(connection, error) from None
        except txredisapi.ConnectionError:
            raise self._unavailable from None

    def _refusal(self, connection: _Connection, error: Exception) -> StoreError:
        if _is_deposed(error):
            # There may be another master: whoever connects anew finds it.
            connection.transport.abortConnection()
        return _meaning(error)

    @property
    def _deadline(self) -> float:
        return float(self._reactor.seconds()) + self._timeout_seconds

    @property
    def _unavailable(self) -> StoreUnavailable:
        reason = f": {self._reason}" if self._reason else ""
        return StoreUnavailable(f"the store does not answer{reason}")

    async def _connected(self, timeout_seconds: float | None = None) -> _Connection:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        arrival: Deferred[_Connection] = Deferred(lambda gone: self._waiting.pop(gone, None))
        self._waiting[arrival] = None
        arrival.addTimeout(timeout_seconds or self._timeout_seconds, self._reactor)
        try:
            return await arrival
        except (TimeoutError, CancelledError):
            raise self._unavailable from None

    async def _stay_connected(self) -> None:
        # Endpoints answer a cancellation with errors of their own, hence the flag.
        with suppress(CancelledError):
            while not self._closed:
                await self._connect_once()
                if not self._closed:
                    await deferLater(self._reactor, RETRY_SECONDS)

    async def _connect_once(self) -> None:
        """Connect and remain so as long as the connection lasts."""
        connecting = Deferred.fromCoroutine(self._prepared())
        try:
            connection = await connecting.addTimeout(self._timeout_seconds, self._reactor)
        except CancelledError:
            raise
        except TimeoutError:
            return self._unreachable("no answer in time")
        except Exception as error:
            # Whatever it is, the next attempt may do better.
            return self._unreachable(str(error) or type(error).__name__)
        if self._reason:
            self._log.info("The store is back")
        self._reason = ""
        lost = connection.whenDisconnected()
        # Later, when this coroutine waits: whoever is let in may close us at once.
        self._reactor.callLater(0, self._let_in, connection)
        try:
            await lost
            self._reason = "the connection was lost"
            self._log.warn("The connection to the store was lost")
        finally:
            self._connection = None
            await connection.hang_up()

    def _let_in(self, connection: _Connection) -> None:
        if self._closed or not connection.connected:
            return
        self._connection = connection
        waiting, self._waiting = self._waiting, {}
        for arrival in waiting:
            arrival.callback(connection)

    def _unreachable(self, reason: str) -> None:
        # Attempts are many; the log has each reason once.
        if reason != self._reason and not self._closed:
            self._log.warn("The store cannot be reached: {reason}", reason=reason)
            self._reason = reason

    async def _prepared(self) -> Any:
        """A connection to a server that accepts us and has read its data."""
        factory = Factory.forProtocol(lambda: _Connection(self._reactor))
        factory.noisy = False
        return await self._server.connected(factory, self._deadline)

    def _read(self, script: str) -> _Script:
        text = _INCLUDE.sub(_included, _file(f"{script}.lua"))
        # The server names scripts by this digest; nothing here is secret.
        read = _Script(text, sha1(text, usedforsecurity=False).hexdigest())
        return self._scripts.setdefault(script, read)


def connect(
    reactor: Any,
    url: str,
    timeout_seconds: float,
    ca_file: str = "",
    metrics: Metrics | None = None,
) -> StoreClient:
    """A client of the server a URL names, connecting from now on; StoreError for a bad URL."""
    server = server_at(reactor, url, timeout_seconds, ca_file)
    client = StoreClient(reactor, server, timeout_seconds, metrics or Metrics())
    client.start()
    return client
