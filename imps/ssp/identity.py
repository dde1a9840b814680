"""Whether a request comes from the partner that it says it does (SSP, security)."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from imps.http.message import HTTPRequest
from imps.model.partner import Partner, TLSMode
from imps.ssp.client import addresses_of
from imps.ssp.discovery import CACHED_SECONDS, Discovery, NotFound
from imps.ssp.tls import host_of, names_matched, names_of


class Stranger(Exception):
    """Somebody else speaks for a partner; the text says why that is known."""


@define(eq=False)
class Identities:
    """Tells partners by their certificates, or where nothing is secured by where they come from."""

    _discovery: Discovery
    _reactor: Any
    _addresses: dict[str, tuple[float, frozenset[str]]] = field(factory=dict, init=False)

    async def of(self, request: HTTPRequest, partner: Partner) -> tuple[str, ...]:
        """The names of a partner that the certificate behind a request is for; none where it is
        told by its address. Stranger if it is not that partner."""
        if request.certificate is not None:
            names = names_matched(request.certificate, partner.names)
            if not names:
                shown = ", ".join(names_of(request.certificate)) or "no name"
                raise Stranger(f"its certificate is for {shown}")
            return names
        if partner.tls is TLSMode.REQUIRED:
            reason = "it presents no certificate" if request.is_secure else "it comes without TLS"
            raise Stranger(reason)
        if request.peer not in await self._addresses_of(partner):
            raise Stranger("it does not come from an address of that domain")
        return ()

    async def _addresses_of(self, partner: Partner) -> frozenset[str]:
        now, known = self._reactor.seconds(), self._addresses.get(partner.domain)
        if known is None or known[0] <= now:
            try:
                endpoints = await self._discovery.endpoints(partner)
            except NotFound as problem:
                raise Stranger(str(problem)) from None
            found: set[str] = set()
            for host in {host_of(endpoint.url) for endpoint in endpoints}:
                found.update(await addresses_of(self._reactor, host))
            known = self._addresses[partner.domain] = (now + CACHED_SECONDS, frozenset(found))
        return known[1]

    def forget(self, domain: str) -> None:
        """Where a partner is may have changed."""
        self._addresses.pop(domain, None)
