"""What comes up in one turn is few calls, whose outcome is that of all who wait for it."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from imps.store.errors import StoreUnavailable
from imps.store.together import Together


class TogetherTests(SynchronousTestCase):
    """Some who ask at two places, where five at most can be told at a time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.calls: list[tuple[str, list[int]]] = []
        self.answers: list[Deferred[int]] = []
        self.together: Together[str, int, int] = Together(
            lambda call: self.clock.callLater(0, call), self.add_up, 5
        )

    async def add_up(self, place: str, numbers: list[int]) -> int:
        self.calls.append((place, numbers))
        self.answers.append(Deferred())
        await self.answers[-1]
        return sum(numbers)

    def test_who_asks_in_the_same_turn_is_answered_by_one_call_for_each_place(self) -> None:
        asked = [self.together.ask(*each) for each in [("a", 1), ("b", 2), ("a", 3)]]
        self.assertEqual(self.calls, [])
        self.clock.advance(0)
        self.assertEqual(self.calls, [("a", [1, 3]), ("b", [2])])
        for each in self.answers:
            each.callback(0)
        self.assertEqual([self.successResultOf(each) for each in asked], [4, 2, 4])

    def test_who_asks_later_waits_for_nobody_before(self) -> None:
        self.together.ask("a", 1)
        self.clock.advance(0)
        self.together.ask("a", 2)
        self.clock.advance(0)
        self.assertEqual(self.calls, [("a", [1]), ("a", [2])])

    def test_who_asks_for_little_does_not_wait_for_those_who_ask_for_much(self) -> None:
        asked = [self.together.ask("a", each, each) for each in (3, 4, 1, 5, 7)]
        self.clock.advance(0)
        self.assertEqual(self.calls, [("a", [3]), ("a", [4, 1]), ("a", [5]), ("a", [7])])
        self.answers[1].callback(0)
        self.assertEqual(self.successResultOf(asked[2]), 5)
        self.assertNoResult(asked[0])

    def test_failure_is_that_of_those_who_were_asked_for_together(self) -> None:
        asked = [self.together.ask("a", each, 2) for each in (1, 2, 3)]
        self.clock.advance(0)
        self.answers[0].errback(StoreUnavailable("away"))
        self.answers[1].callback(0)
        for each in asked[:2]:
            self.failureResultOf(each, StoreUnavailable)
        self.assertEqual(self.successResultOf(asked[2]), 3)

    def test_who_does_not_wait_any_more_keeps_nobody_from_the_answer(self) -> None:
        gone, waits = self.together.ask("a", 1), self.together.ask("a", 2)
        self.clock.advance(0)
        gone.cancel()
        self.failureResultOf(gone, CancelledError)
        self.answers[0].callback(0)
        self.assertEqual(self.successResultOf(waits), 3)
