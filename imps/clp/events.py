"""What phones are told that they have not asked for: messages, presence, questions and reports.

One text is on its way to a phone at a time; the next is made when the gateway has that. Whatever
waits until then waits where it would for any client, and is told as it is by then. Where there is
a line (``places``), all of this stands for that.
"""

from __future__ import annotations

import json

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp.budget import may_send, sent
from imps.clp.changes import handed_in, settled
from imps.clp.event_texts import (
    ALERT_SECONDS,
    about_message,
    of_publishers,
    said_by,
    told,
    within_limits,
)
from imps.clp.im import is_text
from imps.clp.phone_sessions import PhoneSessions
from imps.clp.places import ELSEWHERE, Places
from imps.clp.reply_numbers import Overtaken
from imps.clp.state import Out, State
from imps.clp.telling import quiet_until
from imps.clp.turn import MOST_CHARACTERS, MOST_SMS, Services, Turn
from imps.elements.interfaces import IWork
from imps.elements.message_log import message_ended
from imps.model.account import Account
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.message import Message
from imps.model.short_message import TextTooLong
from imps.model.status import Refusal, StatusCode
from imps.model.text import OutgoingText, TextOutcome, TextState
from imps.sap.sessions import Session
from imps.sap.texts import TooManyTexts
from imps.store.deliveries import Acknowledgement, InFlight
from imps.store.lines import KEPT_SECONDS
from imps.store.phones import NoSuchOwner
from imps.store.work import Work

WATCHER = "clp"
BUSY_SECONDS = 60
MOST_AT_A_TIME = 50

_CODES = {
    TextState.DELIVERED: StatusCode.OK,
    TextState.UNDELIVERED: StatusCode.UNABLE_TO_DELIVER,
    TextState.FAILED: StatusCode.UNABLE_TO_DELIVER,
    TextState.EXPIRED: StatusCode.MESSAGE_EXPIRED,
}
_ACCEPTED = (TextState.ACCEPTED, TextState.DELIVERED, TextState.UNDELIVERED)


@define(eq=False)
class Events:
    """Tells phones what waits for their users."""

    _services: Services
    _sessions: PhoneSessions
    _places: Places
    _work: IWork
    _clock: IReactorTime
    _content_url: str = ""
    _most_sms: int = MOST_SMS
    _log: Logger = field(factory=Logger, init=False)

    async def tell(self, work: Work) -> None:
        """Have a user told what waits, as far as that is to be told now."""
        account = await self._services.directory.find(Address.parse(work.details[0]))
        if account is not None:
            await self._tell_if_wanted(account, work.record)

    async def erase(self, work: Work) -> None:
        """Erase what is old of what was said in a dialogue."""
        try:
            await self._services.states.erase(Address.parse(work.details[0]), self._clock.seconds())
        except NoSuchOwner:
            self._log.info("A dialogue has gone with its user")

    async def tell_user(self, user: Address) -> None:
        """Have a user told what waits, who may be on a line here."""
        account = await self._services.directory.find(user)
        if account is not None:
            await self._tell_if_wanted(account)

    async def _tell_if_wanted(self, account: Account, record: bytes = b"") -> None:
        phone = await self._places.of(account)
        if phone == ELSEWHERE and account.msisdn is not None:
            # Its process may have ended without a word; then the line is soon forgotten, and what
            # waits is for the phone. If it goes on, this is the work of one look in that time.
            again = self._clock.seconds() + KEPT_SECONDS
            await self._services.phones.tell_at(account.address, again, record)
        if not phone or await self._services.phones.is_stopped(phone):
            return
        try:
            await self._tell(account, phone, record)
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
        # Where settings allow fewer at a time than a text may take, it takes all of them, and what
        # comes next waits the longer.
        most = min(terms.most_sms, *limits)
        if until is None and not may_send(state, most, *limits, turn.now):
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
        text = await told(turn, flight, self._content_url)
        if text.out is not None:
            terms = self._services.terms
            limits = terms.replies_a_minute, terms.replies_an_hour
            count = sent(turn.how_many([text.out.body]), *limits, turn.now)
            change = handed_in(text.out, *text.changes, count)
            try:
                state = await self._services.states.change(turn.user, change)
            except Overtaken:
                await self._services.phones.tell_at(turn.user, turn.now)
                return True
            if state.out != text.out:
                # Somebody else tells this phone something.
                return True
        elif text.changes:
            await self._services.states.change(turn.user, *text.changes)
        if not is_message:
            says = Acknowledgement.TRANSACTION
            await delivery.take(session.id, says, flight.transaction_id, wanted=False)
        if text.out is None:
            if is_message:
                says = Acknowledgement.REFUSED
                await delivery.take(session.id, says, flight.transaction_id, wanted=False)
            return False
        if await self._hand_in(turn.account, turn.phone, text.out) or is_message:
            return True
        # It was told before, and nothing more will be said of it.
        await self._services.states.change(turn.user, settled(text.out.id))
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
        text = await of_publishers(turn, due, f"late:{turn.now}")
        changes = [handed_in(text.out, *text.changes)] if text.out else text.changes
        turn.state = await self._services.states.change(turn.user, *changes)
        return text.out is not None and await self._hand_in(turn.account, turn.phone, text.out)

    async def _is_for_notice(self, turn: Turn, session: Session, flight: InFlight) -> bool:
        """Whether the user is to be told of a message instead of being told it; it waits then."""
        message = flight.what
        assert isinstance(message, Message)
        is_short = message.content.size <= 4 * MOST_CHARACTERS and is_text(message)
        if is_short and session.capabilities.delivery_method is DeliveryMethod.PUSH:
            body = message.content.text
            if body is not None and turn.lasts(said_by(turn, message, body)):
                return False
        await self._services.delivery.take(
            session.id, Acknowledgement.REFUSED, flight.transaction_id, wanted=False
        )
        return True

    async def _hand_in(self, account: Account, phone: str, out: Out) -> bool:
        """Hand a text in; False if that was done before."""
        text = OutgoingText(
            id=out.id,
            to=phone,
            body=out.body,
            validity_seconds=out.validity_seconds,
            number=out.number,
            within_latin_1=self._services.terms.within_latin_1,
            watcher=WATCHER,
            about=about_message(account.address, out.message_id),
        )
        try:
            return await self._places.send(within_limits(text, self._most_sms))
        except TooManyTexts:
            at = self._clock.seconds() + BUSY_SECONDS
            await self._services.phones.tell_at(account.address, at)
            return True
        except (TextTooLong, ValueError):
            # It can never be sent; what waits behind it can.
            self._log.failure("A text to a phone cannot be sent: {id}", id=out.id)
            await self._over(account, phone, out, TextState.FAILED)
            await self._services.phones.tell_at(account.address, self._clock.seconds())
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

    async def shown(self, outcome: TextOutcome) -> None:
        """The gateway has the answer that shows a message, or something more became of it. While
        that is not so, the message waits, and can be asked for again."""
        user, message_id = json.loads(outcome.about)
        account = await self._services.directory.find(Address.parse(user))
        if account is None:
            return
        if outcome.state in _ACCEPTED:
            await self._acknowledge(account, outcome.to, message_id)
        if outcome.state in _CODES:
            await self._settle(account.address, message_id, _CODES[outcome.state])

    async def _over(self, account: Account, phone: str, out: Out, state: TextState) -> None:
        """A text has left: the message that it told is acknowledged, and what became of that is
        said once it is known. What a phone did not want to hear waits."""
        if out.message_id and state is not TextState.STOPPED:
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
