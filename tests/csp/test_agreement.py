"""What was agreed, and what the user may have, is held to (CSP, service negotiation, 506)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from imps.csp.primitives.access import (
    Functions,
    GetSPInfoRequest,
    GetSPInfoResponse,
    KeepAliveRequest,
    KeepAliveResponse,
    LoginRequest,
    LoginResponse,
    ServiceRequest,
    ServiceResponse,
)
from imps.csp.primitives.common import Status
from imps.csp.primitives.contacts import GetListRequest
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.im import GetMessageRequest, SendMessageResponse
from imps.csp.primitives.search import SearchRequest
from imps.csp.primitives.services import FundamentalFeat, IMFeat, IMReceiveFunc, WVCSPFeat
from imps.csp.service_tree import functions_named
from imps.model.address import Address
from imps.model.version import V12
from imps.parts import Parts
from imps.testing.conformance import shows_feature
from imps.testing.door import DoorTestCase, Speaker, message_to, text_of

PUSHED = WVCSPFeat(im_feat=IMFeat(im_receive_func=IMReceiveFunc(newm=True)))
NO_MESSAGES = WVCSPFeat(fundamental_feat=FundamentalFeat())
FETCH = GetMessageRequest(message_id="m0")


class AgreementTests(DoorTestCase):
    async def code(self, speaker: Speaker, request: Primitive) -> int:
        answer = await speaker.ask(request)
        assert isinstance(answer, Status | SendMessageResponse)
        return answer.result.code

    async def agree(self, speaker: Speaker, features: WVCSPFeat) -> frozenset[str]:
        """Agree on services; those that are refused."""
        functions = Functions(features=features)
        request = ServiceRequest(functions=functions, all_functions_request=False)
        answer = await speaker.ask(request)
        assert isinstance(answer, ServiceResponse)
        refused = answer.functions
        return frozenset() if refused is None else functions_named(refused.features, V12)

    async def test_what_was_not_agreed_gets_506(self) -> None:
        self.assertEqual(await self.code(self.bob, FETCH), 426)
        await self.agree(self.bob, PUSHED)
        self.assertEqual(await self.code(self.bob, FETCH), 506)
        self.assertEqual(await self.code(self.bob, message_to(self.bob.user, "ann")), 200)
        self.assertEqual(await self.code(self.bob, GetListRequest()), 506)
        self.assertEqual(await self.code(self.bob, SearchRequest()), 501)
        await self.agree(self.bob, NO_MESSAGES)
        self.assertEqual(await self.code(self.bob, message_to(self.bob.user, "ann")), 506)

    async def test_what_every_session_has_needs_no_agreement(self) -> None:
        await self.agree(self.bob, PUSHED)
        self.assertIsInstance(await self.bob.ask(KeepAliveRequest()), KeepAliveResponse)
        self.assertIsInstance(await self.bob.ask(GetSPInfoRequest()), GetSPInfoResponse)

    async def test_session_without_messages_is_left_out(self) -> None:
        await self.agree(self.bob, NO_MESSAGES)
        await self.ann.send("bob")
        self.assertIsNone(await self.bob.poll())
        phone = self.speaker("bob", "other phone")
        await phone.sign_on()
        self.assertEqual(text_of(await phone.poll()), "hi")

    @shows_feature("services negotiated", "what the user has")
    @shows_feature("profiles of users: services, and whether active", "services")
    async def test_user_has_what_the_account_has(self) -> None:
        address = Address.parse("carl")
        await self.directory.add(address, "secret", services=frozenset({"IMFeat"}))
        carl = self.speaker("carl")
        await carl.sign_on()
        refused = await self.agree(carl, WVCSPFeat())
        self.assertIn("GETSPI", refused)
        self.assertNotIn("NEWM", refused)
        self.assertEqual(await self.code(carl, message_to(carl.user, "ann")), 200)
        await self.directory.change(address, services=frozenset({"FundamentalFeat"}))
        await carl.sign_on()
        self.assertEqual(await self.code(carl, message_to(carl.user, "ann")), 506)
        self.assertIn("NEWM", await self.agree(carl, WVCSPFeat()))
        self.assertEqual(await self.code(carl, message_to(carl.user, "ann")), 506)

    async def test_what_is_agreed_in_one_message_adds_up(self) -> None:
        functions = Functions(features=PUSHED)
        service = ServiceRequest(functions=functions, all_functions_request=False)
        await self.bob.post(
            self.bob.request(service, "1"),
            self.bob.request(KeepAliveRequest(time_to_live=600), "2"),
        )
        self.assertEqual(await self.code(self.bob, FETCH), 506)
        alive = await self.bob.ask(KeepAliveRequest())
        assert isinstance(alive, KeepAliveResponse)
        session = (await self.parts.sessions.check(self.bob.session_id or "")).session
        self.assertEqual(session.time_to_live_seconds, 600)

    async def test_client_that_asks_too_often_keeps_its_session(self) -> None:
        login = LoginRequest(
            user_id=self.bob.user,
            client_id=self.bob.client_id,
            password="secret",
            session_cookie="c",
        )
        while True:
            answer = await self.bob.ask(KeepAliveRequest())
            assert isinstance(answer, Status | KeepAliveResponse)
            if answer.result.code == 503:
                break
        refused = await self.bob.ask(login)
        assert isinstance(refused, Status)
        self.assertEqual(refused.result.code, 503)
        self.clock.advance(2)
        resumed = await self.bob.ask(login)
        assert isinstance(resumed, LoginResponse)
        self.assertEqual(resumed.session_id, self.bob.session_id)

    async def test_session_that_asks_too_often_gets_503(self) -> None:
        codes = []
        while 503 not in codes:
            answer = await self.bob.ask(KeepAliveRequest())
            assert isinstance(answer, Status | KeepAliveResponse)
            codes.append(answer.result.code)
        self.assertGreater(len(codes), 50)
        self.clock.advance(1)
        self.assertIsInstance(await self.bob.ask(KeepAliveRequest()), KeepAliveResponse)
        self.assertIsInstance(await self.ann.ask(KeepAliveRequest()), KeepAliveResponse)

    async def test_session_that_goes_on_asking_too_often_is_served_as_often_as_may_be(self) -> None:
        served = 0
        for _ in range(400):
            self.clock.advance(0.01)
            served += isinstance(await self.ann.ask(KeepAliveRequest()), KeepAliveResponse)
        # Two seconds' worth at first, and then those of four seconds.
        self.assertGreaterEqual(served, 290)
        self.assertLessEqual(served, 300)

    async def test_session_that_sends_too_much_gets_503_and_slows_nobody_else(self) -> None:
        settings = evolve(self.settings.session, messages_per_second=25)
        self.parts = Parts(evolve(self.settings, session=settings), self.store, self.clock)
        self.door = self.parts.csp
        self.ann, self.bob = self.speaker("ann"), self.speaker("bob")
        await self.ann.sign_on()
        await self.bob.sign_on()
        codes = []
        while 503 not in codes:
            answer: Any = await self.bob.ask(message_to(self.bob.user, "ann"))
            codes.append(answer.result.code)
        # Two seconds' worth, of 25 each.
        self.assertEqual(len(codes), 51)
        self.clock.advance(1)
        await self.bob.send("ann")
        await self.ann.send("bob")
