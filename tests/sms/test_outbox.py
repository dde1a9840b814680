from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from imps.model.text import OutgoingText
from imps.sap.texts import TooManyTexts
from imps.sms.gateway import SUBMIT_SECONDS, Answer
from imps.sms.kannel import ANSWER_SECONDS
from imps.sms.outbox import MOST_TRIES
from imps.sms.smpp.gateway import LONGEST_TURN_SECONDS
from imps.sms.smpp.session import RESPONSE_SECONDS, WINDOW_SECONDS
from imps.store.errors import StoreUnavailable
from imps.store.outgoing_texts import (
    DOUBT_SECONDS,
    LEASE_SECONDS,
    OutgoingTexts,
    Reported,
    Said,
)
from tests.sms.scripted import ACCEPTED, ANN, BOB, LATER, UNKNOWN, Scripted, TrafficTestCase

REFUSED = Answer(said=Said.FAILED, reason="no such number")
TROUBLE = Answer(said=Said.LATER, in_vain=True)


class Away:
    """A store that is away so many times when it is asked for this."""

    def __init__(self, stored, times, what):
        self.stored = stored
        self.times = times
        self.what = what

    def __getattr__(self, name):
        return self.away if name == self.what else getattr(self.stored, name)

    async def away(self, *arguments, **more):
        if self.times:
            self.times -= 1
            raise StoreUnavailable("away")
        return await getattr(self.stored, self.what)(*arguments, **more)


class BoundsTests(SynchronousTestCase):
    def test_gateways_answer_within_their_time_and_that_is_less_than_a_text_is_in_hand(self):
        over_smpp = LONGEST_TURN_SECONDS + WINDOW_SECONDS + RESPONSE_SECONDS
        for seconds in (over_smpp, ANSWER_SECONDS):
            self.assertLess(seconds, SUBMIT_SECONDS)
        self.assertLess(SUBMIT_SECONDS, LEASE_SECONDS)


