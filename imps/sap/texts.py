"""Texts to phones and from them, as doors and elements know them; how they travel is the
business of whoever has gateways.

What a phone sends is taken by the first of the consumers, in the order in which they were
registered, that wants it. What has become of a text is told to its watcher as work: until that has
been done, and so perhaps more than once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.model.text import PHONE, IncomingText, OutgoingText, TextOutcome, TextState
from imps.sap.work import Working
from imps.store.outgoing_texts import OutgoingTexts, Put
from imps.store.work import Work

Consumer = Callable[[IncomingText], Awaitable[bool]]
"""Takes a text, and says whether it was meant. It may be given the same text again, where it was
interrupted or has failed; never two of one phone at a time. Raises NotYet where it wants the text
later."""
TAKE_SECONDS = 30
"""How long that may take: longer than for two partners that do not answer."""
Watcher = Callable[[TextOutcome], Awaitable[None]]
"""Is told what has become of a text; it may be told again, with the same id."""
Waiting = Callable[[str], object]


class TooManyTexts(Exception):
    """As many texts wait for a phone as may."""


class NotYet(Exception):
    """A text from a phone, and those behind it, are to be done later."""

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until}")
        self.until = until


@define(eq=False)
class Texts:
    """What goes between the service and phones that can only text."""

    number: str
    _within_latin_1: bool
    _outgoing: OutgoingTexts
    _working: Working
    _clock: IReactorTime
    _consumers: list[Consumer] = field(factory=list, init=False)
    _watchers: dict[str, Watcher] = field(factory=dict, init=False)
    _waiting: list[Waiting] = field(factory=list, init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._working.register("text", self._tell)

    async def send(self, text: OutgoingText) -> bool:
        """Have a text sent; it is stored when this returns. False if one of its id was before.

        Raises TooManyTexts, TextTooLong when it takes more short messages than settings allow, and
        ValueError for what is no phone or has nothing to say.
        """
        if not PHONE.fullmatch(text.to):
            raise ValueError("a text goes to a number with a plus sign")
        if not (text.octets or text.body):
            raise ValueError("a text says something")
        whole = evolve(text, number=text.number or self.number, within_latin_1=self._within_latin_1)
        put = await self._outgoing.put(whole, now=self._clock.seconds())
        if put is Put.TOO_MANY:
            raise TooManyTexts(text.to)
        if put is Put.YES:
            for told in self._waiting:
                told(text.to)
        return put is Put.YES

    async def recall(self, phone: str, but: str) -> None:
        """Have the texts that wait for a phone, but for the one of this id, not sent: it is no
        longer its user's. Their watchers are told that they are stopped."""
        for each in await self._outgoing.recall(phone, but=but, now=self._clock.seconds()):
            self._working.begin(each)

    def consume(self, consumer: Consumer) -> None:
        """Have texts from phones taken by this, if it wants them and nobody before it did."""
        self._consumers.append(consumer)

    def on_outcome(self, watcher: str, tell: Watcher) -> None:
        """Tell this what becomes of the texts that name this watcher."""
        self._watchers[watcher] = tell

    def on_waiting(self, told: Waiting) -> None:
        """Tell this at once of which phone a text waits that was handed in here."""
        self._waiting.append(told)

    async def take(self, text: IncomingText) -> None:
        """Have a text from a phone taken by whoever wants it."""
        for consumer in self._consumers:
            if await consumer(text):
                return
        self._log.info("Nobody wants the text {id}", id=text.id)

    async def _tell(self, work: Work) -> None:
        watcher, text_id, phone, state, at, about, reason = work.details
        tell = self._watchers.get(watcher)
        if tell is None:
            self._log.warn("Nobody watches texts of {watcher}", watcher=watcher)
            return
        outcome = TextOutcome(
            id=work.id,
            text_id=text_id,
            to=phone,
            state=TextState(state),
            at=float(at),
            about=about,
            reason=reason,
        )
        await tell(outcome)
