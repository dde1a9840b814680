"""A client's side of CIR over TCP: a connection on which the server says when to poll."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

ANSWER_SECONDS = 30
CONNECT_SECONDS = 20
FIRST_PAUSE_SECONDS = 3
LONGEST_PAUSE_SECONDS = 27
PING_SECONDS = 900


class _Line(LineReceiver):
    """One connection; it is lost when the server does not say OK in time."""

    delimiter = b"\n"
    transport: Any

    def __init__(self, session_id: str, woken: Callable[[], object], clock: IReactorTime) -> None:
        self.greeted: Deferred[None] = Deferred()
        self.lost: Deferred[None] = Deferred()
        self._session_id = session_id
        self._woken = woken
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._ask(f"HELO {self._session_id}")

    def lineReceived(self, line: bytes) -> None:
        command = line.split(b" ")[0].strip()
        if command not in (b"OK", b"WVCI"):
            return
        self._in(PING_SECONDS, lambda: self._ask("PING"))
        if not self.greeted.called:
            self.greeted.callback(None)
        if command == b"WVCI":
            self._woken()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if not self.greeted.called:
            self.greeted.errback(reason)
        self.lost.callback(None)

    def hang_up(self) -> None:
        """Close the connection."""
        self.transport.abortConnection()

    def _ask(self, command: str) -> None:
        self.transport.write(f"{command}\r\n".encode())
        self._in(ANSWER_SECONDS, self.hang_up)

    def _in(self, seconds: float, call: Callable[[], object]) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self._clock.callLater(seconds, call)


@define(eq=False)
class Channel:
    """Keeps a connection to where the server wakes clients, from ``open`` to ``close``.

    ``woken`` is called when there is something to poll for, or may be: whenever the connection
    comes or goes, too.
    """

    host: str
    port: int
    session_id: str
    _woken: Callable[[], object]
    _reactor: Any
    is_open: bool = field(default=False, init=False)
    _keeping: Deferred[None] | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)

    def open(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        self._keeping = Deferred.fromCoroutine(self._keep_open())

    async def close(self) -> None:
        """Disconnect."""
        self._closed = True
        if self._keeping is not None:
            self._keeping.cancel()
            await self._keeping

    async def _keep_open(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        # Endpoints answer a cancellation with errors of their own, hence the flag.
        with suppress(CancelledError):
            while not self._closed:
                line = await self._connected()
                if line is not None:
                    pause = FIRST_PAUSE_SECONDS
                    await self._use(line)
                if self._closed:
                    return
                await deferLater(self._reactor, pause)
                pause = min(3 * pause, LONGEST_PAUSE_SECONDS)

    async def _connected(self) -> _Line | None:
        """A connection on which the server knows the session, if there can be one now."""
        endpoint = HostnameEndpoint(self._reactor, self.host, self.port, timeout=CONNECT_SECONDS)
        factory = Factory.forProtocol(lambda: _Line(self.session_id, self._woken, self._reactor))
        factory.noisy = False
        try:
            line: Any = await endpoint.connect(factory)
        except CancelledError:
            raise
        except Exception:
            # Whatever it is, the next attempt may do better.
            return None
        try:
            await line.greeted
        except CancelledError:
            line.hang_up()
            raise
        except Exception:
            return None
        assert isinstance(line, _Line)
        return line

    async def _use(self, line: _Line) -> None:
        self.is_open = True
        self._woken()
        try:
            await line.lost
        finally:
            self.is_open = False
            line.hang_up()
        self._woken()
