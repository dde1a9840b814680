"""HTTP for a door: reads requests within bounds, and writes what the door answers.

A request of any path is handed to the door whole. What is over a bound is refused, as far as the
client still listens, and its connection closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from imps.http.connection import HTTPConnection
from imps.http.message import HTTPRequest, HTTPResponse
from imps.metrics import Metrics

Answer = Callable[[HTTPRequest], Awaitable[HTTPResponse]]


@frozen(kw_only=True)
class HTTPLimits:
    """What clients may send and keep open; a source is an address."""

    max_body_octets: int
    max_header_octets: int
    connections_per_source: int
    requests_per_source: int
    body_timeout_seconds: float
    idle_timeout_seconds: float
    body_memory_octets: int


@define(eq=False, slots=False)
class HTTPDoor(ServerFactory):
    """Listens for the door; any number of ports may share it."""

    _answer: Answer
    limits: HTTPLimits
    clock: IReactorTime
    metrics: Metrics = field(factory=Metrics)
    is_draining: bool = field(default=False, init=False)
    body_octets: int = field(default=0, init=False)
    unsent_octets: int = field(default=0, init=False)
    _open: set[HTTPConnection] = field(factory=set, init=False)
    _connections: Counter[str] = field(factory=Counter, init=False)
    _requests: Counter[str] = field(factory=Counter, init=False)
    _second: int = field(default=0, init=False)
    _date: tuple[int, str] = field(default=(-1, ""), init=False)
    _in_hand: int = field(default=0, init=False)
    _idle: Deferred[None] | None = field(default=None, init=False)
    _log = Logger()
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> HTTPConnection | None:
        """A connection, unless its source has as many as it may."""
        source = str(getattr(addr, "host", ""))
        if self._connections[source] >= self.limits.connections_per_source:
            return None
        self._connections[source] += 1
        self.metrics.open_connections.inc()
        connection = HTTPConnection(self, source)
        self._open.add(connection)
        return connection

    def forget(self, connection: HTTPConnection) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        self.metrics.open_connections.dec()
        self._connections[connection.source] -= 1
        if self._connections[connection.source] <= 0:
            del self._connections[connection.source]

    @property
    def date(self) -> str:
        """The date as answers tell it."""
        second = int(self.clock.seconds())
        if second != self._date[0]:
            self._date = second, formatdate(second, usegmt=True)
        return self._date[1]

    def admits(self, source: str) -> bool:
        """Whether a source may ask once more in this second."""
        second = int(self.clock.seconds())
        if second != self._second:
            self._second = second
            self._requests.clear()
        self._requests[source] += 1
        return self._requests[source] <= self.limits.requests_per_source

    def has_room_for(self, octets: int) -> bool:
        """Whether so much more may wait for clients who do not read."""
        return self.unsent_octets + octets <= self.limits.body_memory_octets

    def serve(self, request: HTTPRequest, respond: Callable[[HTTPResponse], None]) -> None:
        """Have the door answer; nothing that goes wrong there reaches the client."""
        self._in_hand += 1
        Deferred.fromCoroutine(self._serve(request, respond))

    async def _serve(self, request: HTTPRequest, respond: Callable[[HTTPResponse], None]) -> None:
        began_at = self.clock.seconds()
        try:
            respond(await self._response(request))
        except Exception:
            self._log.failure("An answer could not be sent")
        self.metrics.http_served(self.clock.seconds() - began_at)
        # Only now: whoever waits for this is about to close the connection.
        self._in_hand -= 1
        if self._in_hand == 0 and self._idle is not None:
            self._idle.callback(None)
            self._idle = None

    async def _response(self, request: HTTPRequest) -> HTTPResponse:
        try:
            return await self._answer(request)
        except Exception:
            self._log.failure("The door failed")
            return HTTPResponse(status=500)

    def drain(self) -> None:
        """From now on ask clients to come again by other connections."""
        self.is_draining = True

    async def finish(self) -> None:
        """Wait for the requests in hand, then close every connection."""
        if self._in_hand:
            self._idle = Deferred()
            await self._idle
        for connection in list(self._open):
            connection.close()
