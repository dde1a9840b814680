"""CIR over TCP as handsets use it: one connection, on which they hear that they are to poll."""

from __future__ import annotations

from typing import Any, TypeVar
from xml.etree.ElementTree import Element

from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from imps.testing.process import PATIENCE_SECONDS, reactor
from imps.testing.wbxml import Choked

L = TypeVar("L", bound="ByLine")


class ByLine(Protocol):
    """Reads by lines, however they come."""

    transport: Any

    def __init__(self) -> None:
        self._heard: DeferredQueue[str | None] = DeferredQueue()
        self._rest = b""

    @classmethod
    async def to(cls: type[L], host: str, port: int) -> L:
        """Connect."""
        factory = Factory.forProtocol(cls)
        factory.noisy = False
        line: Any = await TCP4ClientEndpoint(reactor, host, port).connect(factory)
        assert isinstance(line, cls)
        return line

    @classmethod
    async def agreed(cls: type[L], test: TestCase, answer: Element, session_id: str) -> L | None:
        """Connect to where an answer to capabilities says, and name the session; None where it
        does not agree on TCP."""
        methods = [each.text for each in answer.findall("SupportedCIRMethod")]
        host, port = answer.findtext("TCPAddress"), answer.findtext("TCPPort")
        if methods not in ([], ["STCP"]) or bool(methods) is not bool(host and port):
            raise Choked(f"{methods} at {host}:{port}")
        if not methods:
            return None
        line = await cls.to(host or "", int(port or 0))
        test.addCleanup(line.close)
        await line.ask(f"HELO {session_id}")
        return line

    async def ask(self, command: str) -> None:
        """Say something that the server answers with OK."""
        self.transport.write(f"{command}\r\n".encode())
        await self.hears("OK")

    async def hears(self, word: str) -> str:
        """The next line, which begins with a word."""
        heard: Deferred[str | None] = self._heard.get()
        line = await heard.addTimeout(PATIENCE_SECONDS, reactor)
        if line is None or not line.startswith(word):
            raise Choked(f"{line!r} instead of {word}")
        return line

    def is_silent(self) -> bool:
        """Whether nothing was heard that nobody has listened to."""
        return not self._heard.pending

    def close(self) -> None:
        """Hang up."""
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self._heard.put(line.decode())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._heard.put(None)


class BySegment(ByLine):
    """Sees what stands at the beginning of a segment, and nothing else in it."""

    def dataReceived(self, data: bytes) -> None:
        self._heard.put(data.partition(b"\r\n")[0].decode())
