"""News of publishers: who watches is told that there is some, wherever that is; what it is, is read
and decided when it is handed over."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.interfaces import IPresenceAbroad
from imps.model.address import Address
from imps.store.subscriptions import Subscriptions, Told


@implementer(IPresenceAbroad)
class NobodyAbroad:
    """Other domains, where there are no partners."""

    async def bring_news(self, publisher: Address, watcher: Address) -> None:
        """Nobody could be told."""


@define(eq=False)
class PresenceNews:
    """Has those told who watch: sessions here, and users of other domains."""

    _subscriptions: Subscriptions
    _abroad: IPresenceAbroad
    _clock: IReactorTime

    async def put(self, news: Iterable[Told]) -> set[str]:
        """Have watchers told of publishers. Returns the sessions that are gone, or that have not
        subscribed."""
        here: list[Told] = []
        abroad: list[Told] = []
        for each in news:
            (here if each.watcher_abroad is None else abroad).append(each)
        gone = await self._subscriptions.put_news(here, now=self._clock.seconds())
        for each in await self._subscriptions.put_news_abroad(abroad):
            assert each.watcher_abroad is not None
            await self._abroad.bring_news(each.publisher, each.watcher_abroad)
        return gone
