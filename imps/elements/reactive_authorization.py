"""Reactive authorization: publishers are asked who may see their presence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.elements.authorization import Question
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IDelivery, IWork
from imps.model.address import Address
from imps.model.events import Notification
from imps.model.notice import NotificationType
from imps.model.presence import Attribute, names_of
from imps.model.status import Refusal, StatusCode
from imps.store.reactive_authorization import (
    Answered,
    Asked,
    ReactiveAuthorizations,
    TooManyAnswers,
)
from imps.store.work import Work

Attributes = frozenset[Attribute]


@define(eq=False)
class ReactiveAuthorization:
    """Asks the users of the home domains, once, and remembers what they say."""

    _stored: ReactiveAuthorizations
    _directory: Directory
    _work: IWork
    _delivery: IDelivery
    _clock: IReactorTime

    async def ask(self, questions: Mapping[Address, Question], watcher: Address) -> None:
        """Ask publishers whether somebody may see attributes (CSP, PresenceAuth), or tell them that
        somebody wants to (CSP 1.3, Notification)."""
        now = self._clock.seconds()
        asked = [
            Asked(publisher, each.attributes, None if each.is_open else each.reason)
            for publisher, each in questions.items()
        ]
        await self._stored.ask(asked, watcher, now=now)

    async def answer(
        self, caller: Caller, watcher: Address, accepted: bool, attributes: Attributes | None
    ) -> None:
        """Let somebody see attributes of the caller, or not; without any, all that were asked for.

        Refused with 531 if nobody of that name asked, or exists.
        """
        named = await self._named(caller, watcher)
        now = self._clock.seconds()
        answering = self._stored.answer(caller.user, named, accepted, attributes, now=now)
        try:
            self._begin(await answering)
        except TooManyAnswers:
            raise Refusal(StatusCode.BAD_PARAMETER, "too many have been answered") from None
        await self._notify(caller, named)

    async def cancel(self, caller: Caller, watcher: Address) -> None:
        """Take back what was answered; at the next time, the caller is asked again (CSP,
        CancelAuth). Refused with 531 if there is no such user."""
        named = await self._named(caller, watcher)
        self._begin(await self._stored.forget(caller.user, named, now=self._clock.seconds()))
        await self._notify(caller, named)

    async def answers(
        self, caller: Caller, watchers: Iterable[Address] = ()
    ) -> dict[Address, Answered]:
        """What the caller was asked and has answered, of these users or of all (CSP,
        GetReactiveAuthStatus). Refused with 531 if one of them neither asked nor exists."""
        named = [await self._named(caller, watcher) for watcher in watchers]
        found = await self._stored.of(caller.user)
        return {each: answered for each, answered in found.items() if not named or each in named}

    async def _notify(self, caller: Caller, watcher: Address) -> None:
        """Tell the caller's other sessions what somebody may see by an answer."""
        answered = await self._stored.get(caller.user, watcher)
        notification = Notification(
            type=NotificationType.AUTHORIZATION_CHANGED,
            users=(watcher,),
            names=None if answered is None else names_of(answered.granted),
        )
        await self._delivery.notify([caller.user], notification, but=caller.session_id)

    async def _named(self, caller: Caller, watcher: Address) -> Address:
        """A watcher as the store names it."""
        account = await self._directory.named(watcher)
        if account is not None:
            return account.address
        named = self._directory.at_home(watcher)
        if await self._stored.get(caller.user, named) is None:
            raise Refusal(StatusCode.UNKNOWN_USER, f"there is no user {watcher}")
        return named

    def _begin(self, work: Work | None) -> None:
        if work is not None:
            self._work.begin(work)
