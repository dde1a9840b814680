"""What every step of a handshake has in common: it is posted, and its answer waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.ssp.client import Client, Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import Endpoint
from imps.ssp.handshake import STEP_SECONDS, Handshake
from imps.ssp.messages.envelope import SetupTransaction
from imps.ssp.messages.setup import LoginResponse
from imps.ssp.results import status
from imps.store.partner_sessions import Backoff, PartnerSession, PartnerSessions

BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 600

Then = Callable[[], Awaitable[None]]


@frozen(kw_only=True)
class HandshakeLimits:
    """How many handshakes may be begun in a minute, for a domain and from an address; how long a
    step may take, and how long it is waited after the first failure."""

    per_domain: int = 10
    per_source: int = 60
    step_seconds: float = STEP_SECONDS
    backoff_seconds: float = BACKOFF_SECONDS


@define(eq=False)
class Steps:
    """Posts steps, and remembers how handshakes end."""

    stored: PartnerSessions
    client: Client
    codec: XMLCodec
    _reactor: Any
    limits: HandshakeLimits = HandshakeLimits()
    _arrivals: dict[str, list[Deferred[None]]] = field(factory=dict, init=False)
    _listeners: list[Callable[[str], None]] = field(factory=list, init=False)
    _watches: set[Deferred[None]] = field(factory=set, init=False)
    _is_over: bool = field(default=False, init=False)
    _log = Logger()

    @property
    def seconds(self) -> float:
        """How long a step may take."""
        return self.limits.step_seconds

    def on_session(self, made: Callable[[str], None]) -> None:
        """Call this with the domain of each partner with which this process makes a session."""
        self._listeners.append(made)

    async def established(self, partner: Partner, session: PartnerSession) -> None:
        """A handshake has led to a session; whoever waits for it goes on."""
        self._log.info(
            "There is a session with {domain}, in version {version}",
            domain=partner.domain,
            version=session.version,
        )
        await self.stored.succeeded(partner.domain)
        for made in self._listeners:
            made(partner.domain)
        for waiting in self._arrivals.pop(partner.domain, []):
            waiting.callback(None)

    async def failed(self, partner: Partner, reason: str) -> None:
        """A handshake that we began has come to nothing; the next one has to wait for a while."""
        self._log.warn("No session with {domain}: {reason}", domain=partner.domain, reason=reason)
        tries = (await self.stored.backoff(partner.domain)).tries + 1
        wait = min(self.limits.backoff_seconds * (tries + 1), LONGEST_BACKOFF_SECONDS)
        until = self._reactor.seconds() + wait
        await self.stored.failed(partner.domain, Backoff(until, tries))
        for waiting in self._arrivals.pop(partner.domain, []):
            waiting.callback(None)

    async def posted(
        self, partner: Partner, endpoint: Endpoint, said: SetupTransaction, handshake: Handshake
    ) -> str:
        """Post a step; what went wrong, nothing if it was accepted."""
        document = self.codec.encode(said, handshake.version, partner.profile)
        return await self.post(partner, endpoint, document, said.transaction_id)

    async def post(
        self, partner: Partner, endpoint: Endpoint, document: bytes, transaction_id: str
    ) -> str:
        """Post a document; what went wrong, nothing if it was accepted."""
        headers = {"x-wv-transactionid": transaction_id}
        try:
            response = await self.client.post(partner, endpoint, document, headers)
        except Unreachable as problem:
            return str(problem)
        return "" if 200 <= response.status < 300 else f"it answers with HTTP {response.status}"

    def endpoint(self, partner: Partner, handshake: Handshake) -> Endpoint:
        """Where the other side of a handshake is."""
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

    def later(self, look: Then) -> None:
        """See in time whether a step was answered, unless the process stops before."""
        if self._is_over:
            return

        async def watch() -> None:
            await deferLater(self._reactor, 0.9 * self.limits.step_seconds)
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
        self._is_over = True
        for watching in tuple(self._watches):
            watching.cancel()
        for waiting in [each for some in self._arrivals.values() for each in some]:
            waiting.callback(None)
        self._arrivals.clear()

    async def dismiss(self, partner: Partner, handshake: Handshake, said: SetupTransaction) -> None:
        """Tell a partner that would wait for ever that a handshake is over."""
        if partner.profile is Profile.BARAZA and handshake.url:
            over = SetupTransaction(
                mode=said.mode,
                transaction_id=said.transaction_id,
                message=LoginResponse(status=status(StatusCode.REQUEST_TIMEOUT)),
            )
            await self.posted(partner, self.endpoint(partner, handshake), over, handshake)
