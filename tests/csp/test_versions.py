"""What the door says in every version and encoding."""

from __future__ import annotations

from base64 import b64decode
from itertools import product
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from imps.config import ProviderSettings
from imps.csp.codec.document import NAMESPACES
from imps.csp.codec.wbxml import WBXMLCodec
from imps.csp.codec.xml import XMLCodec
from imps.csp.door import Door
from imps.csp.primitives.access import (
    Disconnect,
    Functions,
    GetSPInfoRequest,
    GetSPInfoResponse,
    KeepAliveRequest,
    KeepAliveResponse,
    PollingRequest,
    ServiceRequest,
    ServiceResponse,
)
from imps.csp.primitives.common import Result
from imps.csp.primitives.discovery import (
    VersionList,
    WVCSPVersionDiscoveryRequest,
    WVCSPVersionDiscoveryResponse,
)
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.im import (
    DeliveryReportRequest,
    Font,
    MessageDelivered,
    NewMessage,
    SendMessageRequest,
)
from imps.csp.primitives.services import WVCSPFeat
from imps.csp.service_tree import available, functions_below, functions_named
from imps.csp.transactions import Transactions
from imps.http.message import HTTPRequest
from imps.model.message import Color, FontStyle
from imps.model.version import V12, V13, Version
from imps.parts import Parts
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.conformance.marks import ENCODINGS, note
from imps.testing.door import CODECS, EVERY, OK, DoorTestCase, delivered, message_to, text_of

NOTHING: Any = None
LOGO = b"GIF89a"
SESSIONS = [namespaces["WV-CSP-Message"] for namespaces in NAMESPACES.values()]


