"""An SMSC as a gateway, over SMPP."""

from __future__ import annotations

from random import random
from typing import Any

from attrs import define, field
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory
from twisted.internet.ssl import optionsForClientTLS
from twisted.internet.task import deferLater
from twisted.logger import Logger
from zope.interface import implementer

from imps.config import SMPPSettings
from imps.sms.gateway import Answer, IGateway, Outgoing
from imps.sms.smpp.arrivals import Arrivals
from imps.sms.smpp.mapping import answer_of, bind_of, submitted
from imps.sms.smpp.pdu import PDU, Command, ShortMessagePDU, Status
from imps.sms.smpp.session import BindRefused, Session, State, Unanswered, Unbound
from imps.sms.smpp.throttle import Throttle
from imps.store.outgoing_texts import Said

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
AWAY_SECONDS = 2.0
LONGEST_TURN_SECONDS = 5.0
CONFIRM_SECONDS = 1.0
_THROTTLED = (Status.THROTTLED, Status.QUEUE_FULL)


@implementer(IGateway)
@define(eq=False)
class SMPP:
    """Stays bound to an SMSC as a transceiver, from ``start`` to ``stop``."""

    settings: SMPPSettings
    _arrivals: Arrivals
    _reactor: Any
    _throttle: Throttle = field(init=False)
    _session: Session | None = field(default=None, init=False)
    _client: ClientService | None = field(default=None, init=False)
    _complaint: str = field(default="", init=False)
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
        factory = Factory.forProtocol(self._new_session)
        factory.noisy = False
        self._client = ClientService(
            self._endpoint(),
            factory,
            backoffPolicy(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, jitter=_jitter),
            self._reactor,
            lambda session: Deferred.fromCoroutine(self._bound(session)),
        )
        self._client.startService()

    async def stop(self) -> None:
        """Unbind."""
        client, self._client = self._client, None
        session, self._session = self._session, None
        if session is not None:
            await session.unbind()
        if client is not None:
            await client.stopService()

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
            response = await session.request(Command.SUBMIT_SM, submitted(outgoing))
        except Unbound:
            return _away()
        except Unanswered as problem:
            return Answer(said=Said.UNKNOWN, reason=str(problem))
        except ValueError as problem:
            return Answer(said=Said.FAILED, reason=str(problem))
        if response.status in _THROTTLED:
            self._throttle.slow_down(self._reactor.seconds())
        return answer_of(response, self.settings)

    def _endpoint(self) -> Any:
        settings = self.settings
        endpoint = HostnameEndpoint(self._reactor, settings.host, settings.port)
        if settings.tls:
            return wrapClientTLS(optionsForClientTLS(settings.host), endpoint)
        return endpoint

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
            lost=self._lost,
        )
        return session

    async def _bound(self, session: Any) -> None:
        try:
            await session.bind(bind_of(self.settings))
        except (BindRefused, Unanswered) as problem:
            # It is tried again and again; the log has each reason once.
            if str(problem) != self._complaint:
                self._complaint = str(problem)
                self._log.error(
                    "{name} does not let us in: {problem}", name=self.name, problem=problem
                )
            session.transport.abortConnection()
            raise
        self._complaint = ""
        self._log.info("Bound to {name}", name=self.name)
        if session.state is State.BOUND:
            self._session = session

    def _lost(self, session: Session) -> None:
        if self._session is session:
            self._session = None
            self._log.warn("{name} is gone", name=self.name)


def _away() -> Answer:
    return Answer(said=Said.LATER, reason="not bound", after_seconds=AWAY_SECONDS)


def _jitter() -> float:
    return random() * 0.5
