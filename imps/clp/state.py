"""What a dialogue with a phone has come to, as plain data; each change of it is a pure function.

It is kept in the store (``store/phones``), so that any process may go on with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from attrs import define, evolve, field, frozen
from cattrs import Converter

from imps.model.address import Address
from imps.store.phones import Phones

OPEN_SECONDS = 12 * 3600
"""For how long a conversation stays open to commands that are not unmistakable."""
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
LOOP_SECONDS = 120
MOST_REPEATS = 10
"""How often on end the same text may get the same answer; who goes on is a machine that answers."""
ECHOES = 3


@frozen(kw_only=True)
class Prompt:
    """A question to the user, until when it may be answered: a ``kind`` of question, about
    somebody or something, and perhaps a text that waits for the answer."""

    number: int
    kind: str
    about: str
    text: str = field(default="", repr=False)
    until: float


@frozen(kw_only=True)
class Held:
    """A text of which it is not known for whom it is: for one of these, in the order in which they
    were offered. ``operation_id`` is that of the text."""

    text: str = field(repr=False)
    operation_id: str
    among: tuple[str, ...]
    until: float


@frozen(kw_only=True)
class Arrival:
    """How things were when the user's last text came, by its id; a repetition of it meets the
    same. ``print`` tells it from other texts, with the time at which it was sent."""

    id: str
    at: float
    print: str
    sent_at: float | None = None
    target: str = ""
    touched: float = 0.0
    since: tuple[str, ...] = ()
    prompts: tuple[int, ...] = ()
    held: Held | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody was talked to then."""
        return bool(self.since) or (bool(self.target) and self.at - self.touched < OPEN_SECONDS)


@frozen(kw_only=True)
class Answer:
    """What was said to a text, by its id, and when that had come."""

    id: str
    at: float
    replies: tuple[str, ...] = field(default=(), repr=False)


@frozen(kw_only=True)
class Lent:
    """For whom a number of the pool stands, since when, and when it was used last."""

    name: str
    address: str
    lent_at: float
    used_at: float


@frozen(kw_only=True)
class Out:
    """The text that was handed in last of those that nobody asked for, until the gateway has it:
    the message that it tells of in full, if it does; the number that it is from, the service's own
    where it is empty."""

    id: str
    body: str = field(repr=False)
    validity_seconds: int
    message_id: str = ""
    number: str = ""


@frozen(kw_only=True)
class Watched:
    """How somebody was when the user was told last, when that was, and whether there is something
    new since then that waits to be told."""

    shown: str = ""
    alerted: float = 0.0
    waits: bool = False


@frozen(kw_only=True)
class Pin:
    """A user's PIN, encrypted, when it was given last, and how often another one has been since the
    first time of these."""

    secret: str = field(repr=False)
    given_at: float = 0.0
    failures: int = 0
    failed_at: float = 0.0


@frozen(kw_only=True)
class Exchange:
    """A text and its answer, by their prints, when that was, and how often on end it was the same
    before."""

    text: str
    answer: str
    at: float
    repeats: int = 0


@frozen(kw_only=True)
class State:
    """The dialogue with a user's phone."""

    language: str = ""
    zone: str = ""
    reports: bool = False
    copies: bool = False
    notices: bool = False
    quiet: tuple[int, int] | None = None
    pin: Pin | None = None
    hides_number: bool = False
    session_id: str = ""
    is_on: bool = False
    on_since: float = 0.0
    is_known: bool = False
    target: str = ""
    touched: float = 0.0
    since: tuple[str, ...] = ()
    arrival: Arrival | None = None
    held: Held | None = None
    prompts: tuple[Prompt, ...] = ()
    last_prompt: int = 0
    pages: tuple[str, ...] = ()
    lent: dict[str, Lent] = field(factory=dict)
    numbers: dict[str, int] = field(factory=dict)
    gone: dict[str, tuple[int, float]] = field(factory=dict)
    messages: dict[str, int] = field(factory=dict)
    last_message: int = 0
    hinted: dict[str, float] = field(factory=dict)
    watches: tuple[str, ...] = ()
    watched: dict[str, Watched] = field(factory=dict)
    watched_lists: tuple[str, ...] = ()
    out: Out | None = None
    answers: tuple[Answer, ...] = ()
    echoes: tuple[str, ...] = ()
    exchange: Exchange | None = None
    mistakes: int = 0
    silent_until: float = 0.0
    heard: tuple[float, float] = (0.0, 0.0)
    sent_in_a_minute: tuple[float, float] = (0.0, 0.0)
    sent_in_an_hour: tuple[float, float] = (0.0, 0.0)
    warned_at: float = 0.0

    def replies_to(self, text_id: str) -> tuple[str, ...] | None:
        """What was said to a text; None if it was not done yet."""
        return next((each.replies for each in self.answers if each.id == text_id), None)

    def is_loop(self, print: str, now: float) -> bool:
        """Whether the text of this print has come, and got the same answer, more often on end than
        anybody means it."""
        last = self.exchange
        return last is not None and last.repeats >= MOST_REPEATS and _follows(last, print, now)

    def prompts_at(self, now: float) -> tuple[Prompt, ...]:
        """The questions that may be answered."""
        return tuple(each for each in self.prompts if each.until > now)

    def questions_at(self, now: float) -> tuple[Prompt, ...]:
        """Those of them that are answered by yes or no."""
        return tuple(each for each in self.prompts_at(now) if each.kind != "pin")

    def prompt(self, number: int) -> Prompt | None:
        """The question of a number."""
        return next((each for each in self.prompts if each.number == number), None)

    def held_at(self, now: float) -> Held | None:
        """The text that waits to be told for whom it is."""
        return self.held if self.held is not None and self.held.until > now else None

    def message_of(self, number: int) -> str | None:
        """The id of the message of a number."""
        return next((id for id, each in self.messages.items() if each == number), None)


