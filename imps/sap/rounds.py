"""Rounds: what a process does again and again while it serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from imps.store.errors import StoreError


@define(eq=False)
class Rounds:
    """Does something every so many seconds, from ``start`` to ``stop``; one round at a time.

    What goes wrong is logged, with these words, and has another chance in the next round.
    """

    _do: Callable[[], Awaitable[None]]
    _seconds: float
    _complaint: str
    _clock: IReactorTime
    _loop: LoopingCall = field(init=False)
    _log = Logger()

    @_loop.default
    def _make_loop(self) -> LoopingCall:
        loop = LoopingCall(lambda: Deferred.fromCoroutine(self._go_round()))
        loop.clock = self._clock
        return loop

    def start(self) -> None:
        """Begin, at once."""
        self._loop.start(self._seconds, now=True)

    def stop(self) -> None:
        """Begin no other round."""
        if self._loop.running:
            self._loop.stop()

    async def _go_round(self) -> None:
        try:
            await self._do()
        except StoreError as problem:
            self._log.debug("{complaint}: {problem}", complaint=self._complaint, problem=problem)
        except Exception:
            self._log.failure("{complaint}", complaint=self._complaint)
