"""``twistd imps``: options to a running service. The one place where the parts are joined."""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Coroutine
from pathlib import Path
from secrets import token_hex
from typing import Any

from attrs import define, field
from twisted.application.service import MultiService, Service
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, Logger

from imps.admin.door import AdminDoor, on_loopback, pages
from imps.admin.health import Health
from imps.config import Settings, SettingsError
from imps.csp.access import Access, Provider
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
from imps.logs import json_observer
from imps.metrics import Metrics
from imps.options import Options
from imps.sap.authentication import Authentication
from imps.sap.delivery import Delivery
from imps.sap.heartbeat import Heartbeat
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
from imps.store.processes import Process, Processes
from imps.store.sessions import Sessions as StoredSessions
from imps.store.work import WorkRecords
from imps.version import program_version

__all__ = ["Options", "makeService"]  # what twistd looks for

FINISH_SECONDS = 4
"""How long connections and requests in hand may go on once the server is to stop."""
WITHDRAW_SECONDS = 0.5

# What Twisted raises at a description that it cannot follow, and at an address that is not free.
_BAD_ENDPOINT = (CannotListenError, OSError, ValueError, TypeError, LookupError, OverflowError)


def makeService(options: Options) -> MultiService:
    """The service that the options describe; nothing starts before it does."""
    from twisted.internet import reactor

    server = Server(options, reactor)
    IMPSService(options.settings, reactor).setServiceParent(server)
    return server


class Server(MultiService):
    """All that runs in a process; it tells twistd how to write the log."""

    def __init__(self, options: Options, reactor: Any) -> None:
        super().__init__()
        self._options = options
        self._reactor = reactor

    def setServiceParent(self, parent: Any) -> None:
        """Become part of twistd's application, which it asks for an observer of the log."""
        super().setServiceParent(parent)
        twistd = self._options.parent
        assert twistd is not None
        observer = json_observer(self._options.settings.log, twistd, self._reactor)
        if observer is not None:
            parent.setComponent(ILogObserver, observer)


@define(eq=False, slots=False)
class IMPSService(Service):
    """Opens the store, listens, and on stopping finishes what is in hand."""

    _settings: Settings
    _reactor: Any
    _starting: Deferred[None] | None = field(default=None, init=False)
    _store: Store | None = field(default=None, init=False)
    _metrics: Metrics = field(factory=Metrics, init=False)
    _ports: list[IListeningPort] = field(factory=list, init=False)
    _admin_ports: list[IListeningPort] = field(factory=list, init=False)
    _authentication: Authentication | None = field(default=None, init=False)
    _http: HTTPDoor | None = field(default=None, init=False)
    _health: Health | None = field(default=None, init=False)
    _work: OverdueWork | None = field(default=None, init=False)
    _heartbeat: Heartbeat | None = field(default=None, init=False)
    _log = Logger()

    def startService(self) -> None:
        """Begin to serve. What prevents that is logged in one line, and the process exits 1."""
        super().startService()
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._failed)

    async def _start(self) -> None:
        settings, reactor, metrics = self._settings, self._reactor, self._metrics
        store = await open_store(settings, reactor, for_service=True, metrics=metrics)
        self._store = store
        im = instant_messaging(settings, store, reactor, metrics)
        self._authentication = authentication(settings, store, reactor, metrics)
        self._http = http_door(settings, store, im, reactor, metrics, self._authentication)
        records = WorkRecords(store.client, store.buckets)
        self._work = OverdueWork(records, im, store.buckets, reactor, metrics)
        self._health = Health(store.client, reactor, metrics)
        for description in settings.csp:
            self._ports.append(await self._listening("csp", description, self._http))
        if settings.admin.endpoint:
            admin = AdminDoor(pages(self._health, metrics), reactor)
            description = on_loopback(settings.admin.endpoint)
            port = await self._listening("admin.endpoint", description, admin)
            self._admin_ports.append(port)
        self._work.start()
        doors = [("CSP", port) for port in self._ports]
        doors += [("Admin", port) for port in self._admin_ports]
        places = [(door, _shown(port.getHost())) for door, port in doors]
        endpoints = [f"{door} on {address}" for door, address in places]
        self._heartbeat = Heartbeat(
            this_process(endpoints, reactor), Processes(store.client), reactor
        )
        await self._heartbeat.start()
        for door, address in places:
            self._log.info("{door} on {address}", door=door, address=address)
        self._log.info("imps is ready")

    async def _listening(self, setting: str, description: str, door: Any) -> IListeningPort:
        try:
            endpoint = serverFromString(self._reactor, description)
            port: IListeningPort = await endpoint.listen(door)
        except _BAD_ENDPOINT as error:
            raise SettingsError(f"{setting}: {description}: {error}") from None
        return port

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
        await self._within(FINISH_SECONDS, self._finish())
        await _closed(self._admin_ports)
        if self._heartbeat is not None:
            await self._within(WITHDRAW_SECONDS, self._heartbeat.stop())
        if self._store is not None:
            await self._store.close()

    async def _within(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, or as much of it as can be done in this time."""
        working = Deferred.fromCoroutine(work).addTimeout(seconds, self._reactor)
        try:
            await working
        except (TimeoutError, CancelledError):
            self._log.warn("Not all was finished in {seconds} seconds", seconds=seconds)
        except Exception:
            self._log.failure("Not all was finished")

    async def _finish(self) -> None:
        """Say that we stop, give whoever watches the time to notice, and finish what is in hand."""
        if self._health is not None:
            self._health.stop()
        if self._authentication is not None:
            self._authentication.close()
        if self._http is not None:
            self._http.drain()
        if self._admin_ports:
            await deferLater(self._reactor, self._settings.admin.drain_seconds)
        await _closed(self._ports)
        if self._http is not None:
            await self._http.finish()

    def stopService(self) -> Deferred[None]:
        """Finish the requests in hand, let nobody sign on meanwhile, and close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())


