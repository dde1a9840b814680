"""The inbox: what phones send is stored before the gateway is answered, and then done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.metrics import Metrics
from imps.model.text import IncomingText
from imps.sms.turns import Turns
from imps.store.errors import StoreError
from imps.store.incoming_texts import IncomingTexts, Received, TakenText

TAKE_SECONDS = 10
"""How long it may take to do what a text asks for; less than nobody else gets it."""
MOST_TRIES = 5
LONGEST_WAIT_SECONDS = 30


@define(eq=False)
class Inbox:
    """Has texts from phones done, those of each phone in order of arrival and one at a time."""

    _stored: IncomingTexts
    _take: Callable[[IncomingText], Awaitable[None]]
    _clock: IReactorTime
    _metrics: Metrics
    turns: Turns = field(init=False)
    _log = Logger()

    @turns.default
    def _make_turns(self) -> Turns:
        return Turns(self._empty, "Texts from a phone are left for later")

    async def receive(self, text: IncomingText) -> Received:
        """Store a text, and have it done while nobody waits for that. StoreError if it is not
        stored: then the gateway has to keep it."""
        received = await self._stored.store(text)
        self._metrics.text_received(received.name.lower())
        if received is Received.STORED:
            self.turns.begin(text.sender)
        return received

    async def _empty(self, phone: str) -> None:
        done = ""
        while (taken := await self._stored.take(phone, now=self._now, done=done)) is not None:
            if not await self._is_done(taken):
                return
            done = taken.text.id

    async def _is_done(self, taken: TakenText) -> bool:
        text = taken.text
        doing = Deferred.fromCoroutine(self._done(text))
        try:
            await doing.addTimeout(TAKE_SECONDS, self._clock)
        except StoreError:
            # Nothing is wrong with the text; it waits for the store.
            await self._postpone(taken, in_vain=False)
            return False
        except Exception:
            self._log.failure("The text {id} could not be done", id=text.id)
            if taken.tries + 1 < MOST_TRIES:
                await self._postpone(taken, in_vain=True)
                return False
            self._log.error("The text {id} is given up", id=text.id)
        return True

    async def _done(self, text: IncomingText) -> None:
        await self._take(text)

    async def _postpone(self, taken: TakenText, *, in_vain: bool) -> None:
        wait = min(2.0**taken.tries, LONGEST_WAIT_SECONDS)
        await self._stored.postpone(taken.text.sender, until=self._now + wait, in_vain=in_vain)

    @property
    def _now(self) -> float:
        return self._clock.seconds()
