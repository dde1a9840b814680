"""What comes up in one turn is one call, whose outcome is everybody's."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from imps.store.errors import StoreUnavailable
from imps.store.together import Together


class TogetherTests(SynchronousTestCase):
    """Some who ask at two places."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.calls: list[tuple[str, list[int]]] = []
        self.answer: Deferred[int] = Deferred()
        self.together: Together[str, int, int] = Together(
            lambda call: self.clock.callLater(0, call), self.add_up
        )

    async def add_up(self, place: str, numbers: list[int]) -> int:
        self.calls.append((place, numbers))
        await self.answer
        return sum(numbers)

    def test_who_asks_in_the_same_turn_is_answered_by_one_call_for_each_place(self) -> None:
        asked = [self.together.ask(*each) for each in [("a", 1), ("b", 2), ("a", 3)]]
        self.assertEqual(self.calls, [])
        self.clock.advance(0)
        self.assertEqual(self.calls, [("a", [1, 3]), ("b", [2])])
        self.answer.callback(0)
        self.assertEqual([self.successResultOf(each) for each in asked], [4, 2, 4])

    def test_who_asks_later_waits_for_nobody_before(self) -> None:
        self.together.ask("a", 1)
        self.clock.advance(0)
        self.together.ask("a", 2)
        self.clock.advance(0)
        self.assertEqual(self.calls, [("a", [1]), ("a", [2])])

    def test_failure_is_that_of_all_of_them(self) -> None:
        asked = [self.together.ask("a", 1), self.together.ask("a", 2)]
        self.clock.advance(0)
        self.answer.errback(StoreUnavailable("away"))
        for each in asked:
            self.failureResultOf(each, StoreUnavailable)

    def test_who_does_not_wait_any_more_keeps_nobody_from_the_answer(self) -> None:
        gone, waits = self.together.ask("a", 1), self.together.ask("a", 2)
        self.clock.advance(0)
        gone.cancel()
        self.failureResultOf(gone, CancelledError)
        self.answer.callback(0)
        self.assertEqual(self.successResultOf(waits), 3)
