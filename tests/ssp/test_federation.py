"""Two servers with stores and sockets of their own: sessions, questions and queued messages."""

from __future__ import annotations

from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode
from imps.model.status import Refusal, StatusCode
from imps.model.version import V12, V13
from imps.ssp.client import Response
from imps.ssp.discovery import Target
from imps.ssp.functions import check_agreed
from imps.ssp.messages.blocks import MessageInfo, MetaInfo, Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.messages.setup import KeepAliveRequest, KeepAliveResponse, LogoutRequest
from imps.ssp.partners import MOST_AT_ONCE
from imps.ssp.served import Asked
from imps.ssp.sessions import FAILURES_UNTIL_SUSPENDED
from imps.ssp.steps import HandshakeLimits
from imps.store.partner_sessions import PartnerSessions
from imps.store.partners import Partners
from imps.testing.federation import Server, serve, two, until
from imps.testing.process import reactor

ANN, BO = Address.parse("wv:ann@north.example"), Address.parse("wv:bo@south.example")


def message(text: str, user: Address = ANN) -> SendMessageRequest:
    return SendMessageRequest(
        meta_info=MetaInfo.of_user(user, "north.example"), message_info=MessageInfo(message_id=text)
    )


class Mailbox:
    """What a server was sent, and how it answers."""

    def __init__(self, server: Server, answer: Message | None = None) -> None:
        self.got: list[str] = []
        self.asked: list[Asked] = []
        self.answer = answer or SendMessageResponse(status=Status(code=200))
        server.federation.served.serve(SendMessageRequest, self.take, needs_user=True)

    async def take(self, asked: Asked, request: SendMessageRequest) -> Message:
        self.asked.append(asked)
        self.got.append(request.message_info.message_id or "")
        return self.answer


class Answers:
    """What a server learned of what it had queued."""

    def __init__(self, server: Server) -> None:
        self.told: list[tuple[str, str, Message]] = []
        server.federation.served.answered(SendMessageRequest, self.learn)

    async def learn(self, domain: str, request: SendMessageRequest, answer: Message) -> None:
        self.told.append((domain, request.message_info.message_id or "", answer))


class FederationTestCase(TestCase):
    north: Server
    south: Server

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        self.north, self.south = await two(self)

    async def post(
        self, text: str, operation_id: str = "", user: Address = ANN, **more: Any
    ) -> None:
        expires_at = reactor.seconds() + 3600
        await self.north.federation.partners.post(
            "south.example", user, message(text, user), expires_at, operation_id or text, **more
        )

    async def ask(self, request: Any, seconds: float = 10, user: Address | None = ANN) -> Message:
        return await self.north.federation.partners.ask("south.example", user, request, seconds)

    async def sessions(self, server: Server) -> Any:
        other = "south.example" if server is self.north else "north.example"
        return await PartnerSessions(server.store.client, server.store.buckets).all(other)

    async def has_backed_off(self) -> bool:
        saying = self.north.federation.partners._saying
        return bool(await self.keys("*partner-backoff*")) and not saying

    async def keys(self, pattern: str) -> list[str]:
        return [key.decode() for key in await self.north.store.client.execute("KEYS", pattern)]

    async def hurry(self) -> None:
        """Wait for no back-off."""
        for key in await self.keys("*partner-backoff*"):
            await self.north.store.client.execute("DEL", key)
        for key in await self.keys("*partner-lanes*"):
            await self.north.store.client.execute("ZUNIONSTORE", key, 1, key, "WEIGHTS", 0)

    async def assert_refused(self, code: StatusCode, request: Any, seconds: float = 10) -> None:
        with self.assertRaises(Refusal) as caught:
            await self.ask(request, seconds)
        self.assertIs(caught.exception.code, code)


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


