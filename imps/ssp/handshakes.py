"""Handshakes with partners: begun, received, remembered and posted.

What a step means is in ``handshake``. Each step is acknowledged before the next is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

from attrs import define, evolve, field, frozen
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.http.message import HTTPRequest
from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.ssp import handshake as steps
from imps.ssp.client import Client, Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import Discovery, Endpoint, NotFound
from imps.ssp.handshake import STEP_SECONDS, Handshake, Refused, Step, domain_of
from imps.ssp.identity import Identities, Stranger
from imps.ssp.known import KnownPartners
from imps.ssp.messages.envelope import Mode, SetupTransaction
from imps.ssp.messages.setup import LoginRequest, LoginResponse, SendSecretToken
from imps.ssp.results import status
from imps.store.partner_sessions import Backoff, PartnerSession, PartnerSessions

BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 600
SETTLE_SECONDS = {Profile.BARAZA: 0.75}
"""How long a partner needs after its second message until it knows where we are."""
PAUSE_SECONDS = {Profile.BARAZA: 0.5}
"""And after its first."""

Then = Callable[[], Awaitable[None]]


@frozen
class Received:
    """How a step is acknowledged, and what is done after that."""

    status: int
    then: Then | None = None


@frozen(kw_only=True)
class HandshakeLimits:
    """How many handshakes may be begun in a minute, for a domain and from an address."""

    per_domain: int = 10
    per_source: int = 60


@define(eq=False)
class Handshakes:
    """Makes sessions with partners, and lets partners make them."""

    stored: PartnerSessions
    _known: KnownPartners
    _discovery: Discovery
    _identities: Identities
    _client: Client
    _codec: XMLCodec
    _reactor: Any
    _limits: HandshakeLimits = HandshakeLimits()
    _arrivals: dict[str, list[Deferred[None]]] = field(factory=dict, init=False)
    _watches: set[Deferred[None]] = field(factory=set, init=False)
    _log = Logger()

    # Beginning a handshake.

    async def begin(self, partner: Partner, own_domain: str) -> bool:
        """Begin a handshake; False while somebody else's is under way. Unreachable if it cannot be
        begun, or not yet."""
        now = self._reactor.seconds()
        backoff = await self.stored.backoff(partner.domain)
        if not partner.allow_out:
            raise Unreachable("nothing is sent to this partner")
        if backoff.until > now:
            raise Unreachable("making a session failed a moment ago")
        handshake, said = steps.begun(own_domain, partner, self.new_transaction_id())
        try:
            endpoints = await self._discovery.endpoints(partner)
        except NotFound as problem:
            await self._failed(partner, str(problem))
            raise Unreachable(str(problem)) from None
        handshake = evolve(handshake, url=endpoints[0].url)
        if not await self.stored.begin_out(partner.domain, handshake.packed(), STEP_SECONDS):
            return False
        await self.stored.keep_domain(said.transaction_id, partner.domain, STEP_SECONDS)
        for endpoint in endpoints:
            handshake = evolve(handshake, url=endpoint.url)
            # Before it is posted: the answer may come before we are told that it arrived.
            record = handshake.packed()
            await self.stored.change_out(partner.domain, record, STEP_SECONDS)
            problem_here = await self._posted(partner, endpoint, said, handshake)
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
        await self._failed(partner, problem_here)
        raise Unreachable(problem_here)

    def _watch(
        self, partner: Partner, record: bytes, handshake: Handshake, said: SetupTransaction
    ) -> None:
        """Give a handshake up if its first step is not answered in time."""

        async def look() -> None:
            if await self.stored.give_up_out(partner.domain, record):
                await self._failed(partner, "the second step of a handshake did not come")
                await self._dismiss(partner, handshake, said)

        self._later(look)

    async def _dismiss(
        self, partner: Partner, handshake: Handshake, said: SetupTransaction
    ) -> None:
        """Tell a partner that would wait for ever that a handshake is over."""
        if partner.profile is Profile.BARAZA and handshake.url:
            over = SetupTransaction(
                mode=said.mode,
                transaction_id=said.transaction_id,
                message=LoginResponse(status=status(StatusCode.REQUEST_TIMEOUT)),
            )
            await self._posted(partner, self._endpoint(partner, handshake), over, handshake)

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
            by_domain, by_source = await self.stored.count_try(
                partner.domain, request.peer, now=self._reactor.seconds()
            )
            if by_domain > self._limits.per_domain or by_source > self._limits.per_source:
                return Received(429)
        try:
            identity = await self._identities.of(request, partner)
        except Stranger as problem:
            return self._refused(partner, str(problem))
        if begins:
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
                said, token, own_domain.casefold(), partner, self.new_transaction_id(), identity
            )
        except Refused as problem:
            return self._no(partner, said, problem, endpoints[0])
        assert step.handshake is not None
        assert step.reply is not None
        handshake, reply = evolve(step.handshake, url=endpoints[0].url), step.reply
        await self.stored.begin_in(
            partner.domain, said.transaction_id, handshake.packed(), STEP_SECONDS
        )
        await self.stored.keep_domain(said.transaction_id, partner.domain, STEP_SECONDS)

        async def then() -> None:
            await deferLater(self._reactor, PAUSE_SECONDS.get(partner.profile, 0))
            for endpoint in endpoints:
                known = evolve(handshake, url=endpoint.url)
                await self.stored.change_step(
                    partner.domain, False, said.transaction_id, known.packed(), STEP_SECONDS
                )
                if not await self._posted(partner, endpoint, reply, known):
                    self._watch_in(partner, said, known)
                    return
            await self.stored.take_step(partner.domain, False, said.transaction_id)

        return Received(200, then)

    def _watch_in(self, partner: Partner, said: SetupTransaction, handshake: Handshake) -> None:
        """Tell a partner that would wait for ever when its handshake does not go on."""

        async def look() -> None:
            left = await self.stored.take_step(partner.domain, False, said.transaction_id)
            if left is not None:
                over = steps.refusal(said, StatusCode.REQUEST_TIMEOUT)
                await self._dismiss(partner, handshake, over)

        if partner.profile is Profile.BARAZA:
            self._later(look)

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
                await self._failed(partner, problem.reason)
            if isinstance(said.message, LoginResponse) and not said.message.status.is_success:
                return Received(200)
            return self._no(partner, said, problem, self._endpoint(partner, handshake))
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
                await self._established(partner, session)
        if reply is None:
            return Received(200)

        async def then() -> None:
            is_third = isinstance(said.message, SendSecretToken)
            await deferLater(
                self._reactor, SETTLE_SECONDS.get(partner.profile, 0) if is_third else 0
            )
            endpoint = self._endpoint(partner, before)
            problem = await self._posted(partner, endpoint, reply, after or before)
            if not problem and session is not None:
                await self.stored.put(session)
                await self._established(partner, session)
            elif problem and session is not None:
                await self.stored.remove(session)
            elif problem and after is not None:
                await self.stored.take_step(
                    partner.domain, after.is_initiator, after.transaction_id
                )
                if after.is_initiator:
                    await self._failed(partner, problem)

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
            document = self._codec.encode(over, partner.version_max, partner.profile)
            await self._post(partner, endpoint, document, over.transaction_id)

        return Received(200, then)

    # What both sides do.

    async def _established(self, partner: Partner, session: PartnerSession) -> None:
        self._log.info(
            "There is a session with {domain}, in version {version}",
            domain=partner.domain,
            version=session.version,
        )
        await self.stored.succeeded(partner.domain)
        for waiting in self._arrivals.pop(partner.domain, []):
            waiting.callback(None)

    async def _failed(self, partner: Partner, reason: str) -> None:
        self._log.warn("No session with {domain}: {reason}", domain=partner.domain, reason=reason)
        tries = (await self.stored.backoff(partner.domain)).tries + 1
        wait = min(BACKOFF_SECONDS * (tries + 1), LONGEST_BACKOFF_SECONDS)
        until = self._reactor.seconds() + wait
        await self.stored.failed(partner.domain, Backoff(until, tries))
        for waiting in self._arrivals.pop(partner.domain, []):
            waiting.callback(None)

    async def _posted(
        self, partner: Partner, endpoint: Endpoint, said: SetupTransaction, handshake: Handshake
    ) -> str:
        """Post a step; what went wrong, nothing if it was accepted."""
        document = self._codec.encode(said, handshake.version, partner.profile)
        return await self._post(partner, endpoint, document, said.transaction_id)

    async def _post(
        self, partner: Partner, endpoint: Endpoint, document: bytes, transaction_id: str
    ) -> str:
        headers = {"x-wv-transactionid": transaction_id}
        try:
            response = await self._client.post(partner, endpoint, document, headers)
        except Unreachable as problem:
            return str(problem)
        return "" if 200 <= response.status < 300 else f"it answers with HTTP {response.status}"

    def _endpoint(self, partner: Partner, handshake: Handshake) -> Endpoint:
        return Endpoint(handshake.url, is_configured=handshake.url in partner.urls)

    async def arrival(self, domain: str, seconds: float) -> None:
        """Wait for something to come of a handshake, here or in another process."""
        arrival: Deferred[None] = Deferred()
        waiting = self._arrivals.setdefault(domain, [])
        waiting.append(arrival)
        try:
            await arrival.addTimeout(seconds, self._reactor)
        except TimeoutError:
            if arrival in waiting:
                waiting.remove(arrival)

    def new_transaction_id(self) -> str:
        """An id that nobody guesses and no other process makes."""
        return f"{int(self._reactor.seconds()) % 10**10:010}-{token_hex(16)}"

    def _later(self, look: Then) -> None:
        """See in time whether a step was answered, unless the process stops before."""

        async def watch() -> None:
            await deferLater(self._reactor, STEP_SECONDS - 1)
            await look()

        watching: Deferred[None] = Deferred.fromCoroutine(watch())
        self._watches.add(watching)
        watching.addErrback(self._not_watched)
        watching.addBoth(lambda _: self._watches.discard(watching))

    def _not_watched(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self._log.failure("A handshake could not be given up", failure)

    def stop(self) -> None:
        """Wait for nothing any more: what is not finished is forgotten in time."""
        for watching in tuple(self._watches):
            watching.cancel()
        for waiting in [each for some in self._arrivals.values() for each in some]:
            waiting.callback(None)
        self._arrivals.clear()
