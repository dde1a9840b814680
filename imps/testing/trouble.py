"""A network that gets things wrong: answers are lost, requests come twice, or later than others."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Coroutine, Sequence
from enum import Enum, auto
from itertools import count
from random import Random
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from imps.testing.process import reactor

HOLD_SECONDS = 0.2
"""How long a request waits for one to overtake it, if none does."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_EXPECT = re.compile(rb"(?i)\r\nexpect: *100-continue")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Trouble(Enum):
    """What may happen to a request."""

    LOST_ANSWER = auto()
    """It is carried out, but the connection breaks before the answer is there."""

    COPY_BEFORE = auto()
    """A copy of it is carried out before it gets there."""

    COPY_BESIDE = auto()
    """A copy of it gets there at the same time."""

    COPY_AFTER = auto()
    """A copy of it gets there when it has been answered, and a later request, too."""

    OVERTAKEN = auto()
    """A later request of another connection is answered before it gets there."""


class _End(Protocol, ABC):
    """An end of a connection, at which whole HTTP messages come in."""

    transport: Any

    def __init__(self) -> None:
        self._received = b""

    @abstractmethod
    def came(self, message: bytes) -> None:
        """A message is there."""

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        while (length := self._length()) is not None:
            message, self._received = self._received[:length], self._received[length:]
            self.came(message)

    def _length(self) -> int | None:
        """The length of the message that has come in; None for as long as it has not."""
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return None
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(body) >= length:
            return len(head) + len(blank) + length
        if not body and _EXPECT.search(head):
            self.transport.write(_CONTINUE)
        return None


class _FarEnd(_End):
    """Where a server answers."""

    is_open = True
    _answer: Deferred[bytes] | None = None

    def ask(self, request: bytes) -> Deferred[bytes]:
        """Pass on a request; what the server answers."""
        self._answer = Deferred()
        self.transport.write(request)
        return self._answer

    def came(self, message: bytes) -> None:
        if message != _CONTINUE:
            self._end(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self._end(Failure(ConnectionLost()))

    def _end(self, outcome: bytes | Failure) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None:
            waiting.callback(outcome)


class _NearEnd(_End):
    """Where a client asks."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route
        self._far: dict[str, _FarEnd] = {}

    def came(self, message: bytes) -> None:
        passing = Deferred.fromCoroutine(self._pass_on(message))
        passing.addErrback(lambda _: self.transport.abortConnection())

    async def _pass_on(self, request: bytes) -> None:
        server = self._route.next_server()
        far = self._far.get(server)
        if far is None or not far.is_open:
            far = self._far[server] = await _connected(server)
        answer = await self._route.carry(request, far, server)
        if answer is None:
            self.transport.abortConnection()
        else:
            self.transport.write(answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for far in self._far.values():
            far.transport.abortConnection()


async def _connected(server: str) -> _FarEnd:
    place = urlsplit(server)
    factory = Factory.forProtocol(_FarEnd)
    factory.noisy = False
    end: Any = await TCP4ClientEndpoint(reactor, place.hostname or "", place.port or 80).connect(
        factory
    )
    assert isinstance(end, _FarEnd)
    return end


@define(eq=False)
class Route:
    """The way of one client, with its own troubles: which of its requests they befall is the same
    in each run."""

    network: Network
    url: str
    troubles: Sequence[Trouble]
    _random: Random
    _turns: count[int] = field(factory=count, init=False)

    def next_server(self) -> str:
        """The server whose turn it is."""
        servers = self.network.servers
        return servers[next(self._turns) % len(servers)]

    async def carry(self, request: bytes, far: _FarEnd, server: str) -> bytes | None:
        """Have a request answered; None where the answer is lost."""
        network, trouble = self.network, self._next_trouble()
        number = network.next_number()
        if trouble is Trouble.OVERTAKEN:
            network.done[trouble] += await network.let_pass(number)
        elif trouble is Trouble.COPY_BEFORE:
            await network.copy(request, server, trouble)
        elif trouble is Trouble.COPY_BESIDE:
            network.begin(network.copy(request, server, trouble))
        answer = await far.ask(request)
        network.passed(number)
        if trouble is Trouble.COPY_AFTER:
            network.begin(network.copy_after(request, server, number))
        if trouble is not Trouble.LOST_ANSWER:
            return answer
        network.done[trouble] += 1
        return None

    def _next_trouble(self) -> Trouble | None:
        is_due = self._random.randrange(self.network.one_in) == 0
        return self._random.choice(self.troubles) if is_due and self.troubles else None


@define(eq=False)
class Network:
    """Stands between clients and servers, one or several that are one service, given by URL.

    Each request of a client goes to another server than the last, as by a load balancer. ``done``
    counts what went wrong. A copy goes to another server than the request.
    """

    test: TestCase
    servers: Sequence[str]
    one_in: int = 5
    done: Counter[Trouble] = field(factory=Counter, init=False)
    _numbers: count[int] = field(factory=count, init=False)
    _routes: count[int] = field(factory=count, init=False)
    _held: list[tuple[int, Deferred[bool]]] = field(factory=list, init=False)
    _begun: list[Deferred[None]] = field(factory=list, init=False)

    async def route(self, *troubles: Trouble) -> Route:
        """A way for one client, which knows it by its URL."""
        route = Route(self, "", troubles, Random(next(self._routes)))
        factory = Factory.forProtocol(lambda: _NearEnd(route))
        factory.noisy = False
        port: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.test.addCleanup(port.stopListening)
        route.url = f"http://127.0.0.1:{port.getHost().port}/"
        return route

    def next_number(self) -> int:
        """The place of a request among all: a later one has a higher number."""
        return next(self._numbers)

    async def let_pass(self, number: int) -> bool:
        """Wait until a later request is answered; False if none comes for a while."""
        overtaken: Deferred[bool] = Deferred()
        held = (number, overtaken)
        self._held.append(held)

        def let_go(*_: object) -> bool:
            self._held.remove(held)
            return False

        return await overtaken.addTimeout(HOLD_SECONDS, reactor, onTimeoutCancel=let_go)

    def passed(self, number: int) -> None:
        """A request is answered: those before it that are held have been overtaken."""
        for held in [each for each in self._held if each[0] < number]:
            self._held.remove(held)
            held[1].callback(True)

    async def copy(self, request: bytes, server: str, trouble: Trouble) -> None:
        """Make a request once more, on a connection of its own; nobody sees the answer."""
        place = self.servers.index(server) + 1
        far = await _connected(self.servers[place % len(self.servers)])
        await far.ask(request)
        far.transport.abortConnection()
        self.done[trouble] += 1

    async def copy_after(self, request: bytes, server: str, number: int) -> None:
        """The same once a later request is answered."""
        if await self.let_pass(number):
            await self.copy(request, server, Trouble.COPY_AFTER)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what nobody waits for."""
        self._begun.append(Deferred.fromCoroutine(work))

    async def settled(self) -> None:
        """Wait until no copy is under way any more."""
        begun, self._begun = self._begun, []
        await gatherResults(begun, consumeErrors=True)
