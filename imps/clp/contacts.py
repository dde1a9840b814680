"""Contact lists by text: ADD, REMOVE, NICK, LIST, LISTS, NEWLIST, DELLIST and MAIN."""

from __future__ import annotations

from imps.clp.changes import numbered
from imps.clp.references import Argument, ContactListNamed, Person, quoted
from imps.clp.telling import clean, numbered_name, short
from imps.clp.turn import Turn
from imps.model.address import Address
from imps.model.contacts import FIRST_CONTACT_LIST, Change, Contact, ContactList, Properties
from imps.model.status import Refusal, StatusCode

Arguments = dict[str, Argument]


async def add(turn: Turn, arguments: Arguments) -> None:
    """Add somebody to a list, the main one unless another is named, which is made if there is
    none. Who is there already stays, maybe by another name."""
    person = _person(arguments)
    nickname = str(arguments.get("name", ""))
    target = await _list_to_add_to(turn, arguments)
    contact = Contact(person.address, nickname)
    managed = await turn.services.contacts.change(
        turn.caller, target, Change(added=(contact,)), with_contacts=False
    )
    if not turn.check(managed.outcome, person.address, person.name):
        return
    await _read_again(turn)
    added = turn.names.person(person.address)
    turn.say("added", name=turn.name(added.address), number=added.number or "-")


async def _list_to_add_to(turn: Turn, arguments: Arguments) -> Address:
    named = arguments.get("list")
    if isinstance(named, ContactListNamed):
        return named.address
    default = next((each.address for each in turn.contact_lists if each.is_default), None)
    if default is not None:
        return default
    # The user has deleted all lists.
    address = turn.user.resource_named(FIRST_CONTACT_LIST)
    await turn.services.contacts.create(turn.caller, address)
    return address


async def remove(turn: Turn, arguments: Arguments) -> None:
    """Remove somebody from a list, or from all: once that is confirmed, if it was the last."""
    person, named = _person(arguments), arguments.get("list")
    holding = [each.address for each in turn.contact_lists if _holds(each, person.address)]
    if not holding and not turn.is_confirmed:
        turn.mistaken("E11", name=turn.name(person.address))
        return
    chosen = [named.address] if isinstance(named, ContactListNamed) else holding
    name = turn.confirmed_name or turn.name(person.address)
    if not turn.is_confirmed and not set(holding) - set(chosen):
        suffix = f" *{quoted(named.name)}" if isinstance(named, ContactListNamed) else ""
        command = f"/remove {quoted(str(person.address))}{suffix}"
        await turn.confirm("remove_ask", command, name=name)
        return
    for each in chosen:
        change = Change(removed=(person.address,))
        await turn.services.contacts.change(turn.caller, each, change, with_contacts=False)
    await _read_again(turn)
    turn.say("removed", name=name)


def _holds(contact_list: ContactList, user: Address) -> bool:
    return any(each.address == user for each in contact_list.contacts or ())


async def nick(turn: Turn, arguments: Arguments) -> None:
    """Call somebody otherwise, in all lists."""
    person, name = _person(arguments), str(arguments["name"])
    holding = [each.address for each in turn.contact_lists if _holds(each, person.address)]
    if not holding:
        turn.mistaken("E11", name=turn.name(person.address))
        return
    for each in holding:
        change = Change(added=(Contact(person.address, name),))
        await turn.services.contacts.change(turn.caller, each, change, with_contacts=False)
    await _read_again(turn)
    number = turn.names.person(person.address).number
    turn.say("nick", number=number or "-", name=clean(name))


async def list_contacts(turn: Turn, arguments: Arguments) -> None:
    """The contacts with their numbers, in one list or in the main one."""
    named = arguments.get("list")
    wanted = named.address if isinstance(named, ContactListNamed) else None
    chosen = next(
        (
            each
            for each in turn.contact_lists
            if each.address == wanted or (wanted is None and each.is_default)
        ),
        None,
    )
    if chosen is None:
        turn.say("lists_none")
        return
    name = chosen.address.resource or ""
    people = {each.address: each for each in turn.people}
    items = [numbered_name(people[each.address]) for each in chosen.contacts or ()]
    if items:
        turn.say_list("list", items, " ", name=name)
    else:
        turn.say("list_empty", name=name)


async def lists(turn: Turn, _: Arguments) -> None:
    """The contact lists, and how many are in each."""
    if not turn.contact_lists:
        turn.say("lists_none")
        return
    main = turn.text("main_list")
    items = [
        f"*{short(each.address.resource or '')} "
        f"({len(each.contacts or ())}{', ' + main if each.is_default else ''})"
        for each in turn.contact_lists
    ]
    turn.say_list("lists", items)


async def new_list(turn: Turn, arguments: Arguments) -> None:
    """Make a contact list."""
    name = str(arguments["newlist"])
    address = turn.user.resource_named(name.replace(" ", "_"))
    try:
        await turn.services.contacts.create(
            turn.caller, address, properties=Properties(display_name=name)
        )
    except Refusal as refusal:
        turn.fail(refusal.code, name=name)
        return
    turn.say("newlist", name=address.resource)


async def delete_list(turn: Turn, arguments: Arguments) -> None:
    """Delete a contact list, once that is confirmed."""
    named = _list(arguments)
    if not turn.is_confirmed:
        found = next((each for each in turn.contact_lists if each.address == named.address), None)
        count = len(found.contacts or ()) if found else 0
        await turn.confirm(
            "dellist_ask", f"/dellist {quoted(named.name)}", name=named.name, n=count
        )
        return
    await turn.services.contacts.delete(turn.caller, named.address)
    await _read_again(turn)
    turn.say("dellist", name=named.name)


async def main(turn: Turn, arguments: Arguments) -> None:
    """Choose the list to which contacts are added."""
    named = _list(arguments)
    change = Change(properties=Properties(is_default=True))
    await turn.services.contacts.change(turn.caller, named.address, change, with_contacts=False)
    turn.say("main", name=named.name)


async def _read_again(turn: Turn) -> None:
    await turn.read_contacts()
    turn.change(numbered((each.address for each in turn.people), turn.now))


def _list(arguments: Arguments) -> ContactListNamed:
    named = arguments.get("list") or arguments.get("listname")
    if not isinstance(named, ContactListNamed):
        raise Refusal(StatusCode.NO_SUCH_CONTACT_LIST)
    return named


def _person(arguments: Arguments) -> Person:
    person = arguments["ref"]
    assert isinstance(person, Person)
    return person
