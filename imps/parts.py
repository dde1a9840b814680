"""The parts of a server, and which of them each is given: where they are joined."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import define, field

from imps.admin.health import Health
from imps.config import Settings, SettingsError
from imps.csp.access import Access, Provider
from imps.csp.codec.document import Limits
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.contacts import ListManagement
from imps.csp.door import Door
from imps.csp.http import HTTPDoor, HTTPLimits
from imps.csp.im import Messaging
from imps.csp.negotiation import Negotiation
from imps.csp.outbox import Outbox
from imps.csp.transactions import Transactions
from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.im import InstantMessaging
from imps.elements.interfaces import IInstantMessaging, MessageLimits
from imps.metrics import Metrics
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.routed import RoutedInstantMessaging
from imps.sap.service_table import ServiceTable
from imps.sap.sessions import SessionLimits, Sessions
from imps.sap.timers import Timers
from imps.store.accounts import Accounts
from imps.store.contact_lists import ContactLists
from imps.store.login_failures import LoginFailures
from imps.store.messages import Messages
from imps.store.nonces import Nonces
from imps.store.opening import Store
from imps.store.outboxes import Outboxes
from imps.store.sessions import Sessions as StoredSessions
from imps.store.work import WorkRecords


@define(eq=False, slots=False)
class Parts:
    """The parts of a server, each made when it is first asked for, of those that it needs."""

    settings: Settings
    store: Store
    reactor: Any
    metrics: Metrics = field(factory=Metrics)

    @cached_property
    def directory(self) -> Directory:
        """The accounts of the home domains."""
        store = self.store
        remember_seconds = self.settings.session.remember_seconds
        accounts = Accounts(store.client, store.buckets, remember_seconds)
        return Directory(accounts, store.secrets, store.domains, self.reactor)

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
        stored = StoredSessions(
            self.store.client,
            self.store.buckets,
            self.settings.messages.resend_seconds,
            settings.requests_per_second,
            settings.max_per_user,
        )
        limits = SessionLimits(
            time_to_live_seconds=settings.time_to_live_seconds,
            min_time_to_live_seconds=settings.min_time_to_live_seconds,
            max_time_to_live_seconds=settings.max_time_to_live_seconds,
            grace_seconds=settings.grace_seconds,
            remember_seconds=settings.remember_seconds,
        )
        return Sessions(stored, self.store.buckets, self.reactor, limits)

    @cached_property
    def work(self) -> WorkRecords:
        """What is still to be done."""
        return WorkRecords(self.store.client, self.store.buckets)

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
        messages = Messages(
            client,
            buckets,
            settings.max_waiting,
            settings.max_waiting_octets,
            settings.resend_seconds,
            settings.max_tries,
        )
        outboxes = Outboxes(client, buckets, settings.max_events)
        return InstantMessaging(
            messages,
            self.directory,
            Delivery(outboxes, self.reactor, settings.validity_seconds),
            self.work,
            self.reactor,
            self.message_limits,
            self.metrics,
        )

    @cached_property
    def contacts(self) -> Contacts:
        """The contact lists of this domain."""
        client, buckets, settings = self.store.client, self.store.buckets, self.settings.contacts
        lists = ContactLists(client, buckets, settings.max_lists, settings.max_contacts)
        return Contacts(lists, self.directory)

    @cached_property
    def im(self) -> RoutedInstantMessaging:
        """Instant messaging for the doors."""
        home_domains = self.store.domains
        table = ServiceTable[IInstantMessaging](local=self.local_im, home_domains=home_domains)
        return RoutedInstantMessaging(table, self.contacts, self.message_limits, self.reactor)

    @cached_property
    def timers(self) -> Timers:
        """What becomes due as time passes."""
        do, buckets = self.local_im.report, self.store.buckets
        return Timers(self.work, do, buckets, self.reactor, self.metrics)

    @cached_property
    def health(self) -> Health:
        """Whether the server can serve."""
        return Health(self.store.client, self.reactor, self.metrics)

    @cached_property
    def csp(self) -> HTTPDoor:
        """The CSP door, as HTTP clients come in by it."""
        door = csp_door(
            self.settings,
            self.sessions,
            self.authentication,
            self.im,
            self.contacts,
            self.reactor,
            self.metrics,
        )
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
        return HTTPDoor(door.answer, limits, self.reactor, self.metrics)


def csp_door(
    settings: Settings,
    sessions: Sessions,
    authentication: Authentication,
    im: IInstantMessaging,
    contacts: Contacts,
    clock: Any,
    metrics: Metrics,
) -> Door:
    """The CSP door, with all that it serves and sends."""
    transactions = Transactions(metrics)
    negotiation = Negotiation(
        sessions,
        transactions,
        settings.session.server_poll_min_seconds,
        settings.session.max_per_user,
    )
    negotiation.register()
    Access(sessions, authentication, negotiation, provider(settings)).register(transactions)
    Messaging(im, clock).register(transactions)
    ListManagement(contacts).register(transactions)
    limits = Limits(
        depth=settings.codec.max_depth,
        elements=settings.codec.max_elements,
        text_characters=settings.codec.max_text_characters,
    )
    door = Door(XMLCodec(limits), WBXMLCodec(limits), transactions, sessions, Outbox(im))
    door.register()
    return door


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
