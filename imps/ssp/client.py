"""Posting to partners over HTTP: connections that stay open, and no patience beyond the bounds."""

from __future__ import annotations

from typing import Any, cast

from attrs import define, field, frozen
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, DeferredSemaphore, TimeoutError, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import (
    IConsumer,
    IProtocol,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from imps.model.partner import Partner
from imps.ssp.discovery import Endpoint, is_public
from imps.ssp.tls import Certificates, host_of

CONTENT_TYPE = "application/vnd.wv.ssp+xml"
CONNECT_SECONDS = 10
POST_SECONDS = 30
CONNECTIONS = 32
KEPT_SECONDS = 30
MAX_BODY_OCTETS = 65_536


class Unreachable(Exception):
    """A message could not be handed over, and may be later; the text says why."""


@frozen
class Response:
    """What a partner's server said to a post; its body says nothing."""

    status: int
    retry_after: str = ""


@define(eq=False)
class Client:
    """Posts messages; connections to a partner are its own, and no more than a few."""

    _reactor: Any
    _certificates: Certificates
    _allows_private: bool = False
    _lines: dict[Partner, _Line] = field(factory=dict, init=False)

    async def post(
        self, partner: Partner, endpoint: Endpoint, document: bytes, headers: dict[str, str]
    ) -> Response:
        """Post a document. Unreachable if there is no response in time."""
        line = self._lines.get(partner)
        if line is None:
            line = self._lines[partner] = self._line(partner)
        await line.turns.acquire()
        try:
            return await self._post(line, endpoint, document, headers)
        finally:
            line.turns.release()

    async def close(self, but: tuple[Partner, ...] = ()) -> None:
        """Close all connections that are not in use, but those to some partners."""
        for partner in [each for each in self._lines if each not in but]:
            await self._lines.pop(partner).pool.closeCachedConnections()

    def _line(self, partner: Partner) -> _Line:
        pool = HTTPConnectionPool(self._reactor)
        pool.maxPersistentPerHost = CONNECTIONS
        pool.cachedConnectionTimeout = KEPT_SECONDS
        # Whoever posts knows whether it may be done twice.
        pool.retryAutomatically = False
        configured = frozenset(host_of(url) for url in partner.urls)
        names = (*partner.names, *sorted(configured))
        make = _Endpoints(
            self._reactor, self._certificates, names, configured, self._allows_private
        )
        agent = Agent.usingEndpointFactory(self._reactor, make, pool)
        return _Line(pool, agent, DeferredSemaphore(CONNECTIONS))

    async def _post(
        self, line: _Line, endpoint: Endpoint, document: bytes, headers: dict[str, str]
    ) -> Response:
        told = Headers({"content-type": [CONTENT_TYPE], "user-agent": ["imps"]})
        for name, value in headers.items():
            told.setRawHeaders(name, [value])
        url = endpoint.url.encode("ascii", "replace")
        try:
            asked = line.agent.request(b"POST", url, told, _Body(document))
            response: IResponse = await asked.addTimeout(POST_SECONDS, self._reactor)
            await _drained(response).addTimeout(POST_SECONDS, self._reactor)
        except TimeoutError:
            raise Unreachable("no response in time") from None
        except Exception as problem:
            raise Unreachable(_reason(problem)) from None
        (after,) = response.headers.getRawHeaders("retry-after", [""])[:1]
        return Response(int(response.code), str(after))


@frozen(eq=False)
class _Line:
    pool: HTTPConnectionPool
    agent: Agent
    turns: DeferredSemaphore


@implementer(IBodyProducer)
class _Body:
    """A document, written in one go: messages are small."""

    def __init__(self, document: bytes) -> None:
        self.length = len(document)
        self._document = document

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self._document)
        return succeed(None)

    def pauseProducing(self) -> None:
        """There is nothing left to pause."""

    resumeProducing = stopProducing = pauseProducing


class _Drain(Protocol):
    """Reads a body and forgets it; too long a one ends the connection."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred()
        self._octets = 0

    def dataReceived(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets > MAX_BODY_OCTETS:
            cast(Any, self.transport).abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.done.called:
            self.done.callback(None)


def _drained(response: IResponse) -> Deferred[None]:
    drain = _Drain()
    response.deliverBody(drain)
    return drain.done


@implementer(IAgentEndpointFactory)
@frozen
class _Endpoints:
    """Makes what connects to a partner: to a host that an operator named, or a public address."""

    _reactor: Any
    _certificates: Certificates
    _names: tuple[str, ...]
    _configured: frozenset[str]
    _allows_private: bool

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        host = uri.host.decode("ascii").strip("[]")
        is_free = self._allows_private or host in self._configured
        endpoint = _Checked(self._reactor, host, uri.port, is_free)
        if uri.scheme != b"https":
            return endpoint
        creator = self._certificates.for_client(self._names).creatorForNetloc(
            host.encode(), uri.port
        )
        return wrapClientTLS(creator, endpoint)


@implementer(IStreamClientEndpoint)
@frozen
class _Checked:
    """Connects to the first address of a host that answers; inside our own network if it may."""

    _reactor: Any
    _host: str
    _port: int
    _may_be_private: bool

    def connect(self, factory: Any) -> Deferred[IProtocol]:
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: Any) -> IProtocol:
        problem: Exception = DNSLookupError(f"{self._host} has no address")
        for address in await addresses_of(self._reactor, self._host):
            if not self._may_be_private and not is_public(address):
                problem = ConnectError(string=f"{address} is not a public address")
                continue
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            endpoint = kind(self._reactor, address, self._port, timeout=CONNECT_SECONDS)
            try:
                protocol: IProtocol = await endpoint.connect(factory)
                return protocol
            except ConnectError as failed:
                problem = failed
        raise problem


async def addresses_of(reactor: Any, host: str) -> tuple[str, ...]:
    """The addresses that a host has now; none if it cannot be told."""
    receiver = _Addresses()
    reactor.nameResolver.resolveHostName(receiver, host, 0)
    return await receiver.done


@implementer(IResolutionReceiver)
class _Addresses:
    def __init__(self) -> None:
        self.done: Deferred[tuple[str, ...]] = Deferred()
        self._found: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:
        """What is found comes by and by."""

    def addressResolved(self, address: Any) -> None:
        if isinstance(address, IPv4Address | IPv6Address) and address.host not in self._found:
            self._found.append(address.host)

    def resolutionComplete(self) -> None:
        self.done.callback(tuple(self._found))


def _reason(problem: Exception) -> str:
    """What went wrong, in few words; the failures that Twisted packs others in are unpacked."""
    reasons = getattr(problem, "reasons", None)
    if reasons:
        return "; ".join(dict.fromkeys(_reason(each.value) for each in reasons))
    return str(problem) or type(problem).__name__