async def _closed(ports: list[IListeningPort]) -> None:
    for port in ports:
        stopped = port.stopListening()
        if stopped is not None:
            await stopped


def _shown(address: Any) -> str:
    """An address that a port listens on, as people write it."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    return f"{host}:{port}" if host else str(getattr(address, "name", address))


def this_process(endpoints: list[str], reactor: Any) -> Process:
    """What others may know of this process."""
    return Process(
        id=token_hex(8),
        host=socket.gethostname(),
        process_id=os.getpid(),
        version=program_version(),
        started_at=reactor.seconds(),
        endpoints=endpoints,
    )


def directory(settings: Settings, store: Store, reactor: Any) -> Directory:
    """The accounts of the home domains."""
    accounts = Accounts(store.client, store.buckets, settings.session.remember_seconds)
    return Directory(accounts, store.secrets, store.domains, reactor)


def instant_messaging(
    settings: Settings, store: Store, reactor: Any, metrics: Metrics | None = None
) -> InstantMessaging:
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
        metrics or Metrics(),
    )


def authentication(
    settings: Settings, store: Store, reactor: Any, metrics: Metrics | None = None
) -> Authentication:
    """Who may sign on here."""
    client, buckets = store.client, store.buckets
    failures = LoginFailures(
        client,
        buckets,
        settings.session.login_failures_per_account,
        settings.session.login_failures_per_source,
    )
    return Authentication(
        directory(settings, store, reactor),
        Nonces(client, buckets),
        failures,
        reactor,
        settings.session.reveal_unknown_users,
        metrics or Metrics(),
    )


def http_door(
    settings: Settings,
    store: Store,
    im: InstantMessaging,
    reactor: Any,
    metrics: Metrics | None = None,
    signing_on: Authentication | None = None,
) -> HTTPDoor:
    """The CSP door, and what stands behind it."""
    client, buckets = store.client, store.buckets
    metrics = metrics or Metrics()
    signing_on = signing_on or authentication(settings, store, reactor, metrics)
    sessions = Sessions(
        StoredSessions(client, buckets),
        buckets,
        reactor,
        SessionLimits(
            time_to_live_seconds=settings.session.time_to_live_seconds,
            min_time_to_live_seconds=settings.session.min_time_to_live_seconds,
            max_time_to_live_seconds=settings.session.max_time_to_live_seconds,
            grace_seconds=settings.session.grace_seconds,
            remember_seconds=settings.session.remember_seconds,
        ),
        settings.messages.resend_seconds,
    )
    door = csp_door(settings, sessions, signing_on, im, metrics)
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
        metrics,
    )


def csp_door(
    settings: Settings,
    sessions: Sessions,
    authentication: Authentication,
    im: InstantMessaging,
    metrics: Metrics | None = None,
) -> Door:
    """The CSP door, with all that it serves and sends."""
    transactions = Transactions(metrics or Metrics())
    negotiation = Negotiation(sessions, transactions, settings.session.server_poll_min_seconds)
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
