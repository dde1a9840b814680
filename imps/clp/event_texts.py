"""Texts that tell of what waits for a user: messages, presence, questions and reports."""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import evolve, frozen

from imps.clp.changes import ASKED_SECONDS, HINT_SECONDS, message_numbered, wrote
from imps.clp.im import described, is_text
from imps.clp.presence import WATCHED
from imps.clp.reply_numbers import lent, number_for
from imps.clp.state import Change, Out, State, Watched
from imps.clp.telling import (
    LATE_SECONDS,
    Seen,
    availability_word,
    in_words,
    pieces,
    seen_in,
    short,
)
from imps.clp.turn import Turn
from imps.elements.presence_view import MOST_OCTETS
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.events import AuthorizationAsked, MessageReported, MessageWaits
from imps.model.message import Message
from imps.model.status import Refusal, StatusCode
from imps.model.text import OutgoingText
from imps.store.deliveries import InFlight, News

ALERT_SECONDS = 15 * 60
SHORTEST_SECONDS = 60
EVENT_SECONDS = 86_400


@frozen
class Told:
    """A text that tells of something, and how the dialogue goes on once it is on its way."""

    out: Out | None = None
    changes: tuple[Change, ...] = ()


_NOTHING = Told()


async def told(turn: Turn, flight: InFlight, content_url: str = "") -> Told:
    """What a text tells of what is next for a session."""
    match flight.what:
        case Message() as message:
            return _of_message(turn, message)
        case MessageWaits(message_id=message_id):
            return await _of_waiting(turn, message_id, content_url)
        case MessageReported() as report:
            return _of_report(turn, report)
        case AuthorizationAsked(watcher=watcher):
            return await _of_question(turn, watcher, flight.transaction_id)
        case tuple() as news:
            return await _of_presence(turn, news, flight.transaction_id)
    return _NOTHING


def _of_message(turn: Turn, message: Message) -> Told:
    """A message: who says what, and when if that is a while ago; and how a stranger is added,
    where there is room for that."""
    body = said_by(turn, message, message.content.text or "")
    changes = [wrote(message.sender.canonical, turn.now)]
    number = number_for(turn.state, message.sender, turn.reply_pool, turn.now)
    if number:
        changes.append(lent(number, message.sender, turn.now))
    is_contact = any(each.address == message.sender for each in turn.people)
    hinted = turn.state.hinted.get(message.sender.canonical, -HINT_SECONDS)
    # To a number that stands for somebody, there is nothing to text but messages.
    if not (number or is_contact) and turn.now - hinted >= HINT_SECONDS:
        reference = turn.reference(message.sender)
        with_hint = body + turn.text("hint", reference=reference)
        if turn.services.terms.fits(with_hint):
            body = with_hint
            changes.append(_hinted(message.sender, turn.now))
    out = Out(
        id=f"clp:{turn.user.canonical}:{message.message_id}",
        body=body,
        validity_seconds=validity(message.expires_at, turn.now),
        message_id=message.message_id,
        number=number,
    )
    return Told(out, tuple(changes))


def said_by(turn: Turn, message: Message, body: str) -> str:
    """What a message says, as it is told: by whom, and when if that is a while ago."""
    name = short(turn.name(message.sender))
    if turn.now - message.sent_at <= LATE_SECONDS:
        return turn.text("message", name=name, body=body)
    time = turn.moment(message.sent_at)
    return turn.text("message_late", name=name, time=time, body=body)


async def _of_waiting(turn: Turn, message_id: str, content_url: str) -> Told:
    """A message that is too long for a text, or that the user wants to be told of alone: its
    beginning, or what it is."""
    assert turn.session is not None
    try:
        message = await turn.services.im.fetch(turn.session.id, message_id)
    except Refusal:
        return _NOTHING
    numbering = message_numbered([message_id])
    turn.state = numbering(turn.state)
    number = turn.state.messages[message_id]
    name, text = short(turn.name(message.sender)), message.content.text
    changes: tuple[Change, ...] = (numbering,)
    if text is None or not is_text(message):
        body = await _of_content(turn, message, name, number, content_url)
    elif turn.session.capabilities.delivery_method is DeliveryMethod.NOTIFY:
        size = message.content.size
        body = turn.text("notice", number=number, name=name, size=size)
    else:
        whole = said_by(turn, message, text)
        rest = turn.how_many(turn.pieces(whole, turn.text("more"))) - turn.services.terms.most_sms
        tail = turn.text("cut", n=max(1, rest), number=number)
        body = turn.pieces(whole, tail)[0]
        changes = (*changes, wrote(message.sender.canonical, turn.now))
    out = Out(
        id=f"clp:{turn.user.canonical}:n:{message_id}",
        body=body,
        validity_seconds=validity(message.expires_at, turn.now),
    )
    return Told(out, changes)


