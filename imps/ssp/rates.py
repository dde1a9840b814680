"""How much a partner may ask: so much a second, and for a while more."""

from __future__ import annotations

from attrs import define, field


@define(eq=False)
class Rates:
    """Buckets of tokens: each fills at a rate, and is as deep as ``burst``."""

    _per_second: float
    _burst: float
    _left: dict[str, tuple[float, float]] = field(factory=dict, init=False)

    def admits(self, name: str, count: int, now: float) -> bool:
        """Whether so many may pass for somebody now; then they count."""
        left, since = self._left.get(name, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        admitted = left >= count
        self._left[name] = (left - count if admitted else left, now)
        return admitted
