"""One listening port for several processes: the kernel gives each of them a share of what connects.

``reuse:8080:interface=127.0.0.1`` is ``tcp:`` with SO_REUSEPORT, which Twisted has no word for.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

BACKLOG = 1024


@implementer(IStreamServerEndpoint)
@frozen
class ReusedPort:
    """An endpoint on a TCP port that other processes of the same user may listen on, too."""

    _reactor: Any
    port: int
    interface: str = ""
    backlog: int = BACKLOG

    @classmethod
    def parse(
        cls, reactor: Any, port: str, interface: str = "", backlog: str = str(BACKLOG)
    ) -> ReusedPort:
        """The endpoint that a description means; ValueError where it means none."""
        if interface:
            ip_address(interface)
        return cls(reactor, int(port), interface, int(backlog))

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen; fails with CannotListenError, as when somebody has the port for himself."""
        return maybeDeferred(self._listen, factory)

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        family = socket.AF_INET6 if ":" in self.interface else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as listening:
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                listening.bind((self.interface, self.port))
                listening.listen(self.backlog)
            except OSError as error:
                raise CannotListenError(self.interface, self.port, error) from None
            # The reactor makes a descriptor of its own of it.
            port: IListeningPort = self._reactor.adoptStreamPort(
                listening.fileno(), family, factory
            )
        return port
