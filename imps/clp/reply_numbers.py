"""Numbers that stand for somebody: a message comes from one of a pool, and the answer to that
number goes to whoever has written it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from imps.clp.state import Change, Lent, State
from imps.model.address import Address

KEPT_SECONDS = 7 * 86_400
"""For how long a number stands for somebody, at least."""
USED_SECONDS = 86_400
"""For how long after it was used, at least."""


class Overtaken(Exception):
    """The number stands for somebody else by now."""


def number_for(state: State, partner: Address, pool: Sequence[str], now: float) -> str:
    """The number that stands, or is to stand, for somebody; none if all of the pool are in use."""
    name = partner.canonical
    for number in pool:
        if number in state.lent and state.lent[number].name == name:
            return number
    free = [number for number in pool if _is_free(state.lent.get(number), now)]
    return min(free, key=lambda number: _used_at(state, number), default="")


def lent(number: str, partner: Address, now: float) -> Change:
    """A number stands for somebody, and was used for that. Raises Overtaken."""

    def change(state: State) -> State:
        before = state.lent.get(number)
        if before is not None and before.name == partner.canonical:
            after = evolve(before, used_at=max(now, before.used_at))
        elif _is_free(before, now):
            after = Lent(name=partner.canonical, address=str(partner), lent_at=now, used_at=now)
        else:
            raise Overtaken(number)
        return evolve(state, lent={**state.lent, number: after})

    return change


def partner_of(state: State, number: str, pool: Sequence[str]) -> tuple[str, Address] | None:
    """The number of the pool that a text was sent to, and for whom it stands; None for another
    number, or one that stands for nobody."""
    for each in pool:
        if each.lstrip("+") == number.lstrip("+") and each in state.lent:
            return each, Address.parse(state.lent[each].address)
    return None


def _used_at(state: State, number: str) -> float:
    found = state.lent.get(number)
    return 0.0 if found is None else found.used_at


def _is_free(found: Lent | None, now: float) -> bool:
    return found is None or (
        now - found.lent_at >= KEPT_SECONDS and now - found.used_at >= USED_SECONDS
    )
