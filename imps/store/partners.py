"""Partners, as operators made them known: one record each, all of them read at once."""

from __future__ import annotations

import json
from typing import Any

from attrs import define

from imps.model.partner import Partner, Profile, TLSMode
from imps.model.version import Version
from imps.store.client import StoreClient
from imps.store.keys import PARTNERS


@define(eq=False)
class Partners:
    """The partners that are kept in this store."""

    _client: StoreClient

    async def put(self, partner: Partner) -> bool:
        """Keep a partner, in the place of what was kept of it; whether it is new."""
        return bool(await self._client.execute("HSET", PARTNERS, partner.domain, _packed(partner)))

    async def remove(self, domain: str) -> bool:
        """Forget a partner; False if there was none."""
        return bool(await self._client.execute("HDEL", PARTNERS, domain.casefold()))

    async def all(self) -> tuple[Partner, ...]:
        """Every partner, by name."""
        records: list[bytes] = await self._client.execute("HVALS", PARTNERS)
        return tuple(sorted(map(_unpacked, records), key=lambda partner: partner.domain))


def _packed(partner: Partner) -> bytes:
    fields: dict[str, Any] = {
        "domain": partner.domain,
        "urls": partner.urls,
        "tls": partner.tls.value,
        "profile": partner.profile.value,
        "cert_names": partner.cert_names,
        "allow_in": partner.allow_in,
        "allow_out": partner.allow_out,
        "grants": None if partner.grants is None else sorted(partner.grants),
        "wants": None if partner.wants is None else sorted(partner.wants),
        "relay_for": partner.relay_for,
        "version_max": int(partner.version_max),
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def _unpacked(record: bytes) -> Partner:
    fields = json.loads(record)
    return Partner(
        domain=fields["domain"],
        urls=tuple(fields["urls"]),
        tls=TLSMode(fields["tls"]),
        profile=Profile(fields["profile"]),
        cert_names=tuple(fields["cert_names"]),
        allow_in=fields["allow_in"],
        allow_out=fields["allow_out"],
        grants=_set(fields["grants"]),
        wants=_set(fields["wants"]),
        relay_for=tuple(fields["relay_for"]),
        version_max=Version(fields["version_max"]),
    )


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
