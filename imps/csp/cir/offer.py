"""Which CIR methods are served, and what a client is told of them when it negotiates."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

from attrs import frozen

from imps.model.capability import CIRMethod


@frozen
class Agreed:
    """The methods that a client can be woken by, the best first, and where it finds them."""

    methods: tuple[CIRMethod, ...] = ()
    tcp_address: str | None = None
    tcp_port: int | None = None


@frozen
class CIROffer:
    """The methods that are served. Over TCP, clients connect to this host and port; where we listen
    on every address there is no host, and they connect to the one that they sent their request to.
    """

    tcp_host: str = ""
    tcp_port: int | None = None

    @classmethod
    def over_tcp(cls, host: str, port: int) -> CIROffer:
        """An offer of TCP, at the host and port that we listen on, or that lead there."""
        return cls("" if _is_wildcard(host) else host, port)

    def agree(self, wanted: Collection[CIRMethod], host: str) -> Agreed:
        """What a client gets that knows these methods and sent its request to this host.

        Where it could not connect to, it is not sent: that would end its login.
        """
        address = self.tcp_host or host
        if CIRMethod.STCP in wanted and self.tcp_port is not None and address:
            return Agreed((CIRMethod.STCP,), address, self.tcp_port)
        return Agreed()


POLLING_ONLY = CIROffer()


def _is_wildcard(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
