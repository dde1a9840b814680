"""The parts of a server, and which of them each is given: where they are joined."""

from __future__ import annotations

from datetime import UTC
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field

from imps.admin.health import Health
from imps.admin.network_presence import NetworkPresence
from imps.clp.catalogue import CatalogueError, Catalogues
from imps.clp.dialogue import Dialogue
from imps.clp.events import WATCHER, Events
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.state import States
from imps.clp.turn import Services, Terms
from imps.config import GatewaySettings, KannelSettings, Settings, SettingsError
from imps.csp.access import Access, Provider
from imps.csp.attribute_lists import AttributeListing
from imps.csp.blocking import Blocking
from imps.csp.cir.offer import POLLING_ONLY, CIROffer
from imps.csp.cir.tcp import CIRLimits, TCPDoor
from imps.csp.codec.document import Limits
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.contacts import ListManagement
from imps.csp.content_links import CONTENT_PATH, ContentLinks
from imps.csp.content_page import ContentPage
from imps.csp.door import Door
from imps.csp.im import Messaging
from imps.csp.mailbox import Mailbox
from imps.csp.negotiation import Negotiation
from imps.csp.notices import Notices
from imps.csp.outbox import Outbox
from imps.csp.presence import PresenceDelivery
from imps.csp.reactive_authorization import PresenceAuthorization
from imps.csp.tracing import Tracing
from imps.csp.transactions import Transactions
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
from imps.federation import Federation
from imps.http.door import HTTPDoor, HTTPLimits
from imps.metrics import Metrics
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.offline_notices import OfflineNotices
from imps.sap.routed import RoutedInstantMessaging
from imps.sap.routed_presence import RoutedPresence
from imps.sap.service_table import ServiceTable, nobody
from imps.sap.sessions import SessionLimits, Sessions
from imps.sap.texts import Texts
from imps.sap.timers import Timers
from imps.sap.work import Working
from imps.sms.gateway import IGateway
from imps.sms.inbox import Inbox
from imps.sms.kannel import Kannel
from imps.sms.kannel_pages import KannelPages
from imps.sms.outbox import Outbox as TextOutbox
from imps.sms.smpp.arrivals import Arrivals
from imps.sms.smpp.gateway import SMPP, endpoint_of
from imps.sms.traffic import Traffic
from imps.ssp.services import RemoteServices
from imps.store.access_lists import AccessLists
from imps.store.accounts import Accounts
from imps.store.attribute_lists import AttributeLists as StoredAttributeLists
from imps.store.contact_lists import ContactLists
from imps.store.deliveries import Deliveries
from imps.store.incoming_texts import IncomingTexts
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
from imps.store.traces import Traces
from imps.store.wakeups import Wakeups
from imps.store.work import WorkRecords

PHONE_TRIES = 1000


