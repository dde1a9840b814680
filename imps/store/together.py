"""Asking together: what is asked for in one turn of the reactor is few calls of the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred

Place = TypeVar("Place", bound=Hashable)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@define(eq=False)
class _Call(Generic[Asked, Answer]):
    """What is to be asked for by one call, how much of it there is, and who waits for it."""

    amount: int = 0
    asked: list[Asked] = field(factory=list)
    waiting: list[Deferred[Answer]] = field(factory=list)


@define(eq=False)
class Together(Generic[Place, Asked, Answer]):
    """Collects what is asked for at a place, as a bucket is, until this turn of the reactor is
    over, and has it answered by as few calls as take at most so much each, all at once; the answer
    of a call, or its failure, is that of everybody who waits for it.

    Those who watch somebody ask for much the same, and they ask at about the same time.
    """

    _at_end_of_turn: Callable[[Callable[[], object]], object]
    _answer: Callable[[Place, list[Asked]], Awaitable[Answer]]
    _most: int
    _calls: defaultdict[Place, list[_Call[Asked, Answer]]] = field(
        factory=lambda: defaultdict(list), init=False
    )

    def ask(self, place: Place, asked: Asked, amount: int = 1) -> Deferred[Answer]:
        """The answer to this, which is so much, and to whatever else is asked for with it."""
        if not self._calls:
            self._at_end_of_turn(self._ask_all)
        calls = self._calls[place]
        if not calls or calls[-1].amount + amount > self._most:
            calls.append(_Call())
        call, answer = calls[-1], Deferred[Answer]()
        call.amount += amount
        call.asked.append(asked)
        call.waiting.append(answer)
        return answer

    def _ask_all(self) -> None:
        calls, self._calls = self._calls, defaultdict(list)
        for place, some in calls.items():
            for call in some:
                Deferred.fromCoroutine(self._ask(place, call))

    async def _ask(self, place: Place, call: _Call[Asked, Answer]) -> None:
        try:
            answer = await self._answer(place, call.asked)
        except Exception as failure:
            for waiting in call.waiting:
                waiting.errback(failure)
        else:
            for waiting in call.waiting:
                waiting.callback(answer)
