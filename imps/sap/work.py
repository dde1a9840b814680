"""What must still be done: work that whoever began it did not finish is done by any process."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from imps.elements.im import InstantMessaging
from imps.metrics import Metrics
from imps.store.errors import StoreError
from imps.store.keys import Buckets
from imps.store.work import WorkRecords

INTERVAL_SECONDS = 10


@define(eq=False)
class OverdueWork:
    """Looks for overdue work in every bucket, every few seconds, and does it."""

    _records: WorkRecords
    _im: InstantMessaging
    _buckets: Buckets
    _clock: IReactorTime
    _metrics: Metrics = field(factory=Metrics)
    _loop: LoopingCall = field(init=False)
    _log = Logger()

    @_loop.default
    def _make_loop(self) -> LoopingCall:
        loop = LoopingCall(lambda: Deferred.fromCoroutine(self._look()))
        loop.clock = self._clock
        return loop

    def start(self) -> None:
        """Begin to look."""
        self._loop.start(INTERVAL_SECONDS, now=True)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    async def _look(self) -> None:
        try:
            await self.do_all()
        except StoreError as problem:
            self._log.debug("Overdue work was not done: {problem}", problem=problem)
        except Exception:
            self._log.failure("Overdue work was not done")

    async def do_all(self) -> None:
        """Do what is overdue now."""
        for bucket in range(self._buckets.count):
            for work in await self._records.overdue(bucket, now=self._clock.seconds()):
                await self._im.report(work)
                self._metrics.work_redone.inc()
