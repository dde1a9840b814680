"""The line port: connections over TCP or a unix socket, one line each way a text (``lines``)."""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IPushProducer
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from imps.clp.lines import LONGEST_LINE, Line, Lines
from imps.model.status import Refusal
from imps.store.errors import StoreError

MOST_AHEAD_OCTETS = 65_536
"""How much may be said before what was said is done."""
LOGIN_SECONDS = 60
UNREAD_SECONDS = 60
LINGER_SECONDS = 5


@frozen(kw_only=True)
class LineLimits:
    """How many connections there may be, and for how long one may say nothing."""

    connections: int
    idle_seconds: float


class LineConnection(LineReceiver):
    """One connection. A line is answered before the next is read; nothing is read, and nobody is
    told anything, while too much of what was said is unread."""

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_LINE
    transport: Any

    def __init__(self, port: LinePort, source: str) -> None:
        self.has_room = True
        self._port = port
        self._line = Line(port.lines, self, source)
        self._doing: Deferred[None] | None = None
        self._deadline: IDelayedCall | None = None
        self._ahead = 0

    def connectionMade(self) -> None:
        self.transport.registerProducer(_Room(self), True)
        self._expect_within(LOGIN_SECONDS)

    def dataReceived(self, data: bytes) -> None:
        self._ahead = self._ahead + len(data) if self.paused else 0
        if self._ahead > MOST_AHEAD_OCTETS:
            self.transport.pauseProducing()
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self.transport.disconnecting:
            return
        try:
            said = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            self._line.say("E15", n=LONGEST_LINE)
            return
        # One at a time keeps the answers in order; who hangs up meanwhile is heard all the same.
        self.paused = True
        self._doing = Deferred.fromCoroutine(self._line.take(said))
        self._doing.addBoth(self._done)

    def lineLengthExceeded(self, line: bytes) -> None:
        self._line.say("E15", n=LONGEST_LINE)
        self.hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.has_room = False
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._line.wait_no_more()
        self._port.lost(self, Deferred.fromCoroutine(self._leave()))

    def say(self, line: str) -> bool:
        """Send a line; False if nobody is there."""
        if not self.connected or self.transport.disconnecting:
            return False
        self.transport.write(f"{line}\r\n".encode("utf-8", "replace"))
        return True

    def hang_up(self) -> None:
        """Close the connection once what was said is sent, or nobody reads it."""
        if self.connected and not self.transport.disconnecting:
            self._expect_within(LINGER_SECONDS)
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def fill(self) -> None:
        """Much is unread: be still until it is read."""
        self.has_room = False
        self.pauseProducing()
        self._expect_within(UNREAD_SECONDS)

    def drain(self) -> None:
        """It is read."""
        self.has_room = True
        self._expect_something()
        self._listen_again()
        self._line.woken()

    def _done(self, _: object) -> None:
        self._doing = None
        if self.connected and not self.transport.disconnecting and self.has_room:
            self._expect_something()
        self._listen_again()

    def _listen_again(self) -> None:
        is_free = self._doing is None and self.has_room
        if is_free and self.connected and not self.transport.disconnecting:
            self.resumeProducing()

    def _expect_something(self) -> None:
        if self._line.is_known:
            self._expect_within(self._port.limits.idle_seconds)

    def _expect_within(self, seconds: float) -> None:
        """Close unless something is said within so many seconds."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.reset(seconds)
        else:
            clock = self._port.lines.clock
            self._deadline = clock.callLater(seconds, self.transport.abortConnection)

    async def _leave(self) -> None:
        if self._doing is not None:
            await self._doing
        await self._line.leave()


@implementer(IPushProducer)
@frozen
class _Room:
    """Whom the transport tells when much is unread, and when it is read."""

    _connection: LineConnection

    def pauseProducing(self) -> None:
        self._connection.fill()

    def resumeProducing(self) -> None:
        self._connection.drain()

    def stopProducing(self) -> None:
        """Nothing is to be stopped."""


@define(eq=False, slots=False)
class LinePort(ServerFactory):
    """Listens for lines."""

    lines: Lines
    limits: LineLimits
    _connections: set[LineConnection] = field(factory=set, init=False)
    _leaving: set[Deferred[None]] = field(factory=set, init=False)
    _idle: Deferred[None] | None = field(default=None, init=False)
    _log = Logger()
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> LineConnection | None:
        """A connection, unless there are as many as there may be."""
        if len(self._connections) >= self.limits.connections:
            return None
        # What fails here is not to keep others out who come from this machine by another door.
        connection = LineConnection(self, f"line {getattr(addr, 'host', '')}")
        self._connections.add(connection)
        return connection

    def lost(self, connection: LineConnection, leaving: Deferred[None]) -> None:
        """A connection is gone; its user is about to be."""
        self._leaving.add(leaving)
        self._connections.discard(connection)
        leaving.addErrback(self._not_left)
        leaving.addBoth(lambda _: self._left(leaving))

    def _not_left(self, failure: Failure) -> None:
        if failure.check(StoreError, Refusal):
            # The session ends by itself.
            self._log.debug("A line was not ended: {problem}", problem=failure.value)
        else:
            self._log.failure("A line could not be ended", failure)

    def _left(self, leaving: Deferred[None]) -> None:
        self._leaving.discard(leaving)
        if self._idle is not None and not (self._connections or self._leaving):
            self._idle.callback(None)

    async def finish(self) -> None:
        """Close every connection; done when their users are signed off."""
        if self._connections or self._leaving:
            self._idle = Deferred()
        for connection in tuple(self._connections):
            connection.transport.abortConnection()
        if self._idle is not None:
            await self._idle
        await self.lines.wakeups.close()
