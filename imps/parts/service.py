"""The parts behind the doors: the service access point and the service elements."""

from __future__ import annotations

from functools import cached_property
from secrets import token_hex
from typing import Any

from attrs import define, field

from imps.config import Settings
from imps.csp.cir.offer import POLLING_ONLY, CIROffer
from imps.elements.access import AccessControl
from imps.elements.attribute_lists import AttributeLists
from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.im import InstantMessaging
from imps.elements.interfaces import (
    IDelivery,
    IMessageSending,
    IPresenceAbroad,
    IRemotePresence,
    MessageLimits,
)
from imps.elements.news import NobodyAbroad, PresenceNews
from imps.elements.presence import PresenceService
from imps.elements.publishers import Publishers
from imps.elements.publishers_abroad import PublishersAbroad
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.elements.watching import Watching
from imps.metrics import Metrics
from imps.parts.federation import Federation
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.offline_notices import OfflineNotices
from imps.sap.routed import RoutedInstantMessaging
from imps.sap.routed_presence import RoutedPresence
from imps.sap.service_table import ServiceTable, nobody
from imps.sap.sessions import SessionLimits, Sessions
from imps.sap.texts import Texts
from imps.sap.work import Working
from imps.ssp.services import RemoteServices
from imps.store.access_lists import AccessLists
from imps.store.accounts import Accounts
from imps.store.attribute_lists import AttributeLists as StoredAttributeLists
from imps.store.contact_lists import ContactLists
from imps.store.deliveries import Deliveries
from imps.store.login_failures import LoginFailures
from imps.store.messages import Messages
from imps.store.nonces import Nonces
from imps.store.opening import Store
from imps.store.outboxes import Outboxes
from imps.store.outgoing_texts import OutgoingTexts
from imps.store.phones import Phones
from imps.store.presence import Presences
from imps.store.presence_abroad import PresenceAbroad
from imps.store.reactive_authorization import ReactiveAuthorizations
from imps.store.sessions import Sessions as StoredSessions
from imps.store.subscriptions import Subscriptions
from imps.store.work import WorkRecords


