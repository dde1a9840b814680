"""Certificates of both sides, made by an authority of the test and shown over real sockets."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from imps.model.partner import Partner, TLSMode
from imps.model.status import Refusal, StatusCode
from imps.ssp.discovery import Endpoint
from imps.ssp.messages.setup import KeepAliveRequest, KeepAliveResponse
from imps.ssp.tls import Certificates, Unusable
from imps.testing.certificates import Authority
from imps.testing.federation import Server, serve


class TLSTests(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        directory = Path(self.mktemp())
        directory.mkdir()
        self.authority = Authority.in_directory(directory)
        self.logged: list[str] = []
        globalLogPublisher.addObserver(cast(Any, self.note))
        self.addCleanup(globalLogPublisher.removeObserver, cast(Any, self.note))

    def note(self, event: LogEvent) -> None:
        self.logged.append(formatEvent(event))

    def log(self) -> str:
        return "\n".join(self.logged)

    async def server(self, domain: str, file: Path | None = None) -> Server:
        return await serve(
            self,
            domain,
            certificate=str(file or self.authority.issue(domain)),
            authorities=str(self.authority.file),
        )

    async def two(
        self, north: Path | None = None, south: Path | None = None
    ) -> tuple[Server, Server]:
        servers = (
            await self.server("north.example", north),
            await self.server("south.example", south),
        )
        await servers[0].know(servers[1])
        await servers[1].know(servers[0])
        return servers

    async def ask(self, server: Server, domain: str = "south.example") -> object:
        return await server.federation.partners.ask(domain, None, KeepAliveRequest(), 10)

    async def assert_unreachable(self, server: Server) -> None:
        with self.assertRaises(Refusal) as caught:
            await self.ask(server)
        self.assertIs(caught.exception.code, StatusCode.SERVICE_UNAVAILABLE)

    async def test_with_the_right_certificates_there_is_a_session(self) -> None:
        north, south = await self.two()
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)
        self.assertIsInstance(await self.ask(south, "north.example"), KeepAliveResponse)

    async def test_a_certificate_for_another_name_that_was_agreed_on_will_do(self) -> None:
        north, south = await self.two(self.authority.issue("im.north.example"))
        await south.know(north, cert_names=("IM.north.example",))
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_a_server_with_the_wrong_name_is_not_talked_to(self) -> None:
        north, _ = await self.two(south=self.authority.issue("west.example"))
        await self.assert_unreachable(north)
        self.assertIn("the certificate is for west.example, not for south.example", self.log())

    async def test_a_server_that_has_expired_is_not_talked_to(self) -> None:
        north, _ = await self.two(south=self.authority.issue("south.example", days=(-9, -1)))
        await self.assert_unreachable(north)
        self.assertIn("partner's server is refused: it has expired: south.example", self.log())

    async def test_a_server_that_says_itself_who_it_is_is_not_talked_to(self) -> None:
        north, _ = await self.two(south=self.authority.forge("south.example"))
        await self.assert_unreachable(north)
        self.assertIn("partner's server is refused: it is self-signed: south.example", self.log())

    async def test_a_client_with_the_wrong_name_is_not_listened_to(self) -> None:
        north, _ = await self.two(self.authority.issue("west.example"))
        await self.assert_unreachable(north)
        self.assertIn(
            "A session with north.example is refused: its certificate is for west.example",
            self.log(),
        )

    async def test_a_client_that_has_expired_is_not_listened_to(self) -> None:
        north, _ = await self.two(self.authority.issue("north.example", days=(-9, -1)))
        await self.assert_unreachable(north)
        self.assertIn("partner's client is refused: it has expired: north.example", self.log())

    async def test_a_client_that_says_itself_who_it_is_is_not_listened_to(self) -> None:
        north, _ = await self.two(self.authority.forge("north.example"))
        await self.assert_unreachable(north)
        self.assertIn("partner's client is refused: it is self-signed: north.example", self.log())

    async def test_a_client_without_a_certificate_is_not_listened_to(self) -> None:
        north = await serve(self, "north.example", authorities=str(self.authority.file))
        south = await self.server("south.example")
        await north.know(south)
        await south.know(north, tls=TLSMode.REQUIRED, urls=("https://127.0.0.1:1/",))
        await self.assert_unreachable(north)
        self.assertIn(
            "A session with north.example is refused: it presents no certificate", self.log()
        )

    async def test_a_partner_that_has_to_be_secure_is_not_listened_to_without(self) -> None:
        south = await serve(self, "south.example")
        await south.add(Partner(domain="north.example", urls=("https://127.0.0.1:1/",)))
        north = await serve(self, "north.example")
        await north.know(south)
        await self.assert_unreachable(north)
        self.assertIn("A session with north.example is refused: it comes without TLS", self.log())

    async def test_there_is_no_way_back_to_plain_http_where_tls_is_required(self) -> None:
        plain = await serve(self, "south.example")
        north = await self.server("north.example")
        await north.add(
            Partner(domain="south.example", urls=(plain.url.replace("http:", "https:"),))
        )
        await self.assert_unreachable(north)

    async def test_a_session_of_one_partner_is_of_no_use_to_another(self) -> None:
        """West knows the id of a session of north's, and has a certificate of its own."""
        north, south = await self.two()
        await self.ask(north)
        (session,) = await north.federation.sessions._stored.all("south.example")
        west = await self.server("west.example")
        await south.know(west)
        body = (
            f'<WV-SSP-Message><Session sessionID="{session.own_id}"><Transaction mode="Request" '
            'transactionID="1"><LogoutRequest/></Transaction></Session></WV-SSP-Message>'
        )
        partner = Partner(domain="south.example", urls=(south.url,))
        endpoint = Endpoint(south.url, is_configured=True)
        response = await west.federation.client.post(partner, endpoint, body.encode(), {})
        self.assertEqual(response.status, 403)
        self.assertIn("not from north.example: its certificate is for west.example", self.log())
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_certificates_are_read_again(self) -> None:
        file = self.authority.issue("south.example", days=(-9, -1))
        north, south = await self.two(south=file)
        await self.assert_unreachable(north)
        self.authority.issue("south.example")
        south.federation.certificates.read()
        await north.federation.handshakes.stored.succeeded("south.example")
        north.federation.sessions.posted("south.example", reached=True)
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_older_versions_of_tls_are_not_spoken(self) -> None:
        south = await self.server("south.example")
        self.assertTrue(await self.shakes_hands(south, SSL.TLS1_2_VERSION))
        self.assertFalse(await self.shakes_hands(south, SSL.TLS1_1_VERSION))

    async def shakes_hands(self, server: Server, version: int) -> bool:
        def shake() -> bool:
            context = SSL.Context(SSL.TLS_CLIENT_METHOD)
            context.set_min_proto_version(SSL.TLS1_VERSION)
            context.set_max_proto_version(version)
            context.set_cipher_list(b"ALL:@SECLEVEL=0")
            plain = socket.create_connection(("127.0.0.1", server.number), 10)
            connection = SSL.Connection(context, plain)
            connection.set_connect_state()
            plain.setblocking(True)
            try:
                connection.do_handshake()
            except SSL.Error:
                return False
            finally:
                plain.close()
            return True

        shaken: bool = await deferToThread(shake)
        return shaken


class CertificatesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.authority = Authority.in_directory(self.directory)

    def test_files_that_cannot_be_used_are_named(self) -> None:
        good = str(self.authority.issue("a.example"))
        other = str(self.authority.issue("b.example"))
        empty = self.directory / "empty.pem"
        empty.write_bytes(b"")
        for certificate, key, authorities, setting in (
            ("nowhere", "", "", "ssp.certificate"),
            (str(empty), "", "", "ssp.certificate"),
            (good, other, "", "ssp.certificate"),
            (good, "", "nowhere", "ssp.authorities"),
            (good, "", str(empty), "ssp.authorities"),
        ):
            problem = self.assertRaises(Unusable, Certificates, certificate, key, authorities)
            self.assertIn(setting, str(problem))

    def test_what_was_read_holds_when_it_cannot_be_read_again(self) -> None:
        file = self.authority.issue("a.example")
        certificates = Certificates(str(file), "", str(self.authority.file))
        before = certificates._server
        file.write_bytes(b"")
        self.assertRaises(Unusable, certificates.read)
        self.assertIs(certificates._server, before)
