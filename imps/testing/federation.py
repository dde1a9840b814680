"""Servers of several domains in one process: each with a store and sockets of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort
from twisted.trial.unittest import TestCase

from imps.config import Settings
from imps.model.partner import Partner, TLSMode
from imps.parts.federation import Federation
from imps.ssp.discovery import Target
from imps.store.opening import Store, open_store
from imps.store.partners import Partners as StoredPartners
from imps.testing.process import reactor
from imps.testing.store import empty_store, private_server


@define(eq=False)
class Server:
    """The server of a domain, listening; ``targets`` is what the DNS says, by the names asked."""

    domain: str
    settings: Settings
    store: Store
    federation: Federation
    port: IListeningPort
    targets: dict[str, list[Target]] = field(factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        scheme = "https" if self.settings.ssp.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.number}/"

    @property
    def number(self) -> int:
        """The number of its port."""
        host: Any = self.port.getHost()
        return int(host.port)

    async def add(self, partner: Partner) -> None:
        """Make a partner known."""
        await StoredPartners(self.store.client).put(partner)
        await self.federation.known.look()

    async def know(self, other: Server, **details: Any) -> None:
        """Make another server a partner, at its URL."""
        tls = TLSMode.REQUIRED if other.settings.ssp.certificate else TLSMode.OFF
        described = {"urls": (other.url,), "tls": tls, **details}
        await self.add(Partner(domain=other.domain, **described))

    async def stop(self) -> None:
        """Stop listening, and all that goes on."""
        stopped = self.port.stopListening()
        if stopped is not None:
            await stopped
        await self.federation.stop()
        await self.store.close()


async def serve(
    test: TestCase,
    domain: str,
    *,
    store: str = "",
    fresh: bool = True,
    port: int = 0,
    **ssp: object,
) -> Server:
    """A server of a domain, on a store of that name, which is emptied unless it goes on. Without a
    name server, its ``targets`` say what there is in the DNS."""
    directory, _ = private_server(store or domain)
    said: Mapping[str, object] = {
        "data": str(directory),
        "redis": f"unix://{directory}/store.sock",
        "domain": [domain],
        "ssp": {"private_networks": True, **ssp},
    }
    settings = Settings.read(None, said)
    if fresh:
        await empty_store(reactor, settings)
    opened = await open_store(settings, reactor, for_service=True)
    targets: dict[str, list[Target]] = {}

    async def lookup(name: str) -> Iterable[Target]:
        return targets.get(name, ())

    asks_dns = bool(settings.ssp.resolver)
    federation = Federation(settings, opened, reactor, lookup=None if asks_dns else lookup)
    endpoint = serverFromString(reactor, f"tcp:{port}:interface=127.0.0.1")
    listening = await endpoint.listen(federation.listener)
    server = Server(domain, settings, opened, federation, listening, targets)
    await federation.start()
    test.addCleanup(server.stop)
    return server


async def two(test: TestCase, **ssp: Any) -> tuple[Server, Server]:
    """Two servers that know each other."""
    north = await serve(test, "north.example", **ssp)
    south = await serve(test, "south.example", **ssp)
    await north.know(south)
    await south.know(north)
    return north, south
