"""Where a partner is: at the URLs that were configured, else where the DNS says (SSP, finding the
peer)."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.names import dns
from twisted.names.client import Resolver
from twisted.names.error import DNSNameError, DomainError, ResolverError

from imps.model.partner import Partner, TLSMode

RESOLVERS = "/etc/resolv.conf"
SERVICE = "_imps-server._tcp"
LOOKUP_SECONDS = 10
_HOST = re.compile(r"[\w-][\w.-]{0,252}", re.ASCII)
CACHED_SECONDS = 60

Lookup = Callable[[str], Awaitable[Iterable["Target"]]]


class NotFound(Exception):
    """There is nowhere to go: the domain is not reachable by SSP."""


class NotListed(NotFound):
    """The DNS says that there is nowhere to go; it does not only fail to answer."""


@frozen
class Target:
    """What an SRV record says."""

    priority: int
    weight: int
    host: str
    port: int


@frozen
class Endpoint:
    """Where a partner may be. What the DNS said, and not an operator, may not lead inside."""

    url: str
    is_configured: bool

    @property
    def is_secure(self) -> bool:
        """Whether it is spoken to over TLS."""
        return self.url.startswith("https:")


@define(eq=False)
class Discovery:
    """Finds partners."""

    _lookup: Lookup
    _clock: IReactorTime
    _random: random.Random = field(factory=random.SystemRandom)
    _known: dict[str, tuple[float, tuple[Target, ...]]] = field(factory=dict, init=False)

    async def endpoints(self, partner: Partner) -> tuple[Endpoint, ...]:
        """Where to try, in this order. NotFound where nothing is known, NotListed where nothing
        is."""
        if partner.urls:
            return tuple(Endpoint(url, is_configured=True) for url in partner.urls)
        targets = await self._targets(partner.domain)
        if not targets:
            raise NotListed(f"there is no SRV record {SERVICE}.{partner.domain}")
        return tuple(
            Endpoint(f"{scheme}://{target.host.rstrip('.')}:{target.port}/", is_configured=False)
            for target in ordered(targets, self._random)
            for scheme in _SCHEMES[partner.tls]
        )

    async def _targets(self, domain: str) -> tuple[Target, ...]:
        now = self._clock.seconds()
        known = self._known.get(domain)
        if known is None or known[0] <= now:
            found = tuple(await self._lookup(f"{SERVICE}.{domain}"))
            known = self._known[domain] = (now + CACHED_SECONDS, found)
        return known[1]


_SCHEMES = {
    TLSMode.REQUIRED: ("https",),
    TLSMode.OPPORTUNISTIC: ("https", "http"),
    TLSMode.OFF: ("http",),
}


def ordered(targets: Iterable[Target], chance: random.Random) -> list[Target]:
    """Targets as they are to be tried: lower priorities first, of one priority those of more
    weight more often first (RFC 2782)."""
    result: list[Target] = []
    left = sorted(targets, key=lambda target: (target.priority, target.weight))
    while left:
        same = [each for each in left if each.priority == left[0].priority]
        point = chance.uniform(0, sum(each.weight for each in same))
        for chosen in same:
            point -= chosen.weight
            if point <= 0:
                break
        result.append(chosen)
        left.remove(chosen)
    return result


def resolver_at(
    place: tuple[str, int | None], reactor: Any, resolvers: str = RESOLVERS
) -> Resolver:
    """What asks a name server, or without a host those that the system is told of; without these
    one on this machine, as anything here would."""
    host, port = place
    if host:
        return Resolver(servers=[(host, port or dns.PORT)], reactor=reactor)
    try:
        return Resolver(resolvers, reactor=reactor)
    except (ValueError, OSError):
        # They cannot be read; partners may have URLs.
        return Resolver(servers=[("127.0.0.1", dns.PORT)], reactor=reactor)


def by_dns(resolver: Any, clock: IReactorTime) -> Lookup:
    """Looks SRV records up by a resolver of ``twisted.names``."""

    async def lookup(name: str) -> Iterable[Target]:
        asked: Deferred[Any] = resolver.lookupService(name, timeout=(1, 3, 5))
        try:
            answers, _, _ = await asked.addTimeout(LOOKUP_SECONDS, clock)
        except DNSNameError:
            return ()
        except (DomainError, ResolverError, TimeoutError, OSError) as problem:
            raise NotFound(f"{name} cannot be looked up: {type(problem).__name__}") from None
        records = (answer.payload for answer in answers if answer.type == dns.SRV)
        targets = (
            Target(
                record.priority,
                record.weight,
                record.target.name.decode("ascii", "replace"),
                record.port,
            )
            for record in records
        )
        # A lone dot says that the service is not there.
        return [target for target in targets if _HOST.fullmatch(target.host.rstrip("."))]

    return lookup


def is_public(address: str) -> bool:
    """Whether an address may be connected to because the DNS says so: none of an inner network."""
    try:
        return ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False
