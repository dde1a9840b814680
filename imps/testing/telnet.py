"""Somebody at a line port: writes lines, and sees what comes."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from imps.testing.process import reactor, until


class Telnet(LineReceiver):
    """One connection to a line port."""

    delimiter = b"\r\n"
    MAX_LENGTH = 1_000_000
    transport: Any

    def __init__(self, test: Any) -> None:
        self.test = test
        self.lines: list[str] = []
        self.seen = 0
        self.is_open = True
        self.closed: Deferred[None] = Deferred()

    @classmethod
    async def to(cls, test: Any, port: int) -> Telnet:
        """Connect to a port of this machine; disconnected when the test is over."""
        return await cls.over(test, TCP4ClientEndpoint(reactor, "127.0.0.1", port, timeout=5))

    @classmethod
    async def over(cls, test: Any, endpoint: IStreamClientEndpoint) -> Telnet:
        """Connect to what may be no port."""
        line: Telnet = await connectProtocol(endpoint, cls(test))

        def close() -> Deferred[None]:
            line.transport.abortConnection()
            return line.closed

        test.addCleanup(close)
        return line

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line.decode())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self.closed.callback(None)

    def say(self, line: str | bytes) -> None:
        """Write a line."""
        octets = line.encode() if isinstance(line, str) else line
        self.transport.write(octets + b"\n")

    async def says(self, line: str | bytes, *expected: str) -> None:
        """Write a line, and see that this, and nothing else, comes."""
        self.say(line)
        await self.gets(*expected)

    async def gets(self, *expected: str) -> None:
        """See that these lines come next."""
        await self.has(len(expected))
        self.test.assertEqual(self.new(), list(expected))

    async def has(self, count: int) -> None:
        """Wait until so many lines have come that were not seen before."""
        await until(
            lambda: len(self.lines) - self.seen >= count,
            lambda: f"only {self.lines[self.seen :]}",
        )

    def new(self) -> list[str]:
        """What has come and was not seen before."""
        new = self.lines[self.seen :]
        self.seen = len(self.lines)
        return new

    async def is_closed(self) -> None:
        """Wait until the other side has closed."""
        await until(lambda: not self.is_open, lambda: f"still open: {self.lines}")
