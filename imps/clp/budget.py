"""How much may be said: so many texts of a phone are answered, and so many go to it, in a while."""

from __future__ import annotations

from attrs import evolve

from imps.clp.state import Change, State


def heard(a_minute: int, now: float) -> Change:
    """One more text has come; below zero, there were too many."""

    def change(state: State) -> State:
        left, at = refilled(state.heard, a_minute, 60, now)
        return evolve(state, heard=(max(left - 1, -1), at))

    return change


def heard_from(state: State, a_minute: int, now: float) -> float:
    """From when on one more text may come; now, if one may."""
    left, _ = refilled(state.heard, a_minute, 60, now)
    return now + max(0.0, 1 - left) * 60 / a_minute


def sent(count: int, a_minute: int, an_hour: int, now: float) -> Change:
    """So many texts more go to the phone."""

    def change(state: State) -> State:
        minute, at = refilled(state.sent_in_a_minute, a_minute, 60, now)
        hour, _ = refilled(state.sent_in_an_hour, an_hour, 3600, now)
        return evolve(
            state, sent_in_a_minute=(minute - count, at), sent_in_an_hour=(hour - count, at)
        )

    return change


def may_send(state: State, count: int, a_minute: int, an_hour: int, now: float) -> bool:
    """Whether so many texts more may go to the phone."""
    minute, _ = refilled(state.sent_in_a_minute, a_minute, 60, now)
    hour, _ = refilled(state.sent_in_an_hour, an_hour, 3600, now)
    return min(minute, hour) >= count


def refilled(
    tokens: tuple[float, float], most: float, per_seconds: float, now: float
) -> tuple[float, float]:
    """A bucket of so many tokens, filled in so many seconds: what is in it now, and when that is. A
    new one, of time 0, is full."""
    left, at = tokens
    if not at:
        return most, now
    return min(most, left + max(0.0, now - at) * most / per_seconds), max(at, now)
