"""Pages by their paths, for operators and gateways: small answers to small requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from attrs import define, evolve
from twisted.internet.interfaces import IReactorTime

from imps.http.door import HTTPDoor, HTTPLimits
from imps.http.message import HTTPRequest, HTTPResponse, Page, not_allowed, refused

LIMITS = HTTPLimits(
    max_body_octets=65_536,
    max_header_octets=16_384,
    connections_per_source=1000,
    requests_per_source=20_000,
    body_timeout_seconds=30,
    idle_timeout_seconds=60,
    body_memory_octets=16 * 1024 * 1024,
)
PLAIN_TEXT = "text/plain; charset=utf-8"

_LOOPBACK = {**dict.fromkeys(("tcp", "ssl", "reuse"), "127.0.0.1"), "tcp6": r"\:\:1"}


@define(eq=False)
class Pages:
    """Has each page answer at its path."""

    _pages: Mapping[str, Page]

    async def answer(self, request: HTTPRequest) -> HTTPResponse:
        """What a page says at the time, and nobody is to keep."""
        page = self._pages.get(request.path)
        if page is None:
            return refused(404, f"there is {', '.join(self._pages)}")
        response = await page(request)
        return evolve(response, headers={**response.headers, "cache-control": "no-store"})


def pages_door(pages: Mapping[str, Page], clock: IReactorTime) -> HTTPDoor:
    """A door to pages. It counts nothing: load balancers and gateways ask all the time."""
    return HTTPDoor(Pages(pages).answer, LIMITS, clock)


def said(status: int, text: bytes, content_type: str = PLAIN_TEXT) -> HTTPResponse:
    """A response that says this."""
    return HTTPResponse(status=status, headers={"content-type": content_type}, body=text)


def shown(show: Callable[[], Awaitable[HTTPResponse]]) -> Page:
    """A page that says the same to every GET."""

    async def page(request: HTTPRequest) -> HTTPResponse:
        if request.method not in ("GET", "HEAD"):
            return not_allowed("GET it", "GET", "HEAD")
        return await show()

    return page


def on_loopback(endpoint: str) -> str:
    """The description of an endpoint, on the loopback interface unless it names another."""
    kind = endpoint.partition(":")[0]
    loopback = _LOOPBACK.get(kind)
    if loopback is None or ":interface=" in endpoint:
        return endpoint
    return f"{endpoint}:interface={loopback}"
