"""When a client is woken, and when not."""

from contextlib import contextmanager

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.cir.waking import (
    LOOK_SECONDS,
    RETRY_SECONDS,
    SHORTEST_SECONDS,
    Decision,
    Waking,
    Watch,
    wake_up,
)
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.sap.sessions import Session
from imps.store.errors import StoreUnavailable
from imps.store.sessions import Looked

SESSION = Session(
    id="00abc",
    user=Address.parse("ann"),
    client="phone",
    time_to_live_seconds=60,
    door={"version": 12, "cookie": "wv:cookie.1", "name": "ann"},
)
NOW = 1000.0


def looked(waiting=True, polled_at=1.0, answering_since=None, told_at=None, repetition_at=None):
    return Looked(
        record=b"",
        has_waiting=waiting,
        polled_at=polled_at,
        answering_since=answering_since,
        told_at=told_at,
        repetition_at=repetition_at,
        channel="here",
    )


class WakingTests(SynchronousTestCase):
    def setUp(self):
        self.waking = Waking()

    def wakes(self, at, is_news=True, **seen):
        return self.waking.decide(looked(**seen), at, is_news).wakes

    def test_client_for_whom_something_waits_is_woken(self):
        self.assertTrue(self.wakes(NOW))

    def test_client_for_whom_nothing_waits_is_not(self):
        self.assertEqual(self.waking.decide(looked(False), NOW, True), Decision(False))

    def test_it_is_not_woken_again_before_it_has_polled(self):
        self.assertTrue(self.wakes(NOW))
        for seconds in (0, 1, 29.9):
            self.assertFalse(self.wakes(NOW + seconds))
        self.assertTrue(self.wakes(NOW + 1, polled_at=NOW + 0.5))

    def test_clock_of_the_process_that_was_polled_does_not_matter(self):
        self.assertTrue(self.wakes(NOW, polled_at=NOW + 100))
        self.assertFalse(self.wakes(NOW + 1, polled_at=NOW + 100))
        self.assertTrue(self.wakes(NOW + 2, polled_at=NOW - 100))

    def test_it_is_woken_again_every_30_seconds_and_three_times_at_most(self):
        decision = self.waking.decide(looked(), NOW, True)
        times, now = 0, NOW
        while decision.wakes:
            times += 1
            self.assertEqual(decision.look_again_seconds, 30)
            now += 30
            decision = self.waking.decide(looked(), now, False)
        self.assertEqual((times, decision), (4, Decision(False, LOOK_SECONDS)))
        self.assertFalse(self.wakes(now + LOOK_SECONDS, is_news=False))

    def test_after_that_news_wake_it(self):
        for number in range(5):
            self.wakes(NOW + number * 30, is_news=False)
        self.assertFalse(self.wakes(NOW + 200, is_news=False))
        self.assertTrue(self.wakes(NOW + 200))
        self.assertFalse(self.wakes(NOW + 201))

    def test_poll_makes_it_begin_anew(self):
        for number in range(5):
            self.wakes(NOW + number * 30)
        self.assertTrue(self.wakes(NOW + 151, polled_at=NOW + 150, is_news=False))
        self.assertTrue(self.wakes(NOW + 181, polled_at=NOW + 150, is_news=False))

    def test_client_that_is_being_answered_is_told_by_that(self):
        for lasts, wait in ((0, SHORTEST_SECONDS), (0.05, SHORTEST_SECONDS), (1, 1)):
            decision = self.waking.decide(looked(answering_since=NOW - lasts), NOW, True)
            self.assertEqual(decision, Decision(False, wait))

    def test_what_came_after_that_answer_wakes_it_at_once(self):
        self.assertFalse(self.wakes(NOW, answering_since=NOW))
        self.assertTrue(self.wakes(NOW + 0.1))

    def test_client_that_has_just_been_told_by_an_answer_is_not_woken(self):
        decision = self.waking.decide(looked(told_at=NOW - 0.5), NOW, True)
        self.assertEqual(decision, Decision(False, 1.5))
        self.assertFalse(self.wakes(NOW + 1, told_at=NOW + 0.9))

    def test_it_is_woken_if_it_does_not_poll_after_that(self):
        self.assertFalse(self.wakes(NOW, answering_since=NOW))
        self.assertTrue(self.wakes(NOW + 2, told_at=NOW, is_news=False))

    def test_answer_that_never_left_keeps_nobody_asleep(self):
        self.assertFalse(self.wakes(NOW, answering_since=NOW))
        self.assertFalse(self.wakes(NOW + 2, answering_since=NOW))
        self.assertTrue(self.wakes(NOW + 4, answering_since=NOW))

    def test_what_is_in_flight_is_looked_for_when_it_is_sent_again(self):
        decision = self.waking.decide(looked(False, repetition_at=NOW + 12), NOW, True)
        self.assertEqual(decision, Decision(False, 12))
        self.assertTrue(self.wakes(NOW + 12, is_news=False))

    @given(
        st.lists(
            st.tuples(
                st.floats(0, 100),
                st.booleans(),
                st.booleans(),
                st.booleans(),
                st.floats(-20, 1) | st.none(),
                st.floats(-20, 1) | st.none(),
                st.floats(-20, 100) | st.none(),
            ),
            max_size=40,
        )
    )
    def test_between_two_polls_wakings_are_apart_and_looks_too(self, steps):
        waking, now, polled_at, woken_at = Waking(), NOW, 0.0, None
        for pause, has_polled, waiting, is_news, answering, told, repetition in steps:
            now += pause
            if has_polled or not waiting:
                woken_at = None
            if has_polled:
                polled_at += 1
            seen = looked(
                waiting,
                polled_at,
                None if answering is None else now + answering,
                None if told is None else now + told,
                None if repetition is None else now + repetition,
            )
            decision = waking.decide(seen, now, is_news)
            self.assertTrue(0 < decision.look_again_seconds <= LOOK_SECONDS)
            if decision.wakes:
                self.assertTrue(waiting)
                self.assertTrue(woken_at is None or now - woken_at >= 29.9)
                woken_at = now


