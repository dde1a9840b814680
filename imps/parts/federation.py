"""The parts of the SSP door, and which of them each is given."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import define, field

from imps.config import Settings
from imps.elements.interfaces import IDelivery, IMessageSending, MessageLimits
from imps.elements.presence import PresenceService
from imps.elements.publishers_abroad import PublishersAbroad
from imps.http.door import HTTPDoor, HTTPLimits
from imps.metrics import Metrics
from imps.ssp.client import Client
from imps.ssp.codec import Limits
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import Discovery, Lookup, by_dns, resolver_at
from imps.ssp.door import Door
from imps.ssp.exchange import Answers
from imps.ssp.handshakes import Handshakes
from imps.ssp.identity import Identities
from imps.ssp.keeping import Keeping
from imps.ssp.known import KnownPartners
from imps.ssp.messages.im import SendMessageRequest
from imps.ssp.messages.presence import SubscribeRequest
from imps.ssp.partners import Partners
from imps.ssp.post import Posts
from imps.ssp.questions import Questions
from imps.ssp.rates import Rates, UserRates
from imps.ssp.renewing import Renewing
from imps.ssp.served import Served
from imps.ssp.services import LocalServices, RemoteServices
from imps.ssp.sessions import Sessions
from imps.ssp.steps import HandshakeLimits, Steps
from imps.ssp.tls import Certificates
from imps.store.opening import Store
from imps.store.partner_queues import PartnerQueues
from imps.store.partner_sessions import PartnerSessions
from imps.store.partner_transactions import PartnerTransactions
from imps.store.partners import Partners as StoredPartners
from imps.store.presence_abroad import PresenceAbroad
from imps.store.sent_messages import SentMessages
from imps.store.wakeups import Wakeups

BURST_SECONDS = 5
"""For how long a partner may ask at once what it may ask in that time."""
CONNECTIONS_PER_SOURCE = 1000
REQUESTS_PER_SOURCE = 5000


@define(eq=False, slots=False)
class Federation:
    """The parts, each made when it is first asked for, of those that it needs."""

    settings: Settings
    store: Store
    reactor: Any
    metrics: Metrics = field(factory=Metrics)
    lookup: Lookup | None = None
    renewing: Renewing | None = field(default=None, init=False)

    @cached_property
    def known(self) -> KnownPartners:
        """Who our partners are."""
        configured = tuple(each.partner for each in self.settings.partner)
        return KnownPartners(StoredPartners(self.store.client), configured, self.store.domains)

    @cached_property
    def certificates(self) -> Certificates:
        """Who we are, and whom we believe who they are."""
        ssp = self.settings.ssp
        return Certificates(ssp.certificate, ssp.private_key, ssp.authorities)

    @cached_property
    def discovery(self) -> Discovery:
        """Where partners are."""
        if self.lookup is not None:
            return Discovery(self.lookup, self.reactor)
        resolver = resolver_at(self.settings.ssp.resolver_place, self.reactor)
        return Discovery(by_dns(resolver, self.reactor), self.reactor)

    @cached_property
    def identities(self) -> Identities:
        """Whether partners are who they say."""
        return Identities(self.discovery, self.reactor)

    @cached_property
    def client(self) -> Client:
        """What posts to partners."""
        allows_private = self.settings.ssp.private_networks
        return Client(self.reactor, self.certificates, allows_private)

    @cached_property
    def codec(self) -> XMLCodec:
        """What reads and writes messages."""
        return XMLCodec(Limits(octets=self.settings.ssp.max_body_octets))

    @cached_property
    def _stored_sessions(self) -> PartnerSessions:
        return PartnerSessions(self.store.client, self.store.buckets)

    @cached_property
    def answers(self) -> Answers:
        """What lets services wait for what becomes of something that is queued."""
        return Answers(self._transactions, self.wakeups, self.reactor)

    @cached_property
    def sent_messages(self) -> SentMessages:
        """What our users sent to partners and is still to be reported."""
        return SentMessages(self.store.client, self.store.buckets)

    def remote_services(self, limits: MessageLimits) -> RemoteServices:
        """The services as partners render them."""
        return RemoteServices(
            self.partners,
            self.answers,
            self.sent_messages,
            self.presence_abroad,
            limits,
            self.reactor,
        )

    def serve(
        self,
        im: IMessageSending,
        presence: PresenceService,
        abroad: PublishersAbroad,
        delivery: IDelivery,
        limits: MessageLimits,
    ) -> None:
        """Render the services of these elements to partners."""
        LocalServices(
            im, presence, abroad, delivery, self.answers, self.sent_messages, limits, self.reactor
        ).register(self.served)
        self.renewing = Renewing(
            self.partners, self.partners, self.presence_abroad, abroad, self.reactor
        )

    @cached_property
    def presence_abroad(self) -> PresenceAbroad:
        """What users of partners have told users of ours."""
        return PresenceAbroad(self.store.client, self.store.buckets)

    @cached_property
    def _transactions(self) -> PartnerTransactions:
        return PartnerTransactions(self.store.client, self.store.buckets)

    @cached_property
    def handshakes(self) -> Handshakes:
        """What makes sessions."""
        ssp = self.settings.ssp
        limits = HandshakeLimits(
            per_domain=ssp.handshakes_per_domain, per_source=ssp.handshakes_per_source
        )
        return Handshakes(
            self._stored_sessions,
            self.known,
            self.discovery,
            self.identities,
            Steps(self._stored_sessions, self.client, self.codec, self.reactor, limits),
            self.reactor,
        )

    @cached_property
    def sessions(self) -> Sessions:
        """What is agreed with partners."""
        return Sessions(self._stored_sessions, self.handshakes, self.reactor)

    @cached_property
    def posts(self) -> Posts:
        """What says something in a session."""
        return Posts(self.sessions, self.client, self.codec, self.reactor)

    @cached_property
    def served(self) -> Served:
        """What is served to partners: where elements say what they do for them."""
        ssp = self.settings.ssp
        per_minute = {
            SendMessageRequest: ssp.messages_per_user,
            SubscribeRequest: ssp.subscriptions_per_user,
        }
        return Served(UserRates(per_minute, self.reactor))

    @cached_property
    def wakeups(self) -> Wakeups:
        """What tells that another process got an answer."""
        return Wakeups(self.store.client, self.store.buckets)

    @cached_property
    def _questions(self) -> Questions:
        return Questions(
            self.sessions,
            self.posts,
            self._transactions,
            self.wakeups,
            self.codec,
            self.reactor,
        )

    @cached_property
    def partners(self) -> Partners:
        """How elements reach partners."""
        ssp = self.settings.ssp
        queues = PartnerQueues(
            self.store.client, self.store.buckets, ssp.max_waiting, ssp.max_waiting_octets
        )
        return Partners(
            self.known,
            self.sessions,
            self.posts,
            self._questions,
            queues,
            self.served,
            self.codec,
            self.reactor,
        )

    @cached_property
    def keeping(self) -> Keeping:
        """What goes on while nobody asks."""
        return Keeping(
            self.known,
            self.partners,
            self.sessions,
            self.identities,
            self.posts,
            self.client,
            self.reactor,
        )

    @cached_property
    def door(self) -> Door:
        """What partners post to."""
        rate = self.settings.ssp.transactions_per_second
        return Door(
            self.codec,
            self.known,
            self.identities,
            self.handshakes,
            self.sessions,
            self._transactions,
            self.partners,
            self.posts,
            self.served,
            Rates(rate, BURST_SECONDS * rate),
            Rates(rate, BURST_SECONDS * rate),
            self.reactor,
        )

    @cached_property
    def http(self) -> HTTPDoor:
        """The door, as it is reached over HTTP."""
        http = self.settings.http
        limits = HTTPLimits(
            max_body_octets=self.settings.ssp.max_body_octets,
            max_header_octets=http.max_header_octets,
            connections_per_source=CONNECTIONS_PER_SOURCE,
            requests_per_source=REQUESTS_PER_SOURCE,
            body_timeout_seconds=http.body_timeout_seconds,
            idle_timeout_seconds=http.idle_timeout_seconds,
            body_memory_octets=http.body_memory_megabytes * 1024 * 1024,
        )
        return HTTPDoor(self.door.answer, limits, self.reactor, self.metrics)

    @property
    def listener(self) -> Any:
        """What listens: over TLS if we have a certificate."""
        certificates = self.certificates
        return certificates.server_factory(self.http) if certificates.is_given else self.http

    async def start(self) -> None:
        """Begin to look after partners; the door may be open by then, or not."""
        self.wakeups.start()
        self.handshakes.steps.on_session(self.partners.is_there)
        await self.keeping.start()
        if self.renewing is not None:
            self.renewing.start()

    async def stop(self) -> None:
        """Begin nothing more, and finish what is in hand."""
        self.keeping.stop()
        if self.renewing is not None:
            self.renewing.stop()
        self.handshakes.steps.stop()
        await self.http.finish()
        await self.door.finish()
        await self.partners.stop()
        await self.client.close()
        await self.wakeups.close()
