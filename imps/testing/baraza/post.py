"""HTTP as that server speaks it: an empty answer, or none at all and a closed connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from imps.testing.baraza.wire import CONTENT_TYPE
from imps.testing.process import reactor

ANSWER_SECONDS = 30

Then = Callable[[], Awaitable[None]]


@frozen
class Reaction:
    """What it answers to a POST, None for closing the connection; and what it does after that."""

    status: int | None
    then: Then | None = None


Hear = Callable[[bytes, Mapping[str, str]], Reaction]


class Page(Resource):
    """Its one page, whatever the path."""

    isLeaf = True

    def __init__(self, hear: Hear, do: Callable[[Awaitable[None]], None]) -> None:
        super().__init__()
        self._hear = hear
        self._do = do

    def render_POST(self, request: Request) -> Any:
        """Answer a message, and only then do what follows from it."""
        headers = {
            name.decode().lower(): values[0].decode("latin-1")
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        assert request.content is not None
        reaction = self._hear(request.content.read(), headers)
        if reaction.status is None:
            request.loseConnection()
        else:
            request.setResponseCode(reaction.status)
            request.setHeader("connection", "keep-alive")
            request.setHeader("content-length", "0")
            request.finish()
        if reaction.then is not None:
            self._do(reaction.then())
        return NOT_DONE_YET


class Poster:
    """Sends messages; what is answered to them is an HTTP status and nothing else."""

    def __init__(self) -> None:
        self._pool = HTTPConnectionPool(reactor)
        self._pool.retryAutomatically = False
        self._agent = Agent(reactor, connectTimeout=ANSWER_SECONDS, pool=self._pool)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether a message was accepted; all but a status of 2xx is a failure, and the same."""
        fields = Headers({"content-type": [CONTENT_TYPE]})
        for name, value in headers.items():
            fields.addRawHeader(name, value)
        try:
            asked: Deferred[Any] = self._agent.request(
                b"POST", url.encode(), fields, FileBodyProducer(BytesIO(body))
            )
            answer = await asked.addTimeout(ANSWER_SECONDS, reactor)
            await readBody(answer)
        except Exception:
            return False
        return bool(answer.code // 100 == 2)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.closeCachedConnections()
