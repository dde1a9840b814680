"""Turns: what is done for phones, for one phone at one thing at a time, for many phones at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.logger import Logger

from imps.store.errors import StoreError

AT_ONCE = 50
WAITING = 5000
"""How many phones may wait for their turn; more come to it when somebody looks for what is due."""


@define(eq=False)
class Turns:
    """Does something for each phone that it is told to; what goes wrong is due again later."""

    _do: Callable[[str], Awaitable[None]]
    _complaint: str
    _again: dict[str, bool] = field(factory=dict, init=False)
    _turn: DeferredSemaphore = field(factory=lambda: DeferredSemaphore(AT_ONCE), init=False)
    _is_over: bool = field(default=False, init=False)
    _idle: Deferred[None] | None = field(default=None, init=False)
    _log = Logger()

    def begin(self, phone: str) -> None:
        """Do it for a phone, now; once more if it is being done already."""
        if phone in self._again:
            self._again[phone] = True
        elif len(self._again) < WAITING and not self._is_over:
            self._again[phone] = False
            self._turn.run(lambda: Deferred.fromCoroutine(self._have_turn(phone)))

    @property
    def is_busy(self) -> bool:
        """Whether anything is being done."""
        return bool(self._again)

    async def finish(self) -> None:
        """Begin nothing more; done when what was begun is done."""
        self._is_over = True
        if self._again:
            self._idle = Deferred()
            await self._idle

    async def _have_turn(self, phone: str) -> None:
        try:
            is_wanted = not self._is_over
            while is_wanted:
                self._again[phone] = False
                await self._do(phone)
                is_wanted = self._again[phone] and not self._is_over
        except StoreError as problem:
            self._log.debug("{complaint}: {problem}", complaint=self._complaint, problem=problem)
        except Exception:
            self._log.failure("{complaint}", complaint=self._complaint)
        finally:
            del self._again[phone]
            if not self._again and self._idle is not None:
                self._idle.callback(None)
