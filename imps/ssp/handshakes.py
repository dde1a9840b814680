"""Handshakes with partners: begun, received, remembered and posted.

What a step means is in ``handshake``. Each step is acknowledged before the next is taken.
"""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, frozen
from twisted.internet.task import deferLater
from twisted.logger import Logger

from imps.http.message import HTTPRequest
from imps.model.partner import Partner, Profile
from imps.ssp import handshake as steps
from imps.ssp.client import Unreachable
from imps.ssp.discovery import Discovery, Endpoint, NotFound, NotListed
from imps.ssp.handshake import STEP_SECONDS, Handshake, Refused, Step, domain_of
from imps.ssp.identity import Identities, Stranger
from imps.ssp.known import KnownPartners
from imps.ssp.messages.envelope import Mode, SetupTransaction
from imps.ssp.messages.setup import LoginRequest, LoginResponse, SendSecretToken
from imps.ssp.steps import Steps, Then
from imps.store.partner_sessions import PartnerSessions

SETTLE_SECONDS = {Profile.BARAZA: 0.75}
"""How long a partner needs after its second message until it knows where we are."""
PAUSE_SECONDS = {Profile.BARAZA: 0.5}
"""And after its first."""


@frozen
class Received:
    """How a step is acknowledged, and what is done after that."""

    status: int
    then: Then | None = None


