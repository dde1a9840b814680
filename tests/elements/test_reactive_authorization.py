"""Publishers are asked who may see their presence, and answer."""

from attrs import evolve

from imps.elements.interfaces import Caller
from imps.model.events import AuthorizationAsked
from imps.model.presence import DEFAULT, EVERY_ATTRIBUTE, Target, TargetKind
from imps.model.status import Refusal, StatusCode
from imps.parts import Parts
from imps.store.deliveries import Acknowledgement
from imps.store.reactive_authorization import Answered
from imps.testing.conformance import shows_feature
from tests.elements.test_presence import (
    ALIAS,
    ANN,
    ANNS_FRIENDS,
    BOB,
    CARL,
    MOOD,
    NOBODY,
    TEXT,
    TO_BOB,
    TO_FRIENDS,
    PresenceTestCase,
)


class ReactiveTestCase(PresenceTestCase):
    async def setUp(self):
        await super().setUp()
        self.reactive = self.parts.reactive_authorization
        await self.publish(STATUS_MOOD="HAPPY", STATUS_TEXT="hello")

    async def asked(self, caller=None):
        """Who is asked about, and what; all of it acknowledged."""
        session_id, questions = (caller or self.ann).session_id, {}
        while (flight := (await self.parts.delivery.take(session_id)).in_flight) is not None:
            self.assertIsInstance(flight.what, AuthorizationAsked)
            watcher = flight.what.watcher
            question = await self.question(watcher)
            if question is not None:
                questions[str(watcher)] = question.attributes
            acknowledged = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(
                session_id, acknowledged, flight.transaction_id, wanted=False
            )
        return questions

    async def question(self, watcher):
        """What is still to be asked about somebody."""
        return (await self.presence.questions(ANN, [watcher])).get(watcher)

    async def answer(self, accepted, *attributes, watcher=BOB):
        await self.reactive.answer(self.ann, watcher, accepted, frozenset(attributes) or None)
        await self.settled()

    async def cancel(self):
        await self.reactive.cancel(self.ann, BOB)
        await self.settled()


class AskingTests(ReactiveTestCase):
    async def test_publisher_is_asked_once_and_again_for_more(self):
        await self.subscribe(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {str(BOB): {MOOD}})
        await self.subscribe(ANN, to=[MOOD])
        await self.get(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {})
        await self.get(ANN, to=[TEXT, MOOD])
        self.assertEqual(await self.asked(), {str(BOB): {MOOD, TEXT}})
        self.assertEqual(await self.told(), [])

    @shows_feature("authorization ahead before that on request")
    async def test_who_has_said_something_ahead_is_not_asked(self):
        await self.allow()
        await self.subscribe(ANN)
        self.assertEqual(await self.asked(), {})
        await self.disallow(TO_BOB)
        await self.allow(MOOD, to=TO_BOB)
        await self.get(ANN)
        self.assertEqual(await self.asked(), {})

    async def test_nobody_is_asked_about_the_own_presence(self):
        await self.subscribe(ANN, caller=self.ann)
        self.assertEqual((await self.reactive.answers(self.ann)), {})

    async def test_who_is_away_is_asked_at_the_next_login(self):
        session = (await self.parts.sessions.check(self.ann.session_id)).session
        await self.parts.sessions.close(session)
        await self.subscribe(ANN, to=[MOOD])
        for _ in range(2):
            self.ann = await self.signed_on(ANN)
            self.assertEqual(await self.asked(), {str(BOB): {MOOD}})
        await self.answer(True)
        self.ann = await self.signed_on(ANN)
        self.assertEqual(await self.asked(), {})

    async def test_session_that_cannot_ask_does_not(self):
        session = (await self.parts.sessions.check(self.ann.session_id)).session
        session = await self.parts.sessions.agree(session, services=frozenset({"GETPR"}))
        await self.subscribe(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {})
        await self.parts.sessions.agree(session, services=frozenset({"REACT"}))
        self.assertEqual(await self.asked(), {str(BOB): {MOOD}})


