"""What partners render to our users, and we to theirs."""

from __future__ import annotations

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.elements.interfaces import (
    IDelivery,
    IMessageSending,
    IPresenceAbroad,
    IRemotePresence,
    MessageLimits,
)
from imps.elements.presence import PresenceService
from imps.elements.publishers_abroad import PublishersAbroad
from imps.ssp.exchange import Answers, Exchange
from imps.ssp.im import PartnersMessages, RemoteDelivery, RemoteInstantMessaging
from imps.ssp.publishers import PartnersPublishers, RemotePresence
from imps.ssp.served import Served
from imps.ssp.watchers import PartnersNews, PartnersWatchers
from imps.store.presence_abroad import PresenceAbroad
from imps.store.sent_messages import SentMessages


@define(eq=False)
class RemoteServices:
    """The services as partners render them: for the service tables of the access point."""

    _exchange: Exchange
    _answers: Answers
    _sent: SentMessages
    _watched: PresenceAbroad
    _limits: MessageLimits
    _clock: IReactorTime

    def instant_messaging(self, domain: str) -> IMessageSending | None:
        """Who takes messages for the users of a domain; None if it is no partner's."""
        if self._exchange.known.get(domain) is None:
            return None
        return RemoteInstantMessaging(
            domain, self._exchange, self._answers, self._sent, self._limits, self._clock
        )

    def presence(self, domain: str) -> IRemotePresence | None:
        """Who knows the presence of the users of a domain; None if it is no partner's."""
        if self._exchange.known.get(domain) is None:
            return None
        return RemotePresence(domain, self._exchange, self._watched, self._clock)

    @property
    def presence_news(self) -> IPresenceAbroad:
        """Who tells the users of partners that there is news of publishers of ours."""
        return PartnersNews(self._exchange, self._clock)

    def delivery(self, domain: str) -> IDelivery | None:
        """Who tells the users of a domain something; None if they are ours."""
        if not domain or self._exchange.known.is_home(domain):
            return None
        return RemoteDelivery(self._exchange, self._clock)


@define(eq=False)
class LocalServices:
    """The services as we render them to partners."""

    _im: IMessageSending
    _presence: PresenceService
    _abroad: PublishersAbroad
    _delivery: IDelivery
    _answers: Answers
    _sent: SentMessages
    _limits: MessageLimits
    _clock: IReactorTime

    def register(self, served: Served) -> None:
        """Serve what partners ask, and take what they answer."""
        messages = PartnersMessages(
            self._im, self._answers, self._delivery, self._sent, self._limits, self._clock
        )
        messages.register(served)
        PartnersWatchers(self._presence).register(served)
        PartnersPublishers(self._abroad).register(served)
