"""A name server on this machine, which knows the service records that a test gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.names import dns
from twisted.names.authority import FileAuthority
from twisted.names.common import ResolverBase
from twisted.names.server import DNSServerFactory
from twisted.trial.unittest import TestCase

from imps.testing.process import reactor

Service = tuple[int, int, int, str]
"""What a record says: priority, weight, port, and host."""

ZONE = b"example"


class _Zone(FileAuthority):
    """All that there is under ``example``, without a file."""

    def __init__(self, services: Mapping[str, Sequence[Service]]) -> None:
        ResolverBase.__init__(self)
        soa: Any = dns.Record_SOA(mname=b"ns.example", rname=b"root.example", serial=1, ttl=60)
        found: Any = {ZONE: [soa]}
        self.soa, self.records = cast(Any, (ZONE, soa)), found
        for name, records in services.items():
            # A name that has only other records is there as well.
            found[name.encode()] = [dns.Record_TXT(b"here", ttl=60)] + [
                dns.Record_SRV(priority, weight, port, host.encode(), ttl=60)
                for priority, weight, port, host in records
            ]


class _Broken(ResolverBase):
    """Cannot say anything."""

    def _lookup(self, name: bytes, cls: int, type: int, timeout: object) -> Deferred[Any]:
        raise OSError("no disk")


async def name_server(test: TestCase, services: Mapping[str, Sequence[Service]] | None) -> str:
    """Where there is a name server, host and port; one that is broken if it is given nothing."""
    authority = _Broken() if services is None else _Zone(services)
    factory: Any = DNSServerFactory(authorities=[authority])
    factory.noisy = False
    port: Any = reactor.listenUDP(0, dns.DNSDatagramProtocol(factory), "127.0.0.1")
    test.addCleanup(port.stopListening)
    return f"127.0.0.1:{port.getHost().port}"