class AnswerTests(ReactiveTestCase):
    @shows_feature("authorization on request", "granted")
    async def test_what_is_granted_is_told_at_once(self):
        await self.subscribe(ANN, to=[MOOD, TEXT])
        await self.answer(True)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY", TEXT: "hello"})])
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "SAD"})])
        await self.subscribe(ANN, to=[MOOD, ALIAS])
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "SAD"})])

    @shows_feature("authorization on request", "denied")
    async def test_what_is_denied_is_not_told_nor_asked_about_again(self):
        await self.subscribe(ANN)
        await self.asked()
        await self.answer(False)
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {}})
        self.assertEqual(await self.asked(), {})

    @shows_feature("authorization on request", "some attributes only")
    async def test_later_answers_count_for_what_they_name(self):
        await self.subscribe(ANN)
        await self.answer(True, MOOD)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
        await self.answer(True, TEXT)
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "hello"})])
        await self.answer(False, MOOD)
        await self.publish(STATUS_MOOD="SAD", STATUS_TEXT="bye")
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "bye"})])
        (answered,) = (await self.reactive.answers(self.ann)).values()
        self.assertEqual(answered.granted, {TEXT})
        self.assertEqual(answered.denied, EVERY_ATTRIBUTE - {TEXT})

    async def test_what_was_denied_meanwhile_is_not_told(self):
        await self.subscribe(ANN)
        await self.answer(True)
        await self.publish(STATUS_MOOD="SAD")
        await self.answer(False)
        self.assertEqual(await self.told(), [])

    async def test_answer_that_is_taken_back_is_asked_for_again(self):
        await self.subscribe(ANN, to=[MOOD])
        await self.answer(True)
        await self.told()
        await self.asked()
        await self.cancel()
        await self.publish(STATUS_MOOD="SAD")
        self.assertEqual(await self.told(), [])
        await self.get(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {str(BOB): {MOOD}})
        await self.answer(True)
        self.assertEqual(await self.told(), [(str(ANN), {MOOD: "SAD"})])

    async def test_list_made_later_comes_before_an_answer(self):
        await self.subscribe(ANN, to=[MOOD, TEXT])
        await self.answer(True)
        await self.told()
        await self.allow(TEXT)
        await self.publish(STATUS_MOOD="SAD", STATUS_TEXT="bye")
        self.assertEqual(await self.told(), [(str(ANN), {TEXT: "bye"})])

    async def test_question_that_a_list_has_answered_is_asked_again_when_that_is_gone(self):
        await self.change(ANNS_FRIENDS, [BOB])
        for target in (TO_BOB, TO_FRIENDS, DEFAULT):
            await self.subscribe(ANN, to=[MOOD])
            self.assertEqual(await self.asked(), {str(BOB): {MOOD}}, target)
            await self.allow(MOOD, to=target)
            self.assertEqual(await self.told(), [(str(ANN), {MOOD: "HAPPY"})])
            self.assertEqual(await self.reactive.answers(self.ann), {})
            await self.disallow(target)

    async def test_question_about_others_stays_open(self):
        await self.subscribe(ANN, to=[MOOD])
        await self.allow(MOOD, to=Target(TargetKind.USER, CARL))
        await self.disallow(Target(TargetKind.USER, CARL))
        self.assertEqual(await self.asked(), {str(BOB): {MOOD}})
        await self.subscribe(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {})

    async def test_answer_outlasts_a_list(self):
        await self.subscribe(ANN, to=[MOOD, TEXT])
        await self.answer(True, TEXT)
        await self.allow(MOOD)
        await self.disallow(DEFAULT)
        self.assertEqual((await self.get(ANN))[0], {str(ANN): {TEXT: "hello"}})

    async def test_somebody_may_be_answered_who_never_asked(self):
        await self.answer(True, MOOD, watcher=CARL)
        told, _ = await self.get(ANN, caller=await self.signed_on(CARL))
        self.assertEqual(told, {str(ANN): {MOOD: "HAPPY"}})
        with self.assertRaises(Refusal) as raised:
            await self.answer(True, watcher=NOBODY)
        self.assertEqual(raised.exception.code, StatusCode.UNKNOWN_USER)

    async def test_more_than_can_be_kept_is_refused(self):
        self.keep_at_most(1)
        await self.answer(True, MOOD)
        await self.answer(False, MOOD)
        with self.assertRaises(Refusal) as raised:
            await self.answer(True, MOOD, watcher=CARL)
        self.assertEqual(raised.exception.code, StatusCode.BAD_PARAMETER)
        await self.subscribe(ANN, caller=await self.signed_on(CARL))
        self.assertEqual(await self.asked(), {})

    async def test_who_was_not_answered_makes_room(self):
        self.keep_at_most(1)
        await self.subscribe(ANN, to=[MOOD], caller=await self.signed_on(CARL))
        await self.subscribe(ANN, to=[MOOD])
        self.assertEqual(await self.asked(), {str(BOB): {MOOD}})
        await self.answer(True, MOOD, watcher=CARL)
        self.assertEqual(list(await self.reactive.answers(self.ann)), [CARL])

    def keep_at_most(self, count):
        presence = evolve(self.settings.presence, max_reactive_authorizations=count)
        self.parts = Parts(evolve(self.settings, presence=presence), self.store, self.clock)
        self.presence, self.reactive = self.parts.presence, self.parts.reactive_authorization

    async def test_what_was_asked_and_answered_can_be_read(self):
        await self.subscribe(ANN, to=[MOOD, TEXT])
        nothing = frozenset()
        pending = Answered(frozenset({MOOD, TEXT}), nothing, nothing)
        self.assertEqual(await self.reactive.answers(self.ann), {BOB: pending})
        self.assertEqual(await self.reactive.answers(self.ann, [CARL]), {})
        self.assertEqual((await self.question(BOB)).attributes, {MOOD, TEXT})
        await self.answer(True, MOOD)
        self.assertIsNone(await self.question(BOB))
        self.assertEqual(await self.reactive.answers(Caller(CARL, "")), {})
        with self.assertRaises(Refusal):
            await self.reactive.answers(self.ann, [NOBODY])
