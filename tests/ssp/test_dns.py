"""Partners that are found by a name server, over real sockets (SSP, finding the peer)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.names.dns import PORT
from twisted.trial.unittest import SynchronousTestCase, TestCase

from imps.model.address import Address
from imps.model.partner import Partner, TLSMode
from imps.model.status import Refusal, StatusCode
from imps.ssp.discovery import resolver_at
from imps.ssp.messages.blocks import MessageInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest
from imps.ssp.messages.setup import KeepAliveRequest, KeepAliveResponse
from imps.testing.dns import Service, name_server
from imps.testing.federation import Server, serve
from imps.testing.process import reactor, until

ANN = Address.parse("wv:ann@north.example")
NAME = "_imps-server._tcp.south.example"


class DNSTests(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.south = await serve(self, "south.example")

    async def north(self, *services: Service, tls: TLSMode = TLSMode.OFF) -> Server:
        """A server that asks a name server which knows these for its partner."""
        return await self.asking(await name_server(self, {NAME: services}), tls)

    async def asking(self, place: str, tls: TLSMode = TLSMode.OFF) -> Server:
        north = await serve(self, "north.example", resolver=place)
        await north.add(Partner(domain="south.example", tls=tls))
        await self.south.know(north)
        return north

    async def ask(self, north: Server) -> Message:
        return await north.federation.partners.ask("south.example", None, KeepAliveRequest(), 15)

    async def assert_refused(self, north: Server, code: StatusCode) -> None:
        with self.assertRaises(Refusal) as caught:
            await self.ask(north)
        self.assertIs(caught.exception.code, code)

    async def urls(self, north: Server) -> list[str]:
        partner = north.federation.known.get("south.example")
        assert partner is not None
        return [each.url for each in await north.federation.discovery.endpoints(partner)]

    async def test_a_partner_is_found(self) -> None:
        north = await self.north((10, 0, self.south.number, "localhost"))
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_the_first_that_answers_by_priority_is_taken(self) -> None:
        number = self.south.number
        north = await self.north(
            (30, 0, 3, "c.example"), (20, 0, number, "127.0.0.1"), (10, 0, 1, "127.0.0.1")
        )
        found = [f"http://127.0.0.1:{port}/" for port in (1, number)]
        self.assertEqual(await self.urls(north), [*found, "http://c.example:3/"])
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_weight_decides_among_equals(self) -> None:
        north = await self.north((10, 0, 1, "light.example"), (10, 65535, 2, "heavy.example"))
        first = [(await self.urls(north))[0] for _ in range(20)]
        self.assertGreater(first.count("http://heavy.example:2/"), 15)

    async def test_where_tls_is_no_must_it_is_tried_first(self) -> None:
        number = self.south.number
        north = await self.north((10, 0, number, "127.0.0.1"), tls=TLSMode.OPPORTUNISTIC)
        places = [f"{scheme}://127.0.0.1:{number}/" for scheme in ("https", "http")]
        self.assertEqual(await self.urls(north), places)
        self.assertIsInstance(await self.ask(north), KeepAliveResponse)

    async def test_where_tls_is_a_must_nothing_else_is_tried(self) -> None:
        north = await self.north((10, 0, self.south.number, "127.0.0.1"), tls=TLSMode.REQUIRED)
        self.assertEqual(await self.urls(north), [f"https://127.0.0.1:{self.south.number}/"])
        await self.assert_refused(north, StatusCode.SERVICE_UNAVAILABLE)

    async def test_a_domain_that_nobody_serves_is_not_supported(self) -> None:
        """There is no such name, it has no such record, or the record says so."""
        for services in ({}, {NAME: ()}, {NAME: ((0, 0, 0, ""),)}):
            north = await self.asking(await name_server(self, services))
            for _ in range(2):
                await self.assert_refused(north, StatusCode.DOMAIN_NOT_SUPPORTED)

    async def test_what_is_queued_for_a_domain_that_nobody_serves_is_in_vain(self) -> None:
        north = await self.north()
        told: list[Any] = []

        async def learn(domain: str, request: SendMessageRequest, answer: Status) -> None:
            told.append((domain, answer.code))

        north.federation.served.answered(SendMessageRequest, learn)  # type: ignore[arg-type]
        request = SendMessageRequest(message_info=MessageInfo(message_id="m"))
        expires_at = reactor.seconds() + 3600
        await north.federation.partners.post("south.example", ANN, request, expires_at, "m")
        await until(lambda: told)
        self.assertEqual(told, [("south.example", 516)])

    async def test_a_name_server_that_fails_is_asked_again_later(self) -> None:
        north = await self.asking(await name_server(self, None))
        await self.assert_refused(north, StatusCode.SERVICE_UNAVAILABLE)
        self.assertTrue(self.flushLoggedErrors(OSError))


class ResolverTests(SynchronousTestCase):
    def test_the_system_says_whom_to_ask(self) -> None:
        file = Path(self.mktemp())
        file.write_text("nameserver 192.0.2.1\nnameserver 192.0.2.2\n")
        resolver: Any = resolver_at(("", None), Clock(), str(file))
        self.assertEqual(resolver.dynServers, [("192.0.2.1", PORT), ("192.0.2.2", PORT)])

    def test_without_a_word_of_the_system_this_machine_is_asked(self) -> None:
        for file in (self.mktemp(), "/"):
            resolver: Any = resolver_at(("", None), Clock(), file)
            self.assertEqual([*resolver.servers, *resolver.dynServers], [("127.0.0.1", PORT)])

    def test_an_operator_says_whom_to_ask(self) -> None:
        for place, server in (
            (("192.0.2.1", None), ("192.0.2.1", PORT)),
            (("192.0.2.1", 5353), ("192.0.2.1", 5353)),
        ):
            resolver: Any = resolver_at(place, Clock())
            self.assertEqual([*resolver.servers, *resolver.dynServers], [server])
