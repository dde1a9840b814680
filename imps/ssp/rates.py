"""How much partners and their users may ask: so much in a time, and for a while more."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from imps.model.address import Address
from imps.ssp.messages.declaration import Message

MOST_REMEMBERED = 1000
"""How many buckets there may be until it is looked for those that are full again."""


@define(eq=False)
class Rates:
    """Buckets of tokens: each fills at a rate, and is as deep as ``burst``. One that is full is
    like one that there never was, and is not kept."""

    _per_second: float
    _burst: float
    _left: dict[str, tuple[float, float]] = field(factory=dict, init=False)
    _most: int = field(default=MOST_REMEMBERED, init=False)

    def admits(self, name: str, count: int, now: float) -> bool:
        """Whether so many may pass for somebody now; then they count."""
        left = self._left_at(name, now)
        admitted = left >= count
        self._left[name] = (left - count if admitted else left, now)
        if len(self._left) > self._most:
            self._forget_full(now)
        return admitted

    def wait(self, name: str, count: int, now: float) -> float:
        """For how many seconds so many may not pass."""
        return max(0.0, (count - self._left_at(name, now)) / self._per_second)

    def _left_at(self, name: str, now: float) -> float:
        left, since = self._left.get(name, (self._burst, now))
        return min(self._burst, left + (now - since) * self._per_second)

    def _forget_full(self, now: float) -> None:
        for name in [each for each in self._left if self._left_at(each, now) >= self._burst]:
            del self._left[name]
        # Whoever makes up names does not have all of them looked at each time.
        self._most = max(MOST_REMEMBERED, 2 * len(self._left))


@define(eq=False)
class UserRates:
    """How many requests of a kind each user of a partner may make in a minute (SSP, rate limits);
    as many at once."""

    _per_minute: Mapping[type[Message], int]
    _clock: IReactorTime
    _rates: dict[type[Message], Rates] = field(init=False)

    @_rates.default
    def _make_rates(self) -> dict[type[Message], Rates]:
        return {kind: Rates(count / 60, count) for kind, count in self._per_minute.items()}

    def wait(self, domain: str, user: Address, request: Message) -> float:
        """For how many seconds a user of a partner may not ask this; 0 if it may now, which then
        counts: for this partner alone, as others may speak for the same user."""
        rates = self._rates.get(type(request))
        if rates is None:
            return 0.0
        now: float = self._clock.seconds()
        name = f"{domain} {user.canonical}"
        return 0.0 if rates.admits(name, 1, now) else rates.wait(name, 1, now)
