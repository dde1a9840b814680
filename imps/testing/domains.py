"""Servers of several domains, as processes of their own with stores of their own, that are
partners."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field
from twisted.trial.unittest import TestCase

from imps.testing.servers import free_ports
from imps.testing.service import Services, add_users, settings_file, store_of

NAMES = ("north.example", "south.example")


@define(eq=False)
class Domain:
    """A server of a domain, in one process or several; each has a door of its own for partners."""

    name: str
    services: Services
    places: tuple[str, ...]

    @property
    def urls(self) -> list[str]:
        """Where its clients come in."""
        return self.services.urls

    async def user(self, name: str) -> str:
        """A new user; the address."""
        address = f"wv:{name}@{self.name}"
        await add_users(self.services.data, address)
        return address


@define(eq=False)
class Domains:
    """Two domains, each of which is a partner of the other."""

    test: TestCase
    processes: int = 1
    settings: str = ""
    of_each: tuple[str, str] = ("", "")
    versions: tuple[str, str] = ("1.3", "1.3")
    each: tuple[Domain, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        ports = free_ports(2 * self.processes)
        places = (tuple(ports[: self.processes]), tuple(ports[self.processes :]))
        self.each = tuple(
            self._domain(name, own, partner, partners_ports, version, more)
            for name, own, partner, partners_ports, version, more in (
                (NAMES[0], places[0], NAMES[1], places[1], self.versions[0], self.of_each[0]),
                (NAMES[1], places[1], NAMES[0], places[0], self.versions[1], self.of_each[1]),
            )
        )

    def _domain(
        self,
        name: str,
        ports: tuple[int, ...],
        partner: str,
        partners_ports: tuple[int, ...],
        version: str,
        more: str,
    ) -> Domain:
        urls = ", ".join(f'"http://127.0.0.1:{port}/"' for port in partners_ports)
        file = settings_file(
            self.test,
            f'domain = ["{name}"]\n{self.settings}\n{more}\n[[partner]]\ndomain = "{partner}"\n'
            f'url = [{urls}]\ntls = "off"\nversion_max = "{version}"\n',
        )
        services = Services(self.test, self.processes, ("--config", file))
        for service, port in zip(services.each, ports, strict=True):
            endpoint = f"tcp:{port}:interface=127.0.0.1"
            service.options = (*service.options, "--ssp", endpoint)
        return Domain(name, services, tuple(f"http://127.0.0.1:{port}/" for port in ports))

    async def start(self) -> tuple[Domain, ...]:
        """Start both."""
        for domain in self.each:
            await domain.services.start()
        return self.each


async def try_again(data: Path) -> None:
    """Have what waits for partners said at once: nobody is waited for any longer to say it."""
    async with store_of(data) as store:
        for bucket in range(store.buckets.count):
            pattern = f"{store.buckets.prefix(bucket)}partner-lanes:*"
            for key in await store.client.execute("KEYS", pattern):
                await store.client.execute("ZUNIONSTORE", key, 1, key, "WEIGHTS", 0)