async def _of_content(
    turn: Turn, message: Message, name: str, number: int, content_url: str
) -> str:
    """What is no text: where it can be seen, if it can."""
    what = described(turn, message)
    if content_url and turn.session is not None:
        links = await turn.services.im.link(turn.session.id, [message.message_id])
        if message.message_id in links:
            url = f"{content_url.rstrip('/')}/content/{links[message.message_id]}"
            return turn.text("message", name=name, body=f"{what} {url}")
    if turn.state.notices:
        return turn.text("notice_content", number=number, name=name, what=what)
    return turn.text("content", name=name, what=what)


def _of_report(turn: Turn, report: MessageReported) -> Told:
    """What became of a message, for who wants to know that."""
    if not turn.state.reports:
        return _NOTHING
    name = turn.name(report.recipient)
    time = turn.moment(report.at)
    is_there = report.code in (StatusCode.OK, StatusCode.MESSAGE_FORWARDED)
    text_id = "got" if is_there else "not_delivered"
    values = {"name": name, "time": time} if is_there else {"name": name}
    key = f"{report.message_id}:{report.recipient.canonical}:{report.code}"
    return Told(_event(turn, f"r:{key}", turn.text(text_id, **values)))


async def _of_question(turn: Turn, watcher: Address, key: str) -> Told:
    """That somebody wants to see the user's presence, as far as that is still asked."""
    questions = await turn.services.presence.questions(turn.user, [watcher])
    if watcher not in questions or not questions[watcher].is_open:
        return _NOTHING
    number = await turn.ask("auth", watcher.canonical, seconds=ASKED_SECONDS)
    body = turn.text("asks", name=turn.name(watcher), prompt=number)
    return Told(_event(turn, key, body))


async def _of_presence(turn: Turn, news: Sequence[News], key: str) -> Told:
    """How those who are watched are now, where that is not as it was: each at most once in a
    while, and of later changes then."""
    told = await turn.services.presence.told(turn.caller, news, MOST_OCTETS)
    return await of_publishers(turn, [each.publisher for each in told.presences], key)


async def of_publishers(turn: Turn, publishers: Sequence[Address], key: str) -> Told:
    """How publishers are by now, as far as that is news and not too soon after the last."""
    if not publishers:
        return _NOTHING
    got = await turn.services.presence.get(turn.caller, publishers, (), WATCHED)
    watched = dict(turn.state.watched)
    lines: list[str] = []
    for each in got.presences:
        name, seen = each.publisher.canonical, seen_in(each)
        before, shown = watched.get(name, Watched()), _print(seen)
        if not (before.shown and seen.is_anything):
            # What it was is not known, or what it is: that is no news.
            shown = shown if seen.is_anything else ""
            watched[name] = Watched(shown=shown, alerted=before.alerted)
        elif shown == before.shown:
            watched[name] = evolve(before, waits=False)
        elif turn.now - before.alerted < ALERT_SECONDS:
            # It is told later, as it will be by then.
            watched[name] = evolve(before, waits=True)
        else:
            lines.append(_alert(turn, each.publisher, seen, before.shown))
            watched[name] = Watched(shown=shown, alerted=turn.now)
    changes = (lambda state: evolve(state, watched=watched),)
    if not lines:
        return Told(changes=changes)
    body = turn.pieces("\n".join(lines), "...")[0]
    return Told(_event(turn, key, body), changes)


def within_limits(text: OutgoingText, most_sms: int) -> OutgoingText:
    """A text of no more SMS than the operator allows."""
    fitting = pieces(text.body, most_sms, "...", within_latin_1=text.within_latin_1)
    return evolve(text, body=fitting[0])


def _event(turn: Turn, key: str, body: str) -> Out:
    """What tells of an event; the key is the event's own in its session."""
    session_id = turn.session.id if turn.session else ""
    return Out(id=f"clp:{session_id}:{key}", body=body, validity_seconds=EVENT_SECONDS)


def validity(expires_at: float, now: float) -> int:
    """For how many seconds a text is valid that tells a message."""
    return max(SHORTEST_SECONDS, int(expires_at - now))


def about_message(user: Address, message_id: str) -> str:
    """What whoever watches a text gets back: whose it is, and which message it tells, if one."""
    return json.dumps([user.canonical, message_id])


def _hinted(sender: Address, now: float) -> Change:
    def change(state: State) -> State:
        recent = {name: at for name, at in state.hinted.items() if now - at < HINT_SECONDS}
        return evolve(state, hinted={**recent, sender.canonical: now})

    return change


def _print(seen: Seen) -> str:
    """What tells how somebody is from how that one was."""
    return f"{availability_word(seen)}\n{seen.text or ''}"


def _alert(turn: Turn, publisher: Address, seen: Seen, before: str) -> str:
    """How somebody is now: come, gone, or changed."""
    name = turn.name(publisher)
    if seen.is_online is False:
        return turn.text("goes", name=name)
    came = before.startswith(("offline", "None"))
    if came and availability_word(seen) in ("online", "free") and not seen.text:
        return turn.text("comes", name=name)
    return turn.text("presence", name=name, list=in_words(seen, turn.catalogue, is_long=False))
