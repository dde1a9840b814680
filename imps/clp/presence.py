"""Presence by text: WHO, GET, FREE, BUSY, AWAY, STATUS, MOOD, WATCH, ALLOW, DENY and others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from imps.clp.changes import answered
from imps.clp.references import Argument, ContactListNamed, Person, referring
from imps.clp.state import Change, State, Watched
from imps.clp.telling import WANTED, Seen, in_words, numbered_name, seen_in, short, with_tail
from imps.clp.turn import Turn
from imps.model.address import Address
from imps.model.presence import (
    EVERY_ATTRIBUTE,
    Attribute,
    AttributeList,
    Availability,
    PresenceValue,
    Target,
    TargetKind,
    WatcherStatus,
)
from imps.model.status import Refusal, StatusCode

Arguments = dict[str, Argument]

WATCHED = frozenset((Attribute.ONLINE_STATUS, Attribute.USER_AVAILABILITY, Attribute.STATUS_TEXT))
"""The attributes of which a change is told."""

_BASIC = frozenset((Attribute.ONLINE_STATUS, Attribute.USER_AVAILABILITY))
_SHOWN = {"ALL": EVERY_ATTRIBUTE, "BASIC": _BASIC, "NONE": frozenset[Attribute]()}
_SHOWN_WORDS = {"ALL": "all", "BASIC": "basic", "NONE": "nothing"}


async def seen_of(
    turn: Turn, users: Iterable[Address], contact_lists: Iterable[Address] = ()
) -> dict[Address, Seen]:
    """What the user may see of users, and of those in contact lists."""
    presence, lists = turn.services.presence, tuple(contact_lists)
    got = await presence.get(turn.caller, tuple(users), lists, WANTED)
    return {each.publisher: seen_in(each) for each in got.presences}


async def friends_online(turn: Turn) -> list[Person]:
    """The contacts of whom the user may see that they are on line."""
    lists = [each.address for each in turn.contact_lists]
    seen = await seen_of(turn, (), lists) if lists else {}
    names = turn.names
    people = (names.person(address) for address, each in seen.items() if each.is_online)
    return sorted(people, key=lambda each: each.number or 1000)


async def who(turn: Turn, arguments: Arguments) -> None:
    """Who of the contacts is on line, or of one list; and who is not, if that is asked for."""
    named = arguments.get("list")
    lists = [each.address for each in turn.contact_lists]
    if isinstance(named, ContactListNamed):
        lists = [named.address]
    seen = await seen_of(turn, (), lists) if lists else {}
    people = sorted(map(turn.names.person, seen), key=lambda each: (each.number or 1000, each.name))
    online = [each for each in people if seen[each.address].is_online]
    others = [each for each in _people_in(turn, lists) if each not in online]
    items = [_shown(turn, each, seen[each.address]) for each in online]
    if arguments.get("choice") == "ALL":
        _say_all(turn, items, [numbered_name(each) for each in others])
        return
    rest = turn.text("who_offline", n=len(others)) if others else ""
    if not items:
        turn.replies.append(turn.text("who_none") + rest)
        return
    turn.say_list("who", items)
    if len(turn.state.pages) == 0:
        turn.replies[-1] += rest


def _say_all(turn: Turn, online: Sequence[str], offline: Sequence[str]) -> None:
    if online and offline:
        # A list in a list: its beginning stands behind the end of the first.
        begin, _, _ = turn.text("who_all", list="\0").partition("\0")
        turn.say_list("who", [*online[:-1], f"{online[-1]}. {begin}{offline[0]}", *offline[1:]])
    elif online:
        turn.say_list("who", online)
    elif offline:
        turn.say_list("who_all", offline)
    else:
        turn.say("who_none")


def _people_in(turn: Turn, lists: Iterable[Address]) -> list[Person]:
    wanted = set(lists)
    addresses = {
        each.address
        for contact_list in turn.contact_lists
        if contact_list.address in wanted
        for each in contact_list.contacts or ()
    }
    return [each for each in turn.people if each.address in addresses]


def _shown(turn: Turn, person: Person, seen: Seen) -> str:
    words = in_words(seen, turn.catalogue, is_long=False)
    plain = turn.catalogue.word("online")
    return numbered_name(person) if words == plain else f"{numbered_name(person)} {words}"


async def get(turn: Turn, arguments: Arguments) -> None:
    """How somebody is."""
    person = _person(arguments)
    presence = turn.services.presence
    got = await presence.get(turn.caller, [person.address], (), WANTED)
    if not turn.check(got.outcome, person.address):
        return
    seen = seen_in(got.presences[0]) if got.presences else Seen()
    name = turn.name(person.address)
    if seen.is_anything:
        turn.say("presence", name=name, list=in_words(seen, turn.catalogue, is_long=True))
    else:
        turn.say("not_shared", name=name)


async def free(turn: Turn, arguments: Arguments) -> None:
    """The user is free, with a text or without."""
    await _be(turn, Availability.AVAILABLE, "free", arguments)


async def busy(turn: Turn, arguments: Arguments) -> None:
    """The user is busy."""
    await _be(turn, Availability.DISCREET, "busy", arguments)


async def away(turn: Turn, arguments: Arguments) -> None:
    """The user is away."""
    await _be(turn, Availability.NOT_AVAILABLE, "away", arguments)


async def _be(turn: Turn, availability: Availability, word: str, arguments: Arguments) -> None:
    text = str(arguments.get("rest", ""))
    values = {
        Attribute.USER_AVAILABILITY: _value(availability.value),
        Attribute.STATUS_TEXT: _value(text),
    }
    await turn.services.presence.publish(turn.caller, values)
    if text:
        said = turn.text("now_text", word=turn.catalogue.word(word), text=text)
        turn.replies.append(with_tail(said, "", turn.services.terms.fits))
    else:
        turn.say("now", word=turn.catalogue.word(word))


async def status(turn: Turn, arguments: Arguments) -> None:
    """A text for others to see; without one, the one that there is."""
    text = str(arguments.get("rest", ""))
    if text:
        await turn.services.presence.publish(turn.caller, {Attribute.STATUS_TEXT: _value(text)})
    else:
        seen = await seen_of(turn, [turn.user])
        text = seen[turn.user].text or "" if turn.user in seen else ""
    if text:
        said = turn.text("status", text=text)
        turn.replies.append(with_tail(said, "", turn.services.terms.fits))
    else:
        turn.say("status_none")


async def mood(turn: Turn, arguments: Arguments) -> None:
    """The user's mood."""
    word = {"INLOVE": "IN_LOVE"}.get(str(arguments["choice"]), str(arguments["choice"]))
    await turn.services.presence.publish(turn.caller, {Attribute.STATUS_MOOD: _value(word)})
    turn.say("mood", word=turn.catalogue.word(word))


