"""Sending at once what a connection can take, which is nearly always all of it."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.tcp import Server


@define(eq=False)
class DirectSender:
    """Writes to the transport of one connection; whoever has one, writes by it alone.

    A transport has the reactor say when there is room, and what is to be sent waits until then;
    that takes about as long again as sending does. What does not go out at once is left to it, and
    so is all that comes after that.
    """

    _transport: Any
    _is_plain: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._is_plain = type(self._transport) is Server

    def send(self, octets: bytes) -> None:
        """Send this, in order."""
        if self._is_plain and self._transport.connected:
            try:
                sent = self._transport.socket.send(octets)
            except OSError:
                # The transport will see for itself, and tell the protocol.
                sent = 0
            if sent == len(octets):
                return
            self._is_plain = False
            octets = octets[sent:]
        self._transport.write(octets)
