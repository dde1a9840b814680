"""How fast an SMSC may be given short messages: a bucket of tokens, which fills again at a rate."""

from __future__ import annotations

from attrs import define, field

SLOW_SECONDS = 30.0


@define
class Throttle:
    """So many a second in the long run, and so many at once; half of that for a while after the
    SMSC has complained. Times are seconds of any clock that goes on."""

    _rate: float
    _burst: float
    _tokens: float = field(init=False)
    _at: float = field(default=0.0, init=False)
    _slow_until: float = field(default=0.0, init=False)

    @_tokens.default
    def _full(self) -> float:
        return self._burst

    def take(self, now: float, longest_wait: float) -> float | None:
        """After how many seconds the next short message may go; None if that is longer than this.
        Then it has not been taken."""
        rate = self._rate_at(now)
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * rate)
        self._at = now
        wait = max(0.0, (1 - self._tokens) / rate)
        if wait > longest_wait:
            return None
        self._tokens -= 1
        return wait

    def slow_down(self, now: float) -> None:
        """The SMSC complains."""
        self._slow_until = now + SLOW_SECONDS
        self._tokens = min(self._tokens, 0.0)

    def _rate_at(self, now: float) -> float:
        return self._rate / 2 if now < self._slow_until else self._rate
