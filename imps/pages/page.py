"""What a page is asked, and what it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from attrs import field, frozen


@frozen(kw_only=True)
class Asked:
    """A request; the names of its headers are in lower case. It has no body if that is too large.

    What is asked may hold a key, or say what is nobody's business. ``peer`` is the address it comes
    from.
    """

    method: str
    query: bytes = field(default=b"", repr=False)
    peer: str = ""
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes | None = field(default=b"", repr=False)


@frozen
class Page:
    """What a page says at the time."""

    status: int
    text: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(factory=dict)


Answer = Callable[[Asked], Awaitable[Page]]


def shown(show: Callable[[], Awaitable[Page]]) -> Answer:
    """A page that says the same to every GET."""

    async def answer(asked: Asked) -> Page:
        if asked.method not in ("GET", "HEAD"):
            return Page(405, b"GET it\n", headers={"allow": "GET, HEAD"})
        return await show()

    return answer