class AgreementTests(FederationTestCase):
    """What is wanted of a partner, and granted to it."""

    async def test_what_is_not_wanted_of_a_partner_is_not_asked(self) -> None:
        mailbox = Mailbox(self.south)
        await self.north.know(self.south, wants=frozenset(("GetPresenceFunc",)))
        await self.assert_refused(StatusCode.SERVICE_NOT_AGREED, SubscribeRequest(user_ids=(BO,)))
        with self.assertRaises(Refusal) as caught:
            await self.post("one")
        self.assertIs(caught.exception.code, StatusCode.SERVICE_NOT_AGREED)
        answer = await self.ask(GetPresenceRequest(user_ids=(BO,)))
        self.assertEqual(answer, Status(code=501, description="GetPresenceRequest is not served"))
        self.assertEqual(mailbox.got, [])

    async def test_without_a_word_everything_is_wanted(self) -> None:
        partner = Partner(domain="south.example")
        for request in (message("m"), SubscribeRequest(), GetPresenceRequest()):
            check_agreed(partner, request)

    async def test_to_give_up_a_subscription_it_needs_not_be_wanted(self) -> None:
        check_agreed(Partner(domain="south.example", wants=frozenset()), UnsubscribeRequest())

    async def test_what_is_wanted_no_more_when_it_is_handed_over_is_not_said(self) -> None:
        mailbox, answers = Mailbox(self.south), Answers(self.north)
        await self.north.know(self.south, urls=("http://127.0.0.1:1/",))
        await self.post("one")
        await self.north.know(self.south, wants=frozenset())
        await until(self.has_backed_off)
        await self.hurry()
        await until(lambda: answers.told)
        self.assertEqual(answers.told[0][2].code, 506)  # type: ignore[attr-defined]
        self.assertEqual(mailbox.got, [])

    async def test_news_is_told_only_as_long_as_it_is_granted(self) -> None:
        """Whoever subscribed before that was taken back is told nothing more."""
        heard: list[Message] = []

        async def notified(asked: Asked, request: PresenceNotification) -> Message:
            heard.append(request)
            return Status(code=200)

        self.south.federation.served.serve(PresenceNotification, notified)
        await self.north.know(self.south, grants=frozenset(("SendFunc",)))
        with self.assertRaises(Refusal) as caught:
            await self.north.federation.partners.post(
                "south.example", ANN, PresenceNotification(), reactor.seconds() + 60, "news"
            )
        self.assertIs(caught.exception.code, StatusCode.SERVICE_NOT_AGREED)
        self.assertEqual(heard, [])


