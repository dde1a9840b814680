"""Sending at once what a connection can take, which is nearly always all of it."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet import tcp, unix

_PLAIN = (tcp.Client, tcp.Server, unix.Client)


@define(eq=False)
class DirectSender:
    """Writes to the transport of one connection; whoever has one, writes by it alone.

    A transport has the reactor say when there is room, and what is to be sent waits until then;
    that takes about as long again as sending does. What does not go out at once is left to it, and
    so is all that comes before that is sent.
    """

    _transport: Any
    _is_plain: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._is_plain = type(self._transport) in _PLAIN

    def send(self, octets: bytes) -> None:
        """Send this, in order."""
        transport = self._transport
        if self._is_plain and transport.connected and not _waits(transport):
            try:
                sent = transport.socket.send(octets)
            except OSError:
                # The transport will see for itself, and tell the protocol.
                sent = 0
            if sent == len(octets):
                return
            octets = octets[sent:]
        transport.write(octets)


def _waits(transport: Any) -> bool:
    """Whether a transport has yet to send what it was given before."""
    # Nobody but the transport knows, and it has no public way to say so.
    return bool(transport.dataBuffer or transport._tempDataLen)
