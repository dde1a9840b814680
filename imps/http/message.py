"""Requests and responses, as doors see them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

_HOST = re.compile(r"[\w.:-]{1,255}", re.ASCII)
_HOST_AND_PORT = re.compile(
    r"([\w.-]{1,255}|\[[\da-f:.]{2,45}\])(:\d{1,5})?", re.ASCII | re.IGNORECASE
)


# Most clients call a service by the same name.
@lru_cache(maxsize=100)
def _host_in(place: str) -> str:
    try:
        host = urlsplit(f"//{place}").hostname or ""
    except ValueError:
        return ""
    return host if _HOST.fullmatch(host) else ""


@lru_cache(maxsize=100)
def _origin_of(place: str, is_secure: bool) -> str:
    scheme = "https" if is_secure else "http"
    return f"{scheme}://{place}" if _HOST_AND_PORT.fullmatch(place) else ""


@frozen(kw_only=True)
class HTTPRequest:
    """A request as the door sees it; header names in lower case. ``target`` is what stands after
    the method: a path, or a whole URL. ``certificate`` is what the peer of a secure connection
    presented, an X509 of pyOpenSSL, if it was asked for one."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    target: str = "/"
    is_secure: bool = False
    certificate: Any = None

    @property
    def host(self) -> str:
        """The host that it was sent to, without a port; nothing where that makes no sense."""
        return _host_in(self.headers.get("host", ""))

    @property
    def origin(self) -> str:
        """Scheme, host and port that it was sent to; nothing where they make no sense."""
        return _origin_of(self.headers.get("host", ""), self.is_secure)

    @property
    def query(self) -> bytes:
        """What stands after the path."""
        return self.target.partition("?")[2].encode("latin-1")

    @property
    def path(self) -> str:
        """The path that is asked for."""
        try:
            return urlsplit(self.target).path
        except ValueError:
            return ""


@frozen(kw_only=True)
class HTTPResponse:
    """A response; always with a body, which may be empty."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


Page = Callable[[HTTPRequest], Awaitable[HTTPResponse]]


def refused(code: int, reason: str) -> HTTPResponse:
    """An answer that says why there is none."""
    return HTTPResponse(
        status=code, headers={"content-type": "text/plain"}, body=f"{reason}\n".encode()
    )


def not_allowed(reason: str, *methods: str) -> HTTPResponse:
    """An answer to a method other than these."""
    refusal = refused(405, reason)
    return evolve(refusal, headers={**refusal.headers, "allow": ", ".join(methods)})
