"""Looking after what goes on with partners while nobody asks: who they are, what is due to them,
and whether sessions still live."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from imps.model.partner import Partner, Profile
from imps.model.status import Refusal
from imps.sap.rounds import Rounds
from imps.ssp.client import Client, Unreachable
from imps.ssp.identity import Identities
from imps.ssp.known import KnownPartners
from imps.ssp.messages.setup import KeepAliveRequest, LogoutRequest
from imps.ssp.partners import Partners
from imps.ssp.sessions import Sessions
from imps.store.partner_sessions import PartnerSession

ROUND_SECONDS = 1
LOOK_SECONDS = 5
KEEP_SECONDS = 15
KEPT_AFTER = 0.5
RENEWED_AFTER = 0.9
"""What part of its life a session may be silent until its partner is asked whether it lives, and
until there is another."""


@define(eq=False)
class Keeping:
    """Goes round while the service runs."""

    _known: KnownPartners
    _partners: Partners
    _sessions: Sessions
    _identities: Identities
    _client: Client
    _reactor: Any
    _asked_at: dict[str, float] = field(factory=dict, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _rounds: Rounds = field(init=False)
    _log = Logger()

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        complaint = "Not all that is due to partners was said"
        return Rounds(self.go_round, ROUND_SECONDS, complaint, self._reactor)

    async def start(self) -> None:
        """Begin, knowing who the partners are."""
        self._known.on_change(self._changed)
        await self._known.look()
        self._rounds.start()

    def stop(self) -> None:
        """Begin no other round."""
        self._rounds.stop()

    async def go_round(self) -> None:
        """Look once."""
        await self._known.look()
        await self._partners.work()
        now = self._reactor.seconds()
        if self._looked_at + LOOK_SECONDS <= now:
            self._looked_at = now
            for partner in self._known.all():
                await self._keep(partner)

    def _changed(self, domain: str) -> None:
        """What holds for a partner was changed by an operator."""
        partner = self._known.get(domain)
        told = "{domain} is a partner no more" if partner is None else "{domain} is a partner"
        self._log.info(told, domain=domain)
        self._identities.forget(domain)
        doing = self._client.close(self._known.all())
        Deferred.fromCoroutine(doing).addErrback(
            lambda failure: self._log.failure("Connections to a partner are left", failure)
        )
        if partner is None:
            ending = Deferred.fromCoroutine(self._sessions.end_all(domain))
            ending.addErrback(
                lambda failure: self._log.failure("Sessions with a partner are left", failure)
            )

    async def _keep(self, partner: Partner) -> None:
        """See that the youngest session with a partner of our kind lives on."""
        await self._sessions.forget_old(partner)
        if partner.profile is not Profile.OURS:
            return
        now = self._reactor.seconds()
        for own_domain in self._known.home_domains:
            session = await self._sessions.usable(partner, own_domain)
            key = f"{own_domain} {partner.domain}"
            if session is None or self._asked_at.get(key, 0) + KEEP_SECONDS > now:
                continue
            silent = (now - session.heard_at) / max(1, session.time_to_live)
            if silent < KEPT_AFTER:
                continue
            self._asked_at[key] = now
            doing = self._renewed if silent >= RENEWED_AFTER else self._asked
            Deferred.fromCoroutine(doing(partner, session)).addErrback(
                lambda failure: self._log.failure("A session could not be kept", failure)
            )

    async def _asked(self, partner: Partner, session: PartnerSession) -> None:
        request = KeepAliveRequest(time_to_live=session.time_to_live)
        try:
            await self._partners.ask(partner.domain, None, request, KEEP_SECONDS)
        except Refusal as problem:
            self._log.info(
                "{domain} does not say that it lives: {reason}",
                domain=partner.domain,
                reason=str(problem),
            )

    async def _renewed(self, partner: Partner, session: PartnerSession) -> None:
        """Have another session; when it is there, the old one is over."""
        try:
            await self._sessions.renew(partner, session.own_domain)
        except Unreachable as problem:
            self._log.info(
                "{domain} makes no other session: {reason}",
                domain=partner.domain,
                reason=str(problem),
            )

    async def log_out(self, partner: Partner) -> None:
        """Tell a partner that a session is over, if it can be told."""
        try:
            await self._partners.ask(partner.domain, None, LogoutRequest(), KEEP_SECONDS)
        except Refusal as problem:
            self._log.info("{domain}: {reason}", domain=partner.domain, reason=str(problem))
        await self._sessions.end_all(partner.domain)
