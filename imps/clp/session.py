"""Signing on and off by text, and how the user wants it: ON, OFF, STOP, LANG, QUIET and others."""

from __future__ import annotations

import re
from functools import partial

from attrs import evolve

from imps.clp.phone_sessions import PhoneSessions
from imps.clp.presence import friends_online, seen_of, watch_again
from imps.clp.references import Argument
from imps.clp.state import Change, State
from imps.clp.strangers import becomes_strange
from imps.clp.telling import in_words, numbered_name, with_tail, zone_of
from imps.clp.turn import Turn
from imps.model.presence import Attribute, PresenceValue

Arguments = dict[str, Argument]

ANSWER_SECONDS = 2
"""After how long what has waited is told: once the text that it has waited for is answered."""

MOST_FRIENDS = 3
"""How many of those who are on line are named to whoever signs on."""

_COMM_CAP = PresenceValue(
    content=tuple(("CommC", (("Cap", means), ("Status", "OPEN"))) for means in ("IM", "SMS"))
)


async def sign_on(turn: Turn, sessions: PhoneSessions) -> bool:
    """See that the user is signed on; whether that was not so before."""
    session, is_new = await sessions.signed_on(turn.account, turn.phone, turn.state)
    turn.session = session
    if not is_new:
        return False
    turn.note(session_id=session.id, is_on=True, on_since=turn.now)
    await turn.services.presence.publish(turn.caller, {Attribute.COMM_CAP: _COMM_CAP})
    await watch_again(turn)
    await turn.services.phones.tell_at(turn.user, turn.now + ANSWER_SECONDS)
    return True


async def on(turn: Turn, _: Arguments) -> None:
    """Say that the user is on line, who else is, and what waits."""
    friends = await friends_online(turn)
    waiting = await turn.services.im.waiting(turn.open_session.id, 0)
    for most in range(MOST_FRIENDS, -1, -1):
        people = ", ".join(map(numbered_name, friends[:most]))
        # The text goes on with a full stop.
        more = ".." if len(friends) > most else ""
        among = turn.text("friends_online", n=len(friends), people=people + more)
        said = turn.text("online", name=turn.name(turn.user), friends=among, n=waiting.count)
        if turn.services.terms.fits(said):
            break
    turn.replies.append(said)


async def off(turn: Turn, _: Arguments, sessions: PhoneSessions) -> None:
    """Sign off."""
    await sessions.end(turn.state)
    turn.change(signed_off(turn.state.session_id))
    turn.session = None
    turn.say(f"offline_{turn.services.terms.offline}")


def signed_off(session_id: str) -> Change:
    """A user's session is over, and with it whatever was going on, unless there is a new one."""

    def change(state: State) -> State:
        if state.session_id != session_id:
            return state
        return evolve(state, session_id="", is_on=False, target="", since=(), pages=(), watched={})

    return change


async def unlink(turn: Turn, arguments: Arguments, sessions: PhoneSessions) -> None:
    """The phone is no longer the user's, once that is confirmed."""
    if not turn.is_confirmed:
        await turn.confirm("unlink_ask", "/unlink", name=turn.name(turn.user))
        return
    await sessions.end(turn.state)
    turn.session = None
    said = turn.text("unlinked")
    await becomes_strange(turn.services, turn.phone, turn.text_id, [said], turn.user)
    account = await turn.services.directory.release_msisdn(turn.user)
    turn.replies.append(said)
    turn.afterwards.append(partial(turn.services.states.forget, account.address))


async def me(turn: Turn, _: Arguments) -> None:
    """How others may see the user, and how the user wants it."""
    seen = (await seen_of(turn, [turn.user])).get(turn.user)
    said = turn.text(
        "me",
        name=turn.name(turn.user),
        user=turn.user.user,
        presence=in_words(seen, turn.catalogue, is_long=False) if seen else "",
        time=turn.moment(turn.state.on_since),
        language=turn.catalogue.code.upper(),
        switch=turn.catalogue.word("on" if turn.state.reports else "off"),
    )
    turn.say_pages(turn.pieces(said, turn.text("more"), 1))