class QueueTests(FederationTestCase):
    async def test_what_is_queued_arrives_in_order_and_its_answers_are_told(self) -> None:
        mailbox, answers = Mailbox(self.south), Answers(self.north)
        texts = [f"m{n}" for n in range(10)]
        for text in texts:
            await self.post(text)
        await until(lambda: len(answers.told) == 10)
        self.assertEqual(mailbox.got, texts)
        self.assertEqual([told[1] for told in answers.told], texts)
        self.assertEqual({told[0] for told in answers.told}, {"south.example"})
        self.assertEqual(answers.told[0][2], SendMessageResponse(status=Status(code=200)))

    async def test_an_operation_that_is_repeated_says_nothing_twice(self) -> None:
        mailbox, answers = Mailbox(self.south), Answers(self.north)
        await self.post("one", "operation")
        await until(lambda: answers.told)
        await self.post("one", "operation")
        await self.post("two")
        await until(lambda: len(answers.told) == 2)
        self.assertEqual(mailbox.got, ["one", "two"])

    async def test_what_has_taken_the_place_of_another_is_answered_like_any(self) -> None:
        mailbox, answers = Mailbox(self.south), Answers(self.north)
        # The first is under way, and holds up its lane.
        await gatherResults(
            [
                Deferred.fromCoroutine(self.post(text, key=key))
                for text, key in (("first", ""), ("older", "key"), ("newer", "key"))
            ]
        )
        await until(lambda: len(answers.told) == 2)
        self.assertEqual(mailbox.got, ["first", "newer"])
        self.assertEqual([told[1] for told in answers.told], ["first", "newer"])

    async def test_what_waits_for_a_partner_that_is_away_arrives_when_it_is_back(self) -> None:
        answers = Answers(self.north)
        port = self.south.number
        await self.south.stop()
        for text in ("one", "two"):
            await self.post(text)
        await until(self.has_backed_off)
        self.south = await serve(self, "south.example", fresh=False, port=port)
        mailbox = Mailbox(self.south)
        await self.hurry()
        await until(lambda: len(answers.told) == 2)
        self.assertEqual(mailbox.got, ["one", "two"])

    async def test_a_partner_that_comes_back_by_itself_gets_at_once_what_waits(self) -> None:
        """By a session of its own, as there was none."""
        answers, port = Answers(self.north), self.south.number
        await self.south.stop()
        for text in ("one", "two"):
            await self.post(text)
        await until(self.has_backed_off)
        self.south = await serve(self, "south.example", fresh=False, port=port)
        mailbox = Mailbox(self.south)
        await self.south.federation.partners.ask("north.example", None, KeepAliveRequest(), 10)
        await until(lambda: len(answers.told) == 2, patience_seconds=5)
        self.assertEqual(mailbox.got, ["one", "two"])

    async def test_a_partner_that_speaks_in_a_session_gets_at_once_what_waits(self) -> None:
        await self.ask(KeepAliveRequest(), user=None)
        answers, port = Answers(self.north), self.south.number
        await self.south.stop()
        await self.post("one")
        await until(self.is_away)
        self.south = await serve(self, "south.example", fresh=False, port=port)
        mailbox = Mailbox(self.south)
        await self.south.federation.partners.ask("north.example", None, KeepAliveRequest(), 10)
        await until(lambda: answers.told, patience_seconds=5)
        self.assertEqual(mailbox.got, ["one"])

    async def is_away(self) -> bool:
        return bool(await self.keys("*partner-away*"))

    async def test_a_user_who_sends_too_much_holds_up_nobody_else(self) -> None:
        south = await serve(self, "south.example", messages_per_user=60)
        await south.know(self.north)
        await self.north.know(south)
        mailbox, answers = Mailbox(south), Answers(self.north)
        for n in range(63):
            await self.post(f"m{n}")
        await until(lambda: len(mailbox.got) >= 60)
        await self.post("other", user=Address.parse("wv:abe@north.example"))
        await until(lambda: "other" in mailbox.got)
        self.assertLess(len(mailbox.got), 64)
        await until(lambda: len(answers.told) == 64)
        mailbox.got.remove("other")
        self.assertEqual(mailbox.got, [f"m{n}" for n in range(63)])

    async def test_no_more_is_said_at_once_than_may_be(self) -> None:
        """However many users have something to say; and all of it is said."""
        now: list[str] = []
        most = 0
        release: Deferred[None] = Deferred()

        async def take(asked: Asked, request: SendMessageRequest) -> Message:
            return SendMessageResponse(status=Status(code=200))

        self.south.federation.served.serve(SendMessageRequest, take, needs_user=True)
        answers, real = Answers(self.north), self.north.federation.posts.send

        async def send(*arguments: Any) -> None:
            nonlocal most
            now.append("")
            most = max(most, len(now))
            if most < MOST_AT_ONCE:
                await gatherResults([_waits(release)])
            elif not release.called:
                release.callback(None)
            try:
                await real(*arguments)
            finally:
                now.pop()

        self.north.federation.partners._posts = cast(Any, Sending(send))
        for n in range(100):
            await self.post(f"m{n}", user=Address.parse(f"wv:user{n}@north.example"))
        await until(lambda: len(answers.told) == 100)
        self.assertEqual(most, MOST_AT_ONCE)

    async def test_a_partner_that_refuses_a_message_is_heard(self) -> None:
        Mailbox(self.south, Status(code=532))
        answers = Answers(self.north)
        await self.post("one")
        await until(lambda: answers.told)
        self.assertEqual(answers.told[0][2], Status(code=532))

    async def test_too_much_that_waits_is_refused(self) -> None:
        north = await serve(self, "north.example", max_waiting=2)
        await north.know(self.south, urls=("http://127.0.0.1:1/",))
        self.north = north
        await self.post("one")
        await self.post("two")
        with self.assertRaises(Refusal) as caught:
            await self.post("three")
        self.assertIs(caught.exception.code, StatusCode.MESSAGE_QUEUE_FULL)

    async def test_what_is_not_said_in_time_is_told(self) -> None:
        answers = Answers(self.north)
        await self.north.know(self.south, urls=("http://127.0.0.1:1/",))
        await self.north.federation.partners.post(
            "south.example", ANN, message("late"), reactor.seconds() + 0.5, "operation"
        )
        await until(lambda: answers.told)
        self.assertEqual(answers.told[0][2], Status(code=542))

    async def test_what_waits_for_a_partner_that_is_removed_is_in_vain(self) -> None:
        answers = Answers(self.north)
        await self.north.know(self.south, urls=("http://127.0.0.1:1/",))
        for text in ("one", "two"):
            await self.post(text)
        await until(self.has_backed_off)
        await Partners(self.north.store.client).remove("south.example")
        await self.north.federation.known.look()
        await until(lambda: len(answers.told) == 2)
        self.assertEqual([told[1] for told in answers.told], ["one", "two"])
        self.assertEqual({told[2].code for told in answers.told}, {516})  # type: ignore[attr-defined]

    async def test_a_partner_held_to_the_letter_gets_messages_too(self) -> None:
        await self.north.know(self.south, profile=Profile.STRICT)
        await self.south.know(self.north, profile=Profile.STRICT)
        mailbox, answers = Mailbox(self.south), Answers(self.north)
        await self.post("one")
        await until(lambda: answers.told)
        self.assertEqual(mailbox.got, ["one"])

    async def test_logging_out_is_no_ones_message(self) -> None:
        answer = await self.ask(LogoutRequest(), user=None)
        self.assertEqual(answer, Status(code=200))


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


class Sending:
    """What sends by this function."""

    def __init__(self, send: Any) -> None:
        self.send = send


def _waits(deferred: Deferred[None]) -> Deferred[None]:
    """Called back when another is, which others wait for, too."""
    waiting: Deferred[None] = Deferred()
    deferred.addCallback(lambda _: waiting.callback(None))
    return waiting


class Posting:
    """A client that posts by this function."""

    def __init__(self, post: Any) -> None:
        self.post = post
