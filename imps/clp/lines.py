"""Lines: connections on which users write command lines as they would text them, one of them at a
time for a user, from the login to the end.

::

    user     LOGIN <name> <password>     the rest of the line is the password
    server   what ON is answered with    or what is wrong; after three tries it closes
    user     <what would be texted>
    server   <one text>                  answers, and what the user is told that nobody asked for
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, FirstError, TimeoutError, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from imps.clp.dialogue import Dialogue
from imps.clp.event_texts import about_message
from imps.clp.events import Events
from imps.clp.grammar import normal
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.places import Places, line_of
from imps.clp.session import signed_off
from imps.clp.state import Answer, State
from imps.clp.turn import Services
from imps.model.account import Account
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.model.text import IncomingText, TextOutcome, TextState
from imps.sap.rounds import Rounds
from imps.sap.texts import TAKE_SECONDS, NotYet
from imps.store.errors import StoreError
from imps.store.lines import StoredLines
from imps.store.phones import NoSuchOwner
from imps.store.wakeups import Wakeups

KEEP_SECONDS = 20
MOST_TRIES = 3
MOST_SHOWN = 100
LONGEST_LINE = 2000
"""How many octets a line may have."""

T = TypeVar("T")
_LOGIN = re.compile(r"\s*LOGIN\s+(\S+)\s+(.+)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"[ \t]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def as_line(text: str) -> str:
    """A text in one line, so that no part of it can be taken for another text, nor for something
    that a terminal does: a slash stands for each break, a blank for other control characters."""
    return _CONTROL.sub(" ", _BREAK.sub(" / ", text.strip()))


class IConnection(Protocol):
    """What a line goes over."""

    has_room: bool

    def say(self, line: str) -> bool:
        """Show a line, if anybody is there."""

    def hang_up(self) -> None:
        """Close, once what was said is sent."""


@define(eq=False)
class Lines:
    """What the lines of this process stand on."""

    services: Services
    dialogue: Dialogue
    events: Events
    sessions: PhoneSessions
    places: Places
    stored: StoredLines
    wakeups: Wakeups
    clock: IReactorTime
    log: Logger = field(factory=Logger, init=False)


@define(eq=False)
class Line:
    """A line, and its user once there is one; ``source`` is where it comes from."""

    _lines: Lines
    _connection: IConnection
    _source: str
    id: str = field(default="", init=False)
    _user: Address | None = field(default=None, init=False)
    _language: str = field(default="", init=False)
    _tries: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)
    _shown: deque[str] = field(factory=lambda: deque(maxlen=MOST_SHOWN), init=False)
    _rounds: Rounds | None = field(default=None, init=False)
    _looking: bool = field(default=False, init=False)
    _again: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)
    _delay: Deferred[None] = field(factory=lambda: succeed(None), init=False)

    @property
    def is_known(self) -> bool:
        """Whether somebody has logged in."""
        return self._user is not None

    async def take(self, said: str) -> None:
        """Do what a line says. All that can go wrong is told to whoever has said it."""
        try:
            await self._take(said)
        except CancelledError:
            return
        except (StoreError, TimeoutError) as problem:
            self._lines.log.debug("A line is not answered: {problem}", problem=problem)
            self.say("E23")
        except Exception:
            self._lines.log.failure("A line could not be answered")
            self.say("E23")
        if self._user is None and self._tries >= MOST_TRIES:
            self._connection.hang_up()

    async def _take(self, said: str) -> None:
        if not said.strip():
            return
        login = _LOGIN.fullmatch(said)
        if self._user is None:
            self._tries += 1
            if login is None:
                self.say("line_login")
            else:
                await self._log_in(login[1], login[2])
        elif login is not None:
            # It holds a password, and must not be said to anybody.
            self.say("line_is", name=self._user.user)
        else:
            await self._answer(self._user, said)

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        doing = Deferred.fromCoroutine(work)
        try:
            return await doing.addTimeout(TAKE_SECONDS, self._lines.clock)
        except FirstError as gathered:
            # Of several things that were waited for, the first to be interrupted.
            if gathered.subFailure.check(CancelledError) is None:
                raise
            raise TimeoutError from None

    def say(self, text_id: str, **values: object) -> None:
        """Show a text of the catalogue."""
        catalogue = self._lines.services.catalogues.get(self._language)
        self._connection.say(as_line(catalogue.say(text_id, **values)))

    async def _log_in(self, name: str, password: str) -> None:
        lines = self._lines
        try:
            account = await self._in_time(
                lines.services.authentication.by_password(
                    Address.parse(name), self._source, password
                )
            )
        except Refusal as refusal:
            if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                self.say("E23")
            elif refusal.code is StatusCode.FORBIDDEN:
                self.say("E22")
            else:
                self.say("E21", n=MOST_TRIES - self._tries)
            return
        try:
            await self._begin(account)
        except BaseException:
            self.say("E23")
            self._connection.hang_up()
            raise
        await self._answer(account.address, "ON")

    async def _begin(self, account: Account) -> None:
        """The line is this user's; another one that was is over."""
        lines, self._user = self._lines, account.address
        self.id = lines.stored.new_id(self._user)
        self._language = (await lines.services.states.get(self._user)).language
        # Whoever comes wants to hear something, also if a line was stopped.
        await lines.services.phones.start(line_of(self._user))
        before = await lines.stored.take(self._user, self.id)
        if before:
            await lines.stored.wake(before)
        lines.places.open(self._user, self)
        await lines.wakeups.listen(self.id, self.woken)
        self._rounds = Rounds(
            self._prolong, KEEP_SECONDS, "A line was not looked after", lines.clock
        )
        self._rounds.start()
        lines.log.info("A line of {user} is open", user=str(self._user))

    async def _answer(self, user: Address, said: str) -> None:
        self._count += 1
        text = IncomingText(
            id=f"line:{self.id}:{self._count}",
            gateway="line",
            sender=line_of(user),
            number="",
            received_at=self._lines.clock.seconds(),
            body=said,
        )
        while True:
            try:
                await self._in_time(self._answer_text(user, text))
            except NotYet as wish:
                if self._is_over:
                    return
                wait = max(0.0, wish.until - self._lines.clock.seconds())
                self._delay = deferLater(self._lines.clock, wait)
                await self._delay
            else:
                return

    async def _answer_text(self, user: Address, text: IncomingText) -> None:
        account = await self._account_of(user)
        if account is None:
            return

        async def send(answer: Answer) -> None:
            is_said = all(self._connection.say(as_line(each)) for each in answer.replies)
            if is_said and answer.shown is not None:
                await self._lines.events.shown(
                    TextOutcome(
                        id=f"shown:{text.id}",
                        text_id=text.id,
                        to=text.sender,
                        state=TextState.DELIVERED,
                        at=self._lines.clock.seconds(),
                        about=about_message(user, answer.shown.message_id),
                    )
                )

        await self._lines.dialogue.answer(account, text, normal(text.body), send)
        self._language = (await self._lines.services.states.get(user)).language

    async def _account_of(self, user: Address) -> Account | None:
        """The user's account; where there is none any more that may be used, the line is over."""
        account = await self._lines.services.directory.find(user)
        if account is not None and not account.suspended:
            return account
        self.say("E22")
        self._connection.hang_up()
        return None

    def show(self, text_id: str, body: str) -> bool | None:
        """Show a text that tells of something (``places.ILine``)."""
        if text_id in self._shown:
            return False
        if not self._connection.has_room:
            return None
        self._shown.append(text_id)
        self._connection.say(as_line(body))
        return True

    def woken(self) -> None:
        """There may be something for the line, or there is room for it again."""
        if self._looking:
            self._again = True
        elif self._user is not None:
            self._looking = True
            Deferred.fromCoroutine(self._look_while_woken())

    async def _look_while_woken(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                await self._look()
        except StoreError as problem:
            self._lines.log.debug("A line was not looked after: {problem}", problem=problem)
        except Exception:
            self._lines.log.failure("A line could not be looked after")
        finally:
            self._looking = False

    async def _prolong(self) -> None:
        """Have the session go on, as the user is still there."""
        user, lines = self._user, self._lines
        if user is not None:
            with suppress(Refusal):
                await lines.sessions.prolong(await lines.services.states.get(user))
        await self._look()

    async def _look(self) -> None:
        """Say that the line is there, and have its user told what waits; the line is over if the
        user is on another one by now."""
        user, lines = self._user, self._lines
        if user is None:
            return
        if not await lines.stored.keep(user, self.id):
            self.say("line_elsewhere")
            self._connection.hang_up()
            return
        if await self._account_of(user) is None:
            return
        await lines.events.tell_user(user)

    def wait_no_more(self) -> None:
        """The connection is gone: what was to be done later is not done."""
        self._is_over = True
        self._delay.cancel()

    async def leave(self) -> None:
        """The connection is gone: so is the user, unless on another line by now."""
        user, self._user = self._user, None
        if user is None:
            return
        lines = self._lines
        if self._rounds is not None:
            self._rounds.stop()
        lines.wakeups.forget(self.id, self.woken)
        lines.places.close(user, self)
        lines.log.info("A line of {user} is closed", user=str(user))
        if await lines.stored.leave(user, self.id):
            with suppress(NoSuchOwner):
                await self._sign_off(user)

    async def _sign_off(self, user: Address) -> None:
        services = self._lines.services
        state: State = await services.states.get(user)
        if await self._lines.sessions.end_on_line(state):
            await services.states.change(user, signed_off(state.session_id))
        # What was on its way to the line, and what waits, may be for the user's phone.
        await services.phones.tell_at(user, self._lines.clock.seconds())
