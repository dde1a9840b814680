"""The connections of a handset: HTTP, one request at a time, and CIR over TCP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

_HEAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class HTTPFailed(Exception):
    """An answer of another status than 200, or one that cannot be read."""


class HTTPLine(asyncio.Protocol):
    """A connection that is kept for the next request."""

    def __init__(self, content_type: bytes) -> None:
        self.is_open = True
        self._content_type = content_type
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def to(cls, place: tuple[str, int], content_type: bytes) -> HTTPLine:
        """Connect to a server, to post bodies of a type."""
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: cls(content_type), *place)
        return line

    async def post(self, body: bytes) -> bytes:
        """Make a request: the body of the answer. ConnectionError where the server is gone."""
        if not self.is_open:
            raise ConnectionResetError("the connection was closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(_HEAD % (self._content_type, len(body)) + body)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._received, 0, end)
        if length is None:
            self._end(HTTPFailed("HTTP without Content-Length"))
            return
        whole = end + 4 + int(length[1])
        if len(self._received) < whole:
            return
        status, body = self._received[9:12], self._received[end + 4 : whole]
        self._received = self._received[whole:]
        self._end(body if status == b"200" else HTTPFailed(f"HTTP {status.decode('latin-1')}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._end(ConnectionResetError("the connection was lost"))

    def _end(self, outcome: bytes | Exception) -> None:
        answer, self._answer = self._answer, None
        if answer is None or answer.done():
            return
        if isinstance(outcome, bytes):
            answer.set_result(outcome)
        else:
            answer.set_exception(outcome)


class CIRLine(asyncio.Protocol):
    """A connection by which the server wakes a client: ``woken`` is called at each WVCI."""

    def __init__(self, session_id: str, woken: Callable[[], Any], lost: Callable[[], Any]) -> None:
        self._session_id = session_id
        self._woken = woken
        self._lost = lost
        self._received = b""
        self._accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def to(
        cls,
        place: tuple[str, int],
        session_id: str,
        woken: Callable[[], Any],
        lost: Callable[[], Any],
    ) -> CIRLine:
        """Connect to a server; ConnectionError where it does not take the session."""
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: cls(session_id, woken, lost), *place)
        await line._accepted
        return line

    def close(self) -> None:
        """Hang up; nobody is told."""
        self._lost = lambda: None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(f"HELO {self._session_id}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\r\n")
        for line in lines:
            if line.startswith(b"WVCI"):
                self._woken()
            elif line.startswith(b"OK") and not self._accepted.done():
                self._accepted.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._accepted.done():
            self._accepted.set_exception(ConnectionRefusedError("CIR did not take the session"))
        else:
            self._lost()
