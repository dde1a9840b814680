"""What phones are told that they have not asked for: messages, presence, questions and reports.

One text is on its way to a phone at a time; the next is made when the gateway has that. Whatever
waits until then waits where it would for any client, and is told as it is by then.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import define, evolve, field, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp.im import described, is_text
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.presence import WATCHED
from imps.clp.state import (
    ASKED_SECONDS,
    HINT_SECONDS,
    Change,
    Out,
    State,
    Watched,
    handed_in,
    may_send,
    message_numbered,
    sent,
    settled,
    wrote,
)
from imps.clp.telling import (
    LATE_SECONDS,
    Seen,
    availability_word,
    in_words,
    lasts,
    moment,
    pieces,
    quiet_until,
    seen_in,
    short,
)
from imps.clp.turn import MOST_CHARACTERS, Services, Turn
from imps.elements.interfaces import IWork
from imps.elements.message_log import message_ended
from imps.model.account import Account
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.events import AuthorizationAsked, MessageReported, MessageWaits
from imps.model.message import Message
from imps.model.short_message import how_many
from imps.model.status import Refusal, StatusCode
from imps.model.text import OutgoingText, TextOutcome, TextState
from imps.sap.sessions import Session
from imps.sap.texts import Texts, TooManyTexts
from imps.store.deliveries import Acknowledgement, InFlight, News
from imps.store.phones import NoSuchOwner
from imps.store.work import Work

WATCHER = "clp"
ALERT_SECONDS = 15 * 60
MOST_SMS = 3
BUSY_SECONDS = 60
SHORTEST_SECONDS = 60
EVENT_SECONDS = 86_400
MOST_AT_A_TIME = 50

_CODES = {
    TextState.DELIVERED: StatusCode.OK,
    TextState.UNDELIVERED: StatusCode.UNABLE_TO_DELIVER,
    TextState.FAILED: StatusCode.UNABLE_TO_DELIVER,
    TextState.EXPIRED: StatusCode.MESSAGE_EXPIRED,
}


@frozen
class Told:
    """A text that tells of something, and how the dialogue goes on once it is on its way."""

    out: Out | None = None
    changes: tuple[Change, ...] = ()


_NOTHING = Told()


@define(eq=False)
class Events:
    """Tells phones what waits for their users."""

    _services: Services
    _sessions: PhoneSessions
    _texts: Texts
    _work: IWork
    _clock: IReactorTime
    _content_url: str = ""
    _log: Logger = field(factory=Logger, init=False)

    async def tell(self, work: Work) -> None:
        """Have a user told what waits, as far as that is to be told now."""
        user = Address.parse(work.details[0])
        account = await self._services.directory.find(user)
        if account is not None:
            await self._tell_if_wanted(account, work.record)

    async def _tell_if_wanted(self, account: Account, record: bytes = b"") -> None:
        if account.msisdn is None or await self._services.phones.is_stopped(account.msisdn):
            return
        try:
            await self._tell(account, account.msisdn, record)
        except (NoSuchOwner, Refusal) as problem:
            self._log.info("A phone is not told what waits: {problem}", problem=str(problem))

    async def _tell(self, account: Account, phone: str, record: bytes) -> None:
        state = await self._services.states.get(account.address)
        if state.out is not None:
            # Whether it was handed in is not known, if whoever did so was interrupted.
            await self._hand_in(account, phone, state.out)
            return
        turn = self._turn(account, phone, state)
        terms = self._services.terms
        limits = terms.replies_a_minute, terms.replies_an_hour
        until = quiet_until(state.quiet, turn.now, turn.zone)
        if until is None and not may_send(state, MOST_SMS, *limits, turn.now):
            until = turn.now + BUSY_SECONDS
        if until is not None:
            await self._services.phones.tell_at(account.address, until, record)
            return
        session = await self._session(account, phone, state)
        if session is None:
            return
        turn.session = session
        await turn.read_contacts()
        if not session.is_absent and await self._told_late(turn):
            return
        for _ in range(MOST_AT_A_TIME):
            if await self._told_next(turn, session):
                break
        else:
            await self._services.phones.tell_at(account.address, turn.now)
        state = await self._services.states.get(account.address)
        late = [each.alerted + ALERT_SECONDS for each in state.watched.values() if each.waits]
        if late and state.out is None:
            await self._services.phones.tell_at(account.address, min(late), record)

    def _turn(self, account: Account, phone: str, state: State) -> Turn:
        return Turn(
            services=self._services,
            account=account,
            phone=phone,
            text_id="",
            operation_id="",
            now=self._clock.seconds(),
            state=state,
        )

    async def _session(self, account: Account, phone: str, state: State) -> Session | None:
        """The session in which something may wait; one is opened for who is away, if messages are
        told then, too."""
        session = await self._sessions.existing(state)
        if session is not None:
            return session
        if self._services.terms.offline == "store" or not state.is_known:
            return None
        absent = evolve(state, notices=state.notices or self._services.terms.offline == "notify")
        session = await self._sessions.for_messages(account, phone, absent)
        await self._services.states.change(
            account.address, lambda now: evolve(now, session_id=session.id)
        )
        return session

    async def _told_next(self, turn: Turn, session: Session) -> bool:
        """Have the next thing told that waits in a session; False where there may be more, which is
        to be told at once, as nothing was to be said of this."""
        delivery = self._services.delivery
        flight = (await delivery.take(session.id)).in_flight
        if flight is None:
            return True
        is_message = isinstance(flight.what, Message)
        if is_message and await self._is_for_notice(turn, session, flight):
            return False
        told = await self._told(turn, flight)
        if told.out is not None:
            terms = self._services.terms
            limits = terms.replies_a_minute, terms.replies_an_hour
            count = sent(how_many(told.out.body), *limits, turn.now)
            change = handed_in(told.out, *told.changes, count)
            if (await self._services.states.change(turn.user, change)).out != told.out:
                # Somebody else tells this phone something.
                return True
        elif told.changes:
            await self._services.states.change(turn.user, *told.changes)
        if not is_message:
            says = Acknowledgement.TRANSACTION
            await delivery.take(session.id, says, flight.transaction_id, wanted=False)
        if told.out is None:
            if is_message:
                says = Acknowledgement.REFUSED
                await delivery.take(session.id, says, flight.transaction_id, wanted=False)
            return False
        if await self._hand_in(turn.account, turn.phone, told.out) or is_message:
            return True
        # It was told before, and nothing more will be said of it.
        await self._services.states.change(turn.user, settled(told.out.id))
        return False

    async def _told_late(self, turn: Turn) -> bool:
        """Have those changes told that had to wait because others were told just before."""
        due = [
            Address.parse(name)
            for name, each in turn.state.watched.items()
            if each.waits and turn.now - each.alerted >= ALERT_SECONDS
        ]
        if not due:
            return False
        told = await self._of_publishers(turn, due, f"late:{turn.now}")
        changes = [handed_in(told.out, *told.changes)] if told.out else told.changes
        turn.state = await self._services.states.change(turn.user, *changes)
        return told.out is not None and await self._hand_in(turn.account, turn.phone, told.out)

    async def _is_for_notice(self, turn: Turn, session: Session, flight: InFlight) -> bool:
        """Whether the user is to be told of a message instead of being told it; it waits then."""
        message = flight.what
        assert isinstance(message, Message)
        is_short = message.content.size <= 4 * MOST_CHARACTERS and is_text(message)
        if is_short and session.capabilities.delivery_method is DeliveryMethod.PUSH:
            body = message.content.text
            if body is not None and lasts(f"{turn.name(message.sender)}: {body}", MOST_SMS):
                return False
        await self._services.delivery.take(
            session.id, Acknowledgement.REFUSED, flight.transaction_id, wanted=False
        )
        return True

    async def _told(self, turn: Turn, flight: InFlight) -> Told:
        match flight.what:
            case Message() as message:
                return self._of_message(turn, message)
            case MessageWaits(message_id=message_id):
                return await self._of_waiting(turn, message_id)
            case MessageReported() as report:
                return self._of_report(turn, report)
            case AuthorizationAsked(watcher=watcher):
                return await self._of_question(turn, watcher, flight.transaction_id)
            case tuple() as news:
                return await self._of_presence(turn, news, flight.transaction_id)
        return _NOTHING

    def _of_message(self, turn: Turn, message: Message) -> Told:
        """A message: who says what, and when if that is a while ago; and how a stranger is added,
        where there is room for that."""
        name = short(turn.name(message.sender))
        body = self._said_by(turn, name, message, message.content.text or "")
        changes = [wrote(str(message.sender), turn.now)]
        is_contact = any(each.address == message.sender for each in turn.people)
        hinted = turn.state.hinted.get(message.sender.canonical, -HINT_SECONDS)
        if not is_contact and turn.now - hinted >= HINT_SECONDS:
            address = str(message.sender).removeprefix("wv:")
            with_hint = body + turn.text("hint", address=address)
            if lasts(with_hint):
                body = with_hint
                changes.append(_hinted(message.sender, turn.now))
        out = Out(
            id=f"clp:{turn.user.canonical}:{message.message_id}",
            body=body,
            validity_seconds=_validity(message, turn.now),
            message_id=message.message_id,
        )
        return Told(out, tuple(changes))

    def _said_by(self, turn: Turn, name: str, message: Message, body: str) -> str:
        if turn.now - message.sent_at <= LATE_SECONDS:
            return turn.text("message", name=name, body=body)
        time = moment(message.sent_at, turn.now, turn.zone)
        return turn.text("message_late", name=name, time=time, body=body)

    async def _of_waiting(self, turn: Turn, message_id: str) -> Told:
        """A message that is too long for a text, or that the user wants to be told of alone: its
        beginning, or what it is."""
        assert turn.session is not None
        try:
            message = await self._services.im.fetch(turn.session.id, message_id)
        except Refusal:
            return _NOTHING
        numbering = message_numbered([message_id])
        turn.state = numbering(turn.state)
        number = turn.state.messages[message_id]
        name, text = short(turn.name(message.sender)), message.content.text
        changes: tuple[Change, ...] = (numbering,)
        if text is None or not is_text(message):
            body = await self._of_content(turn, message, name, number)
        elif turn.session.capabilities.delivery_method is DeliveryMethod.NOTIFY:
            size = message.content.size
            body = turn.text("notice", number=number, name=name, size=size)
        else:
            whole = self._said_by(turn, name, message, text)
            rest = len(pieces(whole, 1, "")) - MOST_SMS
            tail = turn.text("cut", n=max(1, rest), number=number)
            body = pieces(whole, MOST_SMS, tail)[0]
            changes = (*changes, wrote(str(message.sender), turn.now))
        out = Out(
            id=f"clp:{turn.user.canonical}:n:{message_id}",
            body=body,
            validity_seconds=_validity(message, turn.now),
        )
        return Told(out, changes)

    async def _of_content(self, turn: Turn, message: Message, name: str, number: int) -> str:
        """What is no text: where it can be seen, if it can."""
        what = described(turn, message)
        if self._content_url and turn.session is not None:
            links = await self._services.im.link(turn.session.id, [message.message_id])
            if message.message_id in links:
                url = f"{self._content_url.rstrip('/')}/content/{links[message.message_id]}"
                return turn.text("message", name=name, body=f"{what} {url}")
        if turn.state.notices:
            return turn.text("notice_content", number=number, name=name, what=what)
        return turn.text("content", name=name, what=what)

    def _of_report(self, turn: Turn, report: MessageReported) -> Told:
        """What became of a message, for who wants to know that."""
        if not turn.state.reports:
            return _NOTHING
        name = turn.name(report.recipient)
        time = moment(report.at, turn.now, turn.zone)
        is_there = report.code in (StatusCode.OK, StatusCode.MESSAGE_FORWARDED)
        text_id = "got" if is_there else "not_delivered"
        values = {"name": name, "time": time} if is_there else {"name": name}
        key = f"{report.message_id}:{report.recipient.canonical}:{report.code}"
        return Told(_event(turn, f"r:{key}", turn.text(text_id, **values)))

    async def _of_question(self, turn: Turn, watcher: Address, key: str) -> Told:
        """That somebody wants to see the user's presence, as far as that is still asked."""
        questions = await self._services.presence.questions(turn.user, [watcher])
        if watcher not in questions or not questions[watcher].is_open:
            return _NOTHING
        number = await turn.ask("auth", str(watcher), seconds=ASKED_SECONDS)
        body = turn.text("asks", name=turn.name(watcher), prompt=number)
        return Told(_event(turn, key, body))

    async def _of_presence(self, turn: Turn, news: Sequence[News], key: str) -> Told:
        """How those who are watched are now, where that is not as it was: each at most once in a
        while, and of later changes then."""
        told = await self._services.presence.told(turn.caller, news)
        return await self._of_publishers(turn, [each.publisher for each in told.presences], key)

    async def _of_publishers(self, turn: Turn, publishers: Sequence[Address], key: str) -> Told:
        if not publishers:
            return _NOTHING
        got = await self._services.presence.get(turn.caller, publishers, (), WATCHED)
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
        body = pieces("\n".join(lines), MOST_SMS, "...")[0]
        return Told(_event(turn, key, body), changes)

    async def _hand_in(self, account: Account, phone: str, out: Out) -> bool:
        """Hand a text in; False if that was done before."""
        text = OutgoingText(
            id=out.id,
            to=phone,
            body=out.body,
            validity_seconds=out.validity_seconds,
            watcher=WATCHER,
            about=json.dumps([account.address.canonical, out.message_id]),
        )
        try:
            return await self._texts.send(text)
        except TooManyTexts:
            at = self._clock.seconds() + BUSY_SECONDS
            await self._services.phones.tell_at(account.address, at)
            return True

    async def outcome(self, outcome: TextOutcome) -> None:
        """The gateway has a text, or nothing more becomes of it."""
        user, message_id = json.loads(outcome.about)
        account = await self._services.directory.find(Address.parse(user))
        if account is None:
            return
        out = Out(id=outcome.text_id, body="", validity_seconds=0, message_id=message_id)
        await self._over(account, outcome.to, out, outcome.state)
        # If that is interrupted, the outcome is told again.
        await self._tell_if_wanted(account)

    async def _over(self, account: Account, phone: str, out: Out, state: TextState) -> None:
        """A text has left: the message that it told is acknowledged, and what became of that is
        said once it is known."""
        if out.message_id:
            await self._acknowledge(account, phone, out.message_id)
            if state in _CODES:
                await self._settle(account.address, out.message_id, _CODES[state])
        await self._services.states.change(account.address, settled(out.id))

    async def _acknowledge(self, account: Account, phone: str, message_id: str) -> None:
        states = self._services.states
        state = await states.get(account.address)
        session = await self._sessions.for_messages(account, phone, state)
        if session.id != state.session_id:
            await states.change(account.address, lambda now: evolve(now, session_id=session.id))
        await self._services.delivery.take(
            session.id, Acknowledgement.HANDED, message_id, wanted=False
        )

    async def _settle(self, user: Address, message_id: str, code: StatusCode) -> None:
        now = self._clock.seconds()
        found = await self._services.phones.settle(user, message_id, code, at=now, now=now)
        if found is not None:
            work, ending = found
            message_ended(ending)
            self._work.begin(work)


def _event(turn: Turn, key: str, body: str) -> Out:
    """What tells of an event; the key is the event's own in its session."""
    session_id = turn.session.id if turn.session else ""
    return Out(id=f"clp:{session_id}:{key}", body=body, validity_seconds=EVENT_SECONDS)


def _validity(message: Message, now: float) -> int:
    return max(SHORTEST_SECONDS, int(message.expires_at - now))


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