class Slow:
    """Sessions that answer when the test says so."""

    def __init__(self):
        self.asked = []
        self.is_closed = False

    @contextmanager
    def closed(self):
        self.is_closed = True
        try:
            yield
        finally:
            self.is_closed = False

    async def look(self, session_id):
        if self.is_closed:
            raise StoreUnavailable("closed")
        self.asked.append(Deferred())
        return SESSION, await self.asked[-1]


class WatchTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.sessions = Clock(), Slow()
        self.clock.advance(NOW)
        self.said = []
        self.watch = Watch(
            SESSION, "here", self.sessions, self.clock, self.said.append, self.said.append
        )

    def answer(self, found):
        """Answer the look that is under way; how many there were."""
        looking = self.sessions.asked[-1]
        looking.errback(found) if isinstance(found, Exception) else looking.callback(found)
        return len(self.sessions.asked)

    def test_client_that_has_come_by_another_channel_is_left_to_that(self):
        self.watch.woken()
        self.answer(evolve(looked(), channel="elsewhere"))
        self.assertEqual(self.said, [StatusCode.INVALID_SESSION])

    def test_wake_ups_during_a_look_make_one_more(self):
        for _ in range(5):
            self.watch.woken()
        self.assertEqual(self.answer(looked(False)), 2)
        self.assertEqual(self.answer(looked()), 2)
        self.assertEqual(self.said, ["WVCI 1.2 wv:cookie.1"])

    def test_there_is_a_look_now_and_then(self):
        self.watch.woken()
        self.answer(looked(False))
        self.clock.advance(LOOK_SECONDS)
        self.assertEqual(self.answer(looked(False)), 2)

    def test_store_that_does_not_answer_is_asked_again(self):
        self.watch.woken()
        self.assertEqual(self.answer(StoreUnavailable("away")), 1)
        self.watch.woken()
        self.assertEqual(len(self.sessions.asked), 1)
        self.clock.advance(RETRY_SECONDS)
        self.assertEqual(self.answer(looked()), 2)
        self.assertEqual(len(self.said), 1)

    def test_store_that_fails_at_once_is_asked_again_too(self):
        with self.sessions.closed():
            self.watch.woken()
            self.watch.woken()
        self.clock.advance(RETRY_SECONDS)
        self.assertEqual(self.answer(looked()), 1)
        self.assertEqual(len(self.said), 1)

    def test_after_a_look_that_failed_there_is_another_one(self):
        self.watch.woken()
        self.answer(ValueError("not a record"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.clock.advance(RETRY_SECONDS)
        self.assertEqual(self.answer(looked()), 2)
        self.assertEqual(len(self.said), 1)

    def test_client_is_not_woken_while_it_is_held(self):
        self.watch.woken()
        self.watch.hold(0.2)
        self.answer(looked())
        self.assertEqual(self.said, [])
        self.clock.advance(0.2)
        self.answer(looked())
        self.assertEqual(len(self.said), 1)

    def test_session_that_is_over_is_not_looked_at_again(self):
        self.watch.woken()
        self.answer(Refusal(StatusCode.SESSION_EXPIRED))
        self.assertEqual(self.said, [StatusCode.SESSION_EXPIRED])
        self.watch.woken()
        self.assertEqual(len(self.sessions.asked), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_client_of_a_session_that_was_ended_is_woken_before(self):
        self.watch.woken()
        self.answer(Refusal(StatusCode.FORCED_LOGOUT))
        self.assertEqual(self.said, ["WVCI 1.2 wv:cookie.1", StatusCode.FORCED_LOGOUT])

    def test_who_stops_during_a_look_hears_nothing(self):
        self.watch.woken()
        self.watch.stop()
        self.watch.woken()
        (look,) = self.sessions.asked
        self.assertTrue(look.called)
        self.assertEqual(self.said, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_stops_when_woken_is_not_looked_for_again(self):
        self.watch._wake = lambda text: self.watch.stop()
        self.watch.woken()
        self.answer(looked())
        self.assertEqual(self.clock.getDelayedCalls(), [])


class TextTests(SynchronousTestCase):
    def text(self, version, cookie):
        door = {"version": version, "cookie": cookie, "name": "ann"}
        session = Session(
            id="00abc", user=SESSION.user, client="", time_to_live_seconds=60, door=door
        )
        return wake_up(session)

    def test_names_version_and_cookie(self):
        self.assertEqual(self.text(11, "1795175332132"), "WVCI 1.1 1795175332132")
        self.assertEqual(self.text(12, "wv:nokia.1785236"), "WVCI 1.2 wv:nokia.1785236")
        self.assertEqual(self.text(13, "two words"), "WVCI 1.3 two words")

    def test_without_a_cookie_it_is_a_line_all_the_same(self):
        self.assertEqual(self.text(12, ""), "WVCI 1.2 ")

    def test_cookie_makes_no_second_line(self):
        self.assertEqual(self.text(12, "a\r\nOK\0b"), "WVCI 1.2 aOKb")
