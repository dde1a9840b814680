"""``twistd imps``: options to a running service. The one place where the parts are joined."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.logger import Logger
from twisted.python import usage

from imps.config import Settings, SettingsError
from imps.csp.access import Access, Provider
from imps.csp.cir.offer import POLLING_ONLY, CIROffer
from imps.csp.cir.tcp import CIRLimits, TCPDoor
from imps.csp.codec.document import Limits
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.door import Door
from imps.csp.http import HTTPDoor, HTTPLimits
from imps.csp.im import Messaging
from imps.csp.negotiation import Negotiation
from imps.csp.outbox import Outbox
from imps.csp.transactions import Transactions
from imps.elements.directory import Directory
from imps.elements.im import InstantMessaging, MessageLimits
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.sessions import SessionLimits, Sessions
from imps.sap.work import OverdueWork
from imps.store.accounts import Accounts
from imps.store.contact_lists import ContactLists
from imps.store.errors import StoreError
from imps.store.login_failures import LoginFailures
from imps.store.messages import Messages
from imps.store.nonces import Nonces
from imps.store.opening import Store, open_store
from imps.store.outboxes import Outboxes
from imps.store.sessions import Sessions as StoredSessions
from imps.store.wakeups import Wakeups
from imps.store.work import WorkRecords

DRAIN_SECONDS = 5


class Options(usage.Options):
    """The command line of ``twistd imps``."""

    synopsis = "[options]"
    longdesc = "Serve instant messaging and presence (OMA IMPS, Wireless Village)."
    optParameters = [
        ["config", "c", None, "TOML settings; every option below has a key of its name there"],
        ["data", "d", None, "state directory (default ./imps-data)"],
        ["redis", "r", None, "URL of the store (default: an embedded one)"],
    ]

    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self["domain"] = []
        self["csp"] = []
        self["cir"] = []

    def opt_domain(self, name: str) -> None:
        """home domain served (default localhost); may be repeated"""
        self["domain"].append(name)

    def opt_csp(self, endpoint: str) -> None:
        """serve CSP over HTTP on this endpoint (default tcp:8080:interface=127.0.0.1); may be
        repeated"""
        self["csp"].append(endpoint)

    def opt_cir(self, endpoint: str) -> None:
        """wake clients over TCP (CIR) on this endpoint (default: none); may be repeated"""
        self["cir"].append(endpoint)

    def postOptions(self) -> None:
        """Read the settings; a bad one ends here, with one line that names it."""
        given = {key: self[key] for key in ("data", "domain", "redis", "csp") if self[key]}
        if self["cir"]:
            given["cir"] = {"endpoint": self["cir"]}
        try:
            self.settings = Settings.read(self["config"], given)
        except SettingsError as error:
            raise usage.UsageError(str(error)) from None


def makeService(options: Options) -> MultiService:
    """The service that the options describe; nothing starts before it does."""
    from twisted.internet import reactor

    server = MultiService()
    IMPSService(options.settings, reactor).setServiceParent(server)
    return server


@define(eq=False, slots=False)
class IMPSService(Service):
    """Opens the store, listens, and on stopping finishes what is in hand."""

    _settings: Settings
    _reactor: Any
    _starting: Deferred[None] | None = field(default=None, init=False)
    _store: Store | None = field(default=None, init=False)
    _ports: list[IListeningPort] = field(factory=list, init=False)
    _http: HTTPDoor | None = field(default=None, init=False)
    _cir: TCPDoor | None = field(default=None, init=False)
    _work: OverdueWork | None = field(default=None, init=False)
    _log = Logger()

    def startService(self) -> None:
        """Begin to serve. What prevents that is logged in one line, and the process exits 1."""
        super().startService()
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._failed)

    async def _start(self) -> None:
        self._store = await open_store(self._settings, self._reactor, for_service=True)
        im = instant_messaging(self._settings, self._store, self._reactor)
        offer = await self._listen_for_cir()
        self._http = http_door(self._settings, self._store, im, self._reactor, offer)
        records = WorkRecords(self._store.client, self._store.buckets)
        self._work = OverdueWork(records, im, self._store.buckets, self._reactor)
        await self._listen("CSP", self._settings.csp, self._http)
        self._work.start()
        self._log.info("imps is ready")

    async def _listen_for_cir(self) -> CIROffer:
        """Listen for clients that want to be woken; what they are told of that."""
        settings = self._settings.cir
        if not settings.endpoint:
            return POLLING_ONLY
        assert self._store is not None
        wakeups = Wakeups(self._store.client, self._store.buckets)
        wakeups.start()
        self._cir = cir_door(self._settings, self._store, wakeups, self._reactor)
        places = await self._listen("CIR", settings.endpoint, self._cir)
        here: Any = places[0]
        host, port = settings.place
        host = host or getattr(here, "host", "")
        port = port or getattr(here, "port", None)
        if not host or not port:
            raise SettingsError("cir.address: is needed where the endpoint has no host and port")
        return CIROffer.over_tcp(host, port)

    async def _listen(self, name: str, endpoints: Sequence[str], door: Any) -> list[IAddress]:
        """Listen with a door on endpoints; where that is."""
        ports = []
        for description in endpoints:
            try:
                endpoint = serverFromString(self._reactor, description)
                ports.append(await endpoint.listen(door))
            except (CannotListenError, OSError, ValueError, OverflowError) as error:
                raise SettingsError(f"{name.lower()}: {description}: {error}") from None
            self._ports.append(ports[-1])
        for port in ports:
            self._log.info("{name} on {address}", name=name, address=_shown(port.getHost()))
        return [port.getHost() for port in ports]

    def _failed(self, failure: Any) -> None:
        if failure.check(StoreError, SettingsError, CannotListenError, OSError, ValueError):
            self._log.error("imps cannot start: {reason}", reason=failure.getErrorMessage())
        else:
            self._log.failure("imps cannot start", failure)
        # twistd knows no way to say that a service failed after it began.
        atexit.register(os._exit, 1)
        if self._reactor.running:
            self._reactor.stop()
        else:
            self._reactor.callWhenRunning(self._reactor.stop)

    async def _stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await self._starting
        if self._work is not None:
            self._work.stop()
        for port in self._ports:
            stopped = port.stopListening()
            if stopped is not None:
                await stopped
        if self._cir is not None:
            self._cir.hang_up()
            await self._cir.wakeups.close()
        if self._http is not None:
            finishing = Deferred.fromCoroutine(self._http.finish())
            finishing.addTimeout(DRAIN_SECONDS, self._reactor).addErrback(lambda _: None)
            await finishing
        if self._store is not None:
            await self._store.close()

    def stopService(self) -> Deferred[None]:
        """Take no more connections, finish the requests in hand, and close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())