@define(eq=False, slots=False)
class Parts:
    """The parts of a server, each made when it is first asked for, of those that it needs."""

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
        return ReactiveAuthorizations(self.store.client, self.store.buckets)

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
        return Texts(self.settings.sms.number, self.outgoing_texts, self.working, self.reactor)

    @cached_property
    def offline_notices(self) -> OfflineNotices:
        """What users are told while they are off line."""
        wording = self.settings.sms.offline_notice
        notices = OfflineNotices(self.directory, self.texts, self.phones, wording)
        self.working.register("offline-notice", notices.tell)
        return notices

    @cached_property
    def inbox(self) -> Inbox:
        """What phones send."""
        client, buckets, settings = self.store.client, self.store.buckets, self.settings.sms
        stored = IncomingTexts(client, buckets, self.process_id, settings.max_waiting)
        return Inbox(stored, self.texts.take, self.reactor, self.metrics)

    @cached_property
    def outbox(self) -> TextOutbox:
        """What is sent to phones."""
        return TextOutbox(self.outgoing_texts, self.working, self.reactor, self.metrics)

    @cached_property
    def phones(self) -> Phones:
        """What dialogues with phones have come to, as it is stored."""
        return Phones(self.store.client, self.store.buckets)

    @cached_property
    def clp(self) -> Dialogue:
        """The dialogue with phones that can only text; it takes what they send, and tells them what
        waits for their users."""
        settings = self.settings.session
        seconds = self.settings.clp.session_hours * 3600
        limits = SessionLimits(
            time_to_live_seconds=seconds,
            min_time_to_live_seconds=seconds,
            max_time_to_live_seconds=seconds,
            grace_seconds=0,
            remember_seconds=settings.remember_seconds,
        )
        buckets, clock = self.store.buckets, self.reactor
        stored = Sessions(self.stored_sessions, buckets, clock, limits, self.working)
        sessions, services = PhoneSessions(stored, seconds), self.clp_services
        content_url, most_sms = self.settings.messages.content_url, self.settings.sms.max_parts
        dialogue = Dialogue(services, sessions, self.texts, clock, most_sms)
        events = Events(services, sessions, self.texts, self.working, clock, content_url, most_sms)
        self.texts.consume(dialogue.take)
        self.texts.on_outcome(WATCHER, events.outcome)
        self.working.register("phone", events.tell)
        return dialogue

    @cached_property
    def clp_services(self) -> Services:
        """What the dialogue with phones stands on: the same elements as the CSP door."""
        terms = terms_of(self.settings)
        try:
            catalogues = Catalogues.load(terms.language, self.settings.clp.optout_words)
        except CatalogueError as error:
            raise SettingsError(f"clp.language: {error}") from None
        return Services(
            im=self.im,
            presence=self.routed_presence,
            authorization=self.reactive_authorization,
            contacts=self.contacts,
            attribute_lists=self.attribute_lists,
            access=self.access_control,
            directory=self.directory,
            authentication=self.authentication,
            # What is taken is noted before it is sent: if it is not noted, it was not sent.
            delivery=self._delivery(0, PHONE_TRIES),
            phones=self.phones,
            states=States(self.phones, terms.offline != "store"),
            terms=terms,
            catalogues=catalogues,
        )

    @cached_property
    def kannel_pages(self) -> KannelPages:
        """What Kannel says of phones."""
        settings = self.settings.sms
        return KannelPages(
            [each for each in settings.gateway if isinstance(each, KannelSettings)],
            settings.own_numbers,
            settings.country_code,
            self.inbox,
            self.outbox,
            self.metrics,
        )

    @cached_property
    def traffic(self) -> Traffic:
        """What goes through the gateways."""
        gateways = [self._gateway(each) for each in self.settings.sms.gateway]
        return Traffic(
            self.inbox,
            self.outbox,
            gateways,
            self.texts,
            self.outgoing_texts,
            self.working,
            self.store.buckets,
            self.reactor,
        )

    def _gateway(self, gateway: GatewaySettings) -> IGateway:
        settings = self.settings.sms
        if isinstance(gateway, KannelSettings):
            return Kannel(gateway, gateway.report_url or self.sms_url, self.reactor)
        arrivals = Arrivals(
            gateway,
            settings.own_numbers,
            settings.country_code,
            self.inbox,
            self.outbox,
            self.metrics,
        )
        return SMPP(gateway, endpoint_of(gateway, self.reactor), arrivals, self.reactor)

    @cached_property
    def timers(self) -> Timers:
        """What becomes due as time passes; the elements know how that is done."""
        assert self.local_im and self.presence and self.texts and self.offline_notices
        assert self.clp
        do, buckets = self.working.do, self.store.buckets
        return Timers(self.work, do, buckets, self.reactor, self.metrics)

    @cached_property
    def health(self) -> Health:
        """Whether the server can serve."""
        return Health(self.store.client, self.reactor, self.metrics)

    @cached_property
    def network_presence(self) -> NetworkPresence:
        """What the mobile network tells of users' phones."""
        return NetworkPresence(self.presence, self.settings.admin.key)

    @cached_property
    def cir(self) -> TCPDoor:
        """The door at which clients wait to be woken."""
        limits = CIRLimits(
            connections_per_source=self.settings.cir.connections_per_source,
            idle_timeout_seconds=self.settings.cir.idle_timeout_seconds,
        )
        wakeups = Wakeups(self.store.client, self.store.buckets)
        return TCPDoor(self.sessions, wakeups, limits, self.reactor)

    @cached_property
    def tracing(self) -> Tracing:
        """What operators see of what is said to clients and by them."""
        traces, domain = Traces(self.store.client), self.store.domains[0]
        return Tracing(traces, self.stored_sessions, domain, self.reactor)

    @cached_property
    def door(self) -> Door:
        """The CSP door, with all that it serves and sends."""
        settings, sessions = self.settings, self.sessions
        transactions = Transactions(self.metrics)
        negotiation = Negotiation(
            sessions,
            transactions,
            settings.session.server_poll_min_seconds,
            settings.session.max_per_user,
            self.cir_offer,
            has_offline_notices=bool(settings.sms.gateway and settings.sms.offline_notice),
        )
        links = ContentLinks(self.im, settings.messages.content_url)
        messaging = Messaging(self.im, self.delivery, self.reactor, links)
        access = Access(sessions, self.authentication, negotiation, provider(settings))
        mailbox = Mailbox(self.im, sessions, self.reactor, links)
        mailbox.register(transactions)
        negotiation.register()
        access.register(transactions)
        messaging.register(transactions)
        ListManagement(self.contacts, self.attribute_lists, self.access_control).register(
            transactions
        )
        Blocking(self.access_control).register(transactions)
        AttributeListing(self.attribute_lists).register(transactions)
        presence = PresenceDelivery(self.routed_presence)
        presence.register(transactions)
        authorization = PresenceAuthorization(self.reactive_authorization, self.routed_presence)
        authorization.register(transactions)
        notices = Notices(sessions)
        notices.register(transactions)
        limits = Limits(
            depth=settings.codec.max_depth,
            elements=settings.codec.max_elements,
            text_characters=settings.codec.max_text_characters,
        )
        outbox = Outbox(self.delivery, messaging, presence, authorization, notices)
        pages = {CONTENT_PATH: ContentPage(self.im).answer}
        xml, wbxml = XMLCodec(limits), WBXMLCodec(limits)
        door = Door(xml, wbxml, transactions, sessions, outbox, self.tracing, pages)
        door.register()
        return door

    @cached_property
    def csp(self) -> HTTPDoor:
        """The CSP door, as HTTP clients come in by it."""
        settings = self.settings.http
        limits = HTTPLimits(
            max_body_octets=settings.max_body_octets,
            max_header_octets=settings.max_header_octets,
            connections_per_source=settings.connections_per_source,
            requests_per_source=settings.requests_per_source,
            body_timeout_seconds=settings.body_timeout_seconds,
            idle_timeout_seconds=settings.idle_timeout_seconds,
            body_memory_octets=settings.body_memory_megabytes * 1024 * 1024,
        )
        return HTTPDoor(self.door.answer, limits, self.reactor, self.metrics)

    @cached_property
    def federation(self) -> Federation:
        """The SSP door, and how elements reach partners."""
        return Federation(self.settings, self.store, self.reactor, self.metrics)

    def serve_partners(self) -> None:
        """Render the services here to partners."""
        self.federation.serve(
            self.local_im,
            self.presence,
            self.publishers_abroad,
            self.delivery,
            self.message_limits,
        )


