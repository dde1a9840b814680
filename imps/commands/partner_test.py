"""``imps partner test``: whether a partner can be reached, said step by step.

The partner answers to where the service listens, so what it says is received there: the command
begins a handshake, and looks into the store for what comes of it.
"""

from __future__ import annotations

from typing import Any

from imps.commands.partners import functions_shown
from imps.config import Settings
from imps.model.partner import Partner
from imps.parts.federation import Federation
from imps.ssp.client import Unreachable
from imps.ssp.discovery import Endpoint, NotFound
from imps.ssp.tls import Unusable
from imps.store.opening import Store
from imps.store.partner_sessions import PartnerSession, PartnerSessions
from imps.store.processes import Processes

HANDSHAKE_SECONDS = 40


async def test_partner(partner: Partner, settings: Settings, store: Store, reactor: Any) -> bool:
    """Say how far one gets, a line a step; whether that is all the way."""
    federation = Federation(settings, store, reactor)
    try:
        if not federation.certificates.is_given:
            print("certificate: we have none")
        endpoints = await _found(federation, partner)
        if not await _answering(federation, partner, endpoints):
            return False
        if not await _is_listening(store):
            print("handshake: not tried, as no service listens for partners (--ssp)")
            return False
        session = await _session(federation, partner, store, reactor)
    except Unusable as problem:
        print(f"certificate: {problem}")
        return False
    except NotFound as problem:
        print(f"DNS: {problem}")
        return False
    except Unreachable as problem:
        print(f"handshake: {problem}")
        return False
    finally:
        federation.handshakes.steps.stop()
        await federation.client.close()
    print(f"handshake: there is a session, in version {session.version}")
    print(f"granted: {functions_shown(partner.grants)}")
    print(f"wanted: {functions_shown(partner.wants)}")
    return True


async def _found(federation: Federation, partner: Partner) -> tuple[Endpoint, ...]:
    endpoints = await federation.discovery.endpoints(partner)
    source = "configured" if partner.urls else "DNS"
    for endpoint in endpoints:
        print(f"{source}: {endpoint.url}")
    return endpoints


async def _answering(
    federation: Federation, partner: Partner, endpoints: tuple[Endpoint, ...]
) -> bool:
    """Whether something answers there that has the right certificate. It is sent nothing that means
    anything."""
    is_there = False
    for endpoint in endpoints:
        try:
            await federation.client.post(partner, endpoint, b"", {})
        except Unreachable as problem:
            print(f"connection: {endpoint.url}: {problem}")
        else:
            secured = "with TLS, by the right certificate" if endpoint.is_secure else "without TLS"
            print(f"connection: {endpoint.url} answers, {secured}")
            is_there = True
    return is_there


async def _is_listening(store: Store) -> bool:
    processes = await Processes(store.client).all()
    return any(each.startswith("SSP ") for process in processes for each in process.endpoints)


async def _session(
    federation: Federation, partner: Partner, store: Store, reactor: Any
) -> PartnerSession:
    """A session that was not there before."""
    stored = PartnerSessions(store.client, store.buckets)
    await stored.succeeded(partner.domain)
    before = {each.own_id for each in await stored.all(partner.domain)}
    own_domain = store.domains[0].casefold()
    await federation.known.look()
    await federation.handshakes.begin(partner, own_domain)
    deadline = reactor.seconds() + HANDSHAKE_SECONDS
    while reactor.seconds() < deadline:
        for session in await stored.all(partner.domain):
            if session.own_id not in before and session.is_confirmed:
                return session
        if (await stored.backoff(partner.domain)).tries:
            raise Unreachable("it was refused: the log of the service says more")
        await federation.handshakes.steps.arrival(partner.domain, 0.25)
    raise Unreachable("it does not answer, or not to where the service listens")
