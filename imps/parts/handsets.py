"""The parts of the door for handsets, which speak CSP."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from attrs import define

from imps.config import Settings, SettingsError
from imps.csp.access import Access, Provider
from imps.csp.attribute_lists import AttributeListing
from imps.csp.blocking import Blocking
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
from imps.http.door import HTTPDoor, HTTPLimits
from imps.parts.service import ServiceParts
from imps.store.traces import Traces
from imps.store.wakeups import Wakeups


@define(eq=False, slots=False)
class HandsetParts(ServiceParts):
    """The CSP door, what wakes clients, and what shows operators what they say."""

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
            renew_presence=self.routed_presence.renew,
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
