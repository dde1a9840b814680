"""How a dialogue goes on, as pure functions from a state to the next: a text comes and is done,
somebody writes, something is asked, contacts and messages get numbers.

Each holds for whatever state there is by then, so that it can be made again where somebody else was
faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from imps.clp.state import Answer, Arrival, Change, Exchange, Out, Prompt, State, print_of
from imps.model.address import Address

STALE_SECONDS = 15 * 60
"""After how long the conversation passes to the next one who writes."""
HELD_SECONDS = 600
ASKED_SECONDS = 86_400
CONFIRM_SECONDS = 600
NUMBER_SECONDS = 90 * 86_400
HINT_SECONDS = 86_400
MOST_PROMPTS = 99
MOST_NUMBERS = 999
MOST_KEPT = 40
REPLIES_KEPT = 5
KEPT_SECONDS = 86_400
"""For how long is kept what was said to a text: as long as it may come again."""
ECHOES = 3


def arrived(
    text_id: str, print: str, sent_at: float | None, now: float, number: str = ""
) -> Change:
    """A text has come: what it meets is kept for it, and whoever has written was heard. ``print``
    is that of the text, ``number`` the one that it was sent to."""

    def change(state: State) -> State:
        if state.arrival is not None and state.arrival.id == text_id:
            return state
        arrival = Arrival(
            id=text_id,
            at=now,
            print=print,
            sent_at=sent_at,
            number=number,
            target=state.target,
            touched=state.touched,
            since=state.since,
            prompts=tuple(each.number for each in state.prompts_at(now)),
            held=state.held_at(now),
        )
        return evolve(state, arrival=arrival, since=(), prompts=state.prompts_at(now))

    return change


def done(answer: Answer) -> Change:
    """A text is done, and this is said to it."""

    def change(state: State) -> State:
        others = (each for each in state.answers if each.id != answer.id)
        return _echoed(evolve(state, answers=(*others, answer)[-REPLIES_KEPT:]), answer.replies)

    return change


def erased(now: float) -> Change:
    """What was written, and what was said to it, is no longer known once it is old."""

    def change(state: State) -> State:
        kept = evolve(
            state,
            answers=tuple(each for each in state.answers if each.at + KEPT_SECONDS > now),
            prompts=state.prompts_at(now),
            held=state.held_at(now),
        )
        if state.arrival is None or state.arrival.at + KEPT_SECONDS > now:
            return kept
        return evolve(kept, arrival=None, exchange=None, pages=(), pages_show=None)

    return change


def exchanged(print: str, replies: Sequence[str], now: float) -> Change:
    """The text of this print has got this answer. In a loop it is that of before which counts."""

    def change(state: State) -> State:
        last, repeats, answer = state.exchange, 0, print_of("\n".join(replies))
        if last is not None and last.is_followed_by(print, now):
            if state.is_loop(print, now):
                answer = last.answer
            repeats = last.repeats + 1 if last.answer == answer else 0
        exchange = Exchange(text=print, answer=answer, at=now, repeats=repeats)
        return evolve(state, exchange=exchange)

    return change


def erasable_at(state: State) -> float | None:
    """When something of a dialogue is to be erased next; None if nothing is."""
    times = [each.at for each in state.answers]
    if state.arrival is not None:
        times.append(state.arrival.at)
    return min(times) + KEPT_SECONDS if times else None


def _echoed(state: State, bodies: Iterable[str]) -> State:
    prints = tuple(print_of(each) for each in bodies)
    return evolve(state, echoes=(*state.echoes, *prints)[-ECHOES:])


def opened(address: str, now: float) -> Change:
    """Somebody is talked to."""
    return lambda state: evolve(state, target=address, touched=now)


def wrote(address: str, now: float) -> Change:
    """Somebody has written to the user, and is answered unless somebody else is talked to."""

    def change(state: State) -> State:
        since = (*(each for each in state.since if each != address), address)
        if not state.target or now - state.touched > STALE_SECONDS:
            state = evolve(state, target=address, touched=now)
        return evolve(state, since=since[-9:])

    return change


def asked(kind: str, about: str, text: str, now: float, seconds: float) -> Change:
    """A question is open; the same question is asked once."""

    def change(state: State) -> State:
        prompts = state.prompts_at(now)
        if any((each.kind, each.about, each.text) == (kind, about, text) for each in prompts):
            return state
        taken = {each.number for each in prompts}
        following = ((state.last_prompt + step) % MOST_PROMPTS + 1 for step in range(MOST_PROMPTS))
        number = next((each for each in following if each not in taken), None)
        if number is None:
            # The oldest has waited for long, and is forgotten.
            number, prompts = prompts[0].number, prompts[1:]
        prompt = Prompt(number=number, kind=kind, about=about, text=text, until=now + seconds)
        return evolve(state, prompts=(*prompts, prompt), last_prompt=number)

    return change


def answered(number: int) -> Change:
    """A question is closed."""
    return lambda state: evolve(
        state, prompts=tuple(each for each in state.prompts if each.number != number)
    )


def numbered(contacts: Iterable[Address], now: float) -> Change:
    """Every contact has a number; who has gone keeps it for a while: nobody else gets it then."""
    present = list(dict.fromkeys(each.canonical for each in contacts))

    def change(state: State) -> State:
        numbers = dict(state.numbers)
        gone = {name: each for name, each in state.gone.items() if each[1] > now}
        for name in list(numbers):
            if name not in present:
                gone[name] = (numbers.pop(name), now + NUMBER_SECONDS)
        taken = set(numbers.values()) | {each[0] for each in gone.values()}
        free = (each for each in range(1, MOST_NUMBERS + 1) if each not in taken)
        for name in present:
            if name in numbers:
                continue
            if name in gone:
                numbers[name] = gone.pop(name)[0]
            elif (number := next(free, None)) is not None:
                numbers[name] = number
        if (numbers, gone) == (state.numbers, state.gone):
            return state
        return evolve(state, numbers=numbers, gone=gone)

    return change


def message_numbered(message_ids: Iterable[str]) -> Change:
    """Messages that wait have numbers, by which they can be read."""
    ids = list(message_ids)

    def change(state: State) -> State:
        messages, last = dict(state.messages), state.last_message
        for each in ids:
            if each not in messages:
                last = last % MOST_PROMPTS + 1
                messages = {id: number for id, number in messages.items() if number != last}
                messages[each] = last
        return evolve(state, messages=dict(list(messages.items())[-MOST_KEPT:]), last_message=last)

    return change


def handed_in(out: Out, *others: Change) -> Change:
    """A text that nobody asked for is on its way, with what goes with that; nothing where another
    one is."""

    def change(state: State) -> State:
        if state.out is not None:
            return state
        for other in others:
            state = other(state)
        return _echoed(evolve(state, out=out), [out.body])

    return change


def settled(text_id: str) -> Change:
    """The gateway has a text, or will never have it."""
    return lambda state: (
        evolve(state, out=None) if state.out is not None and state.out.id == text_id else state
    )
