"""Texts from phones, as the inbox gives them out: whose they are, and the answers to them."""

from __future__ import annotations

from functools import partial

from attrs import define, evolve
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp.dialogue import Dialogue
from imps.clp.event_texts import about_message, validity, within_limits
from imps.clp.grammar import normal
from imps.clp.state import Answer
from imps.clp.strangers import answer_stranger
from imps.clp.telling import LONGEST_TEXT
from imps.clp.turn import Services, Terms
from imps.model.address import Address
from imps.model.text import IncomingText, OutgoingText
from imps.sap.texts import Texts, TooManyTexts

ANSWER_SECONDS = 3600
"""For how long an answer is worth sending; one that shows a message, as long as that is valid."""
WATCHER = "clp-shown"
"""Who is told what becomes of answers that show a message (``Events.shown``)."""


@define(eq=False)
class PhoneTexts:
    """Takes what phones send, and sends the answers."""

    _services: Services
    _dialogue: Dialogue
    _texts: Texts
    _clock: IReactorTime
    _most_sms: int
    _log = Logger()

    async def take(self, text: IncomingText) -> bool:
        """Answer a text, unless it is for a program on the phone's side."""
        if text.octets is not None or text.port is not None:
            return False
        terms = self._services.terms
        if text.sender in (terms.number, *terms.reply_pool):
            return True
        body = without_signature(text.body[:LONGEST_TEXT], terms)
        account = await self._services.directory.with_msisdn(text.sender)
        if account is None:
            now = self._clock.seconds()
            replies = await answer_stranger(self._services, text.sender, text.id, body, now=now)
            await self._send(text, Answer(id=text.id, at=now, replies=tuple(replies)))
        else:
            send = partial(self._send, text, user=account.address)
            await self._dialogue.answer(account, text, body, send)
        return True

    async def _send(self, text: IncomingText, said: Answer, user: Address | None = None) -> None:
        # All that is said to a phone that wants to hear nothing is that this is so.
        is_stopped = bool(said.replies) and await self._services.phones.is_stopped(text.sender)
        for number, body in enumerate(said.replies):
            answer = OutgoingText(
                id=f"clp:{text.id}:{number}",
                to=text.sender,
                body=body,
                validity_seconds=ANSWER_SECONDS,
                answer=True,
                within_latin_1=self._services.terms.within_latin_1,
                despite_stop=is_stopped,
            )
            if said.shown is not None and user is not None and said.shown.reply == number:
                answer = evolve(
                    answer,
                    validity_seconds=validity(said.shown.expires_at, self._clock.seconds()),
                    watcher=WATCHER,
                    about=about_message(user, said.shown.message_id),
                )
            try:
                await self._texts.send(within_limits(answer, self._most_sms))
            except TooManyTexts:
                self._log.warn("Too many texts wait for a phone: {id} is not answered", id=text.id)
                return


def without_signature(body: str, terms: Terms) -> str:
    """What was written, without what the phone adds, and the word by which texts are known that
    come to a number of many services."""
    text = normal(body)
    if terms.signature and text.endswith(terms.signature):
        text = text[: -len(terms.signature)].rstrip()
    if terms.keyword and text:
        first, *rest = text.split(None, 1)
        if first.casefold() == terms.keyword.casefold():
            return "".join(rest)
    return text