class SendingTests(TrafficTestCase):
    overrides = {"sms": {"number": "12345", "max_waiting": 3}}

    async def sent(self, *answers, **changes):
        """Send a text to a gateway that gives these answers."""
        self.gateway.answers = list(answers) or [ACCEPTED]
        await self.send(**changes)
        await self.look()

    async def report(self, reported, text_id="1", **changes):
        known = await self.parts.outbox.report(
            "scripted", ANN, reported, text_id=text_id, **changes
        )
        await self.quiet()
        return known

    async def test_text_is_sent_at_once_and_its_outcomes_are_told(self):
        self.parts.texts.on_waiting(self.traffic.outbox.turns.begin)
        self.assertTrue(await self.send())
        await self.quiet()
        self.assertFalse(await self.send())
        (outgoing,) = self.gateway.submitted
        self.assertEqual((outgoing.to, outgoing.number), (ANN, "12345"))
        self.assertEqual(outgoing.validity_seconds, 86_400)
        self.assertEqual(outgoing.message.text, "hello")
        self.assertTrue(await self.report(Reported.DELIVERED))
        await self.told("accepted", "delivered")
        self.assertEqual({(id, about) for id, _, about in self.outcomes}, {("1", "this")})

    async def test_outcome_that_could_not_be_told_is_told_later(self):
        failures = [StoreUnavailable("away")]

        async def tell(outcome):
            if failures:
                raise failures.pop()
            await self.tell(outcome)

        self.parts.texts.on_outcome("test", tell)
        await self.sent()
        self.assertEqual(self.outcomes, [])
        self.clock.advance(30)
        await self.parts.timers.do_all()
        await self.told("accepted")
        self.clock.advance(30)
        await self.parts.timers.do_all()
        await self.told("accepted")

    async def test_long_text_is_sent_in_parts(self):
        await self.sent(body="x" * 200)
        self.assertEqual(self.gateway.texts, ["x" * 153, "x" * 47])
        places = [each.message.header.place for each in self.gateway.submitted]
        self.assertEqual([(each.number, each.total) for each in places], [(1, 2), (2, 2)])
        self.assertEqual(len({each.reference for each in places}), 1)

    async def test_only_what_is_left_of_a_text_is_sent_later(self):
        await self.sent(ACCEPTED, LATER, ACCEPTED, body="x" * 200)
        self.assertEqual(len(self.gateway.submitted), 2)
        await self.look(1)
        self.assertEqual(len(self.gateway.submitted), 2)
        await self.look(1)
        self.assertEqual([each.part for each in self.gateway.submitted], [0, 1, 1])
        await self.told("accepted")

    async def test_text_waits_for_a_gateway_that_is_away(self):
        await self.sent(LATER)
        for _ in range(MOST_TRIES + 5):
            await self.look(2)
        self.gateway.answers = [ACCEPTED]
        await self.look(2)
        await self.told("accepted")

    async def test_text_that_makes_trouble_is_tried_less_and_less_often_and_given_up(self):
        await self.sent(TROUBLE)
        waits, waited = [], 0
        while not self.outcomes:
            before = len(self.gateway.submitted)
            await self.look(1)
            waited += 1
            if len(self.gateway.submitted) > before:
                waits.append(waited)
                waited = 0
        self.assertEqual(waits, [1, 2, 4, 8, 16, 32, 60])
        self.assertEqual(len(self.gateway.submitted), MOST_TRIES)
        await self.told("failed")

    async def test_text_that_the_gateway_refuses_fails(self):
        await self.sent(REFUSED)
        await self.look(100)
        await self.told("failed")
        self.assertEqual(len(self.gateway.submitted), 1)

    async def test_what_became_of_a_text_is_unknown_once_and_not_twice(self):
        await self.sent(UNKNOWN, ACCEPTED)
        await self.look(DOUBT_SECONDS - 1)
        self.assertEqual(len(self.gateway.submitted), 1)
        await self.look(1)
        self.assertEqual(len(self.gateway.submitted), 2)
        await self.told("accepted")

    async def test_gateway_that_does_not_answer_or_fails_leaves_it_unknown(self):
        silent = Deferred()
        self.gateway.answers = [silent, RuntimeError("broken"), ACCEPTED]
        await self.send()
        await self.traffic.look()
        while not self.gateway.submitted:
            await self.pause()
        self.clock.advance(SUBMIT_SECONDS)
        await self.quiet()
        await self.look(DOUBT_SECONDS)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        await self.look(DOUBT_SECONDS)
        await self.told("failed")

    async def test_second_gateway_takes_what_the_first_does_not(self):
        first, second = Scripted("first", LATER), Scripted("second")
        self.traffic_through(first, second)
        await self.send()
        await self.look()
        self.assertEqual((len(first.submitted), len(second.submitted)), (1, 1))
        await self.told("accepted")

    async def test_text_is_in_nobody_elses_hands_however_slow_the_gateways_are(self):
        slow = [Deferred() for _ in range(3)]
        gateways = [Scripted(str(number), answer) for number, answer in enumerate(slow)]
        self.traffic_through(*gateways)
        await self.send()
        await self.traffic.look()
        for gateway, answer in zip(gateways, slow, strict=True):
            while not gateway.submitted:
                await self.pause()
            self.clock.advance(SUBMIT_SECONDS - 1)
            submission, _ = await self.another.take(ANN, now=self.clock.seconds())
            self.assertIsNone(submission)
            answer.callback(ACCEPTED if answer is slow[-1] else LATER)
        await self.told("accepted")
        self.assertEqual([len(each.submitted) for each in gateways], [1, 1, 1])

    async def test_text_that_somebody_else_has_is_not_given_to_a_second_gateway(self):
        answer = Deferred()
        first, second = Scripted("first", answer), Scripted("second")
        self.traffic_through(first, second)
        await self.send()
        await self.traffic.look()
        while not first.submitted:
            await self.pause()
        # As if this process had stood still for a while.
        late = self.clock.seconds() + LEASE_SECONDS
        submission, _ = await self.another.take(ANN, now=late)
        answer.callback(LATER)
        await self.quiet()
        self.assertEqual((submission.text.id, second.submitted), ("1", []))
        # What it said changes nothing.
        self.assertTrue(await self.another.keep(ANN, "1", now=late))

    async def test_text_is_not_given_to_a_second_gateway_while_the_store_is_away(self):
        first, second = Scripted("first", LATER), Scripted("second")
        self.traffic_through(first, second)
        away = Away(self.parts.outgoing_texts, times=1, what="keep")
        self.parts.outbox._stored = away
        await self.send()
        await self.look()
        self.assertEqual((len(first.submitted), second.submitted), (1, []))
        await self.look(2)
        self.assertEqual((len(first.submitted), len(second.submitted)), (2, 1))
        await self.told("accepted")

    @property
    def another(self):
        """What another process has of the outbox."""
        return OutgoingTexts(self.store.client, self.store.buckets, "another", 10, 3)

    async def test_what_may_have_been_sent_is_not_given_to_a_second_gateway(self):
        for answer in (UNKNOWN, REFUSED, TROUBLE):
            first, second = Scripted("first", answer), Scripted("second")
            self.traffic_through(first, second)
            await self.send(answer.said.value, to=BOB)
            await self.look(100)
            self.assertEqual(second.submitted, [])

    async def test_what_the_gateway_said_is_not_forgotten_while_the_store_is_away(self):
        away = Away(self.parts.outgoing_texts, times=3, what="settle")
        self.parts.outbox._stored = away
        await self.send()
        await self.traffic.look()
        for left in (2, 1, 0):
            while away.times > left:
                await self.pause()
            self.clock.advance(1)
        await self.told("accepted")
        await self.look(100)
        self.assertEqual(len(self.gateway.submitted), 1)

    async def test_report_by_the_name_that_the_gateway_gave(self):
        await self.sent(evolve(ACCEPTED, reference="77"))
        self.assertFalse(
            await self.parts.outbox.report("another", ANN, Reported.DELIVERED, reference="77")
        )
        self.assertTrue(
            await self.parts.outbox.report("scripted", ANN, Reported.DELIVERED, reference="77")
        )

    async def test_report_lets_go_what_nobody_asked_for(self):
        await self.sent()
        await self.send("2", "unasked")
        await self.send("3", "asked", answer=True)
        await self.look()
        self.assertEqual(self.gateway.texts, ["hello", "asked"])
        await self.report(Reported.DELIVERED, "1")
        await self.report(Reported.DELIVERED, "3")
        self.assertEqual(self.gateway.texts, ["hello", "asked", "unasked"])

    async def test_no_more_texts_wait_than_may(self):
        for id in "123":
            await self.send(id)
        with self.assertRaises(TooManyTexts):
            await self.send("4")

    async def test_what_cannot_be_sent_is_not_taken(self):
        for wrong in (
            OutgoingText(id="1", to="358401234567", body="x"),
            OutgoingText(id="1", to="Vodafone", body="x"),
            OutgoingText(id="1", to=ANN),
            OutgoingText(id="1", to=ANN, octets=b""),
        ):
            with self.assertRaises(ValueError):
                await self.parts.texts.send(wrong)

    async def test_stopping_finishes_what_is_in_hand(self):
        self.traffic.start()
        self.assertTrue(self.gateway.is_running)
        answer = Deferred()
        self.gateway.answers = [answer]
        await self.send()
        while not self.gateway.submitted:
            await self.pause()
        stopping = Deferred.fromCoroutine(self.traffic.stop())
        self.assertTrue(self.gateway.is_running)
        answer.callback(ACCEPTED)
        await stopping
        self.assertFalse(self.gateway.is_running)
        await self.settled()
        await self.told("accepted")
