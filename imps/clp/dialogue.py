"""The dialogue with a user: each text is read, carried out, and answered, once.

A text may be done again where that was interrupted. It then meets the dialogue as it was when it
first came (``state.Arrival``), does again what has an id of its own and so does nothing twice, and
gets the same answer under the same id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp import pin
from imps.clp.budget import heard, heard_from, may_send, sent
from imps.clp.changes import arrived, done, exchanged
from imps.clp.mistakes import warn
from imps.clp.places import is_phone
from imps.clp.reading import is_about_texts, is_ignored, reading_of, without_secret
from imps.clp.reply_numbers import lent, partner_of
from imps.clp.serving import Serving
from imps.clp.state import Answer, State, print_of
from imps.clp.turn import Services, Turn
from imps.model.account import Account
from imps.model.status import Refusal, StatusCode
from imps.model.text import IncomingText
from imps.sap.texts import NotYet

Send = Callable[[Answer], Awaitable[None]]
"""Has the answer to a text sent; the same one again for one that is done again."""

LONGEST_DELAY_SECONDS = 120
"""How long a text waits that came too soon after others, before it is dropped."""

_SESSION_IS_GONE = (
    StatusCode.SESSION_EXPIRED,
    StatusCode.FORCED_LOGOUT,
    StatusCode.INVALID_SESSION,
)


@define(eq=False)
class Dialogue:
    """Answers what users write, wherever they do."""

    _services: Services
    _serving: Serving
    _clock: IReactorTime
    _log = Logger()

    async def answer(self, account: Account, text: IncomingText, body: str, send: Send) -> None:
        """Answer a text of a user's, of which this is what was written. Raises NotYet where too
        many have come for that."""
        services, now = self._services, self._clock.seconds()
        is_heard = is_about_texts(body, services.catalogues)
        if not is_heard and await services.phones.is_stopped(text.sender):
            return
        state = await services.states.get(account.address)
        before = state.answer_to(text.id)
        if before is not None:
            await send(before)
            return
        print = print_of(without_secret(body, services.catalogues))
        # Where nothing costs anything, a program may say the same again and again.
        is_by_phone = is_phone(text.sender)
        if is_by_phone and is_ignored(state, text, print, now):
            self._log.info("The text {id} is ignored", id=text.id)
            return
        if not is_heard:
            self._wait_if_too_many(state, text)
        turn = await self._turn(account, text, body, print, state, is_heard=is_heard)
        is_loop = is_by_phone and turn.state.is_loop(print, turn.now)
        if (turn.state.heard[0] < 0 or is_loop) and not is_heard:
            warn(turn)
        else:
            await self._carry_out_once(turn)
        turn.change(exchanged(print, turn.replies, turn.now))
        await self._finish(turn, send)

    def _wait_if_too_many(self, state: State, text: IncomingText) -> None:
        """Raises NotYet where the text is one too many, until it has waited for long."""
        now = self._clock.seconds()
        if state.arrival is not None and state.arrival.id == text.id:
            return
        begins = heard_from(state, self._services.terms.texts_a_minute, now)
        if now < begins and now - text.received_at < LONGEST_DELAY_SECONDS:
            raise NotYet(begins)

    async def _turn(
        self,
        account: Account,
        text: IncomingText,
        body: str,
        print: str,
        state: State,
        *,
        is_heard: bool,
    ) -> Turn:
        """The answer to a text that is noted as having come."""
        services, now = self._services, self._clock.seconds()
        if state.arrival is None or state.arrival.id != text.id:
            state = await services.states.change(
                account.address,
                arrived(text.id, print, text.sent_at, now, text.number),
                heard(services.terms.texts_a_minute, now),
            )
        partner = partner_of(state, text.number, services.terms.reply_pool)
        if partner is not None:
            state = await services.states.change(account.address, lent(*partner, now))
        return Turn(
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

    async def _finish(self, turn: Turn, send: Send) -> None:
        """Have the dialogue go on from here, and the answers go out."""
        terms = turn.services.terms
        limits = terms.replies_a_minute, terms.replies_an_hour
        count = turn.how_many(turn.replies) if turn.is_by_phone else 0
        if not (turn.is_heard or may_send(turn.state, count, *limits, turn.now)):
            turn.unsay()
            warn(turn)
            count = len(turn.replies)
        answer = Answer(id=turn.text_id, at=turn.now, replies=tuple(turn.replies), shown=turn.shown)
        turn.change(sent(count, *limits, turn.now), done(answer))
        await turn.services.states.change(turn.user, *turn.changes)
        await send(answer)
        for each in turn.afterwards:
            await each()

    async def _carry_out_once(self, turn: Turn) -> None:
        """Carry out what a text asks for; once more in a new session if the old one is over. Where
        the PIN is wanted for it, that is asked for instead."""
        try:
            await self._carry_out_in_session(turn)
        except pin.PinWanted:
            await pin.ask(turn)

    async def _carry_out_in_session(self, turn: Turn) -> None:
        try:
            await self._carry_out(turn)
        except Refusal as refusal:
            if refusal.code not in _SESSION_IS_GONE:
                turn.fail(refusal.code)
            else:
                turn.session = None
                turn.note(session_id="")
                try:
                    await self._carry_out(turn)
                except Refusal as again:
                    turn.fail(again.code)

    async def _carry_out(self, turn: Turn) -> None:
        await self._serving.carry_out(turn, await reading_of(turn, turn.body))
