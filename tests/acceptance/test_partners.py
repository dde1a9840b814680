"""Servers of two domains, as processes with their own stores, made partners on the command line."""

from __future__ import annotations

import signal
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from imps.testing.certificates import Authority
from imps.testing.commands import run
from imps.testing.service import Service, settings_file
from imps.testing.store import private_directory


class PartnersTests(TestCase):
    async def serve(self, domain: str, settings: str = "") -> tuple[Service, str]:
        """A service for a domain, and where partners find it."""
        config = settings_file(self, f'domain = ["{domain}"]\n{settings}')
        service = Service(self, ("--config", config, "--ssp", "tcp:0:interface=127.0.0.1"))
        await service.start()
        scheme = "https" if "certificate" in settings else "http"
        return service, f"{scheme}://{service.program.said(r'SSP on (127.0.0.1:[0-9]+)')}/"

    async def operate(self, service: Service, *arguments: str, fails: bool = False) -> str:
        """What ``imps partner`` says."""
        place = ("--data", str(service.data), *service.options[:2])
        done = await deferToThread(run, "partner", *arguments, *place)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stdout

    async def test_partners_are_added_tested_and_removed_while_the_services_run(self) -> None:
        north, north_url = await self.serve("north.example")
        south, south_url = await self.serve("south.example")
        off = ("--tls", "off")
        await self.operate(north, "add", "south.example", "--url", south_url, *off)
        said = await self.operate(north, "test", "south.example", fails=True)
        self.assertIn(f"connection: {south_url} answers, without TLS", said)
        await self.operate(south, "add", "north.example", "--url", north_url, *off)
        await south.program.says("north.example is a partner")
        said = await self.operate(north, "test", "south.example")
        self.assertIn("handshake: there is a session, in version 1.3", said)
        self.assertIn("granted: all\nwanted: all\n", said)
        self.assertIn("sessions: 1\n", await self.operate(south, "show", "north.example"))
        await self.operate(south, "remove", "north.example")
        await south.program.says("north.example is a partner no more")
        said = await self.operate(north, "test", "south.example", fails=True)
        self.assertIn("handshake: it answers with HTTP 403", said)
        for service in (north, south):
            self.assertNotIn("Traceback", service.program.output)
            await service.stop()

    async def test_partners_know_each_other_by_their_certificates(self) -> None:
        authority = Authority.in_directory(private_directory(self))
        north, north_url = await self.serve("north.example", self.secured(authority, "north"))
        file = authority.issue("south.example", days=(-9, -1))
        south, south_url = await self.serve("south.example", self.secured(authority, "south", file))
        await self.operate(north, "add", "south.example", "--url", south_url)
        await self.operate(south, "add", "north.example", "--url", north_url)
        await south.program.says("north.example is a partner")
        said = await self.operate(north, "test", "south.example", fails=True)
        self.assertIn(f"connection: {south_url}: ", said)
        authority.issue("south.example")
        south.program.signal(signal.SIGHUP)
        await south.program.says("The certificates were read again")
        said = await self.operate(north, "test", "south.example")
        self.assertIn("answers, with TLS, by the right certificate", said)
        self.assertIn("handshake: there is a session", said)

    def secured(self, authority: Authority, name: str, file: Path | None = None) -> str:
        certificate = file or authority.issue(f"{name}.example")
        return f'[ssp]\ncertificate = "{certificate}"\nauthorities = "{authority.file}"\n'

    async def test_what_is_wrong_with_certificates_is_said_at_the_start(self) -> None:
        config = settings_file(self, '[ssp]\ncertificate = "nowhere.pem"\n')
        service = Service(self, ("--config", config, "--ssp", "tcp:0:interface=127.0.0.1"))
        service.launch()
        await service.program.says("ssp.certificate: it and ssp.private_key cannot be read")
        self.assertEqual(await service.program.ends(), 1)
