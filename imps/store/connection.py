"""A connection to the store's server, made again whenever it is lost.

The one module that knows the client library.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import txredisapi
from attrs import define, field
from hiredis import pack_command
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from imps.sending import DirectSender
from imps.store.errors import StoreUnavailable
from imps.store.servers import Sentinels, Server, reason_of_loss

Argument = bytes | str | int
Heard = Callable[[bytes, bytes], None]

Refused = txredisapi.ResponseError
Lost = txredisapi.ConnectionError

RETRY_SECONDS = 0.2


class Connection(txredisapi.RedisProtocol):
    """One connection, which gives itself up when a reply is overdue.

    What is published on a channel it subscribes to is ``heard``, with the channel's name.

    A timer for each command would cost an eighth of the throughput. Replies come in the order of
    the commands, so one timer for the oldest will do. The library's own way to send a command and
    to wait for its reply takes more than twice the time of this one.
    """

    def __init__(self, clock: IReactorTime, heard: Heard | None = None) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self._heard = heard
        self.loss = ""
        self._clock = clock
        self._expected: deque[tuple[float, Deferred[Any]]] = deque()
        self._timer: IDelayedCall | None = None
        self._unsent: list[bytes] = []

    def connectionMade(self) -> None:
        self._sender = DirectSender(self.transport)
        super().connectionMade()

    def send(self, deadline: float, *command: Argument) -> Deferred[Any]:
        """Send a command; its reply comes before the deadline, or the connection is lost."""
        if not self.connected:
            raise txredisapi.ConnectionError("not connected")
        if not self._unsent:
            self._clock.callLater(0, self._send_all)
        # The types of the library say that a command is one word.
        self._unsent.append(pack_command(cast(Any, command)))
        reply: Deferred[Any] = Deferred()
        self._expected.append((deadline, reply))
        if self._timer is None:
            self._watch()
        return reply

    def _send_all(self) -> None:
        # What comes up in one turn of the reactor goes out together.
        commands, self._unsent = self._unsent, []
        if self.connected:
            self._sender.send(b"".join(commands))

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

    def dataReceived(self, data: bytes, unpause: bool = False) -> None:
        # The library walks through every reply for what might be a number, or a transaction; we
        # have asked for neither.
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self.replyReceived(reply)

    def replyReceived(self, reply: object) -> None:
        if self._heard is not None and isinstance(reply, list) and reply[:1] == [b"message"]:
            self._heard(reply[1], reply[2])
            return
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


def _ignore(connection: Connection) -> None:
    """What is to be done with a new connection where nothing is."""


@define(eq=False)
class Link:
    """Stays connected to the store's server from ``start`` until ``close``.

    ``made`` is called with each connection that the server accepts; what that hears is ``heard``.
    """

    reactor: Any
    server: Server | Sentinels
    timeout_seconds: float
    _made: Callable[[Connection], object] = _ignore
    _heard: Heard | None = None
    _is_quiet: bool = False
    connection: Connection | None = field(default=None, init=False)
    _waiting: dict[Deferred[Connection], None] = field(factory=dict, init=False)
    _connecting: Deferred[None] | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _reason: str = field(default="", init=False)
    _log = Logger()

    def beside(self, heard: Heard, made: Callable[[Connection], object] = _ignore) -> Link:
        """Another link to the same server, to hear what is published; it logs nothing of its own
        coming and going."""
        return Link(self.reactor, self.server, self.timeout_seconds, made, heard, is_quiet=True)

    def start(self) -> None:
        """Connect, and stay connected until ``close``."""
        self._connecting = Deferred.fromCoroutine(self._stay_connected())

    async def close(self) -> None:
        """Disconnect; whoever still waits fails."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await self._connecting
        for waiting in list(self._waiting):
            waiting.cancel()

    async def connected(self, timeout_seconds: float | None = None) -> Connection:
        """A connection that is open; StoreUnavailable when that takes too long."""
        if self.connection is not None:
            return self.connection
        if self._closed:
            raise StoreUnavailable("the store is closed")
        arrival: Deferred[Connection] = Deferred(lambda gone: self._waiting.pop(gone, None))
        self._waiting[arrival] = None
        arrival.addTimeout(timeout_seconds or self.timeout_seconds, self.reactor)
        try:
            return await arrival
        except (TimeoutError, CancelledError):
            raise self.unavailable from None

    @property
    def deadline(self) -> float:
        """When a command that is sent now must have been answered."""
        return float(self.reactor.seconds()) + self.timeout_seconds

    @property
    def unavailable(self) -> StoreUnavailable:
        """What to say to those whom the store does not answer."""
        reason = f": {self._reason}" if self._reason else ""
        return StoreUnavailable(f"the store does not answer{reason}")

    async def _stay_connected(self) -> None:
        # Endpoints answer a cancellation with errors of their own, hence the flag.
        with suppress(CancelledError):
            while not self._closed:
                await self._connect_once()
                if not self._closed:
                    await deferLater(self.reactor, RETRY_SECONDS)

    async def _connect_once(self) -> None:
        """Connect and remain so as long as the connection lasts."""
        connecting = Deferred.fromCoroutine(self._prepared())
        try:
            connection = await connecting.addTimeout(self.timeout_seconds, self.reactor)
        except CancelledError:
            raise
        except TimeoutError:
            return self._unreachable("no answer in time")
        except Exception as error:
            # Whatever it is, the next attempt may do better.
            return self._unreachable(str(error) or type(error).__name__)
        if self._reason:
            self._say(LogLevel.info, "The store is back")
        self._reason = ""
        lost = connection.whenDisconnected()
        # Later, when this coroutine waits: whoever is let in may close us at once.
        self.reactor.callLater(0, self._let_in, connection)
        try:
            await lost
            self._reason = "the connection was lost"
            self._say(LogLevel.warn, "The connection to the store was lost")
        finally:
            self.connection = None
            await connection.hang_up()

    def _let_in(self, connection: Connection) -> None:
        if self._closed or not connection.connected:
            return
        self.connection = connection
        self._made(connection)
        waiting, self._waiting = self._waiting, {}
        for arrival in waiting:
            arrival.callback(connection)

    def _unreachable(self, reason: str) -> None:
        # Attempts are many; the log has each reason once.
        if reason != self._reason and not self._closed:
            self._say(LogLevel.warn, "The store cannot be reached: {reason}", reason=reason)
            self._reason = reason

    def _say(self, level: Any, text: str, **values: str) -> None:
        # Of several links to one store, one tells how it is.
        self._log.emit(LogLevel.debug if self._is_quiet else level, text, **values)

    async def _prepared(self) -> Any:
        """A connection to a server that accepts us and has read its data."""
        factory = Factory.forProtocol(lambda: Connection(self.reactor, self._heard))
        factory.noisy = False
        return await self.server.connected(factory, self.deadline)
