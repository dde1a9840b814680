"""HTTP as handsets speak it: one connection, one request at a time, and no tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ClientEndpoint, TCP4ClientEndpoint
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import CertificateOptions
from twisted.python.failure import Failure

from imps.testing.process import reactor
from imps.testing.wbxml import Choked

READ_SECONDS = 45


@frozen
class Answer:
    """An HTTP response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line(Protocol):
    """A connection of a client. It chokes at a response that does not say how long it is."""

    transport: Any

    def __init__(self) -> None:
        self.is_open = True
        self._received = b""
        self._answer: Deferred[Answer] | None = None
        self._withheld = b""

    @classmethod
    async def to(cls, url: str) -> Line:
        """Connect to the server that a URL names; over TLS, it may be anybody."""
        parts = urlsplit(url)
        place = (parts.hostname or "", parts.port or 80)
        endpoint: IStreamClientEndpoint = TCP4ClientEndpoint(reactor, *place)
        if parts.scheme == "https":
            endpoint = SSL4ClientEndpoint(reactor, *place, CertificateOptions())
        factory = Factory.forProtocol(cls)
        factory.noisy = False
        line: Any = await endpoint.connect(factory)
        assert isinstance(line, Line)
        return line

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Make a request; ConnectionLost when the server is gone before it has answered."""
        server = self.transport.getPeer()
        lines = [
            "POST / HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
            f"Host: {server.host}:{server.port}",
            "Connection: Keep-Alive",
        ]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if "Expect" not in headers:
            return await self.say(head + body)
        self._withheld = body
        return await self.say(head)

    def say(self, octets: bytes) -> Deferred[Answer]:
        """Send these octets; what the server answers."""
        assert self._answer is None, "one request at a time"
        self._answer = Deferred()
        answer = self._answer.addTimeout(READ_SECONDS, reactor)
        if self.is_open:
            self.transport.write(octets)
        else:
            self.connectionLost()
        return answer

    def close(self) -> None:
        """Hang up."""
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        if first.split()[1] == "100":
            self._received = rest
            self.transport.write(self._withheld)
            return
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = headers.get("content-length")
        if length is None:
            self._end(Failure(Choked(f"no Content-Length: {head!r}")))
        elif len(rest) >= int(length):
            self._received = rest[int(length) :]
            self._end(Answer(int(first.split()[1]), headers, rest[: int(length)]))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self._end(Failure(ConnectionLost()))

    def _end(self, outcome: Answer | Failure) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None:
            waiting.callback(outcome)
