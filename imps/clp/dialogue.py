"""The dialogue with a phone: each text is read, carried out, and answered, once.

A text may be done again where that was interrupted. It then meets the dialogue as it was when it
first came (``state.Arrival``), does again what has an id of its own and so does nothing twice, and
gets the same answer under the same id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp import access, contacts, im, pin, presence, session
from imps.clp.budget import heard, may_send, sent
from imps.clp.catalogue import nearest
from imps.clp.changes import answered, arrived, done, exchanged, numbered
from imps.clp.commands import COMMANDS, OPT_IN, OPT_OUT, Command, Needs
from imps.clp.event_texts import within_limits
from imps.clp.grammar import (
    Asked,
    Chosen,
    Doubtful,
    Mistaken,
    Nothing,
    Reading,
    Said,
    first_word,
    names_in,
    normal,
    numbers_in,
    read,
)
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.references import Argument
from imps.clp.reply_numbers import lent, partner_of
from imps.clp.state import State, print_of
from imps.clp.strangers import answer_stranger, welcome
from imps.clp.telling import LONGEST_TEXT
from imps.clp.turn import Services, Turn, without_signature
from imps.model.account import Account
from imps.model.address import Address
from imps.model.short_message import how_many
from imps.model.status import Refusal, StatusCode
from imps.model.text import IncomingText, OutgoingText
from imps.sap.texts import Texts, TooManyTexts

DOUBLE_SECONDS = 10
SILENT_SECONDS = 600
MISTAKES = 3
ANSWER_SECONDS = 3600
"""For how long an answer is worth sending."""

Serve = Callable[[Turn, dict[str, Argument]], Awaitable[None]]

_SESSION_IS_GONE = (
    StatusCode.SESSION_EXPIRED,
    StatusCode.FORCED_LOGOUT,
    StatusCode.INVALID_SESSION,
)


@define(eq=False)
class Dialogue:
    """Answers what phones send."""

    _services: Services
    _sessions: PhoneSessions
    _texts: Texts
    _clock: IReactorTime
    _most_sms: int
    _serve: dict[str, Serve] = field(init=False)
    _log = Logger()

    @_serve.default
    def _served(self) -> dict[str, Serve]:
        sessions = self._sessions
        return {
            "on": session.on,
            "off": partial(session.off, sessions=sessions),
            "unlink": partial(session.unlink, sessions=sessions),
            "me": session.me,
            "help": session.help,
            "info": session.info,
            "lang": session.lang,
            "push": partial(session.push, sessions=sessions),
            "report": session.report,
            "copy": partial(session.copy, sessions=sessions),
            "quiet": session.quiet,
            "more": session.more,
            "set": session.set_item,
            "pin": self._give_pin,
            "link": self._link,
            "joinme": self._join,
            "stop": self._stop,
            "start": self._start,
            "yes": partial(self._answer_prompt, accepted=True),
            "no": partial(self._answer_prompt, accepted=False),
            "who": presence.who,
            "get": presence.get,
            "free": presence.free,
            "busy": presence.busy,
            "away": presence.away,
            "status": presence.status,
            "mood": presence.mood,
            "watch": presence.watch,
            "unwatch": presence.unwatch,
            "watchers": presence.watchers,
            "allow": presence.allow,
            "deny": presence.deny,
            "forget": presence.forget,
            "show": presence.show,
            "add": contacts.add,
            "remove": contacts.remove,
            "nick": contacts.nick,
            "list": contacts.list_contacts,
            "lists": contacts.lists,
            "newlist": contacts.new_list,
            "dellist": contacts.delete_list,
            "main": contacts.main,
            "send": im.send,
            "say": im.say,
            "chat": im.chat,
            "end": im.end,
            "read": im.read,
            "drop": im.drop,
            "fwd": im.forward,
            "block": access.block,
            "unblock": access.unblock,
            "grant": access.grant,
            "ungrant": access.ungrant,
            "blocked": access.blocked,
            "granted": access.granted,
            "onlygranted": access.only_granted,
        }

    @property
    def served(self) -> frozenset[str]:
        """The ids of the commands that are carried out."""
        return frozenset(self._serve)

    async def take(self, text: IncomingText) -> bool:
        """Answer a text, unless it is for a program on the phone's side."""
        if text.octets is not None or text.port is not None:
            return False
        terms = self._services.terms
        if text.sender in (terms.number, *terms.reply_pool):
            return True
        body = without_signature(text.body[:LONGEST_TEXT], self._services.terms)
        account = await self._services.directory.with_msisdn(text.sender)
        if account is None:
            now = self._clock.seconds()
            replies = await answer_stranger(self._services, text.sender, text.id, body, now=now)
            await self._send(text, replies)
        else:
            await self._answer(account, text, body)
        return True

    async def _answer(self, account: Account, text: IncomingText, body: str) -> None:
        services, now = self._services, self._clock.seconds()
        is_heard = self._stands_for(body, OPT_IN) or self._stands_for(body, OPT_OUT)
        if not is_heard and await services.phones.is_stopped(text.sender):
            return
        state = await services.states.get(account.address)
        before = state.replies_to(text.id)
        if before is not None:
            await self._send(text, before)
            return
        print = print_of(self._without_secret(body))
        if _is_ignored(state, text, print, now):
            self._log.info("The text {id} is ignored", id=text.id)
            return
        if state.arrival is None or state.arrival.id != text.id:
            state = await services.states.change(
                account.address,
                arrived(text.id, print, text.sent_at, now),
                heard(services.terms.texts_a_minute, now),
            )
        partner = partner_of(state, text.number, services.terms.reply_pool)
        if partner is not None:
            state = await services.states.change(account.address, lent(*partner, now))
        turn = Turn(
            services=services,
            account=account,
            phone=text.sender,
            text_id=text.id,
            operation_id=sha256(f"{text.sender} {text.id}".encode()).hexdigest()[:32],
            now=now,
            state=state,
            body=body,
            partner=str(partner[1]) if partner is not None else "",
            is_heard=is_heard,
        )
        if (state.heard[0] < 0 or state.is_loop(print, now)) and not is_heard:
            _warn(turn)
        else:
            await self._carry_out_once(turn, body)
        turn.change(exchanged(print, turn.replies, now))
        await self._finish(turn, text)

    async def _finish(self, turn: Turn, text: IncomingText) -> None:
        """Have the dialogue go on from here, and the answers go out."""
        terms = turn.services.terms
        limits = terms.replies_a_minute, terms.replies_an_hour
        count = sum(map(how_many, turn.replies))
        if not (turn.is_heard or may_send(turn.state, count, *limits, turn.now)):
            turn.replies.clear()
            _warn(turn)
            count = len(turn.replies)
        turn.change(sent(count, *limits, turn.now), done(text.id, turn.replies, turn.now))
        await turn.services.states.change(turn.user, *turn.changes)
        await self._send(text, turn.replies)
        for each in turn.afterwards:
            await each()

    async def _send(self, text: IncomingText, replies: Sequence[str]) -> None:
        # All that is said to a phone that wants to hear nothing is that this is so.
        is_stopped = bool(replies) and await self._services.phones.is_stopped(text.sender)
        for number, body in enumerate(replies):
            answer = OutgoingText(
                id=f"clp:{text.id}:{number}",
                to=text.sender,
                body=body,
                validity_seconds=ANSWER_SECONDS,
                answer=True,
                despite_stop=is_stopped,
            )
            try:
                await self._texts.send(within_limits(answer, self._most_sms))
            except TooManyTexts:
                self._log.warn("Too many texts wait for a phone: {id} is not answered", id=text.id)
                return

    async def _carry_out_once(self, turn: Turn, body: str) -> None:
        """Carry out what a text asks for; once more in a new session if the old one is over. Where
        the PIN is wanted for it, that is asked for instead."""
        try:
            await self._carry_out_in_session(turn, body)
        except pin.PinWanted:
            await pin.ask(turn)

    async def _carry_out_in_session(self, turn: Turn, body: str) -> None:
        try:
            await self._carry_out(turn, await self._reading(turn, body))
        except Refusal as refusal:
            if refusal.code not in _SESSION_IS_GONE:
                turn.fail(refusal.code)
            else:
                turn.session = None
                turn.note(session_id="")
                try:
                    await self._carry_out(turn, await self._reading(turn, body))
                except Refusal as again:
                    turn.fail(again.code)

    async def _reading(self, turn: Turn, body: str) -> Reading:
        await turn.read_contacts()
        turn.change(numbered((each.address for each in turn.people), turn.now))
        arrival = turn.state.arrival
        is_own = arrival is not None and arrival.is_open and not body.startswith("/")
        users = {} if is_own else await self._users_named(turn, body)
        hidden = await self._hidden_in(turn, body)
        return read(body, turn.known(users, hidden), turn.vocabulary)

    async def _hidden_in(self, turn: Turn, body: str) -> frozenset[str]:
        """The numbers in a text whose users do not want to be named by them."""
        hidden = set()
        for number in numbers_in(body):
            account = await turn.services.directory.with_msisdn(number)
            if account is not None and account.address != turn.user:
                state = await turn.services.states.get(account.address)
                if state.hides_number:
                    hidden.add(number)
        return frozenset(hidden)

    async def _users_named(self, turn: Turn, body: str) -> dict[str, Address]:
        users = {}
        for name in names_in(body):
            account = await turn.services.directory.find(Address(name, None, turn.user.domain))
            if account is not None:
                users[name] = account.address
        return users

    async def _carry_out(self, turn: Turn, reading: Reading) -> None:
        match reading:
            case Nothing():
                return
            case Asked(command, word, arguments):
                await self._command(turn, command, word, dict(arguments))
            case Said() if not turn.offers(COMMANDS["send"]):
                turn.mistaken("E24", word="SEND")
            case Said(body) if turn.partner:
                await self._sign_on(turn)
                await im.say_to(turn, Address.parse(turn.partner), body)
            case Said(body):
                await self._sign_on(turn)
                await im.said(turn, body)
            case Chosen(number):
                await self._sign_on(turn)
                await im.chosen(turn, number)
            case Doubtful(body, unknown):
                await self._doubt(turn, body, unknown)
            case Mistaken(error, values, about):
                _say_mistake(turn, error, dict(values), about)
        _count_mistakes(turn, is_wrong=_is_wrong(turn, reading))

    async def _command(
        self, turn: Turn, command: Command, word: str, arguments: dict[str, Argument]
    ) -> None:
        if not turn.offers(command):
            turn.mistaken("E24", word=word.upper())
            return
        if command.confirms and not turn.is_confirmed:
            pin.check(turn, pin.DELETING_SECONDS)
        elif command.id == "on":
            pin.check(turn, pin.SIGNING_ON_SECONDS)
        if command.needs is Needs.SESSION:
            await self._sign_on(turn)
        await self._serve[command.id](turn, arguments)
        if command.id == "on" and turn.services.terms.wants_pin and turn.state.pin is None:
            turn.say("pin_none")
        if command.needs is Needs.SESSION and not turn.state.is_known:
            # The first time, whoever has got here is told what there is.
            turn.note(is_known=True)
            if command.id not in ("help", "yes", "no"):
                turn.replies.append(turn.catalogue.help("", turn.vocabulary))

    async def _sign_on(self, turn: Turn) -> None:
        if not await self._sessions.is_on(turn.state):
            pin.check(turn, pin.SIGNING_ON_SECONDS)
        await session.sign_on(turn, self._sessions)

    async def _doubt(self, turn: Turn, body: str, unknown: str) -> None:
        arrival = turn.state.arrival
        assert arrival is not None
        target = arrival.since[-1] if arrival.since else arrival.target
        number = await turn.ask("doubt", target, body, seconds=600)
        name = turn.name(Address.parse(target))
        turn.say("doubt", name=unknown, start=body, target=name, prompt=number)

    async def _answer_prompt(
        self, turn: Turn, arguments: dict[str, Argument], accepted: bool
    ) -> None:
        arrival, number = turn.state.arrival, arguments.get("num")
        assert arrival is not None
        prompts = turn.state.questions_at(turn.now)
        waiting = [each for each in prompts if each.number in arrival.prompts]
        if isinstance(number, int):
            waiting = [each for each in waiting if each.number == number]
        if not waiting:
            turn.mistaken("E60")
            return
        if len(waiting) > 1:
            turn.say("which", numbers=", ".join(str(each.number) for each in waiting))
            return
        prompt = waiting[0]
        turn.change(answered(prompt.number))
        if prompt.kind == "auth":
            await presence.answer(turn, Address.parse(prompt.about), accepted)
        elif prompt.kind == "doubt":
            target = Address.parse(prompt.about)
            await im.doubted(turn, prompt.number, target, prompt.text, accepted)
        elif accepted:
            turn.is_confirmed, turn.confirmed_name = True, prompt.text
            reading = read(prompt.about, turn.known({}), turn.vocabulary)
            if isinstance(reading, Mistaken) and reading.command is COMMANDS["dellist"]:
                # It is gone already.
                turn.say("dellist", name=prompt.text)
            else:
                await self._carry_out(turn, reading)
        else:
            turn.say("kept")

    async def _give_pin(self, turn: Turn, arguments: dict[str, Argument]) -> None:
        async def carry_out(turn: Turn) -> None:
            await self._carry_out(turn, await self._reading(turn, turn.body))

        await pin.give(turn, arguments, carry_out)

    async def _link(self, turn: Turn, arguments: dict[str, Argument]) -> None:
        named = turn.services.directory.at_home(Address.parse(str(arguments["word"])))
        is_same = named == turn.user
        turn.say("linked" if is_same else "linked_already", name=turn.user.user)

    async def _join(self, turn: Turn, _: dict[str, Argument]) -> None:
        turn.replies.append(welcome(turn.catalogue, turn.account))

    async def _stop(self, turn: Turn, _: dict[str, Argument]) -> None:
        """The phone is told that it hears nothing any more, and hears nothing any more."""
        if await turn.services.phones.stop(turn.phone):
            turn.say("stopped", service=turn.services.terms.service)
        await self._sessions.end(turn.state)
        turn.session = None
        turn.note(session_id="", is_on=False, target="", since=(), pages=(), held=None)

    async def _start(self, turn: Turn, _: dict[str, Argument]) -> None:
        await turn.services.phones.start(turn.phone)
        await turn.services.phones.tell_at(turn.user, turn.now + session.ANSWER_SECONDS)
        turn.say("started")

    def _stands_for(self, body: str, command: Command) -> bool:
        catalogues = self._services.catalogues
        keywords = catalogues.vocabulary(catalogues.default).keywords
        keyword = keywords.get(normal(body).casefold())
        return keyword is not None and keyword.command is command

    def _without_secret(self, body: str) -> str:
        """A text as far as it may be kept, also in a form from which it could be guessed."""
        catalogues = self._services.catalogues
        word = first_word(body)
        keywords = (catalogues.vocabulary(code).keywords.get(word) for code in catalogues.of)
        is_secret = any(each and each.command.id in ("pin", "link") for each in keywords)
        return word if is_secret else body


