"""What that server has to send: it tries until it is told 2xx, or until the message expires."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

POLL_SECONDS = 15
RETRY_SECONDS = 10
DAY_SECONDS = 24 * 60 * 60

_SHORT_SECONDS = 2 * 60
_LONG_LIVED = {"SendMessageRequest", "SubscribeRequest", "UnsubscribeRequest"}


@define(eq=False)
class Queued:
    """A row of its queue; its number is in the transaction id, and finds the row again."""

    number: int
    domain: str
    user: str
    name: str
    body: str
    next_try: float
    expires_at: float
    is_request: bool = True
    answers: str = ""
    tries: int = 0
    is_sent: bool = False

    @property
    def transaction_id(self) -> str:
        """The id of its transaction; that of the request, if it answers one."""
        return self.answers or f"{self.number:010d}-0"


@define(eq=False)
class Queue:
    """The rows that wait, and those that were sent, whose answers may come.

    Sending comes to nothing, None, while there is no session: that is no failure.
    """

    _clock: IReactorTime
    _send: Callable[[Queued], Awaitable[bool | None]]
    rows: dict[int, Queued] = field(factory=dict)
    expired: list[Queued] = field(factory=list)
    _last: int = 0
    _is_running: bool = False
    _again: bool = False

    def put(
        self, domain: str, user: str, name: str, body: str, *, answers: str = "", asks: bool = True
    ) -> Queued:
        """Have something sent, on behalf of a user or of nobody."""
        self._last += 1
        now = self._clock.seconds()
        lives = DAY_SECONDS if name in _LONG_LIVED else _SHORT_SECONDS
        row = Queued(self._last, domain, user, name, body, now, now + lives, asks, answers)
        self.rows[row.number] = row
        return row

    @property
    def next_number(self) -> int:
        """The number of the row that comes next."""
        return self._last + 1

    async def run(self) -> None:
        """Try what is due, in its order, one after the other."""
        self._again = True
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._again:
                self._again = False
                for row in [each for each in self.rows.values() if not each.is_sent]:
                    await self._try(row, self._clock.seconds())
        finally:
            self._is_running = False

    def answered(self, transaction_id: str) -> Queued | None:
        """The row that something answers, by what stands before the hyphen in its id."""
        number = transaction_id.partition("-")[0]
        return self.rows.get(int(number)) if number.isdecimal() else None

    def clean_up(self) -> None:
        """Forget what was sent; answers to it find nobody then."""
        for row in [each for each in self.rows.values() if each.is_sent]:
            del self.rows[row.number]

    async def _try(self, row: Queued, now: float) -> None:
        if row.expires_at <= now:
            self.expired.append(self.rows.pop(row.number))
        elif row.next_try <= now:
            sent = await self._send(row)
            row.is_sent = bool(sent)
            if sent is False:
                row.tries += 1
                row.next_try = self._clock.seconds() + row.tries * RETRY_SECONDS