def _value(text: str) -> PresenceValue:
    return PresenceValue(content=(("PresenceValue", text),))


async def watch(turn: Turn, arguments: Arguments) -> None:
    """Be told when somebody comes or goes, or those in a list."""
    users, lists, name = _whom(turn, arguments)
    reference = turn.reference(users[0]) if users else f"*{referring(name.removeprefix('*'))}"
    outcome = await turn.services.presence.subscribe(
        turn.caller, users, lists, WATCHED, follows=None
    )
    if not turn.check(outcome, users[0] if users else None, name):
        return
    turn.change(_watches(users, lists))
    turn.say("watch", name=name, reference=reference)


async def unwatch(turn: Turn, arguments: Arguments) -> None:
    """Be told no more."""
    if arguments.get("choice") == "ALL":
        users = [Address.parse(each) for each in turn.state.watches]
        lists = [Address.parse(each) for each in turn.state.watched_lists]
    else:
        users, lists, name = _whom(turn, arguments)
    if users or lists:
        await turn.services.presence.unsubscribe(turn.caller, users, lists)
    turn.change(_watches(not_users=users, not_lists=lists))
    if arguments.get("choice") == "ALL":
        turn.say("unwatch_all")
    else:
        turn.say("unwatch", name=name)


async def watch_again(turn: Turn) -> None:
    """What the user watches is watched in a new session, too; how it is now is no news."""
    users = [Address.parse(each) for each in turn.state.watches]
    lists = [Address.parse(each) for each in turn.state.watched_lists]
    turn.note(watched={})
    for some_users, some_lists in ((users, []), ([], lists)):
        if some_users or some_lists:
            try:
                await turn.services.presence.subscribe(
                    turn.caller, some_users, some_lists, WATCHED, follows=None
                )
            except Refusal as refusal:
                if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                    raise