def _is_ignored(state: State, text: IncomingText, print: str, now: float) -> bool:
    """Whether a text is our own that somebody sends back, or was doubled on its way."""
    if print in state.echoes:
        return True
    last = state.arrival
    return (
        last is not None
        and last.id != text.id
        and last.print == print
        and text.sent_at is not None
        and last.sent_at == text.sent_at
        and now - last.at < DOUBLE_SECONDS
    )


def _say_mistake(turn: Turn, error: str, values: dict[str, object], about: Command | None) -> None:
    if error == "E02":
        assert about is not None
        turn.mistaken("usage", usage=turn.catalogue.usage(about, str(values["word"])))
        return
    if error == "E01":
        near = nearest(str(values["word"]), turn.vocabulary)
        if near:
            turn.mistaken("E01_near", list=" / ".join(near), **values)
            return
    turn.mistaken(error, **values)


def _is_wrong(turn: Turn, reading: Reading) -> bool:
    """Whether what was written is nothing that could be done, however things are."""
    if isinstance(reading, Mistaken):
        return reading.error in ("E01", "E02")
    return isinstance(reading, Said) and turn.is_mistaken and not turn.state.target


def _count_mistakes(turn: Turn, *, is_wrong: bool) -> None:
    """Say less and less to whoever goes on writing what means nothing: it may be a machine."""
    if not is_wrong:
        if turn.state.mistakes:
            turn.note(mistakes=0)
        return
    if turn.now < turn.state.silent_until:
        turn.replies.clear()
    elif turn.state.mistakes + 1 >= MISTAKES:
        turn.replies[:] = [turn.catalogue.help("", turn.vocabulary)]
        turn.note(mistakes=0, silent_until=turn.now + SILENT_SECONDS)
    else:
        turn.note(mistakes=turn.state.mistakes + 1)


def _warn(turn: Turn) -> None:
    """Say once in a while that it is too much."""
    if turn.now - turn.state.warned_at > SILENT_SECONDS:
        turn.note(warned_at=turn.now)
        turn.say("too_fast")
