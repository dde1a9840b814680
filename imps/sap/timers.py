"""Timers: what becomes due as time passes is done by whichever process comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.elements.message_log import message_ended
from imps.metrics import Metrics
from imps.sap.rounds import Rounds
from imps.store.errors import StoreError
from imps.store.keys import Buckets
from imps.store.work import Work, WorkRecords

INTERVAL_SECONDS = 1


@define(eq=False)
class Timers:
    """Looks every second, in each bucket, for what is due: sessions and messages whose time is
    over, and work that whoever began it did not finish."""

    _records: WorkRecords
    _do: Callable[[Work], Awaitable[None]]
    _buckets: Buckets
    _clock: IReactorTime
    _metrics: Metrics = field(factory=Metrics)
    _rounds: Rounds = field(init=False)
    _log = Logger()

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(self.do_all, INTERVAL_SECONDS, "Not all that is due was done", self._clock)

    def start(self) -> None:
        """Begin to look."""
        self._rounds.start()

    def stop(self) -> None:
        """Look no more."""
        self._rounds.stop()

    async def do_all(self) -> None:
        """Do what is due now."""
        for bucket in range(self._buckets.count):
            has_more = True
            while has_more:
                due = await self._records.due(bucket, now=self._clock.seconds())
                has_more = due.has_more
                for ending in due.endings:
                    message_ended(ending)
                for work in due.work:
                    await self._done(work)

    async def _done(self, work: Work) -> None:
        """Do work; what goes wrong with it does not keep the rest from being done."""
        try:
            await self._do(work)
        except StoreError:
            raise
        except Exception:
            self._log.failure("Work could not be done: {kind}", kind=work.kind)
        else:
            self._metrics.work_done_late.count()
