"""Whom the user takes messages from, by text: BLOCK, GRANT, BLOCKED, GRANTED and ONLYGRANTED."""

from __future__ import annotations

from collections.abc import Iterable

from imps.clp.references import Argument, Person
from imps.clp.telling import short
from imps.clp.turn import Turn
from imps.model.access import AS_IT_IS, AccessChange, AccessList, Entity, EntityKind

Arguments = dict[str, Argument]


async def block(turn: Turn, arguments: Arguments) -> None:
    """Take nothing from somebody."""
    change = AccessChange(is_in_use=True, added=_entity(arguments))
    await _change(turn, arguments, "block", block=change)


async def unblock(turn: Turn, arguments: Arguments) -> None:
    """Take messages from somebody again."""
    await _change(turn, arguments, "unblock", block=AccessChange(removed=_entity(arguments)))


async def grant(turn: Turn, arguments: Arguments) -> None:
    """Take messages from somebody even where only few may send them."""
    await _change(turn, arguments, "grant", grant=AccessChange(added=_entity(arguments)))


async def ungrant(turn: Turn, arguments: Arguments) -> None:
    """Take that back."""
    await _change(turn, arguments, "ungrant", grant=AccessChange(removed=_entity(arguments)))


async def blocked(turn: Turn, _: Arguments) -> None:
    """Who is blocked."""
    _say(turn, "blocked", (await turn.services.access.lists(turn.caller)).block)


async def granted(turn: Turn, _: Arguments) -> None:
    """Who is granted."""
    _say(turn, "granted", (await turn.services.access.lists(turn.caller)).grant)


async def only_granted(turn: Turn, arguments: Arguments) -> None:
    """Take messages from those who are granted alone, or from all who are not blocked."""
    is_on = arguments["choice"] == "ON"
    await turn.services.access.change(turn.caller, grant=AccessChange(is_in_use=is_on))
    turn.say("only_on" if is_on else "only_off")


async def _change(
    turn: Turn,
    arguments: Arguments,
    said: str,
    block: AccessChange = AS_IT_IS,
    grant: AccessChange = AS_IT_IS,
) -> None:
    person = arguments["ref"]
    assert isinstance(person, Person)
    outcome = await turn.services.access.change(turn.caller, block, grant)
    if turn.check(outcome, person.address, person.name):
        turn.say(said, name=turn.name(person.address), reference=turn.reference(person.address))


def _entity(arguments: Arguments) -> tuple[Entity, ...]:
    person = arguments["ref"]
    assert isinstance(person, Person)
    return (Entity(EntityKind.USER, person.address),)


def _say(turn: Turn, text_id: str, said: AccessList) -> None:
    switch = turn.catalogue.word("yes" if said.is_in_use else "no")
    names = list(_names(turn, said.entities)) or [turn.text("nobody_there")]
    turn.say_list(text_id, names, switch=switch)


def _names(turn: Turn, entities: Iterable[Entity]) -> Iterable[str]:
    for each in entities:
        if each.kind is EntityKind.USER:
            yield short(turn.name(each.address))
        elif each.kind is EntityKind.CONTACT_LIST:
            yield f"*{each.address.resource}"
        else:
            yield each.name or f"#{each.address.resource}"
