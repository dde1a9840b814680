"""``twistd imps``: options to a running service. The one place where the parts are joined."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
from collections.abc import Coroutine
from contextlib import suppress
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

from imps.admin.door import pages
from imps.config import KannelSettings, Settings, SettingsError
from imps.csp.cir.offer import CIROffer
from imps.http.pages import on_loopback, pages_door
from imps.logs import json_observer
from imps.metrics import Metrics
from imps.options import Options
from imps.parts import Parts
from imps.parts.federation import Federation
from imps.sap.heartbeat import Heartbeat
from imps.ssp.tls import Unusable
from imps.store.errors import StoreError
from imps.store.opening import Store, open_store
from imps.store.processes import Process, Processes
from imps.version import program_version

__all__ = ["Options", "makeService"]  # what twistd looks for

FINISH_SECONDS = 4
"""How long connections and requests in hand may go on once the server is to stop."""
WITHDRAW_SECONDS = 0.5
GARBAGE_THRESHOLD = 10_000

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
        settings = self._options.settings
        observer = json_observer(settings.log, settings.log_level, twistd, self._reactor)
        if observer is not None:
            parent.setComponent(ILogObserver, observer)


@define(eq=False, slots=False)
class IMPSService(Service):
    """Opens the store, listens, and on stopping finishes what is in hand."""

    _settings: Settings
    _reactor: Any
    _starting: Deferred[None] | None = field(default=None, init=False)
    _store: Store | None = field(default=None, init=False)
    _ports: list[IListeningPort] = field(factory=list, init=False)
    _admin_ports: list[IListeningPort] = field(factory=list, init=False)
    _parts: Parts | None = field(default=None, init=False)
    _heartbeat: Heartbeat | None = field(default=None, init=False)
    _log = Logger()

    def startService(self) -> None:
        """Begin to serve. What prevents that is logged in one line, and the process exits 1."""
        super().startService()
        # Until the reactor runs, a signal ends the process with what it has started left behind.
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._failed)

    async def _start(self) -> None:
        settings, reactor, metrics = self._settings, self._reactor, Metrics()
        self._store = await open_store(settings, reactor, for_service=True, metrics=metrics)
        parts = Parts(settings, self._store, reactor, metrics)
        cir_ports = [
            await self._listening("cir.endpoint", description, parts.cir)
            for description in settings.cir.endpoint
        ]
        self._ports += cir_ports
        if cir_ports:
            parts.cir.wakeups.start()
            parts.cir_offer = offer_of(settings.cir.place, cir_ports[0].getHost())
        ssp_ports = await self._listening_to_partners(parts.federation)
        self._ports += ssp_ports
        csp = parts.csp
        # Not before: a setting may be wrong, and what could not be made need not be finished.
        self._parts = parts
        csp_ports = [await self._listening("csp", description, csp) for description in settings.csp]
        self._ports += csp_ports
        if settings.admin.endpoint:
            admin = pages_door(pages(parts.health, metrics, parts.network_presence), reactor)
            description = on_loopback(settings.admin.endpoint)
            port = await self._listening("admin.endpoint", description, admin)
            self._admin_ports.append(port)
        sms_ports = await self._listening_for_gateways(parts)
        self._ports += sms_ports
        line_ports = await self._listening_for_lines(parts)
        self._ports += line_ports
        parts.timers.start()
        if settings.sms.gateway:
            parts.traffic.start()
        parts.tracing.start()
        if ssp_ports:
            parts.serve_partners()
            await parts.federation.start()
        self._follow_certificates(parts.federation)
        doors = [("CSP", port) for port in csp_ports]
        doors += [("CIR", port) for port in cir_ports]
        doors += [("SMS", port) for port in sms_ports]
        doors += [("SSP", port) for port in ssp_ports]
        doors += [("Line", port) for port in line_ports]
        doors += [("Admin", port) for port in self._admin_ports]
        places = [(door, _shown(port.getHost())) for door, port in doors]
        endpoints = [f"{door} on {address}" for door, address in places]
        self._heartbeat = Heartbeat(
            this_process(endpoints, reactor), Processes(self._store.client), reactor
        )
        await self._heartbeat.start()
        for door, address in places:
            self._log.info("{door} on {address}", door=door, address=address)
        _look_for_less_garbage()
        self._log.info("imps is ready")

    async def _listening_for_gateways(self, parts: Parts) -> list[IListeningPort]:
        """The port for SMS gateways, if there is to be one; it is where they are to report to."""
        settings = self._settings.sms
        if not settings.endpoint:
            if any(isinstance(each, KannelSettings) for each in settings.gateway):
                raise SettingsError("sms.endpoint: is needed where a gateway is Kannel")
            return []
        description = on_loopback(settings.endpoint)
        door = pages_door(parts.kannel_pages.pages, self._reactor)
        port = await self._listening("sms.endpoint", description, door)
        parts.sms_url = url_on_this_machine(port.getHost())
        return [port]

    async def _listening_for_lines(self, parts: Parts) -> list[IListeningPort]:
        description = self._settings.clp.line
        if not description:
            return []
        port = await self._listening("clp.line", description, parts.line_port)
        parts.line_port.lines.wakeups.start()
        return [port]

    async def _listening_to_partners(self, federation: Federation) -> list[IListeningPort]:
        endpoints = self._settings.ssp.endpoint
        try:
            listener = federation.listener if endpoints else None
        except Unusable as problem:
            raise SettingsError(str(problem)) from None
        return [await self._listening("ssp.endpoint", each, listener) for each in endpoints]

    def _follow_certificates(self, federation: Federation) -> None:
        """Read our certificate and the authorities again when the process is told to (SIGHUP)."""

        def read() -> None:
            if not self._settings.ssp.endpoint:
                return
            try:
                federation.certificates.read()
            except Unusable as problem:
                self._log.error("The certificates stay as they were: {reason}", reason=str(problem))
            else:
                self._log.info("The certificates were read again")

        def told(*_: object) -> None:
            self._reactor.callFromThread(read)

        with suppress(ValueError):
            # Only the main thread may; elsewhere there is nobody to tell it.
            signal.signal(signal.SIGHUP, told)

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
        self._reactor.stop()

    async def _stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await self._starting
        if self._parts is not None:
            self._parts.timers.stop()
            self._parts.tracing.stop()
            await self._within(FINISH_SECONDS, self._finish(self._parts))
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

    async def _finish(self, parts: Parts) -> None:
        """Say that we stop, give whoever watches the time to notice, and finish what is in hand."""
        parts.health.stop()
        parts.authentication.close()
        parts.csp.drain()
        if self._admin_ports:
            await deferLater(self._reactor, self._settings.admin.drain_seconds)
        await _closed(self._ports)
        if self._settings.clp.line:
            await parts.line_port.finish()
        if self._settings.sms.gateway:
            await parts.traffic.stop()
        await parts.csp.finish()
        if self._settings.ssp.endpoint:
            await parts.federation.stop()
        parts.cir.hang_up()
        await parts.cir.wakeups.close()

    def stopService(self) -> Deferred[None]:
        """Finish the requests in hand, let nobody sign on meanwhile, and close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())


def _look_for_less_garbage() -> None:
    """Have the collector pass over what is there for good, and come less often."""
    # By its defaults, it takes a fifth of the time of a busy service: all that belongs to the
    # requests in hand is looked at again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


async def _closed(ports: list[IListeningPort]) -> None:
    for port in ports:
        stopped = port.stopListening()
        if stopped is not None:
            await stopped


def _shown(address: Any) -> str:
    """An address that a port listens on, as people write it."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    return f"{host}:{port}" if host else str(getattr(address, "name", address))


def url_on_this_machine(here: Any) -> str:
    """The URL by which programs on this machine reach what we listen on."""
    host, port = getattr(here, "host", ""), getattr(here, "port", 0)
    if host in ("", "0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def offer_of(place: tuple[str, int | None], here: Any) -> CIROffer:
    """What clients are told of the address where they are woken over TCP: what the settings say, or
    where we listen."""
    host, port = place
    host = host or getattr(here, "host", "")
    port = port or getattr(here, "port", None)
    if not host or not port:
        raise SettingsError("cir.address: is needed where the endpoint has no host and port")
    return CIROffer.over_tcp(host, port)


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