@define(eq=False)
class Handshakes:
    """Makes sessions with partners, and lets partners make them."""

    stored: PartnerSessions
    _known: KnownPartners
    _discovery: Discovery
    _identities: Identities
    steps: Steps
    _reactor: Any
    _log = Logger()

    # Beginning a handshake.

    async def begin(self, partner: Partner, own_domain: str) -> bool:
        """Begin a handshake; False while somebody else's is under way. Unreachable if it cannot be
        begun, or not yet; NotListed if there is nowhere to go."""
        now = self._reactor.seconds()
        backoff = await self.stored.backoff(partner.domain)
        if not partner.allow_out:
            raise Unreachable("nothing is sent to this partner")
        if backoff.until > now:
            raise Unreachable("making a session failed a moment ago")
        handshake, said = steps.begun(own_domain, partner, self.steps.new_transaction_id())
        try:
            endpoints = await self._discovery.endpoints(partner)
        except NotListed:
            raise
        except NotFound as problem:
            await self.steps.failed(partner, str(problem))
            raise Unreachable(str(problem)) from None
        handshake = evolve(handshake, url=endpoints[0].url)
        if not await self.stored.begin_out(partner.domain, handshake.packed(), self.steps.seconds):
            return False
        await self.stored.keep_domain(said.transaction_id, partner.domain, self.steps.seconds)
        for endpoint in endpoints:
            handshake = evolve(handshake, url=endpoint.url)
            # Before it is posted: the answer may come before we are told that it arrived.
            record = handshake.packed()
            await self.stored.change_out(partner.domain, record, self.steps.seconds)
            problem_here = await self.steps.posted(partner, endpoint, said, handshake)
            if not problem_here:
                self._watch(partner, record, handshake, said)
                return True
            self._log.info(
                "{domain} is not reached at {url}: {reason}",
                domain=partner.domain,
                url=endpoint.url,
                reason=problem_here,
            )
        await self.stored.give_up_out(partner.domain, record)
        await self.steps.failed(partner, problem_here)
        raise Unreachable(problem_here)

    def _watch(
        self, partner: Partner, record: bytes, handshake: Handshake, said: SetupTransaction
    ) -> None:
        """Give a handshake up if its first step is not answered in time."""

        async def look() -> None:
            if await self.stored.give_up_out(partner.domain, record):
                await self.steps.failed(partner, "the second step of a handshake did not come")
                await self.steps.dismiss(partner, handshake, said)

        self.steps.later(look)

    # Receiving steps.

    async def receive(self, said: SetupTransaction, request: HTTPRequest) -> Received:
        """A step of a handshake has come."""
        message = said.message
        domain = await self._domain_in(said)
        partner = self._known.get(domain) if domain else None
        if partner is None or self._known.is_home(domain):
            self._log.warn(
                "A server that is no partner wants a session: {domain}", domain=domain[:100]
            )
            return Received(403)
        begins = isinstance(message, SendSecretToken) and said.mode is Mode.REQUEST
        if begins:
            if not partner.allow_in:
                return self._refused(partner, "it may not begin")
            tries = await self.stored.count_source(request.peer, now=self._reactor.seconds())
            if tries > self.steps.limits.per_source:
                return Received(429)
        try:
            identity = await self._identities.of(request, partner)
        except Stranger as problem:
            return self._refused(partner, str(problem))
        if begins:
            # Only its own tries count for a partner: else strangers could keep it out.
            tries = await self.stored.count_try(partner.domain, now=self._reactor.seconds())
            if tries > self.steps.limits.per_domain:
                return Received(429)
            return await self._begun_by(partner, said, request, identity)
        return await self._continued(partner, said, identity)

    async def _domain_in(self, said: SetupTransaction) -> str:
        """Who says something; who refuses need not say so."""
        message = said.message
        if not isinstance(message, LoginResponse):
            service = message.service_id
            is_server = not service.user and service.resource is None
            return service.domain.casefold() if is_server else ""
        if message.session_id:
            return domain_of(message.session_id)
        return await self.stored.domain_of(said.transaction_id)

    def _refused(self, partner: Partner, reason: str) -> Received:
        self._log.warn(
            "A session with {domain} is refused: {reason}", domain=partner.domain, reason=reason
        )
        return Received(403)

    async def _begun_by(
        self,
        partner: Partner,
        said: SetupTransaction,
        request: HTTPRequest,
        identity: tuple[str, ...],
    ) -> Received:
        token = said.message
        assert isinstance(token, SendSecretToken)
        own_domain = (
            request.host if self._known.is_home(request.host) else self._known.first_home_domain
        )
        try:
            endpoints = await self._discovery.endpoints(partner)
        except NotFound as problem:
            return self._refused(partner, str(problem))
        if not await self.stored.is_new_token(partner.domain, token.secret_token.octets):
            return self._refused(partner, "its secret was used before")
        try:
            step = steps.answered(
                said,
                token,
                own_domain.casefold(),
                partner,
                self.steps.new_transaction_id(),
                identity,
            )
        except Refused as problem:
            return self._no(partner, said, problem, endpoints[0])
        assert step.handshake is not None
        assert step.reply is not None
        handshake, reply = evolve(step.handshake, url=endpoints[0].url), step.reply
        await self.stored.begin_in(
            partner.domain, said.transaction_id, handshake.packed(), self.steps.seconds
        )
        await self.stored.keep_domain(said.transaction_id, partner.domain, self.steps.seconds)

        async def then() -> None:
            await deferLater(self._reactor, PAUSE_SECONDS.get(partner.profile, 0))
            for endpoint in endpoints:
                known = evolve(handshake, url=endpoint.url)
                await self.stored.change_step(
                    partner.domain,
                    False,
                    said.transaction_id,
                    known.packed(),
                    self.steps.seconds,
                )
                if not await self.steps.posted(partner, endpoint, reply, known):
                    self._watch_step(partner, known, reply)
                    return
            await self.stored.take_step(partner.domain, False, said.transaction_id)

        return Received(200, then)

    def _watch_step(self, partner: Partner, handshake: Handshake, said: SetupTransaction) -> None:
        """Give a handshake up if what we said last is not followed by the next step in time."""
        record = handshake.packed()

        async def look() -> None:
            role, id = handshake.is_initiator, handshake.transaction_id
            if not await self.stored.give_up_step(partner.domain, role, id, record):
                return
            if role:
                await self.steps.failed(partner, "a handshake does not go on")
            # Both what we began and what we answered are over in the mode that we speak in.
            over = evolve(said, transaction_id=id)
            await self.steps.dismiss(partner, handshake, over)

        self.steps.later(look)

    async def _continued(
        self, partner: Partner, said: SetupTransaction, identity: tuple[str, ...]
    ) -> Received:
        is_initiator = said.mode is Mode.RESPONSE
        is_second = isinstance(said.message, SendSecretToken)
        if is_second:
            record = await self.stored.take_out(partner.domain)
        else:
            record = await self.stored.take_step(partner.domain, is_initiator, said.transaction_id)
        if record is None and isinstance(said.message, LoginResponse) and is_initiator:
            # Refused before there was a second step.
            record = await self.stored.take_out(partner.domain)
        if record is None:
            # To one that closes its eyes to codes, it is over all the same.
            return Received(200 if isinstance(said.message, LoginResponse) else 403)
        handshake = Handshake.unpacked(record)
        try:
            step = self._step(partner, handshake, said, identity)
        except Refused as problem:
            if is_initiator:
                await self.steps.failed(partner, problem.reason)
            if isinstance(said.message, LoginResponse) and not said.message.status.is_success:
                return Received(200)
            return self._no(partner, said, problem, self.steps.endpoint(partner, handshake))
        return await self._taken(partner, handshake, said, step)

    def _step(
        self,
        partner: Partner,
        handshake: Handshake,
        said: SetupTransaction,
        identity: tuple[str, ...],
    ) -> Step:
        match said.message:
            case SendSecretToken() as token:
                return steps.token_received(handshake, token, partner.profile)
            case LoginRequest() as login:
                return steps.login_received(handshake, login, identity)
            case LoginResponse() as response:
                now = self._reactor.seconds()
                return steps.response_received(handshake, response, identity, now=now)

    async def _taken(
        self, partner: Partner, before: Handshake, said: SetupTransaction, step: Step
    ) -> Received:
        """What follows from a step: it is remembered before it is acknowledged."""
        session, after, reply = step.session, step.handshake, step.reply
        if after is not None:
            await self.stored.keep_step(
                partner.domain,
                after.is_initiator,
                after.transaction_id,
                after.packed(),
                STEP_SECONDS,
            )
        if session is not None:
            # Until our last step has arrived, nothing else may.
            await self.stored.put(evolve(session, is_confirmed=session.is_initiator))
            if session.is_initiator:
                await self.steps.established(partner, session)
        if reply is None:
            return Received(200)

        if after is not None:
            self._watch_step(partner, after, reply)

        async def then() -> None:
            is_third = isinstance(said.message, SendSecretToken)
            await deferLater(
                self._reactor, SETTLE_SECONDS.get(partner.profile, 0) if is_third else 0
            )
            endpoint = self.steps.endpoint(partner, before)
            problem = await self.steps.posted(partner, endpoint, reply, after or before)
            if not problem and session is not None:
                await self.stored.put(session)
                await self.steps.established(partner, session)
            elif problem and session is not None:
                await self.stored.remove(session)
            elif problem and after is not None:
                await self.stored.take_step(
                    partner.domain, after.is_initiator, after.transaction_id
                )
                if after.is_initiator:
                    await self.steps.failed(partner, problem)

        return Received(200, then)

    def _no(
        self, partner: Partner, said: SetupTransaction, problem: Refused, endpoint: Endpoint
    ) -> Received:
        """A step cannot be accepted; the partner is told, in few words."""
        self._log.warn(
            "A handshake with {domain} is over: {reason}",
            domain=partner.domain,
            reason=problem.reason,
        )

        async def then() -> None:
            over = steps.refusal(said, problem.code)
            document = self.steps.codec.encode(over, partner.version_max, partner.profile)
            await self.steps.post(partner, endpoint, document, over.transaction_id)

        return Received(200, then)
