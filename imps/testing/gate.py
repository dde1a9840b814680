"""A gate between a process and its store: what the process says can be stopped half-way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.protocols.portforward import Proxy, ProxyClientFactory, ProxyServer
from twisted.trial.unittest import TestCase

from imps.testing.process import reactor


class _Gated(ProxyServer):
    """A connection of a process to its store, through a gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def connectionMade(self) -> None:
        self.transport.pauseProducing()
        client = ProxyClientFactory()
        client.noisy = False
        client.setServer(self)
        reactor.connectUNIX(str(self.gate.store), client)

    def dataReceived(self, data: bytes) -> None:
        if self.gate.lets_in(data):
            super().dataReceived(data)
        else:
            self.gate.waiting.append((self, data))


@define(eq=False)
class Gate:
    """Stands between a process and its store; what that process says can be stopped there."""

    test: TestCase
    store: Path
    _socket: Path
    waiting: list[tuple[Proxy, bytes]] = field(factory=list, init=False)
    _word: bytes = field(default=b"", init=False)
    _times: int = field(default=0, init=False)
    _stopping: Deferred[None] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        factory: Any = Factory()
        factory.noisy = False
        factory.buildProtocol = lambda _: _Gated(self)
        port = reactor.listenUNIX(str(self._socket), factory)
        self.test.addCleanup(port.stopListening)

    def stop(self, word: bytes, times: int) -> Deferred[None]:
        """Let a word in so many times, and then nothing more; fires when that is so."""
        self._word, self._times = word, times
        self._stopping = Deferred()
        return self._stopping

    def lets_in(self, data: bytes) -> bool:
        """Whether this may go in."""
        if self._stopping is None:
            return True
        self._times -= data.count(self._word)
        if self._times >= 0:
            return True
        if not self._stopping.called:
            self._stopping.callback(None)
        return False

    def go_on(self) -> None:
        """Let in what has been stopped, and all that comes."""
        self._stopping = None
        for connection, data in self.waiting:
            Proxy.dataReceived(connection, data)
        self.waiting = []