def _shown(address: Any) -> str:
    """An address that a port listens on, as people write it."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    return f"{host}:{port}" if host else str(getattr(address, "name", address))


def directory(settings: Settings, store: Store, reactor: Any) -> Directory:
    """The accounts of the home domains."""
    accounts = Accounts(store.client, store.buckets, settings.session.remember_seconds)
    return Directory(accounts, store.secrets, store.domains, reactor)


def instant_messaging(settings: Settings, store: Store, reactor: Any) -> InstantMessaging:
    """The instant messaging element of this domain."""
    client, buckets = store.client, store.buckets
    messages = Messages(
        client,
        buckets,
        settings.messages.max_waiting,
        settings.messages.max_waiting_octets,
        settings.messages.resend_seconds,
        settings.messages.max_tries,
    )
    outboxes = Outboxes(client, buckets, settings.messages.max_events)
    return InstantMessaging(
        messages,
        ContactLists(client, buckets),
        directory(settings, store, reactor),
        Delivery(outboxes, reactor, settings.messages.validity_seconds),
        WorkRecords(client, buckets),
        reactor,
        MessageLimits(
            validity_seconds=settings.messages.validity_seconds,
            max_validity_seconds=settings.messages.max_validity_seconds,
            max_content_octets=settings.messages.max_content_octets,
            max_recipients=settings.messages.max_recipients,
        ),
    )


def sessions_of(settings: Settings, store: Store, reactor: Any) -> Sessions:
    """The sessions of all doors."""
    return Sessions(
        StoredSessions(
            store.client,
            store.buckets,
            settings.messages.resend_seconds,
            settings.session.requests_per_second,
        ),
        store.buckets,
        reactor,
        SessionLimits(
            time_to_live_seconds=settings.session.time_to_live_seconds,
            min_time_to_live_seconds=settings.session.min_time_to_live_seconds,
            max_time_to_live_seconds=settings.session.max_time_to_live_seconds,
            grace_seconds=settings.session.grace_seconds,
            remember_seconds=settings.session.remember_seconds,
        ),
    )


def cir_door(settings: Settings, store: Store, wakeups: Wakeups, reactor: Any) -> TCPDoor:
    """The door at which clients wait to be woken."""
    limits = CIRLimits(
        connections_per_source=settings.cir.connections_per_source,
        idle_timeout_seconds=settings.cir.idle_timeout_seconds,
    )
    return TCPDoor(sessions_of(settings, store, reactor), wakeups, limits, reactor)


def http_door(
    settings: Settings,
    store: Store,
    im: InstantMessaging,
    reactor: Any,
    cir: CIROffer = POLLING_ONLY,
) -> HTTPDoor:
    """The CSP door, and what stands behind it."""
    client, buckets = store.client, store.buckets
    accounts = directory(settings, store, reactor)
    sessions = sessions_of(settings, store, reactor)
    failures = LoginFailures(
        client,
        buckets,
        settings.session.login_failures_per_account,
        settings.session.login_failures_per_source,
    )
    authentication = Authentication(
        accounts,
        Nonces(client, buckets),
        failures,
        reactor,
        settings.session.reveal_unknown_users,
    )
    door = csp_door(settings, sessions, authentication, im, cir)
    return HTTPDoor(
        door.answer,
        HTTPLimits(
            max_body_octets=settings.http.max_body_octets,
            max_header_octets=settings.http.max_header_octets,
            connections_per_source=settings.http.connections_per_source,
            requests_per_source=settings.http.requests_per_source,
            body_timeout_seconds=settings.http.body_timeout_seconds,
            idle_timeout_seconds=settings.http.idle_timeout_seconds,
            body_memory_octets=settings.http.body_memory_megabytes * 1024 * 1024,
        ),
        reactor,
    )


def csp_door(
    settings: Settings,
    sessions: Sessions,
    authentication: Authentication,
    im: InstantMessaging,
    cir: CIROffer = POLLING_ONLY,
) -> Door:
    """The CSP door, with all that it serves and sends."""
    transactions = Transactions()
    poll_min = settings.session.server_poll_min_seconds
    negotiation = Negotiation(sessions, transactions, poll_min, cir)
    negotiation.register()
    Access(sessions, authentication, negotiation, provider(settings)).register(transactions)
    Messaging(im).register(transactions)
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
