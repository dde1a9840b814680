"""Reactive authorization: publishers are asked who may see their presence."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IWork
from imps.model.address import Address
from imps.model.presence import Attribute
from imps.model.status import Refusal, StatusCode
from imps.store.reactive_authorization import Answered, ReactiveAuthorizations
from imps.store.work import Work

Attributes = frozenset[Attribute]


@define(eq=False)
class ReactiveAuthorization:
    """Asks the users of the home domains, once, and remembers what they say."""

    _stored: ReactiveAuthorizations
    _directory: Directory
    _work: IWork
    _clock: IReactorTime

    async def ask(
        self, publishers: Collection[Address], watcher: Address, attributes: Attributes
    ) -> None:
        """Ask publishers whether somebody may see attributes (CSP, PresenceAuth)."""
        if publishers:
            now = self._clock.seconds()
            await self._stored.ask(publishers, watcher, attributes, now=now)

    async def answer(
        self, caller: Caller, watcher: Address, accepted: bool, attributes: Attributes | None
    ) -> None:
        """Let somebody see attributes of the caller, or not; without any, all that were asked for.

        Refused with 531 if nobody of that name asked, or exists.
        """
        named = await self._named(caller, watcher)
        now = self._clock.seconds()
        self._begin(await self._stored.answer(caller.user, named, accepted, attributes, now=now))

    async def cancel(self, caller: Caller, watcher: Address) -> None:
        """Take back what was answered; at the next time, the caller is asked again (CSP,
        CancelAuth). Refused with 531 if there is no such user."""
        named = await self._named(caller, watcher)
        self._begin(await self._stored.forget(caller.user, named, now=self._clock.seconds()))

    async def answers(
        self, caller: Caller, watchers: Iterable[Address] = ()
    ) -> dict[Address, Answered]:
        """What the caller was asked and has answered, of these users or of all (CSP,
        GetReactiveAuthStatus). Refused with 531 if one of them neither asked nor exists."""
        named = [await self._named(caller, watcher) for watcher in watchers]
        found = await self._stored.of(caller.user)
        return {each: answered for each, answered in found.items() if not named or each in named}

    async def pending(self, publisher: Address, watcher: Address) -> Attributes:
        """What a publisher has still to say of somebody."""
        answered = (await self._stored.of(publisher)).get(watcher)
        return frozenset() if answered is None else answered.pending

    async def _named(self, caller: Caller, watcher: Address) -> Address:
        """A watcher as the store names it."""
        account = await self._directory.find(watcher)
        if account is not None:
            return account.address
        named = self._directory.at_home(watcher)
        if named not in await self._stored.of(caller.user):
            raise Refusal(StatusCode.UNKNOWN_USER, f"there is no user {watcher}")
        return named

    def _begin(self, work: Work | None) -> None:
        if work is not None:
            self._work.begin(work)
