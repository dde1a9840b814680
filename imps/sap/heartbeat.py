"""The heartbeat of a process, by which others know that it serves the store."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from imps.store.errors import StoreError
from imps.store.processes import LIFETIME_SECONDS, Process, Processes

INTERVAL_SECONDS = LIFETIME_SECONDS / 3


@define(eq=False)
class Heartbeat:
    """Announces a process in its store, from ``start`` to ``stop``."""

    _process: Process
    _processes: Processes
    _clock: IReactorTime
    _loop: LoopingCall = field(init=False)
    _stopped: Deferred[LoopingCall] | None = field(default=None, init=False)
    _log = Logger()

    @_loop.default
    def _make_loop(self) -> LoopingCall:
        loop = LoopingCall(lambda: Deferred.fromCoroutine(self._beat()))
        loop.clock = self._clock
        return loop

    async def start(self) -> None:
        """Begin to beat; done when others can know."""
        await self._beat()
        self._stopped = self._loop.start(INTERVAL_SECONDS, now=False)

    async def stop(self) -> None:
        """Beat no more, and be forgotten if the store hears of it."""
        if self._stopped is not None:
            self._loop.stop()
            # A beat that is under way would undo what follows.
            await self._stopped
        try:
            await self._processes.withdraw(self._process)
        except StoreError as problem:
            self._log.debug("The store does not hear that we stop: {problem}", problem=problem)

    async def _beat(self) -> None:
        try:
            await self._processes.announce(self._process, now=self._clock.seconds())
        except StoreError as problem:
            self._log.debug("The store does not hear that we live: {problem}", problem=problem)
