"""Asking together: what is asked for in one turn of the reactor is one call of the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred

Place = TypeVar("Place", bound=Hashable)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@define(eq=False)
class Together(Generic[Place, Asked, Answer]):
    """Collects what is asked for at a place, as a bucket is, until this turn of the reactor is
    over, and has all of it answered by one call, whose answer, or failure, is everybody's.

    Those who watch somebody ask for much the same, and they ask at about the same time.
    """

    _at_end_of_turn: Callable[[Callable[[], object]], object]
    _answer: Callable[[Place, list[Asked]], Awaitable[Answer]]
    _waiting: dict[Place, list[tuple[Asked, Deferred[Answer]]]] = field(factory=dict, init=False)

    def ask(self, place: Place, asked: Asked) -> Deferred[Answer]:
        """The answer to this, and to whatever else is asked for at that place meanwhile."""
        if not self._waiting:
            self._at_end_of_turn(self._ask_all)
        answer: Deferred[Answer] = Deferred()
        self._waiting.setdefault(place, []).append((asked, answer))
        return answer

    def _ask_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for place, those in waiting.items():
            Deferred.fromCoroutine(self._ask(place, those))

    async def _ask(self, place: Place, those: list[tuple[Asked, Deferred[Answer]]]) -> None:
        try:
            answer = await self._answer(place, [asked for asked, _ in those])
        except Exception as failure:
            for _, waits in those:
                waits.errback(failure)
        else:
            for _, waits in those:
                waits.callback(answer)