def terms_of(settings: Settings) -> Terms:
    """What phones that can only text have to reckon with, by the settings."""
    said, about = settings.clp, settings.provider
    prefixes = (each.partition("=") for each in said.languages)
    return Terms(
        service=about.name or settings.domain[0],
        about=" ".join(filter(None, (about.text, about.url))) or "IMPS",
        number=settings.sms.number,
        registration=said.registration,
        offline=said.offline,
        language=said.language,
        zone=UTC if said.time_zone == "UTC" else ZoneInfo(said.time_zone),
        keyword=said.keyword,
        signature=said.signature,
        hides_blocks=said.hide_block,
        texts_a_minute=said.texts_per_minute,
        replies_a_minute=said.replies_per_minute,
        replies_an_hour=said.replies_per_hour,
        languages=tuple((prefix, code) for prefix, _, code in prefixes),
    )


def provider(settings: Settings) -> Provider:
    """Who runs the service, by the settings; the first home domain unless they say more."""
    try:
        file = settings.provider.logo_file
        logo = Path(file).read_bytes() if file else b""
    except OSError as error:
        raise SettingsError(f"provider.logo_file: {error}") from None
    return Provider(
        name=settings.provider.name or settings.domain[0],
        text=settings.provider.text,
        url=settings.provider.url,
        logo=logo,
        logo_file=settings.provider.logo_file,
    )
