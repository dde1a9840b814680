"""The door to pages over HTTP: within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from imps.pages.page import Answer, Asked, Page

IDLE_SECONDS = 60
MAX_BODY_OCTETS = 65_536
ENDLESS_OCTETS = 1_048_576

_LOOPBACK = {**dict.fromkeys(("tcp", "ssl", "reuse"), "127.0.0.1"), "tcp6": r"\:\:1"}


class _Request(server.Request):
    """A request; no more of its body is kept than may be asked, and one with an endless body loses
    its connection."""

    channel: Any
    content: Any
    _octets = 0

    def handleContentChunk(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets > ENDLESS_OCTETS:
            self.channel.transport.abortConnection()
        elif self._octets <= MAX_BODY_OCTETS:
            super().handleContentChunk(data)

    @property
    def asked(self) -> Asked:
        """What is asked."""
        return Asked(
            method=self.method.decode("latin-1"),
            query=self.uri.partition(b"?")[2],
            peer=str(getattr(self.getClientAddress(), "host", "")),
            headers={
                name.decode("latin-1").lower(): values[-1].decode("latin-1")
                for name, values in self.requestHeaders.getAllRawHeaders()
            },
            body=self.content.read() if self._octets <= MAX_BODY_OCTETS else None,
        )


class _Root(Resource):
    """All paths."""

    isLeaf = True
    _log = Logger()

    def __init__(self, pages: Mapping[bytes, Answer]) -> None:
        super().__init__()
        self._pages = pages

    def render(self, request: Any) -> int | bytes:
        answer = self._pages.get(request.path)
        if answer is None:
            return _written(request, Page(404, b"there is %b\n" % b", ".join(self._pages)))
        Deferred.fromCoroutine(self._answered(request, answer))
        return NOT_DONE_YET

    async def _answered(self, request: Any, answer: Answer) -> None:
        try:
            page = await answer(request.asked)
        except Exception:
            self._log.failure("A page failed")
            page = Page(500, b"internal error\n")
        if not request._disconnected:
            request.write(_written(request, page))
            request.finish()


def _written(request: Any, page: Page) -> bytes:
    """The text of a page, when its head is set."""
    request.setResponseCode(page.status)
    request.setHeader("content-type", page.content_type)
    request.setHeader("content-length", str(len(page.text)))
    request.setHeader("cache-control", "no-store")
    for name, value in page.headers.items():
        request.setHeader(name, value)
    return page.text


class PagesDoor(server.Site):
    """Shows pages, by their paths."""

    noisy = False
    displayTracebacks = False

    def __init__(self, pages: Mapping[bytes, Answer], reactor: Any) -> None:
        super().__init__(
            _Root(pages), requestFactory=_Request, timeout=IDLE_SECONDS, reactor=reactor
        )

    def log(self, request: object) -> None:
        """Keep no log of who asked: load balancers ask all the time, gateways say their key."""


def on_loopback(endpoint: str) -> str:
    """The description of an endpoint, on the loopback interface unless it names another."""
    kind = endpoint.partition(":")[0]
    loopback = _LOOPBACK.get(kind)
    if loopback is None or ":interface=" in endpoint:
        return endpoint
    return f"{endpoint}:interface={loopback}"
