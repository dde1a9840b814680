"""A network that loses things: what comes back from the server is lost now and then."""

from __future__ import annotations

from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from imps.testing.process import reactor


class _FromServer(Protocol):
    """The far side of a connection that is passed on."""

    transport: Any

    def __init__(self, client: _FromClient) -> None:
        self._client = client

    def dataReceived(self, data: bytes) -> None:
        if self._client.loses():
            self.transport.abortConnection()
            self._client.transport.abortConnection()
        else:
            self._client.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._client.transport.loseConnection()


class _FromClient(Protocol):
    """The near side of a connection that is passed on."""

    transport: Any

    def __init__(self, network: Network) -> None:
        self._network = network
        self._server: Deferred[Any] | None = None

    def connectionMade(self) -> None:
        host, _, port = self._network.server.partition(":")
        endpoint = TCP4ClientEndpoint(reactor, host, int(port))
        self._server = endpoint.connect(Factory.forProtocol(lambda: _FromServer(self)))
        self._server.addErrback(lambda _: self.transport.abortConnection())

    def dataReceived(self, data: bytes) -> None:
        def passed_on(server: Any) -> Any:
            if server is not None:
                server.transport.write(data)
            return server

        assert self._server is not None
        self._server.addCallback(passed_on)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self._server is not None
        self._server.addCallback(lambda server: server and server.transport.loseConnection())

    def loses(self) -> bool:
        """Whether what has just come from the server is lost."""
        return self._network.loses()


@define(eq=False)
class Network:
    """Stands between clients and a server; which answers are lost is the same in each run."""

    test: TestCase
    server: str
    one_in: int = 5
    lost: int = field(default=0, init=False)
    _random: Random = field(factory=lambda: Random(17), init=False)

    async def listen(self) -> str:
        """Begin to pass on; the URL that clients use."""
        factory = Factory.forProtocol(lambda: _FromClient(self))
        factory.noisy = False
        port: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.test.addCleanup(port.stopListening)
        return f"http://127.0.0.1:{port.getHost().port}/"

    def loses(self) -> bool:
        """Whether the next answer is lost."""
        is_lost = self._random.randrange(self.one_in) == 0
        self.lost += is_lost
        return is_lost
