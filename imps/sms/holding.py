"""Holding a text while it is being done, so that nobody else does it meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from imps.sap.texts import TAKE_SECONDS
from imps.store.errors import StoreError
from imps.store.incoming_texts import LEASE_SECONDS

KEEP_SECONDS = 2
"""How often a text in hand is kept; less than half of how long it is left to who does not."""

Keep = Callable[[], Awaitable[bool]]


@define(eq=False)
class Hold:
    """Work on a text, which is kept in hand until it is over; ``keep`` says whether it still is.

    Work that takes too long is interrupted, and what it does then again, so that there is an end of
    it even if whoever it waits for makes an answer of each interruption. So is work on a text that
    somebody else may have.
    """

    _keep: Keep
    _clock: IReactorTime
    is_lost: bool = field(default=False, init=False)
    _log = Logger()

    async def until_done(self, work: Coroutine[Any, Any, None], id: str) -> None:
        """Have work on the text of this id done; what it raises, or CancelledError."""
        doing = Deferred.fromCoroutine(work)
        begun = kept = self._clock.seconds()

        async def keep() -> None:
            nonlocal kept
            now = self._clock.seconds()
            if now >= begun + TAKE_SECONDS:
                self._log.warn("The text {id} takes too long", id=id)
                doing.cancel()
            try:
                self.is_lost = not await self._keep()
                kept = now
            except StoreError:
                self.is_lost = self._clock.seconds() >= kept + LEASE_SECONDS
            if self.is_lost:
                doing.cancel()

        keeping = LoopingCall(lambda: Deferred.fromCoroutine(keep()))
        keeping.clock = self._clock
        keeping.start(KEEP_SECONDS, now=False)
        try:
            await doing
        finally:
            if keeping.running:
                keeping.stop()