class EveryVersionTests(DoorTestCase):
    @shows(PollingRequest, SendMessageRequest, NewMessage, DeliveryReportRequest, *ALL)
    @shows_feature("delivery reports", "arrival")
    async def test_message_and_its_report_arrive(self) -> None:
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            bob = self.speaker("bob", "phone", version, encoding)
            await ann.sign_on()
            await bob.sign_on()
            message_id = await ann.send("bob", report=True)
            new = await bob.poll()
            self.assertEqual(text_of(new), "hi")
            assert new is not None
            self.assertIsNone(await bob.say(delivered(new), new))
            report = await ann.poll()
            assert report is not None
            assert isinstance(report.content, DeliveryReportRequest)
            self.assertEqual(report.content.result.code, 200)
            self.assertEqual(report.content.message_info.message_id, message_id)
            self.assertIsNone(await ann.say(OK, report))

    @shows(MessageDelivered, *ALL)
    async def test_acknowledgement_as_a_request_is_answered(self) -> None:
        for version, encoding in EVERY:
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            message_id = await self.ann.send("bob")
            await bob.poll()
            self.assertEqual(await bob.ask(MessageDelivered(message_id=message_id)), OK)

    @shows(Disconnect, *ALL)
    async def test_session_that_the_server_ended_is_told_so(self) -> None:
        for version, encoding in EVERY:
            before, after = (self.speaker("ann", "phone", version, encoding) for _ in range(2))
            await before.sign_on()
            await after.sign_on()
            goodbye = await before.poll()
            assert goodbye is not None
            self.assertEqual(goodbye.content, Disconnect(result=Result(code=601)))

    @shows(ServiceRequest, *ALL)
    @shows_feature("services negotiated", "what there is")
    async def test_services_that_are_not_there_are_told(self) -> None:
        supported = available(self.parts.door.transactions.supported)
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            await ann.sign_on()
            existing = frozenset(functions_below(WVCSPFeat, version))
            everything = Functions(features=WVCSPFeat())
            answer = await ann.ask(
                ServiceRequest(
                    client_id=ClientID(url="phone"),
                    functions=everything,
                    all_functions_request=True,
                )
            )
            assert isinstance(answer, ServiceResponse)
            assert answer.functions is not None and answer.all_functions is not None
            refused = functions_named(answer.functions.features, version)
            self.assertEqual(refused, existing - supported)
            offered = functions_named(answer.all_functions.features, version)
            self.assertEqual(offered, existing & supported)

    @shows_feature("fonts and colours", "carried")
    @shows_feature("names of files", "carried")
    async def test_fonts_and_names_of_files_arrive(self) -> None:
        font = Font(styles=(FontStyle.UNDERLINE,), color=Color.RED)
        for encoding in ENCODINGS:
            ann = self.speaker("ann", "phone", V13, encoding)
            bob = self.speaker("bob", "phone", V13, encoding)
            await ann.sign_on()
            await bob.sign_on()
            request: Any = message_to(ann.user, "bob")
            info = evolve(request.message_info, font=font, content_name="MeAndMickey.jpg")
            await ann.ask(evolve(request, message_info=info))
            new = await bob.poll()
            assert new is not None and isinstance(new.content, NewMessage)
            came = new.content.message_info
            self.assertEqual((came.font, came.content_name), (font, "MeAndMickey.jpg"))

    @shows(KeepAliveRequest, *ALL)
    async def test_session_is_kept(self) -> None:
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            await ann.sign_on()
            kept = await ann.ask(KeepAliveRequest(time_to_live=600))
            assert isinstance(kept, KeepAliveResponse)
            self.assertEqual((kept.result.code, kept.keep_alive_time), (200, 600))

    @shows(GetSPInfoRequest, *ALL)
    @shows_feature("who provides the service", "name", "logo", "text", "URL")
    async def test_provider_says_who_it_is(self) -> None:
        logo = Path(self.mktemp()).with_suffix(".gif")
        logo.write_bytes(LOGO)
        url = "http://imps.example/"
        provider = ProviderSettings(name="Ann", text="hello", url=url, logo_file=str(logo))
        settings = evolve(self.settings, provider=provider)
        self.door = Parts(settings, self.store, self.clock).csp
        for version, encoding in EVERY:
            told = await self.speaker("ann", "phone", version, encoding).ask(GetSPInfoRequest())
            assert isinstance(told, GetSPInfoResponse)
            self.assertEqual((told.name, told.description, told.url), ("Ann", "hello", url))
            assert told.logo is not None
            self.assertEqual(b64decode(told.logo.content_data or ""), LOGO)
            self.assertEqual(told.logo.content_type, "image/gif")


class DiscoveryTests(SynchronousTestCase):
    def discovered(self, version: Version, encoding: str, *known: str) -> tuple[str, ...]:
        """What the door offers to a client that knows these namespaces."""
        codec = CODECS[encoding]
        door = Door(XMLCodec(), WBXMLCodec(), Transactions(), NOTHING, NOTHING, NOTHING)
        asked = VersionList(session_ns_names=known) if known else None
        request = HTTPRequest(
            method="POST",
            headers={"content-type": f"application/vnd.wv.csp.{encoding}"},
            body=codec.encode(WVCSPVersionDiscoveryRequest(version_list=asked), version),
            peer="127.0.0.1",
        )
        response = self.successResultOf(Deferred.fromCoroutine(door.answer(request)))
        note(self, "WV-CSP-VersionDiscovery-Request", version, encoding)
        answer = codec.decode(response.body).root
        assert isinstance(answer, WVCSPVersionDiscoveryResponse)
        assert answer.version_list is not None
        return answer.version_list.session_ns_names

    @shows(WVCSPVersionDiscoveryRequest, *ALL)
    @shows_feature("versions discovered")
    def test_versions_that_both_know_are_offered(self) -> None:
        for version, encoding in product((V12, V13), ENCODINGS):
            self.assertEqual(self.discovered(version, encoding), tuple(SESSIONS))
            some = self.discovered(version, encoding, "http://elsewhere.example/CSP9", SESSIONS[1])
            self.assertEqual(some, (SESSIONS[1],))
