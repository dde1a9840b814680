"""CIR over TCP: the client keeps a connection, on which it is told to poll (CSP, standalone TCP).

::

    client  HELO <session id>                 once it has a session, and again for another
    server  OK                                or it closes
    client  PING                              now and then
    server  OK
    server  WVCI <version> <session cookie>   whenever there is something to poll for

Lines end in CRLF. One kind of client writes a blank after PING. Another sees what stands at the
beginning of a segment only: so there is a while between an OK and a WVCI.
"""

from __future__ import annotations

from collections import Counter
from secrets import token_hex
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from imps.csp.cir.turns import Turns
from imps.csp.cir.waking import Watch
from imps.model.status import Refusal, StatusCode
from imps.sap.sessions import Sessions
from imps.sending import DirectSender
from imps.store.errors import StoreError
from imps.store.wakeups import Wakeups

SILENCE_SECONDS = 0.2
HELLO_SECONDS = 120
LINGER_SECONDS = 5
MAX_LINE_OCTETS = 200
COMMANDS_PER_MINUTE = 60


@frozen(kw_only=True)
class CIRLimits:
    """What clients may keep open; a source is an address."""

    connections_per_source: int
    idle_timeout_seconds: float


@implementer(IPushProducer)
@frozen
class _Unread:
    """Hangs up when so much is unread by the client that the transport asks us to pause."""

    _transport: Any

    def pauseProducing(self) -> None:
        self._transport.abortConnection()

    def resumeProducing(self) -> None:
        """Nothing was paused."""

    def stopProducing(self) -> None:
        """Nothing is to be stopped."""


