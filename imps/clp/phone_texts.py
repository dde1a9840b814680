"""Texts from phones, as the inbox gives them out: whose they are, and the answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.clp.dialogue import Dialogue
from imps.clp.event_texts import within_limits
from imps.clp.grammar import normal
from imps.clp.strangers import answer_stranger
from imps.clp.telling import LONGEST_TEXT
from imps.clp.turn import Services, Terms
from imps.model.text import IncomingText, OutgoingText
from imps.sap.texts import Texts, TooManyTexts

ANSWER_SECONDS = 3600
"""For how long an answer is worth sending."""


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
            await self._send(text, replies)
        else:
            await self._dialogue.answer(account, text, body, partial(self._send, text))
        return True

    async def _send(self, text: IncomingText, replies: Sequence[str]) -> None:
        # All that is said to a phone that wants to hear nothing is that this is so.
        is_stopped = bool(replies) and await self._services.phones.is_stopped(text.sender)
        for number, body in enumerate(replies):
            answer = OutgoingText(
                id=f"clp:{text.id}:{number}",
                to=text.sender,
                body=body,
                validity_seconds=ANSWER_SECONDS,
                answer=True,
                despite_stop=is_stopped,
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
