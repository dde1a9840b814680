"""The inbox: what phones send is stored before a gateway is answered, and done once it is whole."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.metrics import Metrics
from imps.model.gsm7 import Coding, mended
from imps.model.short_message import Place, ShortMessage, joined
from imps.model.text import IncomingText
from imps.sap.texts import NotYet
from imps.sms.holding import Hold
from imps.sms.turns import Turns
from imps.store.errors import StoreError
from imps.store.incoming_texts import Hearing, IncomingTexts, Parts, PartsOf, Received, TakenText
from imps.store.packing import part_packed, unpacked_part

_NOT_HEARD = Hearing()
MOST_TRIES = 5
LONGEST_WAIT_SECONDS = 30


@frozen(kw_only=True)
class Arrival:
    """A short message from a phone, as a gateway says it; ``id`` is what that calls it, and
    ``hearing`` is for those that call it nothing."""

    gateway: str
    id: str
    sender: str
    number: str
    message: ShortMessage
    sent_at: float | None = None
    hearing: Hearing = _NOT_HEARD

    @property
    def text_id(self) -> str:
        """What we call it."""
        return f"{self.gateway}:{self.id}"


@define(eq=False)
class Inbox:
    """Has texts from phones done, those of each phone in order of arrival and one at a time."""

    _stored: IncomingTexts
    _take: Callable[[IncomingText], Coroutine[Any, Any, None]]
    _clock: IReactorTime
    _metrics: Metrics
    turns: Turns = field(init=False)
    _log = Logger()

    @turns.default
    def _make_turns(self) -> Turns:
        return Turns(self._empty, "Texts from a phone are left for later")

    async def receive(self, arrival: Arrival) -> Received:
        """Store what has come, and have it done while nobody waits for that, once it is whole.
        StoreError if it is not stored: then the gateway has to keep it."""
        place = arrival.message.header.place
        if place is not None and place.total > 1:
            received = await self._receive_part(arrival, place)
        else:
            received = await self._store(arrival, arrival.message, arrival.hearing)
        self._metrics.text_received(received.name.lower())
        return received

    async def join(self, of: PartsOf) -> None:
        """Have the parts of a text done that have waited long enough for the others."""
        found = await self._stored.parts(of)
        if found is None:
            await self._stored.forget_parts(of)
        else:
            await self._join(of, found)

    async def confirm(self, phone: str, hearings: Iterable[Hearing]) -> None:
        """Note that the gateway knows that we have these."""
        await self._stored.confirm(phone, hearings)

    async def _receive_part(self, arrival: Arrival, place: Place) -> Received:
        of = PartsOf(arrival.gateway, arrival.sender, arrival.number, place.reference, place.total)
        part = part_packed(arrival.message)
        received, found = await self._stored.store_part(
            of, place.number, part, arrival.text_id, arrival.hearing, now=self._now
        )
        if found is not None:
            await self._join(of, found)
        return received

    async def _join(self, of: PartsOf, found: Parts) -> None:
        try:
            parts = {number: unpacked_part(part) for number, part in found.parts.items()}
            message = joined(parts, of.total)
        except Exception:
            # It will not be any other time either.
            self._log.failure("Parts of a text cannot be read, and are forgotten")
            await self._stored.forget_parts(of)
            return
        whole = Arrival(
            gateway=of.gateway,
            # The same whoever joins them, and however often.
            id=f"{of.number} {of.reference} {of.total} {found.begun_at!r}",
            sender=of.phone,
            number=of.number,
            message=message,
        )
        if await self._store(whole, whole.message) is not Received.TOO_MANY:
            await self._stored.forget_parts(of)

    async def _store(
        self, arrival: Arrival, message: ShortMessage, hearing: Hearing = _NOT_HEARD
    ) -> Received:
        is_text = message.coding is not Coding.OCTETS
        text = IncomingText(
            id=arrival.text_id,
            gateway=arrival.gateway,
            sender=arrival.sender,
            number=arrival.number,
            received_at=self._now,
            body=mended(message.text) if is_text else "",
            octets=None if is_text else message.octets,
            port=message.header.port,
            sent_at=arrival.sent_at,
        )
        received = await self._stored.store(text, hearing)
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
        hold = Hold(lambda: self._stored.keep(text.sender, now=self._now), self._clock)
        try:
            await hold.until_done(self._take(text), text.id)
        except StoreError:
            # Nothing is wrong with the text; it waits for the store.
            await self._postpone(taken, in_vain=False)
            return False
        except NotYet as wish:
            await self._stored.postpone(text.sender, until=wish.until, in_vain=False)
            return False
        except Exception:
            if not hold.is_lost:
                return await self._is_given_up(taken)
        if hold.is_lost:
            self._log.warn("The text {id} is in other hands", id=text.id)
        return not hold.is_lost

    async def _is_given_up(self, taken: TakenText) -> bool:
        """A text could not be done; whether that was tried often enough."""
        self._log.failure("The text {id} could not be done", id=taken.text.id)
        if taken.tries + 1 < MOST_TRIES:
            await self._postpone(taken, in_vain=True)
            return False
        self._log.error("The text {id} is given up", id=taken.text.id)
        return True

    async def _postpone(self, taken: TakenText, *, in_vain: bool) -> None:
        wait = min(2.0**taken.tries, LONGEST_WAIT_SECONDS)
        await self._stored.postpone(taken.text.sender, until=self._now + wait, in_vain=in_vain)

    @property
    def _now(self) -> float:
        return self._clock.seconds()
