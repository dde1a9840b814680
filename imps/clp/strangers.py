"""Phones of which nobody knows whose they are: how they become somebody's, and how they do not."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from attrs import define, field

from imps.clp.catalogue import Catalogue
from imps.clp.commands import OPT_IN, OPT_OUT
from imps.clp.grammar import Asked, read
from imps.clp.references import Known
from imps.clp.telling import with_tail
from imps.clp.turn import Services
from imps.elements.directory import UserExists
from imps.model.account import Account
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.model.text import PHONE, OutgoingText
from imps.sap.texts import TooManyTexts

# What a text can name in no other sense: no number, list, group or address.
_NAME = re.compile(r"(?=.*[^\W\d_])\w(?:[\w.-]*\w)?")

MOST_FAILURES = 5
MOST_ANSWERS = 20
DAY_SECONDS = 86_400


@define(eq=False)
class Stranger:
    """A text from such a phone, and what is said to it."""

    _services: Services
    phone: str
    _text_id: str
    remembered: dict[str, Any]
    _now: float
    replies: list[str] = field(factory=list)

    @property
    def _catalogue(self) -> Catalogue:
        language = self._services.terms.language_of(self.phone)
        return self._services.catalogues.get(language)

    async def answer(self, body: str) -> None:
        """Link the phone to an account, or make one, as far as the operator wants that; else say
        how it is done, once a day."""
        vocabulary = self._services.catalogues.vocabulary(self._catalogue.code)
        reading = read(body, Known(), vocabulary)
        command = reading.command if isinstance(reading, Asked) else None
        registration = self._services.terms.registration
        if command is OPT_OUT:
            await self._stop()
        elif command is OPT_IN:
            await self._services.phones.start(self.phone)
            self._say("started")
        elif await self._services.phones.is_stopped(self.phone):
            return
        elif isinstance(reading, Asked) and command is not None and command.id == "link":
            if registration != "closed":
                await self._link(str(reading.arguments["word"]), str(reading.arguments["rest"]))
            else:
                self._say_how()
        elif command is not None and command.id == "joinme" and registration == "open":
            assert isinstance(reading, Asked)
            await self._join(str(reading.arguments.get("name", "")))
        else:
            self._say_how()

    async def _stop(self) -> None:
        if await self._services.phones.stop(self.phone):
            self._say("stopped", service=self._services.terms.service)

    def _say_how(self) -> None:
        if self._now - self.remembered.get("told_at", -DAY_SECONDS) < DAY_SECONDS:
            return
        self.remembered["told_at"] = self._now
        text = {"closed": "E20_closed", "open": "E20_open"}
        registration = self._services.terms.registration
        terms, catalogue = self._services.terms, self._catalogue
        said = catalogue.say(text.get(registration, "E20"), service=terms.service)
        see = catalogue.say("or_see", url=terms.url) if terms.url else ""
        self.replies.append(with_tail(said, see, terms.fits))

    async def _link(self, name: str, password: str) -> None:
        if self._now - self.remembered.get("failed_at", self._now) >= DAY_SECONDS:
            self.remembered["failures"] = 0
        failures = int(self.remembered.get("failures", 0))
        if failures >= MOST_FAILURES:
            return
        authentication = self._services.authentication
        try:
            account = await authentication.by_password(Address.parse(name), self.phone, password)
            if account.msisdn is not None:
                # The account may be on this phone when this is done again.
                self.remembered["leaves"] = account.msisdn
                await _remember(self._services, self.phone, self.remembered)
            linked = await self._services.directory.change(account.address, msisdn=self.phone)
            await _leave_old_phone(self._services, self._text_id, linked, self.remembered)
        except Refusal as refusal:
            self.remembered.pop("leaves", None)
            if refusal.code is StatusCode.SERVICE_UNAVAILABLE:
                self._say("E23")
            elif refusal.code in (StatusCode.FORBIDDEN, StatusCode.MSISDN_ERROR):
                self._say("E22")
            else:
                if not failures:
                    self.remembered["failed_at"] = self._now
                self.remembered["failures"] = failures + 1
                self._say("E21", n=MOST_FAILURES - failures - 1)
            return
        self._say("linked", name=linked.address.user)

    async def _join(self, name: str) -> None:
        if name and not _NAME.fullmatch(name):
            self._say("name_bad", name=name)
            return
        try:
            account = await self._services.directory.add(
                Address(name or self.phone.removeprefix("+")),
                secrets.token_urlsafe(16),
                self.phone,
            )
        except UserExists:
            self._say("name_taken", name=name)
        except Refusal:
            self._say("E22")
        else:
            self.replies.append(welcome(self._catalogue, account))

    def _say(self, text_id: str, **values: object) -> None:
        self.replies.append(self._catalogue.say(text_id, **values))


def welcome(catalogue: Catalogue, account: Account) -> str:
    """What is said to somebody who has got an address."""
    address = str(account.address).removeprefix("wv:")
    return catalogue.say("joined", name=account.address.user, address=address)


async def answer_stranger(
    services: Services, phone: str, text_id: str, body: str, *, now: float
) -> list[str]:
    """What is said to a text of a phone that is nobody's; the same to a repetition of it."""
    remembered = json.loads(await services.phones.stranger(phone) or b"{}")
    said: dict[str, list[str]] = remembered.setdefault("said", {})
    if text_id in said:
        await _forget_dialogue(services, phone, remembered)
        return said[text_id]
    if now - remembered.get("counted_from", -DAY_SECONDS) >= DAY_SECONDS:
        remembered |= {"counted_from": now, "answers": 0}
    stranger = Stranger(services, phone, text_id, remembered, now)
    await stranger.answer(body)
    if remembered["answers"] >= MOST_ANSWERS:
        # It is done all the same; nobody pays for more words.
        stranger.replies.clear()
    remembered["answers"] += len(stranger.replies)
    said[text_id] = stranger.replies
    await _remember(services, phone, remembered)
    return stranger.replies


