"""Sessions with partners: made when there is something to say, kept while both live."""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import define, evolve, field, frozen
from twisted.logger import Logger

from imps.model.partner import Partner, Profile, TLSMode
from imps.ssp.client import Unreachable
from imps.ssp.handshake import domain_of
from imps.ssp.handshakes import Handshakes
from imps.store.partner_sessions import PartnerSession, PartnerSessions

LOOK_SECONDS = 0.25
MOST_SESSIONS = 16
"""How many sessions between two domains are kept, the youngest ones; one is enough."""
FAILURES_UNTIL_SUSPENDED = 5
SUSPENDED_SECONDS = 10
"""How long nobody waits for a partner that could not be reached, until one tries again."""


@frozen
class _Failures:
    count: int
    last_at: float


@define(eq=False)
class Sessions:
    """The sessions of this process and all others with partners."""

    _stored: PartnerSessions
    _handshakes: Handshakes
    _reactor: Any
    _failures: dict[str, _Failures] = field(factory=dict, init=False)
    _log = Logger()

    async def usable(self, partner: Partner, own_domain: str) -> PartnerSession | None:
        """The youngest session between two domains that lives."""
        return next(iter(await self.living(partner, own_domain)), None)

    async def living(self, partner: Partner, own_domain: str) -> tuple[PartnerSession, ...]:
        """The sessions between two domains that live, the youngest first."""
        now = self._reactor.seconds()
        return tuple(
            session
            for session in await self._stored.all(partner.domain)
            if session.is_confirmed
            and session.own_domain == own_domain
            and (partner.profile is Profile.BARAZA or not session.is_over(now))
            and _is_as_agreed(session, partner)
        )

    async def between(self, partner: Partner, own_domain: str, seconds: float) -> PartnerSession:
        """A session between two domains, made if there is none. Unreachable if that fails, or is
        not done in time; NotListed where nobody serves the domain."""
        session = await self.usable(partner, own_domain)
        if session is not None:
            return session
        deadline = self._reactor.seconds() + seconds
        # Somebody else may be at it.
        await self._handshakes.begin(partner, own_domain)
        while session is None:
            left = deadline - self._reactor.seconds()
            if left <= 0:
                raise Unreachable("no session in time")
            await self._handshakes.steps.arrival(partner.domain, min(left, LOOK_SECONDS))
            session = await self.usable(partner, own_domain)
            if session is None and (await self._stored.backoff(partner.domain)).until > (
                self._reactor.seconds()
            ):
                raise Unreachable("the session could not be made")
        return session

    async def heard_at(self, partner: Partner) -> float | None:
        """When a partner was last heard, to about a minute; None where there is no session."""
        sessions = await self._stored.all(partner.domain)
        return max((session.heard_at for session in sessions), default=None)

    async def renew(self, partner: Partner, own_domain: str) -> None:
        """Have another session, while the one there is works."""
        await self._handshakes.begin(partner, own_domain)

    async def of_peer(self, partner: Partner, peer_id: str) -> PartnerSession | None:
        """The session that a partner knows by this id, if it lives."""
        session = await self._stored.of_peer(partner.domain, peer_id)
        if session is None:
            return None
        now = self._reactor.seconds()
        is_over = partner.profile is not Profile.BARAZA and session.is_over(now)
        if is_over or not _is_as_agreed(session, partner):
            await self._stored.remove(session)
            return None
        if session.heard_at + min(60.0, session.time_to_live / 10) < now:
            session = await self._stored.heard(session, now=now)
        return session

    async def adopt(
        self, partner: Partner, peer_id: str, identity: tuple[str, ...]
    ) -> PartnerSession | None:
        """A session that a partner goes on using although we do not know it: one that never makes
        another would be lost for ever (SSP, delivery behaviour of the open server). It takes the
        place of the last that we know."""
        known = await self._stored.all(partner.domain)
        if partner.profile is not Profile.BARAZA or not known:
            return None
        if domain_of(peer_id) != partner.domain:
            return None
        session = evolve(
            known[0], peer_id=peer_id, identity=identity, heard_at=self._reactor.seconds()
        )
        await self._stored.put(session)
        self._log.info("{domain} goes on with a session of its own", domain=partner.domain)
        return session

    async def end(self, session: PartnerSession) -> bool:
        """A session is over; whether that is news."""
        return await self._stored.remove(session)

    async def end_all(self, domain: str) -> tuple[PartnerSession, ...]:
        """Nothing is agreed with a domain any more; the sessions that are over by this."""
        self._failures.pop(domain, None)
        return tuple(
            [each for each in await self._stored.all(domain) if await self._stored.remove(each)]
        )

    async def forget_old(self, partner: Partner) -> None:
        """Remove the sessions that are over, but for those that a partner uses for ever; and the
        oldest of so many that nobody needs them."""
        now, counts = self._reactor.seconds(), Counter[str]()
        for session in await self._stored.all(partner.domain):
            counts[session.own_domain] += 1
            is_over = partner.profile is not Profile.BARAZA and session.is_over(now)
            if is_over or counts[session.own_domain] > MOST_SESSIONS:
                await self._stored.remove(session)

    def posted(self, domain: str, *, reached: bool) -> None:
        """A post has succeeded, or failed on its way."""
        before = self._failures.pop(domain, _Failures(0, 0.0))
        if reached:
            if before.count >= FAILURES_UNTIL_SUSPENDED:
                self._log.info("{domain} is there again", domain=domain)
            return
        failures = _Failures(before.count + 1, self._reactor.seconds())
        self._failures[domain] = failures
        if failures.count == FAILURES_UNTIL_SUSPENDED:
            self._log.warn("{domain} cannot be reached", domain=domain)

    def is_suspended(self, domain: str) -> bool:
        """Whether posts to a partner keep failing, the last one a moment ago."""
        failures = self._failures.get(domain)
        if failures is None or failures.count < FAILURES_UNTIL_SUSPENDED:
            return False
        now: float = self._reactor.seconds()
        return failures.last_at + SUSPENDED_SECONDS > now


def _is_as_agreed(session: PartnerSession, partner: Partner) -> bool:
    """Whether a session was made as it has to be by now: nothing is said in the open that was to be
    secured since."""
    return partner.tls is not TLSMode.REQUIRED or session.url.startswith("https:")
