"""Work that operations cause elsewhere: done by whoever knows its kind, at once or when due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from imps.elements.interfaces import IWork
from imps.store.work import Work, WorkRecords

Do = Callable[[Work], Awaitable[None]]


@implementer(IWork)
@define(eq=False)
class Working:
    """Does work of every kind, each by the function that was registered for it."""

    _records: WorkRecords
    _kinds: dict[str, Do] = field(factory=dict, init=False)
    _log = Logger()

    def register(self, kind: str, do: Do) -> None:
        """Have work of a kind done by a function; it may be called again for the same work."""
        self._kinds[kind] = do

    async def do(self, work: Work) -> None:
        """Do work, and remember that it is done."""
        await self._kinds[work.kind](work)
        await self._records.finish(work)

    def begin(self, work: Work) -> None:
        """Do work while nobody waits for it: if it fails, it is due before long, and repeated."""
        Deferred.fromCoroutine(self.do(work)).addErrback(self._not_done, work)

    def _not_done(self, failure: Failure, work: Work) -> None:
        self._log.info(
            "Work is left for later: {kind}: {reason}",
            kind=work.kind,
            reason=failure.getErrorMessage(),
        )