@define(eq=False, slots=False)
class ServiceParts:
    """What doors ask, and what that needs."""

    settings: Settings
    store: Store
    reactor: Any
    metrics: Metrics = field(factory=Metrics)
    cir_offer: CIROffer = POLLING_ONLY
    sms_url: str = ""
    process_id: str = field(factory=lambda: token_hex(8))

    @cached_property
    def directory(self) -> Directory:
        """The accounts of the home domains."""
        store = self.store
        remember_seconds = self.settings.session.remember_seconds
        accounts = Accounts(store.client, store.buckets, remember_seconds)
        attributes = self.settings.presence.allowed_by_default
        return Directory(accounts, store.secrets, store.domains, self.reactor, attributes)

    @cached_property
    def authentication(self) -> Authentication:
        """Who may sign on here."""
        client, buckets, session = self.store.client, self.store.buckets, self.settings.session
        failures = LoginFailures(
            client,
            buckets,
            session.login_failures_per_account,
            session.login_failures_per_source,
        )
        return Authentication(
            self.directory,
            Nonces(client, buckets),
            failures,
            self.reactor,
            session.reveal_unknown_users,
            self.metrics,
        )

    @cached_property
    def sessions(self) -> Sessions:
        """Who is signed on."""
        settings = self.settings.session
        limits = SessionLimits(
            time_to_live_seconds=settings.time_to_live_seconds,
            min_time_to_live_seconds=settings.min_time_to_live_seconds,
            max_time_to_live_seconds=settings.max_time_to_live_seconds,
            grace_seconds=settings.grace_seconds,
            remember_seconds=settings.remember_seconds,
        )
        return Sessions(
            self.stored_sessions, self.store.buckets, self.reactor, limits, self.working
        )

    @cached_property
    def stored_sessions(self) -> StoredSessions:
        """Who is signed on, as it is stored."""
        settings = self.settings.session
        return StoredSessions(
            self.store.client,
            self.store.buckets,
            self.settings.messages.resend_seconds,
            settings.requests_per_second,
            settings.max_per_user,
            settings.messages_per_second,
        )

    @cached_property
    def work(self) -> WorkRecords:
        """What is still to be done."""
        return WorkRecords(self.store.client, self.store.buckets)

    @cached_property
    def working(self) -> Working:
        """Who does what is still to be done."""
        return Working(self.work)

    @cached_property
    def delivery(self) -> Delivery:
        """What users are told, and what their sessions are sent next."""
        settings = self.settings.messages
        return self._delivery(settings.resend_seconds, settings.max_tries)

    def _delivery(self, resend_seconds: float, max_tries: int) -> Delivery:
        client, buckets, settings = self.store.client, self.store.buckets, self.settings.messages
        sessions = self.stored_sessions
        return Delivery(
            Outboxes(client, buckets, settings.max_events),
            Deliveries(client, buckets, sessions, resend_seconds, max_tries),
            self.working,
            self.reactor,
            settings.validity_seconds,
            self.metrics,
            self.remote_delivery,
        )

    @cached_property
    def message_limits(self) -> MessageLimits:
        """What a message may be."""
        settings = self.settings.messages
        return MessageLimits(
            validity_seconds=settings.validity_seconds,
            max_validity_seconds=settings.max_validity_seconds,
            max_content_octets=settings.max_content_octets,
            max_recipients=settings.max_recipients,
        )

    @cached_property
    def local_im(self) -> InstantMessaging:
        """The instant messaging element of this domain."""
        client, buckets, settings = self.store.client, self.store.buckets, self.settings.messages
        messages = Messages(client, buckets, settings.max_waiting, settings.max_waiting_octets)
        element = InstantMessaging(
            messages,
            self.directory,
            self.delivery,
            self.working,
            self.reactor,
            self.message_limits,
            self.metrics,
        )
        self.working.register("report", element.report)
        return element

    @cached_property
    def contact_lists(self) -> ContactLists:
        """The contact lists as they are stored."""
        settings = self.settings.contacts
        client, buckets = self.store.client, self.store.buckets
        begin = self.working.begin
        return ContactLists(client, buckets, settings.max_lists, settings.max_contacts, begin)

    @cached_property
    def contacts(self) -> Contacts:
        """The contact lists of this domain."""
        return Contacts(self.contact_lists, self.directory, self.delivery)

    @cached_property
    def access_control(self) -> AccessControl:
        """Whom users take messages from."""
        client, buckets = self.store.client, self.store.buckets
        lists = AccessLists(client, buckets, self.settings.access.max_entities)
        return AccessControl(lists, self.contacts, self.directory, self.delivery)

    @cached_property
    def im(self) -> RoutedInstantMessaging:
        """Instant messaging for the doors."""
        home_domains = self.store.domains
        table = ServiceTable[IMessageSending](
            local=self.local_im, home_domains=home_domains, remote=self.remote_im
        )
        return RoutedInstantMessaging(
            self.local_im, table, self.contacts, self.message_limits, self.reactor
        )

    @cached_property
    def remote_services(self) -> RemoteServices | None:
        """The services as partners render them; None where there are no partners."""
        if not self.settings.ssp.endpoint:
            return None
        return self.federation.remote_services(self.message_limits)

    def remote_im(self, domain: str) -> IMessageSending | None:
        """Who takes messages for the users of a partner's domain."""
        remote = self.remote_services
        return None if remote is None else remote.instant_messaging(domain)

    def remote_delivery(self, domain: str) -> IDelivery | None:
        """Who tells the users of another domain something."""
        remote = self.remote_services
        return None if remote is None else remote.delivery(domain)

    @cached_property
    def attribute_lists(self) -> AttributeLists:
        """What users allow others to see."""
        return AttributeLists(
            StoredAttributeLists(self.store.client, self.store.buckets, self.working.begin),
            self.contacts,
            self.directory,
            self.stored_authorizations,
            self.delivery,
            self.settings.presence.max_attribute_lists,
        )

    @cached_property
    def stored_authorizations(self) -> ReactiveAuthorizations:
        """The questions to users and their answers as they are stored."""
        most = self.settings.presence.max_reactive_authorizations
        return ReactiveAuthorizations(self.store.client, self.store.buckets, most)

    @cached_property
    def reactive_authorization(self) -> ReactiveAuthorization:
        """What users answer when others want to see something."""
        return ReactiveAuthorization(
            self.stored_authorizations,
            self.directory,
            self.working,
            self.delivery,
            self.reactor,
        )

    @cached_property
    def presence_abroad(self) -> IPresenceAbroad:
        """Who tells the watchers of other domains that there is news."""
        remote = self.remote_services
        return NobodyAbroad() if remote is None else remote.presence_news

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Who subscribed to whom, as it is stored."""
        most = self.settings.presence.max_subscriptions
        return Subscriptions(self.store.client, self.store.buckets, most)

    @cached_property
    def publishers_abroad(self) -> PublishersAbroad:
        """What users are told of those of other domains."""
        return PublishersAbroad(
            PresenceAbroad(self.store.client, self.store.buckets),
            self.subscriptions,
            self.reactor,
            self.settings.presence.max_value_octets,
        )

    @property
    def presence(self) -> PresenceService:
        """What users publish."""
        return self.routed_presence.local

    @cached_property
    def routed_presence(self) -> RoutedPresence:
        """Presence for the doors."""
        client, buckets, subscriptions = self.store.client, self.store.buckets, self.subscriptions
        publishers = Publishers(self.contacts, self.directory)
        news = PresenceNews(subscriptions, self.presence_abroad, self.reactor)
        element = PresenceService(
            Presences(client, buckets),
            self.publishers_abroad,
            subscriptions,
            publishers,
            self.directory,
            self.reactive_authorization,
            news,
            self.working,
            self.reactor,
            self.settings.presence.max_value_octets,
            self.settings.presence.automatic_subscription,
        )
        watching = Watching(
            subscriptions,
            self.stored_sessions,
            element,
            news,
            publishers,
            self.directory,
            self.reactor,
        )
        routed = RoutedPresence(
            element,
            self.publishers_abroad,
            self.remote_presence if self.settings.ssp.endpoint else nobody,
            watching,
            subscriptions,
            self.stored_sessions,
            self.contacts,
            self.directory,
        )
        self.working.register("presence", watching.tell)
        self.working.register("follow", routed.follow)
        self.working.register("unsubscribe", routed.end)
        return routed

    def remote_presence(self, domain: str) -> IRemotePresence | None:
        """Who knows the presence of the users of a partner's domain."""
        remote = self.remote_services
        return None if remote is None else remote.presence(domain)

    @cached_property
    def outgoing_texts(self) -> OutgoingTexts:
        """Texts to phones, as they are stored."""
        client, buckets, settings = self.store.client, self.store.buckets, self.settings.sms
        return OutgoingTexts(
            client, buckets, self.process_id, settings.max_waiting, settings.max_parts
        )

    @cached_property
    def texts(self) -> Texts:
        """Texts to phones and from them, for whoever has something to do with them."""
        sms = self.settings.sms
        return Texts(
            sms.number, sms.writes_latin_1, self.outgoing_texts, self.working, self.reactor
        )

    @cached_property
    def phones(self) -> Phones:
        """What dialogues with phones have come to, as it is stored."""
        return Phones(self.store.client, self.store.buckets)

    @cached_property
    def offline_notices(self) -> OfflineNotices:
        """What users are told while they are off line."""
        wording = self.settings.sms.offline_notice
        notices = OfflineNotices(self.directory, self.texts, self.phones, wording)
        self.working.register("offline-notice", notices.tell)
        return notices

    @cached_property
    def federation(self) -> Federation:
        """The SSP door, and how elements reach partners."""
        return Federation(self.settings, self.store, self.reactor, self.metrics)
