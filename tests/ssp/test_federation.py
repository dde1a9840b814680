"""Two servers with stores and sockets of their own: sessions, and questions."""

from __future__ import annotations

from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from imps.model.partner import Partner, TLSMode
from imps.model.status import Refusal, StatusCode
from imps.model.version import V12, V13
from imps.ssp.client import Response
from imps.ssp.discovery import Target
from imps.ssp.messages.blocks import Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
)
from imps.ssp.messages.setup import KeepAliveRequest, KeepAliveResponse, LogoutRequest
from imps.ssp.served import Asked
from imps.ssp.sessions import FAILURES_UNTIL_SUSPENDED
from imps.ssp.steps import HandshakeLimits
from imps.store.partner_sessions import PartnerSessions
from imps.store.partners import Partners
from imps.testing.federation import Server, serve, two
from imps.testing.process import reactor, until
from tests.ssp.federations import ANN, BO, FederationTestCase


class SessionsTests(FederationTestCase):
    async def test_what_is_asked_first_makes_a_session(self) -> None:
        answer = await self.ask(KeepAliveRequest(), user=None)
        self.assertEqual(answer, KeepAliveResponse(time_to_live=86_400, status=Status(code=200)))
        (here,), (there,) = await self.sessions(self.north), await self.sessions(self.south)
        self.assertEqual((here.own_id, here.peer_id), (there.peer_id, there.own_id))
        self.assertTrue(there.is_confirmed)
        self.assertEqual(here.version, V13)

    async def test_when_a_partner_was_heard_is_known(self) -> None:
        partner = self.north.federation.known.get("south.example")
        assert partner is not None
        self.assertIsNone(await self.north.federation.sessions.heard_at(partner))
        before = reactor.seconds()
        await self.ask(KeepAliveRequest(), user=None)
        heard_at = await self.north.federation.sessions.heard_at(partner)
        self.assertTrue(heard_at is not None and heard_at >= before)

    async def test_there_is_one_session_for_many_questions(self) -> None:
        await gatherResults(
            [Deferred.fromCoroutine(self.ask(KeepAliveRequest(), user=None)) for _ in range(20)]
        )
        self.assertEqual(len(await self.sessions(self.north)), 1)

    async def test_either_side_asks_over_the_session(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        answer = await self.south.federation.partners.ask(
            "north.example", None, KeepAliveRequest(), 10
        )
        self.assertIsInstance(answer, KeepAliveResponse)
        self.assertEqual(len(await self.sessions(self.south)), 1)

    async def test_both_may_begin_at_once(self) -> None:
        asked = [
            Deferred.fromCoroutine(
                server.federation.partners.ask(other, None, KeepAliveRequest(), 10)
            )
            for server, other in ((self.north, "south.example"), (self.south, "north.example"))
        ]
        for answer in await gatherResults(asked):
            self.assertIsInstance(answer, KeepAliveResponse)

    async def test_the_older_version_is_spoken(self) -> None:
        await self.south.know(self.north, version_max=V12)
        await self.ask(KeepAliveRequest(), user=None)
        (session,) = await self.sessions(self.north)
        self.assertEqual(session.version, V12)

    async def test_a_session_that_the_partner_forgot_is_made_again(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        (before,) = await self.sessions(self.north)
        await self.south.federation.sessions.end_all("north.example")
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)
        (after,) = await self.sessions(self.north)
        self.assertNotEqual(before.own_id, after.own_id)

    async def test_a_session_that_was_logged_out_of_is_over_on_both_sides(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        self.assertEqual(await self.ask(LogoutRequest(), user=None), Status(code=200))
        await until(lambda: self._is_over(self.south))
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)
        (here,), (there,) = await self.sessions(self.north), await self.sessions(self.south)
        self.assertEqual(here.own_id, there.peer_id)

    async def _is_over(self, server: Server) -> bool:
        return not await self.sessions(server)

    async def test_a_session_outlives_the_process(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        (before,) = await self.sessions(self.north)
        port = self.south.number
        await self.south.stop()
        self.south = await serve(self, "south.example", fresh=False, port=port)
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)
        (after,) = await self.sessions(self.north)
        self.assertEqual(before.own_id, after.own_id)

    async def test_a_partner_that_may_not_begin_cannot_and_one_that_is_not_asked_is_not(
        self,
    ) -> None:
        await self.south.know(self.north, allow_in=False)
        await self.assert_refused(StatusCode.SERVICE_UNAVAILABLE, KeepAliveRequest())
        await self.south.know(self.north)
        await self.north.know(self.south, allow_out=False)
        await self.assert_refused(StatusCode.SERVICE_UNAVAILABLE, KeepAliveRequest())

    async def test_a_removed_partner_has_no_session(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        await Partners(self.north.store.client).remove("south.example")
        await self.north.federation.known.look()
        for server in (self.north, self.south):
            await until(lambda server=server: self._is_over(server))
        await self.assert_refused(StatusCode.DOMAIN_NOT_SUPPORTED, KeepAliveRequest())

    async def test_what_a_session_rests_upon_ends_it_on_both_sides_when_it_changes(self) -> None:
        for details in ({"allow_in": False}, {"version_max": V12}, {"cert_names": ("im.example",)}):
            await self.north.know(self.south)
            await self.ask(KeepAliveRequest(), user=None)
            await self.north.know(self.south, **details)
            for server in (self.north, self.south):
                await until(lambda server=server: self._is_over(server))

    async def test_what_may_be_asked_changes_without_an_end(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        (before,) = await self.sessions(self.north)
        await self.north.know(self.south, grants=frozenset(("SendFunc",)), relay_for=("a.example",))
        await self.ask(KeepAliveRequest(), user=None)
        self.assertEqual([each.own_id for each in await self.sessions(self.north)], [before.own_id])

    async def test_nothing_is_said_in_the_open_once_it_has_to_be_secure(self) -> None:
        """The session of a service that did not run when that was changed."""
        await self.ask(KeepAliveRequest(), user=None)
        secured = Partner(domain="south.example", urls=("https://127.0.0.1:1/",))
        sessions = self.north.federation.sessions
        (session,) = await self.sessions(self.north)
        self.assertIsNone(await sessions.usable(secured, "north.example"))
        self.assertIsNone(await sessions.of_peer(secured, session.peer_id))
        self.assertEqual(await self.sessions(self.north), ())


class AskingTests(FederationTestCase):
    async def test_a_question_is_answered_by_who_serves_it(self) -> None:
        seen = []

        async def get_presence(asked: Asked, request: GetPresenceRequest) -> Message:
            seen.append((asked.user, asked.domain, request.user_ids))
            return GetPresenceResponse(status=Status(code=200))

        self.south.federation.served.serve(GetPresenceRequest, get_presence, needs_user=True)
        answer = await self.ask(GetPresenceRequest(user_ids=(BO,)))
        self.assertEqual(answer, GetPresenceResponse(status=Status(code=200)))
        self.assertEqual(seen, [(ANN, "south.example", (BO,))])

    async def test_what_is_not_served_is_said(self) -> None:
        answer = await self.ask(GetPresenceRequest(user_ids=(BO,)))
        assert isinstance(answer, Status)
        self.assertEqual(answer.code, 501)

    async def test_a_session_that_an_answer_says_is_over_is_made_again(self) -> None:
        codes = [604]

        async def get_presence(asked: Asked, request: GetPresenceRequest) -> Message:
            return Status(code=codes.pop()) if codes else GetPresenceResponse()

        self.south.federation.served.serve(GetPresenceRequest, get_presence)
        made: list[str] = []
        self.north.federation.handshakes.steps.on_session(made.append)
        answer = await self.ask(GetPresenceRequest(user_ids=(BO,)))
        self.assertEqual(answer, GetPresenceResponse())
        self.assertEqual(made, ["south.example", "south.example"])

    async def test_a_partner_that_does_not_answer_in_time(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        never: Deferred[Message] = Deferred()

        async def get_presence(asked: Asked, request: GetPresenceRequest) -> Message:
            return await never

        self.south.federation.served.serve(GetPresenceRequest, get_presence)
        await self.assert_refused(StatusCode.REQUEST_TIMEOUT, GetPresenceRequest(), seconds=0.3)
        never.callback(GetPresenceResponse())

    async def test_a_partner_that_is_not_there(self) -> None:
        await self.south.stop()
        await self.assert_refused(StatusCode.SERVICE_UNAVAILABLE, KeepAliveRequest())

    async def test_nobody_waits_for_a_partner_that_fails_again_and_again_until_it_is_heard(
        self,
    ) -> None:
        """Its session stays: it may well use that again."""
        await self.ask(KeepAliveRequest(), user=None)
        (before,) = await self.sessions(self.north)
        port = self.south.number
        await self.south.stop()
        for _ in range(FAILURES_UNTIL_SUSPENDED):
            await self.assert_refused(StatusCode.SERVICE_UNAVAILABLE, KeepAliveRequest())
        self.south = await serve(self, "south.example", fresh=False, port=port)
        await self.assert_refused(StatusCode.SERVICE_UNAVAILABLE, KeepAliveRequest())
        await self.south.federation.partners.ask("north.example", None, KeepAliveRequest(), 10)
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)
        (after,) = await self.sessions(self.north)
        self.assertEqual(before.own_id, after.own_id)

    async def test_a_domain_that_is_no_partner(self) -> None:
        with self.assertRaises(Refusal) as caught:
            await self.north.federation.partners.ask("west.example", None, KeepAliveRequest(), 5)
        self.assertIs(caught.exception.code, StatusCode.DOMAIN_NOT_SUPPORTED)

    async def test_a_partner_that_the_dns_does_not_know(self) -> None:
        await self.north.add(Partner(domain="south.example", tls=TLSMode.OFF))
        for _ in range(2):
            await self.assert_refused(StatusCode.DOMAIN_NOT_SUPPORTED, KeepAliveRequest())

    async def test_a_partner_that_the_dns_knows(self) -> None:
        await self.north.add(Partner(domain="south.example", tls=TLSMode.OFF))
        self.north.targets["_imps-server._tcp.south.example"] = [
            Target(10, 0, "127.0.0.1", self.south.number),
            Target(5, 0, "127.0.0.1", 1),
        ]
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)

    async def test_an_answer_that_another_process_gets_is_found(self) -> None:
        """Two processes of the north: the south posts to the other one."""
        other = await serve(self, "north.example", fresh=False)
        await self.south.know(other)
        self.assertIsInstance(await self.ask(KeepAliveRequest(), user=None), KeepAliveResponse)
        (session,) = await self.sessions(self.south)
        self.assertEqual(session.url, other.url)


class KeepingTests(FederationTestCase):
    """Sessions that are silent for long."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        await super().setUp()
        await self.ask(KeepAliveRequest(), user=None)
        self.stored = PartnerSessions(self.north.store.client, self.north.store.buckets)

    async def age(self, seconds: float) -> float:
        (session,) = await self.sessions(self.north)
        heard_at: float = session.heard_at - seconds
        await self.stored.put(attrs.evolve(session, heard_at=heard_at))
        return heard_at

    async def test_after_half_its_life_the_partner_is_asked(self) -> None:
        before = await self.age(50_000)

        async def is_kept() -> bool:
            (session,) = await self.sessions(self.north)
            return bool(session.heard_at > before)

        await until(is_kept)
        self.assertEqual(len(await self.sessions(self.south)), 1)

    async def test_towards_its_end_there_is_another_and_the_old_one_is_over(self) -> None:
        (before,) = await self.sessions(self.north)
        heard_at = before.heard_at - 80_000
        old = attrs.evolve(before, heard_at=heard_at, established_at=heard_at)
        await self.stored.put(old)

        async def is_renewed() -> bool:
            here, there = await self.sessions(self.north), await self.sessions(self.south)
            return (
                [each.own_id for each in here] == [each.peer_id for each in there] != [old.own_id]
            )

        await until(is_renewed)

    async def test_a_partner_that_never_answers_holds_up_nobody_else(self) -> None:
        """Who goes round does not wait until it has heard that its old session is over."""
        nobody = Factory.forProtocol(Protocol)
        nobody.noisy = False
        silent: Any = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(nobody)
        self.addCleanup(silent.stopListening)
        (session,) = await self.sessions(self.north)
        old = attrs.evolve(
            session,
            peer_id="x@south.example",
            established_at=session.established_at - 1000,
            url=f"http://127.0.0.1:{silent.getHost().port}/",
        )
        await self.stored.put(old)
        keeping = self.north.federation.keeping
        keeping._looked_at = 0.0
        await Deferred.fromCoroutine(keeping.go_round()).addTimeout(5, reactor)
        self.assertEqual(
            [each.own_id for each in await self.sessions(self.north)], [session.own_id]
        )
        self.assertEqual(len(keeping._following), 1)

    async def test_two_sessions_made_at_the_same_time_both_stay(self) -> None:
        (session,) = await self.sessions(self.north)
        other = attrs.evolve(
            session, peer_id="x@south.example", established_at=session.established_at - 59
        )
        await self.stored.put(other)
        self.north.federation.keeping._looked_at = 0.0
        await self.north.federation.keeping.go_round()
        self.assertEqual(len(await self.sessions(self.north)), 2)

    async def test_what_is_over_is_forgotten(self) -> None:
        await self.age(90_000)

        async def is_forgotten() -> bool:
            return not await self.sessions(self.north)

        await until(is_forgotten)


class LossTests(TestCase):
    """Whatever step of a handshake is lost, the next handshake works."""

    LIMITS = HandshakeLimits(step_seconds=0.5, backoff_seconds=0.05)

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.north, self.south = await two(self)
        for server in (self.north, self.south):
            server.federation.handshakes.steps.limits = self.LIMITS

    async def assert_survives(self, loser: Server, number: int) -> None:
        """A server says that it posted what it never does, once."""
        real, count = loser.federation.client.post, 0

        async def post(*arguments: Any) -> Response:
            nonlocal count
            count += 1
            return Response(200) if count == number else await real(*arguments)

        loser.federation.handshakes.steps.client = cast(Any, Posting(post))

        async def reaches() -> bool:
            try:
                await self.north.federation.partners.ask(
                    "south.example", None, KeepAliveRequest(), 1
                )
            except Refusal:
                return False
            return True

        await until(reaches)

    async def test_the_first(self) -> None:
        await self.assert_survives(self.north, 1)

    async def test_the_second(self) -> None:
        await self.assert_survives(self.south, 1)

    async def test_the_third(self) -> None:
        await self.assert_survives(self.north, 2)

    async def test_the_fourth(self) -> None:
        await self.assert_survives(self.south, 2)

    async def test_the_fifth(self) -> None:
        await self.assert_survives(self.north, 3)

    async def test_the_sixth(self) -> None:
        await self.assert_survives(self.south, 3)


class Posting:
    """A client that posts by this function."""

    def __init__(self, post: Any) -> None:
        self.post = post
