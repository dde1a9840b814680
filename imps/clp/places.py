"""Where users are reached who write command lines: on a line that is open, else at their phone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.model.account import Account
from imps.model.address import Address
from imps.model.text import PHONE, OutgoingText, TextOutcome, TextState
from imps.sap.texts import Texts
from imps.store.errors import StoreError
from imps.store.lines import StoredLines

ELSEWHERE = ""


class ILine(Protocol):
    """A line that is open in this process."""

    id: str

    def show(self, text_id: str, body: str) -> bool | None:
        """Show a text, once for its id: True; False if it was shown before, None if the reader has
        not read enough of what was."""


def is_phone(place: str) -> bool:
    """Whether this is a phone; else it is a line."""
    return PHONE.fullmatch(place) is not None


def line_of(user: Address) -> str:
    """The place that a user's line is: what stands for it where there is a number for a phone."""
    return user.canonical


@define(eq=False)
class Places:
    """Knows where users are, and takes texts there. One on the line of another process is reached
    by waking that."""

    _texts: Texts
    _lines: StoredLines
    _clock: IReactorTime
    _here: dict[str, ILine] = field(factory=dict, init=False)
    _told: Callable[[TextOutcome], Awaitable[None]] | None = field(default=None, init=False)
    _log = Logger()

    def on_outcome(self, told: Callable[[TextOutcome], Awaitable[None]]) -> None:
        """Tell this when a text that it has handed in stands on a line."""
        self._told = told

    def open(self, user: Address, line: ILine) -> None:
        """A user is on a line here."""
        self._here[line_of(user)] = line

    def close(self, user: Address, line: ILine) -> None:
        """A line is gone."""
        if self._here.get(line_of(user)) is line:
            del self._here[line_of(user)]

    async def of(self, account: Account) -> str | None:
        """Where a user is; None for nowhere, and ELSEWHERE for the line of another process: that is
        woken, and while it is there tells what waits."""
        line_id = await self._lines.of(account.address)
        if not line_id:
            phone = account.msisdn
            return phone if phone is not None and is_phone(phone) else None
        here = self._here.get(line_of(account.address))
        if here is not None and here.id == line_id:
            return line_of(account.address)
        await self._lines.wake(line_id)
        return ELSEWHERE

    async def send(self, text: OutgoingText) -> bool:
        """Hand a text in, as ``Texts.send`` does. What cannot be shown on a line now is handed in
        again when it can be, or where its user is then."""
        if is_phone(text.to):
            return await self._texts.send(text)
        line = self._here.get(text.to)
        is_new = line.show(text.id, text.body) if line is not None else None
        if is_new is None:
            return True
        Deferred.fromCoroutine(self._tell(text))
        return is_new

    async def _tell(self, text: OutgoingText) -> None:
        assert self._told is not None
        outcome = TextOutcome(
            id=f"line:{text.id}",
            text_id=text.id,
            to=text.to,
            state=TextState.DELIVERED,
            at=self._clock.seconds(),
            about=text.about,
        )
        try:
            await self._told(outcome)
        except StoreError as problem:
            # It is handed in again, and told again, when the line looks what there is for it.
            self._log.debug("A text on a line is not settled: {problem}", problem=problem)
        except Exception:
            self._log.failure("A text on a line could not be settled")
