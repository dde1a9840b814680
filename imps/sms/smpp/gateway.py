"""An SMSC as a gateway, over SMPP."""

from __future__ import annotations

from contextlib import suppress
from random import uniform
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.ssl import optionsForClientTLS
from twisted.internet.task import deferLater
from twisted.logger import Logger
from zope.interface import implementer

from imps.authorities import NoAuthorities, authorities
from imps.config import SettingsError, SMPPSettings
from imps.sms.gateway import Answer, IGateway, Outgoing
from imps.sms.smpp.arrivals import Arrivals
from imps.sms.smpp.mapping import answer_of, bind_of, submitted
from imps.sms.smpp.pdu import PDU, Command, ShortMessagePDU, Status
from imps.sms.smpp.session import BindRefused, Session, Unanswered, Unbound
from imps.sms.smpp.statuses import Refusal, refusal_of
from imps.sms.smpp.throttle import Throttle
from imps.store.outgoing_texts import Said

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
AWAY_SECONDS = 2.0
LONGEST_TURN_SECONDS = 5.0
CONFIRM_SECONDS = 1.0


@implementer(IGateway)
@define(eq=False)
class SMPP:
    """Stays bound to an SMSC as a transceiver, from ``start`` to ``stop``."""

    settings: SMPPSettings
    _endpoint: IStreamClientEndpoint
    _arrivals: Arrivals
    _reactor: Any
    _throttle: Throttle = field(init=False)
    _session: Session | None = field(default=None, init=False)
    _staying: Deferred[None] | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _complaint: str = field(default="", init=False)
    _refused: int | None = field(default=None, init=False)
    _log = Logger()

    @_throttle.default
    def _make_throttle(self) -> Throttle:
        return Throttle(self.settings.per_second, 2 * self.settings.per_second)

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self.settings.name

    def start(self) -> None:
        """Bind, and bind again when that is lost."""
        self._staying = Deferred.fromCoroutine(self._stay_bound())

    async def stop(self) -> None:
        """Unbind."""
        session, self._session, self._is_over = self._session, None, True
        if session is not None:
            await session.unbind()
        if self._staying is not None:
            self._staying.cancel()
            await self._staying

    async def submit(self, outgoing: Outgoing) -> Answer:
        """Give it a short message, as fast as it takes them."""
        if self._session is None:
            return _away()
        wait = self._throttle.take(self._reactor.seconds(), LONGEST_TURN_SECONDS)
        if wait is None:
            return Answer(said=Said.LATER, reason="throttled", after_seconds=LONGEST_TURN_SECONDS)
        if wait:
            await deferLater(self._reactor, wait)
        session = self._session
        if session is None:
            return _away()
        try:
            response = await session.request(Command.SUBMIT_SM, submitted(outgoing, self.settings))
        except Unbound:
            return _away()
        except Unanswered as problem:
            return Answer(said=Said.UNKNOWN, reason=str(problem))
        except ValueError as problem:
            return Answer(said=Said.FAILED, reason=str(problem))
        self._heed(session, response)
        return answer_of(response, self.settings)

    def _heed(self, session: Session, response: PDU) -> None:
        """Do what a response asks for, besides what becomes of the short message."""
        refusal = refusal_of(response)
        if refusal is None:
            self._refused = None
        elif refusal is Refusal.BUSY:
            self._throttle.slow_down(self._reactor.seconds())
        elif refusal is Refusal.OURS:
            # All that waits is refused, again and again; the log has each reason once.
            if response.status != self._refused:
                self._refused = response.status
                reason = f"status {response.status:#04x}"
                self._log.warn("{name} takes no texts: {reason}", name=self.name, reason=reason)
            if response.status == Status.INCORRECT_BIND_STATUS:
                # It takes this session for none, so another one is begun.
                leaving = Deferred.fromCoroutine(session.unbind())
                leaving.addErrback(lambda failure: self._log.failure("Not unbound", failure))

    def _new_session(self) -> Session:
        hearings = self._arrivals.hearings()

        async def deliver(pdu: PDU, body: ShortMessagePDU) -> int:
            taken = await self._arrivals.take(hearings, pdu, body)
            hearings.answered(session.answered + 1, taken)
            session.confirm_soon(CONFIRM_SECONDS)
            return taken.status

        session = Session(
            self._reactor,
            deliver,
            window=self.settings.window,
            enquire_link_seconds=self.settings.enquire_link_seconds,
            confirmed=hearings.confirmed,
        )
        return session

    async def _stay_bound(self) -> None:
        # Endpoints answer a cancellation with errors of their own, hence the flag.
        failures = 0
        with suppress(CancelledError):
            while not self._is_over:
                failures = 0 if await self._bound_once() else failures + 1
                if not self._is_over:
                    await deferLater(self._reactor, wait_after(failures))

    async def _bound_once(self) -> bool:
        """Bind, and stay so as long as the session lasts; whether there was one."""
        factory = Factory.forProtocol(self._new_session)
        factory.noisy = False
        try:
            session: Any = await self._endpoint.connect(factory)
        except CancelledError:
            raise
        except Exception as problem:
            return self._complain(f"cannot be reached: {problem}")
        try:
            await session.bind(bind_of(self.settings))
        except (BindRefused, Unanswered) as problem:
            return self._complain(f"does not let us in: {problem}")
        else:
            self._complaint = ""
            self._log.info("Bound to {name}", name=self.name)
            self._session = session
            await session.ended
            self._session = None
            self._log.warn("{name} is gone", name=self.name)
            return True
        finally:
            session.transport.abortConnection()

    def _complain(self, complaint: str) -> bool:
        # Attempts are many; the log has each reason once.
        if complaint != self._complaint and not self._is_over:
            self._complaint = complaint
            self._log.error("{name} {complaint}", name=self.name, complaint=complaint)
        return False


def endpoint_of(settings: SMPPSettings, reactor: Any) -> IStreamClientEndpoint:
    """Where the SMSC is. Raises SettingsError."""
    endpoint: IStreamClientEndpoint = HostnameEndpoint(reactor, settings.host, settings.port)
    if settings.tls:
        try:
            trusted = authorities(settings.ca_file, "sms.gateway.ca_file")
            endpoint = wrapClientTLS(optionsForClientTLS(settings.host, trusted), endpoint)
        except (NoAuthorities, ValueError) as problem:
            raise SettingsError(str(problem)) from None
    return endpoint


def wait_after(failures: int) -> float:
    """How long to wait, when so many attempts to bind have failed on end: about a second, then more
    and more, for about a minute at most."""
    return min(FIRST_WAIT_SECONDS * 1.5**failures, LONGEST_WAIT_SECONDS) * uniform(1, 1.5)


def _away() -> Answer:
    return Answer(said=Said.LATER, reason="not bound", after_seconds=AWAY_SECONDS)
