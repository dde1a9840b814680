"""The parts of the doors for phones that can only text: gateways, and the dialogue."""

from __future__ import annotations

from datetime import UTC
from functools import cached_property
from zoneinfo import ZoneInfo

from attrs import define

from imps.clp import phone_texts
from imps.clp.catalogue import CatalogueError
from imps.clp.catalogues import Catalogues
from imps.clp.dialogue import Dialogue
from imps.clp.events import WATCHER, Events
from imps.clp.line_port import LineLimits, LinePort
from imps.clp.lines import Lines
from imps.clp.phone_sessions import LINE_SECONDS, PhoneSessions
from imps.clp.phone_texts import PhoneTexts
from imps.clp.places import Places
from imps.clp.serving import Serving
from imps.clp.states import States
from imps.clp.turn import MOST_SMS, Services, Terms
from imps.config import GatewaySettings, KannelSettings, Settings, SettingsError
from imps.parts.service import ServiceParts
from imps.sap.sessions import SessionLimits, Sessions
from imps.sms.gateway import IGateway
from imps.sms.inbox import Inbox
from imps.sms.kannel import Kannel
from imps.sms.kannel_pages import KannelPages
from imps.sms.outbox import Outbox as TextOutbox
from imps.sms.smpp.arrivals import Arrivals
from imps.sms.smpp.gateway import SMPP, endpoint_of
from imps.sms.traffic import Traffic
from imps.store.incoming_texts import IncomingTexts
from imps.store.lines import StoredLines
from imps.store.wakeups import Wakeups

PHONE_TRIES = 1000


@define(eq=False, slots=False)
class PhoneParts(ServiceParts):
    """What goes between gateways and the dialogue with phones."""

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
    def clp(self) -> PhoneTexts:
        """The door for phones that can only text; it takes what they send, and tells them what
        waits for their users."""
        services, clock, most_sms = self.clp_services, self.reactor, self.settings.sms.max_parts
        door = PhoneTexts(services, self.dialogue, self.texts, clock, most_sms)
        self.texts.consume(door.take)
        self.texts.on_outcome(WATCHER, self.clp_events.outcome)
        self.places.on_outcome(self.clp_events.outcome)
        self.texts.on_outcome(phone_texts.WATCHER, self.clp_events.shown)
        self.working.register("phone", self.clp_events.tell)
        self.working.register("erase-phone", self.clp_events.erase)
        return door

    @cached_property
    def dialogue(self) -> Dialogue:
        """What users who write command lines are answered."""
        return Dialogue(self.clp_services, self.clp_serving, self.reactor)

    @cached_property
    def clp_serving(self) -> Serving:
        """Who carries out what they ask for."""
        return Serving(self.phone_sessions)

    @cached_property
    def clp_events(self) -> Events:
        """What they are told that they have not asked for."""
        return Events(
            self.clp_services,
            self.phone_sessions,
            self.places,
            self.working,
            self.reactor,
            self.settings.messages.content_url,
            self.settings.sms.max_parts,
        )

    @cached_property
    def places(self) -> Places:
        """Where they are."""
        return Places(self.texts, self.stored_lines, self.reactor)

    @cached_property
    def stored_lines(self) -> StoredLines:
        """Which of them are on a line."""
        return StoredLines(self.store.client, self.store.buckets)

    @cached_property
    def line_port(self) -> LinePort:
        """The line port."""
        lines = Lines(
            self.clp_services,
            self.dialogue,
            self.clp_events,
            self.phone_sessions,
            self.places,
            self.stored_lines,
            Wakeups(self.store.client, self.store.buckets),
            self.reactor,
        )
        said = self.settings.clp
        limits = LineLimits(connections=said.line_connections, idle_seconds=said.line_idle_seconds)
        return LinePort(lines, limits)

    @cached_property
    def phone_sessions(self) -> PhoneSessions:
        """The sessions of those who write command lines."""
        seconds = self.settings.clp.session_hours * 3600
        limits = SessionLimits(
            time_to_live_seconds=seconds,
            min_time_to_live_seconds=LINE_SECONDS,
            max_time_to_live_seconds=seconds,
            grace_seconds=0,
            remember_seconds=self.settings.session.remember_seconds,
        )
        buckets, clock = self.store.buckets, self.reactor
        sessions = Sessions(self.stored_sessions, buckets, clock, limits, self.working)
        return PhoneSessions(sessions, seconds)

    @cached_property
    def clp_services(self) -> Services:
        """What the dialogue with phones stands on: the same elements as the CSP door."""
        terms = terms_of(self.settings)
        try:
            catalogues = Catalogues.load(
                terms.language,
                self.settings.clp.optout_words,
                within_latin_1=terms.within_latin_1,
            )
        except CatalogueError as error:
            raise SettingsError(f"clp: {error}") from None
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
            secrets=self.store.secrets,
            texts=self.texts,
            terms=terms,
            catalogues=catalogues,
        )

    @property
    def own_numbers(self) -> frozenset[str]:
        """The numbers of the service, however they are written."""
        pool = self.settings.clp.reply_pool
        return self.settings.sms.own_numbers.union(pool, (f"+{each.lstrip('+')}" for each in pool))

    @cached_property
    def kannel_pages(self) -> KannelPages:
        """What Kannel says of phones."""
        settings = self.settings.sms
        return KannelPages(
            [each for each in settings.gateway if isinstance(each, KannelSettings)],
            self.own_numbers,
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
            self.own_numbers,
            settings.country_code,
            self.inbox,
            self.outbox,
            self.metrics,
        )
        return SMPP(gateway, endpoint_of(gateway, self.reactor), arrivals, self.reactor)


def terms_of(settings: Settings) -> Terms:
    """What phones that can only text have to reckon with, by the settings."""
    said, about = settings.clp, settings.provider
    prefixes = (each.partition("=") for each in said.languages)
    return Terms(
        service=about.name or settings.domain[0],
        about=about.text or ("" if about.url else "IMPS"),
        url=about.url,
        number=settings.sms.number,
        reply_pool=said.reply_pool,
        registration=said.registration,
        offline=said.offline,
        language=said.language,
        zone=UTC if said.time_zone == "UTC" else ZoneInfo(said.time_zone),
        keyword=said.keyword,
        signature=said.signature,
        hides_blocks=said.hide_block,
        wants_pin=said.trust == "pin",
        texts_a_minute=said.texts_per_minute,
        replies_a_minute=said.replies_per_minute,
        replies_an_hour=said.replies_per_hour,
        most_sms=min(MOST_SMS, settings.sms.max_parts),
        within_latin_1=settings.sms.writes_latin_1,
        languages=tuple((prefix, code) for prefix, _, code in prefixes),
    )
