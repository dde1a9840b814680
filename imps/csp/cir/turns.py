"""Taking turns: what may be for thousands of clients at once is done for some of them at a time."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

AT_A_TIME = 4
PAUSE_SECONDS = 0.001

Go = Callable[[], object]


@define(eq=False)
class Turns:
    """Lets some go at a time, and the next when all that was ready meanwhile has been served.

    Clients that are woken ask at once. When a publisher has a thousand watchers, anybody else's
    request would otherwise have to wait for the requests of all of these.
    """

    _clock: IReactorTime
    _left: int = field(default=AT_A_TIME, init=False)
    _waiting: dict[Go, None] = field(factory=dict, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)

    def take(self, go: Go) -> None:
        """Call this, now or when its turn comes; once, however often it is to be until then."""
        if self._left and not self._waiting:
            self._go(go)
        else:
            self._waiting[go] = None

    def _go(self, go: Go) -> None:
        self._left -= 1
        if self._timer is None:
            # However busy the reactor is, it serves all that is ready before it comes to this.
            self._timer = self._clock.callLater(PAUSE_SECONDS, self._next)
        go()

    def _next(self) -> None:
        self._timer, self._left = None, AT_A_TIME
        while self._left and self._waiting:
            go = next(iter(self._waiting))
            del self._waiting[go]
            self._go(go)
