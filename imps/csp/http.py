"""HTTP for the CSP door: reads requests within bounds, and writes what the door answers.

A request of any path is handed to the door whole. What is over a bound is refused, as far as the
client still listens, and its connection closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http

from imps.csp.door import HTTPRequest, HTTPResponse
from imps.metrics import Metrics

LINGER_SECONDS = 5

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


class _Request(http.Request):
    """A request for the door; its body is kept in memory, and counted."""

    channel: _Channel

    def __init__(self, channel: _Channel, queued: object = None) -> None:
        super().__init__(channel)
        self._body = bytearray()

    def gotLength(self, length: int | None) -> None:
        limits = self.channel.site.limits
        if length is not None and length > limits.max_body_octets:
            # Without this, the channel would ask for the body that we have just refused.
            self.requestHeaders.removeHeader(b"expect")
            self.channel.refuse(413)

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.refused:
            return
        site = self.channel.site
        self._body += data
        site.body_octets += len(data)
        if len(self._body) > site.limits.max_body_octets:
            self.channel.refuse(413)
        elif site.body_octets > site.limits.body_memory_octets:
            self.channel.refuse(503)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.method, self.uri, self.clientproto = command, path, version
        if self.channel.refused:
            return
        site = self.channel.site
        if not site.admits(self.channel.source):
            self._respond(HTTPResponse(status=503))
            return
        request = HTTPRequest(
            method=command.decode("latin-1"),
            headers={
                name.decode("latin-1").lower(): values[-1].decode("latin-1")
                for name, values in self.requestHeaders.getAllRawHeaders()
            },
            body=bytes(self._body),
            peer=self.channel.source,
            target=path.decode("latin-1"),
            is_secure=self.channel.is_secure,
        )
        self._forget_body()
        site.serve(request, self._respond)

    def _respond(self, response: HTTPResponse) -> None:
        if self._disconnected:
            return
        site = self.channel.site
        if site.unsent_octets and not site.has_room_for(len(response.body)):
            response = HTTPResponse(status=503)
        site.metrics.http_answered(response.status)
        if site.is_draining:
            # The client should come again by another connection, and so to another process. One
            # that stays, as old handsets may, is served as long as that is possible.
            self.responseHeaders.setRawHeaders("connection", ["close"])
        self.setResponseCode(response.status)
        for name, value in response.headers.items():
            self.responseHeaders.setRawHeaders(name, [value])
        self.responseHeaders.setRawHeaders("content-length", [str(len(response.body))])
        self.write(response.body)
        self.channel.has_written(len(response.body))
        self.finish()

    def connectionLost(self, reason: Any) -> None:
        self._forget_body()
        super().connectionLost(reason)

    def _forget_body(self) -> None:
        self.channel.site.body_octets -= len(self._body)
        self._body = bytearray()


class _Channel(http.HTTPChannel):
    """A connection. A request has a limited time to come in whole, an idle one to stay open."""

    transport: Any
    requestFactory: Any = _Request
    timeOut: Any

    def __init__(self, site: HTTPDoor, source: str) -> None:
        super().__init__()
        self.site = site
        self.source = source
        self.is_secure = False
        self.refused = False
        self.timeOut = site.limits.idle_timeout_seconds
        self.totalHeadersSize = self.MAX_LENGTH = site.limits.max_header_octets
        self._overdue: IDelayedCall | None = None
        self._is_full = False
        self._unsent_octets = 0
        self._host: IAddress

    def connectionMade(self) -> None:
        self._host = self.transport.getHost()
        self.is_secure = self.isSecure()
        super().connectionMade()

    def getHost(self) -> IAddress:
        """Our end, which stays the same: each request asks for it, and the system is slow."""
        return self._host

    def callLater(self, delay: float, call: Callable[[], object]) -> IDelayedCall:
        """How the channel's own timer for idle connections is set."""
        return self.site.clock.callLater(delay, call)

    def dataReceived(self, data: bytes) -> None:
        if self.refused:
            return
        if self._overdue is None and not self._handlingRequest:
            wait = self.site.limits.body_timeout_seconds
            self._overdue = self.site.clock.callLater(wait, self._too_slow)
        super().dataReceived(data)

    def allContentReceived(self) -> None:
        self._in_time()
        super().allContentReceived()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._in_time()
        self._forget_unsent()
        self.site.forget(self)
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        """The client does not read as fast as we write."""
        self._is_full = True
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """The client has read what there was."""
        self._is_full = False
        self._forget_unsent()
        super().resumeProducing()

    def has_written(self, octets: int) -> None:
        """Count what the client has still to read: it may ask for much, and read nothing."""
        if self._is_full:
            self._unsent_octets += octets
            self.site.unsent_octets += octets

    def _forget_unsent(self) -> None:
        self.site.unsent_octets -= self._unsent_octets
        self._unsent_octets = 0

    def refuse(self, code: int) -> None:
        """Say no before the request is read, and close: what still comes in is read, and dropped,
        for a while, so that the client gets to see the answer."""
        self.refused = True
        self._in_time()
        self.setTimeout(None)
        self.site.metrics.http_answered(code)
        for request in self.requests:
            request._forget_body()
        phrase = http.RESPONSES.get(code, b"")
        self.transport.write(
            b"HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (code, phrase)
        )
        self._overdue = self.site.clock.callLater(LINGER_SECONDS, self._hang_up)

    def _too_slow(self) -> None:
        self._overdue = None
        self.refuse(408)

    def _hang_up(self) -> None:
        self._overdue = None
        self.transport.abortConnection()

    def _in_time(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


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
    _channels: set[_Channel] = field(factory=set, init=False)
    _connections: Counter[str] = field(factory=Counter, init=False)
    _requests: Counter[str] = field(factory=Counter, init=False)
    _second: int = field(default=0, init=False)
    _in_hand: int = field(default=0, init=False)
    _idle: Deferred[None] | None = field(default=None, init=False)
    _log = Logger()
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _Channel | None:
        """A connection, unless its source has as many as it may."""
        source = str(getattr(addr, "host", ""))
        if self._connections[source] >= self.limits.connections_per_source:
            return None
        self._connections[source] += 1
        self.metrics.open_connections.inc()
        channel = _Channel(self, source)
        self._channels.add(channel)
        return channel

    def forget(self, channel: _Channel) -> None:
        """A connection is gone."""
        self._channels.discard(channel)
        self.metrics.open_connections.dec()
        self._connections[channel.source] -= 1
        if self._connections[channel.source] <= 0:
            del self._connections[channel.source]

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
        for channel in list(self._channels):
            channel.loseConnection()