Change: TypeAlias = Callable[[State], State]


def print_of(text: str) -> str:
    """What tells a text from others."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def arrived(text_id: str, print: str, sent_at: float | None, now: float) -> Change:
    """A text has come: what it meets is kept for it, and whoever has written was heard. ``print``
    is that of the text."""

    def change(state: State) -> State:
        if state.arrival is not None and state.arrival.id == text_id:
            return state
        arrival = Arrival(
            id=text_id,
            at=now,
            print=print,
            sent_at=sent_at,
            target=state.target,
            touched=state.touched,
            since=state.since,
            prompts=tuple(each.number for each in state.prompts_at(now)),
            held=state.held_at(now),
        )
        return evolve(state, arrival=arrival, since=(), prompts=state.prompts_at(now))

    return change


def done(text_id: str, replies: Sequence[str], now: float) -> Change:
    """A text is done, and these are the replies."""
    answer = Answer(id=text_id, at=now, replies=tuple(replies))

    def change(state: State) -> State:
        others = (each for each in state.answers if each.id != text_id)
        return _echoed(evolve(state, answers=(*others, answer)[-REPLIES_KEPT:]), replies)

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
        return evolve(kept, arrival=None, exchange=None, pages=())

    return change


def exchanged(print: str, replies: Sequence[str], now: float) -> Change:
    """The text of this print has got this answer. In a loop it is that of before which counts."""

    def change(state: State) -> State:
        last, repeats, answer = state.exchange, 0, print_of("\n".join(replies))
        if last is not None and _follows(last, print, now):
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


def _follows(last: Exchange, print: str, now: float) -> bool:
    return last.text == print and now - last.at < LOOP_SECONDS


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


def heard(a_minute: int, now: float) -> Change:
    """One more text has come; below zero, there were too many."""

    def change(state: State) -> State:
        left, at = refilled(state.heard, a_minute, 60, now)
        return evolve(state, heard=(max(left - 1, -1), at))

    return change


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


_CONVERTER = Converter(omit_if_default=True)


def packed(state: State) -> bytes:
    """A state as octets."""
    return json.dumps(_CONVERTER.unstructure(state), separators=(",", ":")).encode()


def unpacked(record: bytes) -> State:
    """A state from these octets; a new one from none."""
    return _CONVERTER.structure(json.loads(record), State) if record else State()


@define(eq=False)
class States:
    """The states of all dialogues, in the store; ``tells_absent`` says whether messages are told by
    text while a user is off line."""

    _phones: Phones
    _tells_absent: bool

    async def get(self, user: Address) -> State:
        """What the dialogue with a user has come to."""
        return unpacked(await self._phones.get(user))

    async def change(self, user: Address, *changes: Change) -> State:
        """Change it, whoever else does; the state that there is then. Raises NoSuchOwner."""
        before = await self._phones.get(user)
        while True:
            state = unpacked(before)
            for change in changes:
                state = change(state)
            after = packed(state)
            if before and after == before:
                return state
            other = await self._phones.change(
                user,
                before,
                after,
                tells_absent=self._tells_absent,
                erase_at=erasable_at(state),
            )
            if other is None:
                return state
            before = other

    async def erase(self, user: Address, now: float) -> None:
        """Erase what is old of a dialogue, if there is one."""
        if await self._phones.get(user):
            await self.change(user, erased(now))

    async def forget(self, user: Address) -> None:
        """Forget a dialogue: the phone is no longer the user's."""
        before = await self._phones.get(user)
        while before:
            before = await self._phones.change(user, before, b"", tells_absent=False) or b""
