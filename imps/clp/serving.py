"""What a text asks for is carried out: each command by the module of its element."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from attrs import define, field

from imps.clp import access, contacts, im, pin, presence, session
from imps.clp.changes import answered
from imps.clp.commands import COMMANDS, Command, Needs
from imps.clp.grammar import Asked, Chosen, Doubtful, Mistaken, Nothing, Reading, Said, read
from imps.clp.mistakes import count_mistakes, is_wrong, say_mistake
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.reading import reading_of
from imps.clp.references import Argument
from imps.clp.strangers import leave_old_phone, welcome
from imps.clp.turn import Turn
from imps.model.address import Address

Serve = Callable[[Turn, dict[str, Argument]], Awaitable[None]]


@define(eq=False)
class Serving:
    """Carries out what texts ask for."""

    _sessions: PhoneSessions
    _serve: dict[str, Serve] = field(init=False)

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

    async def carry_out(self, turn: Turn, reading: Reading) -> None:
        """Do it, or say why not. Refused as the elements refuse it; raises PinWanted."""
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
            case Mistaken():
                say_mistake(turn, reading)
        count_mistakes(turn, is_wrong=is_wrong(turn, reading))

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
        if command.id == "on" and turn.wants_pin and turn.state.pin is None:
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
                await self.carry_out(turn, reading)
        else:
            turn.say("kept")

    async def _give_pin(self, turn: Turn, arguments: dict[str, Argument]) -> None:
        async def carry_out(turn: Turn) -> None:
            await self.carry_out(turn, await reading_of(turn, turn.body))

        await pin.give(turn, arguments, carry_out)

    async def _link(self, turn: Turn, arguments: dict[str, Argument]) -> None:
        named = turn.services.directory.at_home(Address.parse(str(arguments["word"])))
        arrival = turn.state.arrival
        assert arrival is not None
        if named == turn.user:
            await leave_old_phone(turn.services, turn.phone, turn.text_id, turn.account)
            turn.say("linked", name=turn.user.user)
        elif (arrival.is_open or turn.partner) and not turn.body.startswith("/"):
            turn.say("link_kept", name=turn.user.user)
        else:
            turn.say("linked_already", name=turn.user.user)

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
