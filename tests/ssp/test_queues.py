"""What is queued for a partner, and what is agreed with it: two servers with stores and sockets of
their own."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.model.partner import Partner, Profile
from imps.model.status import Refusal, StatusCode
from imps.ssp.functions import check_agreed
from imps.ssp.messages.blocks import Status
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest, SendMessageResponse
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.messages.setup import KeepAliveRequest, LogoutRequest
from imps.ssp.partners import (
    BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    MOST_AT_ONCE,
    wait_asked_for,
)
from imps.ssp.served import Asked
from imps.store.partner_queues import Queued
from imps.store.partners import Partners
from imps.testing.federation import serve
from imps.testing.process import reactor, until
from tests.ssp.federations import ANN, BO, Answers, FederationTestCase, Mailbox, message


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


class WaitingTests(SynchronousTestCase):
    def test_a_busy_partner_is_asked_again_when_it_wants_that_and_later_each_time(self) -> None:
        waits = [wait_asked_for(2, tried(times)) for times in range(4)]
        self.assertEqual(waits, [2, 4, 6, 8])

    def test_no_busy_partner_is_waited_for_longer_than_one_that_is_away(self) -> None:
        self.assertLessEqual(wait_asked_for(5, tried(500)), 1.2 * LONGEST_BACKOFF_SECONDS)

    def test_one_that_does_not_say_when_is_backed_off_from(self) -> None:
        for times in (0, 1, 5):
            backoff = BACKOFF_SECONDS * (times + 1)
            wait = wait_asked_for(0, tried(times))
            self.assertTrue(0.8 * backoff <= wait <= 1.2 * backoff, wait)


def tried(times: int) -> Queued:
    return Queued("1", 0, times, 0.0, b"", was_let_go=False)


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
        await until(lambda: len(answers.told) == 2, seconds=5)
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
        await until(lambda: answers.told, seconds=5)
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


class Sending:
    """What sends by this function."""

    def __init__(self, send: Any) -> None:
        self.send = send


def _waits(deferred: Deferred[None]) -> Deferred[None]:
    """Called back when another is, which others wait for, too."""
    waiting: Deferred[None] = Deferred()
    deferred.addCallback(lambda _: waiting.callback(None))
    return waiting