async def leave_old_phone(services: Services, phone: str, text_id: str, user: Account) -> None:
    """What an account that was linked to a phone has still to do about the one before, if that was
    interrupted."""
    remembered = json.loads(await services.phones.stranger(phone) or b"{}")
    if "leaves" in remembered:
        await _leave_old_phone(services, text_id, user, remembered)
        await _remember(services, phone, remembered)


async def _leave_old_phone(
    services: Services, text_id: str, user: Account, remembered: dict[str, Any]
) -> None:
    """The phone that was the account's before is told so, and nothing else any more: what waits
    for it is told to the new one."""
    old = remembered.pop("leaves", None)
    if old in (None, user.msisdn) or not PHONE.fullmatch(old):
        return
    state = await services.states.get(user.address)
    catalogue = services.catalogues.get(state.language or services.terms.language_of(old))
    body = catalogue.say("moved", name=user.address.user, service=services.terms.service)
    notice = OutgoingText(id=f"clp:moved:{text_id}", to=old, body=body)
    await services.texts.recall(old, notice.id)
    try:
        await services.texts.send(notice)
    except TooManyTexts:
        # One that the gateway has just got is all that may wait, where the operator wants that.
        return


async def becomes_strange(
    services: Services, phone: str, text_id: str, replies: Sequence[str], user: Address
) -> None:
    """A phone is about to be nobody's, which was this user's: what is said to that. The text may be
    done again when it is, and the dialogue is forgotten then."""
    remembered = json.loads(await services.phones.stranger(phone) or b"{}")
    remembered.setdefault("said", {})[text_id] = list(replies)
    remembered["was"] = str(user)
    await _remember(services, phone, remembered)


async def _remember(services: Services, phone: str, remembered: dict[str, Any]) -> None:
    remembered["said"] = dict(list(remembered["said"].items())[-3:])
    await services.phones.remember_stranger(phone, json.dumps(remembered).encode())


async def _forget_dialogue(services: Services, phone: str, remembered: dict[str, Any]) -> None:
    was = remembered.pop("was", None)
    if was is not None:
        account = await services.directory.find(Address.parse(was))
        if account is not None and account.msisdn is None:
            await services.states.forget(account.address)
        await _remember(services, phone, remembered)
