"""What a dialogue with a phone has come to, as plain data; ``changes`` say how it goes on."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias

from attrs import field, frozen

OPEN_SECONDS = 12 * 3600
"""For how long a conversation stays open to commands that are not unmistakable."""
LOOP_SECONDS = 120
MOST_REPEATS = 10
"""How often on end the same text may get the same answer; who goes on is a machine that answers."""


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
    same. ``print`` tells it from other texts, with the time at which it was sent, and the number
    that it was sent to."""

    id: str
    at: float
    print: str
    sent_at: float | None = None
    number: str = ""
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
class Shown:
    """A message that the user has asked to see, until when it is valid, and the reply, counted from
    0, with which all of it is shown: it waits until the gateway has that."""

    message_id: str
    expires_at: float
    reply: int = 0


@frozen(kw_only=True)
class Answer:
    """What was said to a text, by its id, and when that had come; and what is ``shown`` with it."""

    id: str
    at: float
    replies: tuple[str, ...] = field(default=(), repr=False)
    shown: Shown | None = None


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

    def is_followed_by(self, print: str, now: float) -> bool:
        """Whether a text of this print repeats it."""
        return self.text == print and now - self.at < LOOP_SECONDS


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
    pages_show: Shown | None = None
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

    def answer_to(self, text_id: str) -> Answer | None:
        """What was said to a text; None if it was not done yet."""
        return next((each for each in self.answers if each.id == text_id), None)

    def is_loop(self, print: str, now: float) -> bool:
        """Whether the text of this print has come, and got the same answer, more often on end than
        anybody means it."""
        last = self.exchange
        return last is not None and last.repeats >= MOST_REPEATS and last.is_followed_by(print, now)

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
