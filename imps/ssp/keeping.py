"""Looking after what goes on with partners while nobody asks: who they are, what is due to them,
and whether sessions still live."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.model.partner import Partner, Profile
from imps.model.status import Refusal, StatusCode
from imps.sap.rounds import Rounds
from imps.ssp.client import Client, Unreachable
from imps.ssp.discovery import NotListed
from imps.ssp.identity import Identities
from imps.ssp.known import KnownPartners
from imps.ssp.messages.setup import KeepAliveRequest
from imps.ssp.partners import Partners
from imps.ssp.post import Posts
from imps.ssp.sessions import Sessions
from imps.store.partner_sessions import PartnerSession

ROUND_SECONDS = 1
LOOK_SECONDS = 5
KEEP_SECONDS = 15
KEPT_AFTER = 0.5
RENEWED_AFTER = 0.9
"""What part of its life a session may be silent until its partner is asked whether it lives, and
until there is another."""
SAME_TIME_SECONDS = 60
"""Both sides may begin at once; then there are two sessions, and each side may use either."""


@define(eq=False)
class Keeping:
    """Goes round while the service runs."""

    _known: KnownPartners
    _partners: Partners
    _sessions: Sessions
    _identities: Identities
    _posts: Posts
    _client: Client
    _reactor: Any
    _asked_at: dict[str, float] = field(factory=dict, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _rounds: Rounds = field(init=False)
    _following: set[Deferred[None]] = field(factory=set, init=False)
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
        """Begin no other round, and tell nobody any more that anything is over."""
        self._rounds.stop()
        for following in tuple(self._following):
            following.cancel()

    async def go_round(self) -> None:
        """Look once."""
        await self._known.look()
        await self._partners.work()
        now = self._reactor.seconds()
        if self._looked_at + LOOK_SECONDS <= now:
            self._looked_at = now
            for partner in self._known.all():
                await self._keep(partner)

    def _changed(self, was: Partner | None, is_now: Partner | None) -> None:
        """What holds for a partner was changed by an operator."""
        if is_now is not None:
            domain, told = is_now.domain, "{domain} is a partner"
        else:
            assert was is not None
            domain, told = was.domain, "{domain} is a partner no more"
        self._log.info(told, domain=domain)
        self._identities.forget(domain)
        self._in_background(self._follow(was, is_now))

    async def _follow(self, was: Partner | None, is_now: Partner | None) -> None:
        ended: tuple[PartnerSession, ...] = ()
        if was is not None and (is_now is None or _agreed(was) != _agreed(is_now)):
            ended = await self._sessions.end_all(was.domain)
        if was is not None and is_now is None:
            await self._partners.give_up(was)
        for session in ended:
            assert was is not None
            await self._posts.disconnect(was, session, StatusCode.FORCED_LOGOUT)
        await self._client.close(self._known.all())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Whoever goes round does not wait for a partner that does not answer."""
        following: Deferred[None] = Deferred.fromCoroutine(work)
        self._following.add(following)
        following.addErrback(self._not_followed)
        following.addBoth(lambda _: self._following.discard(following))

    def _not_followed(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self._log.failure("Sessions with a partner, or connections, are left", failure)

    async def _keep(self, partner: Partner) -> None:
        """See that the youngest session with a partner of our kind lives on, and that those are
        over in whose place we made it."""
        await self._sessions.forget_old(partner)
        if partner.profile is not Profile.OURS:
            return
        now = self._reactor.seconds()
        for own_domain in self._known.home_domains:
            sessions = await self._sessions.living(partner, own_domain)
            for old in _superseded(sessions):
                if await self._sessions.end(old):
                    over = StatusCode.SESSION_EXPIRED
                    self._in_background(self._posts.disconnect(partner, old, over))
            session = next(iter(sessions), None)
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
        """Have another session, while the old one works until it is there."""
        try:
            await self._sessions.renew(partner, session.own_domain)
        except (Unreachable, NotListed) as problem:
            self._log.info(
                "{domain} makes no other session: {reason}",
                domain=partner.domain,
                reason=str(problem),
            )


def _agreed(partner: Partner) -> tuple[object, ...]:
    """What a session with a partner rests upon; the rest is looked at for each request."""
    return (
        partner.urls,
        partner.tls,
        partner.profile,
        partner.cert_names,
        partner.version_max,
        partner.allow_in,
        partner.allow_out,
    )


def _superseded(sessions: tuple[PartnerSession, ...]) -> tuple[PartnerSession, ...]:
    """The sessions in whose place we made the youngest; not those of a partner that made one at the
    same time as we did."""
    youngest, *others = sessions or (None,)
    if youngest is None or not youngest.is_initiator:
        return ()
    until = youngest.established_at - SAME_TIME_SECONDS
    return tuple(each for each in others if each is not None and each.established_at < until)