class CIRConnection(LineReceiver):
    """One connection, of one client; at a time it is for one session."""

    delimiter = b"\n"
    MAX_LENGTH = MAX_LINE_OCTETS
    transport: Any

    def __init__(self, door: TCPDoor, source: str) -> None:
        self.source = source
        self._door = door
        self._watch: Watch | None = None
        self._greeting: Deferred[None] | None = None
        self._deadline: IDelayedCall | None = None
        self._silent_until = 0.0
        self._silence: IDelayedCall | None = None
        self._minute = 0
        self._commands = 0

    def connectionMade(self) -> None:
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
            self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(_Unread(self.transport), True)
        self._sender = DirectSender(self.transport)
        self._expect_within(HELLO_SECONDS)

    def lineReceived(self, line: bytes) -> None:
        if self.transport.disconnecting:
            return
        if (wait := self._silent_until - self._door.clock.seconds()) > 0:
            # An OK has to wait, and so what the client says next.
            self.pauseProducing()
            self._silence = self._door.clock.callLater(wait, self._go_on, line)
            return
        command, _, argument = line.strip().partition(b" ")
        command, argument = command.upper(), argument.strip()
        if not self._may_ask():
            self.hang_up()
        elif command == b"PING" and not argument:
            self._ok()
        elif command == b"HELO" and argument:
            self._hello(argument.decode("ascii", "replace"))
        elif command:
            self.hang_up()

    def lineLengthExceeded(self, line: bytes) -> None:
        self.hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        for timer in (self._deadline, self._silence):
            if timer is not None and timer.active():
                timer.cancel()
        if self._greeting is not None:
            self._greeting.cancel()
        self._leave()
        self._door.forget(self)

    def hang_up(self) -> None:
        """Close the connection."""
        self._leave()
        if self.transport.disconnecting:
            return
        self._expect_within(LINGER_SECONDS)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    @property
    def session_id(self) -> str | None:
        """The session that it is for, None before it has said so."""
        return self._watch.session.id if self._watch is not None else None

    def _may_ask(self) -> bool:
        minute = int(self._door.clock.seconds() // 60)
        if minute != self._minute:
            self._minute, self._commands = minute, 0
        self._commands += 1
        return self._commands <= COMMANDS_PER_MINUTE

    def _expect_within(self, seconds: float) -> None:
        """Hang up unless something is said within so many seconds."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.reset(seconds)
        else:
            self._deadline = self._door.clock.callLater(seconds, self.transport.abortConnection)

    def _say(self, text: str) -> None:
        self._sender.send(f"{text}\r\n".encode())
        if self._watch is not None:
            self._expect_within(self._door.limits.idle_timeout_seconds)

    def _ok(self) -> None:
        self._say("OK")
        if self._watch is not None:
            self._watch.hold(SILENCE_SECONDS)

    def _wake(self, text: str) -> None:
        self._silent_until = self._door.clock.seconds() + SILENCE_SECONDS
        self._say(text)

    def _go_on(self, line: bytes) -> None:
        """Take what the client said while it was not to be answered; more of it waits."""
        self._silence = None
        self.lineReceived(line)
        if self._silence is None and self._greeting is None:
            self._listen_again()

    def _hello(self, session_id: str) -> None:
        # One command at a time keeps the answers in order.
        self.pauseProducing()
        self._leave()
        self._greeting = Deferred.fromCoroutine(self._greet(session_id))
        self._greeting.addErrback(lambda failure: failure.trap(CancelledError) and None)
        self._greeting.addBoth(lambda _: self._greeted())

    def _greeted(self) -> None:
        self._greeting = None
        self._listen_again()

    def _listen_again(self) -> None:
        if self.connected and not self.transport.disconnecting:
            self.resumeProducing()

    async def _greet(self, session_id: str) -> None:
        try:
            await self._take(session_id)
        except Refusal:
            self.hang_up()
        except StoreError as problem:
            self._door.log.debug("A client was not greeted: {problem}", problem=problem)
            self.hang_up()
        except CancelledError:
            raise
        except Exception:
            self._door.log.failure("A client could not be greeted")
            self.hang_up()

    async def _take(self, session_id: str) -> None:
        """Subscribe, then read, then wait."""
        channel = token_hex(8)
        session, _ = await self._door.sessions.look(session_id, channel)
        if self.transport.disconnecting:
            return
        watch = Watch(
            session, channel, self._door.sessions, self._door.clock, self._wake, self._over
        )
        self._watch = watch
        watch.hold(SILENCE_SECONDS)
        await self._door.wakeups.listen(session_id, self._woken)
        if self._watch is not watch:
            # We have hung up meanwhile.
            self._door.wakeups.forget(session_id, self._woken)
            return
        self._door.serve(self)
        self._ok()
        watch.woken()

    def _woken(self) -> None:
        self._door.turns.take(self._look)

    def _look(self) -> None:
        if self._watch is not None:
            self._watch.woken()

    def _over(self, code: StatusCode) -> None:
        """The session is over. A client that is to poll once more hangs up itself."""
        self._leave()
        if code is StatusCode.FORCED_LOGOUT:
            self._expect_within(HELLO_SECONDS)
        else:
            self.hang_up()

    def _leave(self) -> None:
        """Be for no session any more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
            self._door.wakeups.forget(watch.session.id, self._woken)
            self._door.leave(self, watch.session.id)


@define(eq=False, slots=False)
class TCPDoor(ServerFactory):
    """Listens for the connections of clients; any number of ports may share it."""

    sessions: Sessions
    wakeups: Wakeups
    limits: CIRLimits
    clock: IReactorTime
    log: Logger = field(factory=Logger, init=False)
    _connections: set[CIRConnection] = field(factory=set, init=False)
    _sources: Counter[str] = field(factory=Counter, init=False)
    _serving: dict[str, CIRConnection] = field(factory=dict, init=False)
    turns: Turns = field(init=False)
    noisy = False

    def __attrs_post_init__(self) -> None:
        self.turns = Turns(self.clock)

    def buildProtocol(self, addr: IAddress | None) -> CIRConnection | None:
        """A connection, unless its source has as many as it may."""
        source = str(getattr(addr, "host", ""))
        if self._sources[source] >= self.limits.connections_per_source:
            return None
        self._sources[source] += 1
        connection = CIRConnection(self, source)
        self._connections.add(connection)
        return connection

    def forget(self, connection: CIRConnection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self._sources[connection.source] -= 1
        if self._sources[connection.source] <= 0:
            del self._sources[connection.source]

    def serve(self, connection: CIRConnection) -> None:
        """A connection is for a session; another one that was for it is closed."""
        assert connection.session_id is not None
        before = self._serving.get(connection.session_id)
        if before is not None:
            before.hang_up()
        self._serving[connection.session_id] = connection

    def leave(self, connection: CIRConnection, session_id: str) -> None:
        """A connection is for a session no more."""
        if self._serving.get(session_id) is connection:
            del self._serving[session_id]

    def hang_up(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            connection.hang_up()