def _watches(
    users: Iterable[Address] = (),
    lists: Iterable[Address] = (),
    *,
    not_users: Iterable[Address] = (),
    not_lists: Iterable[Address] = (),
) -> Change:
    more_users, more_lists = _names(users), _names(lists)
    less_users, less_lists = _names(not_users), _names(not_lists)

    def change(state: State) -> State:
        watches = dict.fromkeys((*state.watches, *more_users))
        watched_lists = dict.fromkeys((*state.watched_lists, *more_lists))
        watched = {name: each for name, each in state.watched.items() if name not in less_users}
        watched.update({each: Watched() for each in more_users})
        return evolve(
            state,
            watches=tuple(each for each in watches if each not in less_users),
            watched_lists=tuple(each for each in watched_lists if each not in less_lists),
            watched=watched,
        )

    return change


def _names(addresses: Iterable[Address]) -> tuple[str, ...]:
    return tuple(each.canonical for each in addresses)


async def watchers(turn: Turn, _: Arguments) -> None:
    """Who watches the user, who waits for an answer, and who got none."""
    found = await turn.services.presence.watchers(turn.caller)
    answers = await turn.services.authorization.answers(turn.caller)
    named: dict[Address, str] = {
        each: "" for each, how in found.items() if how is WatcherStatus.CURRENT_SUBSCRIBER
    }
    for watcher, said in answers.items():
        if said.pending and not said.granted:
            named[watcher] = f" ({turn.catalogue.word('waiting')})"
        elif said.denied and not said.granted:
            named[watcher] = f" ({turn.catalogue.word('no')})"
    if not named:
        turn.say("watchers_none")
        return
    turn.say_list("watchers", [short(turn.name(each)) + how for each, how in named.items()])


async def allow(turn: Turn, arguments: Arguments) -> None:
    """Let somebody see the user's presence, all of it or whether the user is there."""
    person = _person(arguments)
    shown = AttributeList(_SHOWN[str(arguments.get("choice", "BASIC"))])
    if await _show(turn, person, shown):
        turn.say("allow", name=turn.name(person.address))


async def deny(turn: Turn, arguments: Arguments) -> None:
    """Let somebody see nothing."""
    person = _person(arguments)
    if await _show(turn, person, AttributeList()):
        turn.say("deny", name=turn.name(person.address))


async def _show(turn: Turn, person: Person, shown: AttributeList) -> bool:
    target = Target(TargetKind.USER, person.address)
    outcome = await turn.services.attribute_lists.create(turn.caller, {target: shown})
    _ask_no_more(turn, person.address)
    return turn.check(outcome, person.address)


async def forget(turn: Turn, arguments: Arguments) -> None:
    """Forget what was said of somebody, so that the user is asked again."""
    person = _person(arguments)
    target = Target(TargetKind.USER, person.address)
    outcome = await turn.services.attribute_lists.delete(turn.caller, [target])
    if turn.check(outcome, person.address):
        await turn.services.authorization.cancel(turn.caller, person.address)
        _ask_no_more(turn, person.address)
        turn.say("forget")


async def show(turn: Turn, arguments: Arguments) -> None:
    """What those in a contact list see of the user."""
    named = arguments["list"]
    assert isinstance(named, ContactListNamed)
    choice = str(arguments["choice"])
    target = Target(TargetKind.CONTACT_LIST, named.address)
    shown = AttributeList(_SHOWN[choice])
    outcome = await turn.services.attribute_lists.create(turn.caller, {target: shown})
    if turn.check(outcome, name=named.name):
        word = turn.catalogue.word(_SHOWN_WORDS[choice])
        turn.say("show", name=named.name, word=word)


async def answer(turn: Turn, watcher: Address, accepted: bool) -> None:
    """Let somebody who has asked see that, or not (CSP, PresenceAuth)."""
    await turn.services.authorization.answer(turn.caller, watcher, accepted, None)
    turn.say("allow" if accepted else "deny", name=turn.name(watcher))


def _ask_no_more(turn: Turn, watcher: Address) -> None:
    for each in turn.state.prompts_at(turn.now):
        if each.kind == "auth" and Address.parse(each.about) == watcher:
            turn.change(answered(each.number))


def _whom(turn: Turn, arguments: Arguments) -> tuple[list[Address], list[Address], str]:
    named = arguments.get("list")
    if isinstance(named, ContactListNamed):
        return [], [named.address], f"*{named.name}"
    person = _person(arguments)
    return [person.address], [], turn.name(person.address)


def _person(arguments: Arguments) -> Person:
    person = arguments["ref"]
    assert isinstance(person, Person)
    return person
