"""Kannel as a gateway: texts are given to its smsbox over HTTP."""

from __future__ import annotations

from random import uniform
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web._newclient import RequestNotSent
from twisted.web.client import Agent, HTTPConnectionPool, _HTTP11ClientFactory
from zope.interface import implementer

from imps.config import KannelSettings
from imps.sms.gateway import Answer, IGateway, Outgoing
from imps.sms.kannel_requests import answer as answer_of
from imps.sms.kannel_requests import report_url, submission
from imps.sms.turns import AT_ONCE
from imps.store.outgoing_texts import Said

ANSWER_SECONDS = 10
IDLE_SECONDS = 10
LONGEST_AWAY_SECONDS = 30
LONGEST_ANSWER_OCTETS = 4096

# Nothing has been sent.
_NOT_REACHED = (ConnectError, DNSLookupError, RequestNotSent)


class _ConnectionFactory(_HTTP11ClientFactory):
    noisy = False


class _Beginning(Protocol):
    """Reads what smsbox says; of who says more, it keeps the beginning."""

    def __init__(self) -> None:
        self._octets = b""
        self.whole: Deferred[bytes] = Deferred(lambda _: self._hang_up())

    def dataReceived(self, data: bytes) -> None:
        self._octets = (self._octets + data)[:LONGEST_ANSWER_OCTETS]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.whole.called:
            self.whole.callback(self._octets)

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()


@implementer(IGateway)
@define(eq=False)
class Kannel:
    """Submits short messages to the sendsms service of a smsbox.

    There are no more connections than texts may be submitted at once.
    """

    settings: KannelSettings
    _report_base: str
    _reactor: Any
    _pool: HTTPConnectionPool = field(init=False)
    _agent: Agent = field(init=False)
    _away_until: float = field(default=0.0, init=False)
    _away_seconds: float = field(default=0.0, init=False)
    _log = Logger()

    @_pool.default
    def _make_pool(self) -> HTTPConnectionPool:
        pool = HTTPConnectionPool(self._reactor)
        pool._factory = _ConnectionFactory
        pool.maxPersistentPerHost = AT_ONCE
        pool.cachedConnectionTimeout = IDLE_SECONDS
        # A request of which it is not known what became is no request to repeat.
        pool.retryAutomatically = False
        return pool

    @_agent.default
    def _make_agent(self) -> Agent:
        return Agent(self._reactor, connectTimeout=ANSWER_SECONDS / 2, pool=self._pool)

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self.settings.name

    def start(self) -> None:
        """Connections are made when they are needed."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._pool.closeCachedConnections()

    async def submit(self, outgoing: Outgoing) -> Answer:
        """Give it a short message."""
        now = self._reactor.seconds()
        if now < self._away_until:
            wait = self._away_until - now + uniform(0, 1)
            return Answer(said=Said.LATER, reason="away", after_seconds=wait)
        settings = self.settings
        dlr_url = report_url(self._report_base, settings.key, outgoing)
        query = submission(outgoing, settings.username, settings.password, dlr_url)
        asking = Deferred.fromCoroutine(self._asked(f"{settings.send_url}?{query}"))
        try:
            said = await asking.addTimeout(ANSWER_SECONDS, self._reactor)
        except _NOT_REACHED as problem:
            return self._away(str(problem))
        except (TimeoutError, CancelledError):
            return Answer(said=Said.UNKNOWN, reason="no answer in time")
        except Exception as problem:
            reason = f"the connection broke: {type(problem).__name__}"
            return Answer(said=Said.UNKNOWN, reason=reason)
        self._come_back()
        if said.after_seconds and said.said is Said.LATER:
            self._log.warn("{name} takes no texts: {reason}", name=self.name, reason=said.reason)
        return said

    async def _asked(self, url: str) -> Answer:
        response: Any = await self._agent.request(b"GET", url.encode())
        beginning = _Beginning()
        response.deliverBody(beginning)
        return answer_of(response.code, await beginning.whole)

    def _away(self, reason: str) -> Answer:
        if not self._away_seconds:
            self._log.warn("{name} cannot be reached: {reason}", name=self.name, reason=reason)
        self._away_seconds = min(max(1.0, 2 * self._away_seconds), LONGEST_AWAY_SECONDS)
        self._away_until = self._reactor.seconds() + self._away_seconds
        return Answer(said=Said.LATER, reason=reason, after_seconds=self._away_seconds)

    def _come_back(self) -> None:
        if self._away_seconds:
            self._log.info("{name} is back", name=self.name)
        self._away_seconds = self._away_until = 0.0
