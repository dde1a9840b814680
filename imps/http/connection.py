"""One HTTP connection: requests are read as they come, within bounds, and answered in order."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from attrs import frozen
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from twisted.internet.interfaces import IDelayedCall, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from imps.http.message import HTTPRequest, HTTPResponse
from imps.sending import DirectSender

if TYPE_CHECKING:
    from imps.http.door import HTTPDoor

LINGER_SECONDS = 5
HANG_UP_SECONDS = 15

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


# Most requests have the same few headers.
@lru_cache(maxsize=100)
def _name(octets: bytes) -> str:
    """A header's name, which may be written in any case."""
    return octets.decode("latin-1").lower()


# Within a second, most answers begin with the same.
@lru_cache(maxsize=100)
def _head(status: int, date: str, headers: tuple[tuple[str, str], ...], connection: str) -> bytes:
    """What an answer begins with: all but how long it is."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}", f"Date: {date}"]
    lines += [f"{name.title()}: {value}" for name, value in headers]
    if connection:
        lines.append(f"Connection: {connection}")
    return "\r\n".join((*lines, "")).encode("latin-1")


@frozen
class _Asked:
    """A request that has come in whole, and whether the connection is kept after its answer."""

    request: HTTPRequest
    is_kept: bool
    is_old: bool


class HTTPConnection(Protocol):
    """A connection. A request has a limited time to come in whole, an idle one to stay open.

    The parser calls the methods that are named ``on_``.
    """

    transport: Any

    def __init__(self, door: HTTPDoor, source: str) -> None:
        self._door = door
        self.source = source
        self._parser: Any = HttpRequestParser(self)
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_octets = 0
        self._is_in_head = True
        self._is_between = True
        self._began = False
        self._pending: deque[_Asked] = deque()
        self._answering: _Asked | None = None
        self._is_going_on = False
        self._is_paused = False
        self._is_full = False
        self._unsent_octets = 0
        self._is_secure = False
        self._refusal = 0
        self._is_over = False
        self._overdue: IDelayedCall | None = None
        self._active_at = 0.0
        self._idle: IDelayedCall | None = None

    # What the transport says.

    def connectionMade(self) -> None:
        self._is_secure = ISSLTransport.providedBy(self.transport)
        self._sender = DirectSender(self.transport)
        self.transport.registerProducer(self, True)
        self._active_at = self._door.clock.seconds()
        self._look_if_idle()

    def dataReceived(self, data: bytes) -> None:
        if self._is_over or self._refusal:
            return
        self._active_at = self._door.clock.seconds()
        self._began = self._is_between = False
        self._feed(data)
        if not self._is_between and self._overdue is None and self._is_free:
            wait = self._door.limits.body_timeout_seconds
            self._overdue = self._door.clock.callLater(wait, self._too_slow)
        if self._is_in_head and not self._began and not self._is_between:
            self._head_octets += len(data)
            self._check_head()
        self._go_on()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            if not self._refusal:
                self._feed(self._as_http() + data[upgrade.args[0] :])
        except HttpParserError:
            self._refusal = self._refusal or 400

    def _as_http(self) -> bytes:
        """The head of a request that offers to go on in another protocol, without that: nothing but
        HTTP is spoken here. The parser would take what follows for the other one."""
        headers = {
            name: value
            for name, value in self._headers.items()
            if name != "upgrade" and (name != "connection" or "close" in value.lower())
        }
        lines = [f"{self._method} {self._target.decode('latin-1')} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._parser = HttpRequestParser(self)
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_over = True
        self._pending.clear()
        self._in_time()
        self._stop_idle()
        self._forget_body()
        self._forget_unsent()
        self._door.forget(self)

    def pauseProducing(self) -> None:
        """The client does not read as fast as we write: what else it asks for has to wait."""
        self._is_full = True

    def resumeProducing(self) -> None:
        """The client has been sent what there was."""
        self._is_full = False
        self._forget_unsent()
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is lost, as is said by connectionLost, too."""

    # What the parser says.

    def on_message_begin(self) -> None:
        self._target, self._headers, self._head_octets = b"", {}, 0
        self._is_in_head = self._began = True
        self._is_between = False

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._head_octets += len(url)

    def on_header(self, name: bytes, value: bytes | None) -> None:
        value = value or b""
        self._head_octets += len(name) + len(value)
        self._headers[_name(name)] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._parser.should_upgrade():
            if self._method == "CONNECT":
                self._refusal = 405
            return
        self._check_head()
        length = self._headers.get("content-length", "0")
        # What is no number has been refused by the parser.
        if not self._refusal and int(length) > self._door.limits.max_body_octets:
            self._refusal = 413
        expects = self._headers.get("expect", "").lower() == "100-continue"
        if expects and not self._refusal and self._is_free:
            self._sender.send(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._refusal:
            return
        self._body += body
        self._door.body_octets += len(body)
        if len(self._body) > self._door.limits.max_body_octets:
            self._refusal = 413
        elif self._door.body_octets > self._door.limits.body_memory_octets:
            self._refusal = 503

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return
        self._in_time()
        if self._refusal:
            return
        is_kept = self._parser.should_keep_alive()
        request = HTTPRequest(
            method=self._method,
            headers=self._headers,
            body=bytes(self._body),
            peer=self.source,
            target=self._target.decode("latin-1"),
            is_secure=self._is_secure,
            certificate=self.transport.getPeerCertificate() if self._is_secure else None,
        )
        self._forget_body()
        if not self._is_over:
            is_old = self._parser.get_http_version() == "1.0"
            self._pending.append(_Asked(request, is_kept, is_old))
        # Nothing is read that comes after the last request.
        self._is_over = self._is_over or not is_kept
        self._is_in_head, self._is_between, self._head_octets = True, True, 0

    @property
    def _is_free(self) -> bool:
        """Whether every request that has come in whole is answered."""
        return self._answering is None and not self._pending

    @property
    def _method(self) -> str:
        method: bytes = self._parser.get_method()
        return method.decode("latin-1")

    # Answering.

    def _go_on(self) -> None:
        """Have what has come in answered, one after the other. While there is more of it, no more
        is read."""
        if self._is_going_on:
            return
        self._is_going_on = True
        while self._pending and self._answering is None and not self._is_full:
            self._answering = self._pending.popleft()
            if self._door.admits(self.source):
                self._door.serve(self._answering.request, self._respond)
            else:
                self._respond(HTTPResponse(status=503))
        self._is_going_on = False
        if self._refusal and self._is_free:
            self._refuse(self._refusal)
        elif self._pending and not self._is_paused:
            self._is_paused = True
            self.transport.pauseProducing()
        elif self._is_paused and not self._pending:
            self._is_paused = False
            self.transport.resumeProducing()

    def _respond(self, response: HTTPResponse) -> None:
        asked, self._answering = self._answering, None
        if asked is None or self._idle is None:
            # The client is gone.
            return
        if self._door.unsent_octets and not self._door.has_room_for(len(response.body)):
            response = HTTPResponse(status=503)
        self._door.metrics.http_answered(response.status)
        self._active_at = self._door.clock.seconds()
        self._sender.send(self._written(response, asked))
        if self._is_full:
            self._unsent_octets += len(response.body)
            self._door.unsent_octets += len(response.body)
        if not asked.is_kept:
            self._hang_up_in_time()
        else:
            self._go_on()

    def _written(self, response: HTTPResponse, asked: _Asked) -> bytes:
        # While it drains, the client should come again by another connection, and so to another
        # process. One that stays, as old handsets may, is served as long as that is possible.
        is_last = not asked.is_kept or self._door.is_draining
        connection = "close" if is_last else "keep-alive" if asked.is_old else ""
        head = _head(response.status, self._door.date, tuple(response.headers.items()), connection)
        head += b"Content-Length: %d\r\n\r\n" % len(response.body)
        return head if asked.request.method == "HEAD" else head + response.body

    # Refusing, and hanging up.

    def _check_head(self) -> None:
        if self._head_octets > self._door.limits.max_header_octets:
            self._refusal = self._refusal or 431

    def _refuse(self, code: int) -> None:
        """Say no before the request is read, and close: what still comes in is read, and dropped,
        for a while, so that the client gets to see the answer."""
        self._is_over = True
        self._refusal = 0
        self._in_time()
        self._stop_idle()
        self._forget_body()
        self._pending.clear()
        self._door.metrics.http_answered(code)
        phrase = _PHRASES.get(code, "")
        head = f"HTTP/1.1 {code} {phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        self._sender.send(head.encode("latin-1"))
        self._overdue = self._door.clock.callLater(LINGER_SECONDS, self._hang_up)

    def _too_slow(self) -> None:
        self._overdue = None
        self._refuse(408)

    def _look_if_idle(self) -> None:
        """Hang up if nothing has happened for long, and look again later if something has."""
        limit = self._door.limits.idle_timeout_seconds
        idle_for = self._door.clock.seconds() - self._active_at
        wait = limit if self._answering is not None else limit - idle_for
        if wait > 0:
            self._idle = self._door.clock.callLater(wait, self._look_if_idle)
        else:
            self._idle = None
            self._hang_up_in_time()

    def close(self) -> None:
        """Close the connection once what was written is sent."""
        # With a producer that it has told to wait, the transport would stay open for that.
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _hang_up_in_time(self) -> None:
        """Close the connection once what was written is sent, if that does not take for ever."""
        self._is_over = True
        self._in_time()
        self._stop_idle()
        self.close()
        self._overdue = self._door.clock.callLater(HANG_UP_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        self._overdue = None
        self.transport.abortConnection()

    def _in_time(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _forget_body(self) -> None:
        self._door.body_octets -= len(self._body)
        self._body = bytearray()

    def _forget_unsent(self) -> None:
        self._door.unsent_octets -= self._unsent_octets
        self._unsent_octets = 0