async def info(turn: Turn, _: Arguments) -> None:
    """Who runs the service."""
    terms = turn.services.terms
    said = turn.text("info", service=terms.service, text=terms.about)
    turn.replies.append(with_tail(said, terms.url, terms.fits))


async def help(turn: Turn, arguments: Arguments) -> None:
    """Help, on all or on something."""
    topic = str(arguments.get("topic", ""))
    turn.replies.append(turn.catalogue.help(topic, turn.vocabulary))


async def lang(turn: Turn, arguments: Arguments) -> None:
    """Choose a language, or name those there are."""
    code = str(arguments.get("language", "")).casefold()
    known = turn.services.catalogues.of
    if code in known:
        turn.note(language=code)
    if not code or code in known:
        turn.say("language", language=turn.catalogue.name)
    if code not in known:
        turn.say("languages", list=", ".join(each.upper() for each in known))


async def push(turn: Turn, arguments: Arguments, sessions: PhoneSessions) -> None:
    """Have messages come in full, or be told of them."""
    is_on = arguments["choice"] == "ON"
    turn.note(notices=not is_on)
    turn.session = await sessions.agree(turn.open_session, turn.state)
    turn.say("push_on" if is_on else "push_off")


async def report(turn: Turn, arguments: Arguments) -> None:
    """Be told what becomes of messages, or not."""
    is_on = arguments["choice"] == "ON"
    turn.note(reports=is_on)
    turn.say("report_on" if is_on else "report_off")


async def copy(turn: Turn, arguments: Arguments, sessions: PhoneSessions) -> None:
    """Have by text, too, what richer clients get."""
    is_on = arguments["choice"] == "ON"
    turn.note(copies=is_on)
    turn.session = await sessions.agree(turn.open_session, turn.state)
    turn.say("copy_on" if is_on else "copy_off")


async def quiet(turn: Turn, arguments: Arguments) -> None:
    """Have hours in which nothing comes that nobody asked for."""
    if arguments.get("choice") == "OFF":
        turn.note(quiet=None)
        await turn.services.phones.tell_at(turn.user, turn.now + ANSWER_SECONDS)
    elif "hours" in arguments:
        begin, end = map(int, str(arguments["hours"]).split("-"))
        if begin > 23 or end > 24 or begin == end % 24:
            turn.mistaken("usage", usage="QUIET 22-7")
            return
        turn.note(quiet=(begin, end))
    hours = turn.state.quiet
    if hours is None:
        turn.say("quiet_off")
    else:
        turn.say("quiet_on", hours=f"{hours[0]}-{hours[1]}", time=f"{hours[1] % 24}:00")


async def more(turn: Turn, _: Arguments) -> None:
    """The next part of what was told last."""
    if turn.state.pages:
        turn.say_pages(turn.state.pages, turn.state.pages_show)
    else:
        turn.say("no_more")


async def set_item(turn: Turn, arguments: Arguments) -> None:
    """Change the user's name, mood or time zone, or whether others may name the user by number."""
    item, value = str(arguments["choice"]), str(arguments["rest"]).strip()
    if item == "TZ":
        if zone_of(value) is None:
            turn.mistaken("usage", usage="SET TZ +2")
            return
        turn.note(zone=value)
    elif item == "PHONE":
        if value.upper() not in ("ON", "OFF"):
            turn.mistaken("usage", usage="SET PHONE ON")
            return
        is_hidden = value.upper() == "OFF"
        await turn.services.directory.change(turn.user, hides_number=is_hidden)
    else:
        attribute = Attribute.ALIAS if item == "NAME" else Attribute.STATUS_MOOD
        mood = re.sub(r"^INLOVE$", "IN_LOVE", value.upper())
        said = value if item == "NAME" else mood
        if item == "MOOD" and turn.catalogue.word(mood) == mood:
            turn.mistaken("usage", usage="MOOD HAPPY")
            return
        content = PresenceValue(content=(("PresenceValue", said),))
        await turn.services.presence.publish(turn.caller, {attribute: content})
    turn.say("saved")
