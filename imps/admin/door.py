"""The door for operators: pages of plain text over HTTP, each by a GET without a login."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from imps.admin.health import Health
from imps.metrics import Metrics

IDLE_SECONDS = 60
MAX_BODY_OCTETS = 65_536

_LOOPBACK = {**dict.fromkeys(("tcp", "ssl", "reuse"), "127.0.0.1"), "tcp6": r"\:\:1"}

# prometheus_client.CONTENT_TYPE_LATEST may name a newer format than the function writes.
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@frozen
class Page:
    """What a page says at the time."""

    status: int
    text: bytes
    content_type: str = "text/plain; charset=utf-8"


Show = Callable[[], Awaitable[Page]]


def pages(health: Health, metrics: Metrics) -> Mapping[bytes, Show]:
    """The pages there are, by their paths."""

    async def show_health() -> Page:
        complaint = await health.complaint()
        return Page(503, f"{complaint}\n".encode()) if complaint else Page(200, b"ok\n")

    async def show_metrics() -> Page:
        await health.look_at_store()
        return Page(200, metrics.exposition(), PROMETHEUS)

    return {b"/health": show_health, b"/metrics": show_metrics}


class _Request(server.Request):
    """A request; one with an endless body loses its connection."""

    channel: Any
    _octets = 0

    def handleContentChunk(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets > MAX_BODY_OCTETS:
            self.channel.transport.abortConnection()
        else:
            super().handleContentChunk(data)


class _Root(Resource):
    """All paths."""

    isLeaf = True
    _log = Logger()

    def __init__(self, pages: Mapping[bytes, Show]) -> None:
        super().__init__()
        self._pages = pages

    def render(self, request: Any) -> int | bytes:
        show = self._pages.get(request.path)
        if show is None:
            return _written(request, Page(404, b"there is /health, and /metrics\n"))
        if request.method not in (b"GET", b"HEAD"):
            request.setHeader("allow", "GET, HEAD")
            return _written(request, Page(405, b"GET it\n"))
        Deferred.fromCoroutine(self._shown(request, show))
        return NOT_DONE_YET

    async def _shown(self, request: Any, show: Show) -> None:
        try:
            page = await show()
        except Exception:
            self._log.failure("A page could not be shown")
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
    return page.text


class AdminDoor(server.Site):
    """Listens for operators."""

    noisy = False
    displayTracebacks = False

    def __init__(self, pages: Mapping[bytes, Show], reactor: Any) -> None:
        super().__init__(
            _Root(pages), requestFactory=_Request, timeout=IDLE_SECONDS, reactor=reactor
        )

    def log(self, request: object) -> None:
        """Keep no log of who asked: load balancers ask all the time."""


def on_loopback(endpoint: str) -> str:
    """The description of an endpoint, on the loopback interface unless it names another."""
    kind = endpoint.partition(":")[0]
    loopback = _LOOPBACK.get(kind)
    if loopback is None or ":interface=" in endpoint:
        return endpoint
    return f"{endpoint}:interface={loopback}"
