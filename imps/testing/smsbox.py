"""A toy smsbox for tests: it takes what is submitted over HTTP, and does what it is told to."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, readBody

from imps.http.message import HTTPRequest, HTTPResponse
from imps.http.pages import pages_door, said
from imps.sms.kannel_requests import Parameters, parameters
from imps.testing.process import reactor


@define(eq=False)
class Smsbox:
    """A smsbox on a port that the system picks; ``submitted`` is what it has accepted."""

    test: TestCase
    submitted: list[Parameters] = field(factory=list)
    pages: list[HTTPResponse] = field(factory=list)
    port: int = 0
    is_silent: bool = False
    _listening: Any = None
    _silent: list[Deferred[None]] = field(factory=list)

    async def start(self) -> None:
        """Listen, for the first time or again on the same port."""
        door = pages_door({"/cgi-bin/sendsms": self._submit}, reactor)
        self._listening = reactor.listenTCP(self.port, door, interface="127.0.0.1")
        self.port = self._listening.getHost().port
        self.test.addCleanup(self.stop)

    async def stop(self) -> None:
        """Be gone."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.stopListening()
        silent, self._silent = self._silent, []
        for each in silent:
            each.callback(None)

    @property
    def send_url(self) -> str:
        """Where texts are submitted."""
        return f"http://127.0.0.1:{self.port}/cgi-bin/sendsms"

    async def _submit(self, asked: HTTPRequest) -> HTTPResponse:
        if self.is_silent:
            answer: Deferred[None] = Deferred()
            self._silent.append(answer)
            await answer
        page = self.pages.pop(0) if self.pages else said(202, b"0: Accepted for delivery")
        if page.status == 202:
            self.submitted.append(parameters(asked.query))
        return page

    async def get(self, url: str) -> int:
        """Ask for a page of the service; the status of the answer."""
        response: Any = await Agent(reactor).request(b"GET", url.encode())
        await readBody(response)
        status: int = response.code
        return status
