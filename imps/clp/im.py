"""Messages by text: SEND, SAY, CHAT, READ, DROP, FWD; and what is simply written to somebody."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from imps.clp.changes import HELD_SECONDS, answered, message_numbered
from imps.clp.references import Argument, ContactListNamed, Person, Recipient
from imps.clp.state import Arrival, Held, Shown
from imps.clp.telling import joined, short
from imps.clp.turn import Turn
from imps.elements.interfaces import Sent
from imps.model.address import Address
from imps.model.message import Content, Draft, Message
from imps.model.status import Refusal, StatusCode

Arguments = dict[str, Argument]

MOST_CHOICES = 9
_START = 20


async def send(turn: Turn, arguments: Arguments) -> None:
    """Send a message to people and lists; a single person is talked to from then on."""
    recipients = _recipients(arguments)
    people = [each for each in recipients if isinstance(each, Person)]
    await _send(turn, recipients, str(arguments["rest"]))
    if len(recipients) == 1 and people and not turn.is_mistaken:
        turn.talk_to(people[0].address)


async def _send(
    turn: Turn, recipients: Iterable[Recipient], body: str, operation_id: str = ""
) -> None:
    draft = evolve(
        _draft(recipients),
        content=Content(octets=body.encode("utf-8", "replace")),
        wants_report=turn.state.reports,
    )
    caller = turn.caller
    if operation_id:
        caller = evolve(caller, operation_id=operation_id)
    _say_sent(turn, await turn.services.im.send(caller, draft), draft)


def _draft(recipients: Iterable[Recipient]) -> Draft:
    named = list(recipients)
    return Draft(
        content=Content(),
        users=tuple(each.address for each in named if isinstance(each, Person)),
        contact_lists=tuple(each.address for each in named if isinstance(each, ContactListNamed)),
    )


def _say_sent(turn: Turn, sent: Sent, draft: Draft) -> None:
    """Say whom it has not reached; that it has reached somebody, only to who wants to know."""
    failures = sent.outcome.failures
    missed = [user for each in failures for user in each.users]
    if failures and len(draft.recipients) == 1:
        about = missed[0] if missed else None
        lists = [each.resource or "" for failure in failures for each in failure.contact_lists]
        turn.fail(failures[0].code, about, lists[0] if lists else "")
    elif failures:
        lists = [f"*{each.resource}" for failure in failures for each in failure.contact_lists]
        turn.mistaken("E61", names=joined([*map(turn.name, missed), *lists]))
    elif turn.state.reports:
        names = [turn.name(each) for each in draft.users]
        names += [f"*{each.resource}" for each in draft.contact_lists]
        turn.say("sent", names=joined(names), time=turn.moment(turn.now))


async def say(turn: Turn, arguments: Arguments) -> None:
    """Send a text to whoever is talked to."""
    await said(turn, str(arguments["rest"]))


async def said(turn: Turn, body: str) -> None:
    """Send a text that is no command: to the one who has written since the user's last text, else
    to whoever is talked to; if several have written, ask to whom."""
    arrival = _arrival(turn)
    if arrival.held is not None:
        turn.say("dropped", start=arrival.held.text[:_START])
        turn.note(held=None)
    if len(arrival.since) > 1:
        _ask_to_whom(turn, arrival.since, body)
        return
    target = arrival.since[0] if arrival.since else arrival.target if arrival.is_open else ""
    if not target:
        turn.mistaken("nobody")
        return
    await say_to(turn, Address.parse(target), body)


async def say_to(turn: Turn, address: Address, body: str, operation_id: str = "") -> None:
    """Send a text to somebody, who is talked to from then on."""
    await _send(turn, [turn.names.person(address)], body, operation_id)
    turn.talk_to(address)


def _ask_to_whom(turn: Turn, since: tuple[str, ...], body: str) -> None:
    among = since[-MOST_CHOICES:]
    held = Held(
        text=body,
        operation_id=turn.operation_id,
        among=among,
        until=turn.now + HELD_SECONDS,
    )
    turn.note(held=held)
    names = [f"{n} {short(turn.name(Address.parse(each)))}" for n, each in enumerate(among, 1)]
    numbers = [str(n) for n in range(1, len(among) + 1)]
    some = f"{', '.join(numbers[:-1])} {turn.text('or')} {numbers[-1]}"
    turn.say("to_whom", list=" ".join(names), numbers=some)


async def chosen(turn: Turn, number: int) -> None:
    """Send the text that was held to the one of this number, or to nobody."""
    held = _arrival(turn).held
    if held is None or number > len(held.among):
        turn.mistaken("E60")
        return
    turn.note(held=None)
    if number == 0:
        turn.say("not_sent")
    else:
        address = Address.parse(held.among[number - 1])
        await say_to(turn, address, held.text, held.operation_id)


async def chat(turn: Turn, arguments: Arguments) -> None:
    """Talk to somebody from now on."""
    person = arguments.get("ref")
    if not isinstance(person, Person):
        turn.mistaken("E24", word="CHAT #")
        return
    turn.talk_to(person.address)
    turn.say("chat", name=turn.name(person.address))


async def end(turn: Turn, _: Arguments) -> None:
    """Talk to nobody any more."""
    turn.note(target="", since=())
    turn.say("end")


async def read(turn: Turn, arguments: Arguments) -> None:
    """Say what waits, or one of these messages."""
    if "group" in arguments:
        turn.mistaken("E24", word="READ #")
        return
    number = arguments.get("num")
    if isinstance(number, int):
        await _read_message(turn, number)
        return
    waiting = await turn.services.im.waiting(turn.open_session.id, MOST_CHOICES)
    if not waiting.messages:
        turn.say("waiting_none")
        return
    turn.change(message_numbered(each.message_id for each in waiting.messages))
    items = [_waits(turn, each) for each in waiting.messages]
    first = turn.state.messages[waiting.messages[0].message_id]
    turn.say_list("waiting", items, n=waiting.count, number=first)


def _waits(turn: Turn, message: Message) -> str:
    number = turn.state.messages[message.message_id]
    time = turn.moment(message.sent_at)
    name = short(turn.name(message.sender))
    if is_text(message):
        size = message.content.size
        return turn.text("waits", number=number, name=name, time=time, size=size)
    what = described(turn, message)
    return turn.text("waits_content", number=number, name=name, time=time, what=what)


async def _read_message(turn: Turn, number: int) -> None:
    message = await _message(turn, number)
    if message is None:
        return
    name = turn.name(message.sender)
    text = message.content.text
    if text is None:
        turn.say("content", name=name, what=described(turn, message))
        return
    head = turn.text("message_late", name=name, time=turn.moment(message.sent_at), body="")
    show = Shown(message_id=message.message_id, expires_at=message.expires_at)
    turn.say_pages(turn.pieces(head + text, turn.text("more")), show)
    turn.talk_to(message.sender)


async def _message(turn: Turn, number: int) -> Message | None:
    message_id = turn.state.message_of(number)
    if message_id is None:
        turn.mistaken("E62", name=number)
        return None
    try:
        return await turn.services.im.fetch(turn.open_session.id, message_id)
    except Refusal as refusal:
        if refusal.code is not StatusCode.INVALID_MESSAGE_ID:
            raise
        turn.mistaken("E62", name=number)
        return None


async def drop(turn: Turn, arguments: Arguments) -> None:
    """Throw a message away; its sender is told."""
    number = arguments["num"]
    message_id = turn.state.message_of(number) if isinstance(number, int) else None
    if message_id is None:
        turn.mistaken("E62", name=number)
        return
    outcome = await turn.services.im.reject(turn.caller, [message_id])
    if turn.check(outcome, name=str(number)):
        turn.say("thrown", number=number)


async def forward(turn: Turn, arguments: Arguments) -> None:
    """Send a message that waits on to others."""
    number = arguments["num"]
    message_id = turn.state.message_of(number) if isinstance(number, int) else None
    if message_id is None:
        turn.mistaken("E62", name=number)
        return
    draft = evolve(_draft(_recipients(arguments)), wants_report=turn.state.reports)
    try:
        sent = await turn.services.im.forward(turn.caller, message_id, draft)
    except Refusal as refusal:
        turn.fail(refusal.code, name=str(number))
        return
    _say_sent(turn, sent, draft)


async def doubted(turn: Turn, number: int, target: Address, body: str, accepted: bool) -> None:
    """Send what might have been a command, or not."""
    turn.change(answered(number))
    if accepted:
        await say_to(turn, target, body)
    else:
        turn.say("not_sent")


def is_text(message: Message) -> bool:
    """Whether a phone can show a message, when it is there as a whole."""
    return message.content.type.casefold().startswith("text/plain")


def described(turn: Turn, message: Message) -> str:
    """What a message holds that is no text."""
    is_picture = message.content.type.casefold().startswith("image/")
    size = max(1, round(message.content.size / 1024))
    return turn.text("picture" if is_picture else "file", size=size)


def _recipients(arguments: Arguments) -> tuple[Recipient, ...]:
    recipients = arguments["rcpts"]
    assert isinstance(recipients, tuple)
    if not all(isinstance(each, Person | ContactListNamed) for each in recipients):
        raise Refusal(StatusCode.SERVICE_NOT_SUPPORTED)
    return recipients


def _arrival(turn: Turn) -> Arrival:
    assert turn.state.arrival is not None
    return turn.state.arrival
