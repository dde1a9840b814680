"""Telling those who watch: the work that changes of presence, permission and contacts cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.elements.authorization import what_shows
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller
from imps.elements.news import PresenceNews
from imps.elements.presence import Attributes, PresenceService, permitted
from imps.elements.publishers import Publishers
from imps.model.address import Address
from imps.model.presence import Attribute, attributes_named
from imps.store.sessions import Sessions
from imps.store.subscriptions import Seen, Subscriber, Subscriptions, Told
from imps.store.work import Work

AT_A_TIME = 2000


@define(eq=False)
class Watching:
    """Does the work of subscriptions; all of it may be done again."""

    _subscriptions: Subscriptions
    _sessions: Sessions
    _presence: PresenceService
    _news: PresenceNews
    _publishers: Publishers
    _directory: Directory
    _clock: IReactorTime

    async def tell(self, work: Work) -> None:
        """Have those who subscribed to a publisher told of attributes that have changed, and of
        those that they can see by now and could not when they were told last. Of a publisher who
        exists no longer, those who could see it are told that, and nobody is told any more."""
        publisher, changed = Address.parse(work.details[0]), attributes_named(work.details[2])
        exists = await self._publishers.exists(publisher)
        news: list[Told] = []
        seen: list[Seen] = []
        async for subscribers in self._subscriptions.subscribers(publisher):
            if exists:
                await self._judge(publisher, subscribers, changed, news, seen)
            else:
                news += _last_news(publisher, subscribers)
            if len(news) + len(seen) >= AT_A_TIME:
                await self._put(publisher, news, seen)
                news, seen = [], []
        await self._put(publisher, news, seen)
        if not exists:
            await self._subscriptions.forget_publisher(publisher)

    async def _judge(
        self,
        publisher: Address,
        subscribers: Sequence[Subscriber],
        changed: Attributes,
        news: list[Told],
        seen: list[Seen],
    ) -> None:
        """Add what subscribers are to be told, and what they can see where that is new."""
        now = self._clock.seconds()
        over = [each for each in subscribers if each.until <= now]
        for each in over:
            await self._subscriptions.forget_subscriber(each.session_id, [publisher], now=now)
        subscribers = [each for each in subscribers if each.until > now]
        watchers = (each.watcher for each in subscribers)
        allowed = await self._subscriptions.allowed(publisher, watchers)
        for each in subscribers:
            may_see = permitted(publisher, each.watcher[0], allowed[each.watcher])
            new = what_shows(may_see - each.seen) | (what_shows(may_see) & changed)
            if told := new & each.asked:
                news.append(Told(each.session_id, publisher, told))
            if may_see != each.seen:
                number = allowed[each.watcher].number
                seen.append(Seen(each.session_id, publisher, may_see, number))

    async def _put(self, publisher: Address, news: list[Told], seen: list[Seen]) -> None:
        now = self._clock.seconds()
        for session_id in await self._news.put(news):
            await self._subscriptions.forget_subscriber(session_id, [publisher], now=now)
        await self._subscriptions.note_seen(seen)

    async def follow(self, work: Work) -> None:
        """Have the sessions of a user subscribed to those who are in a contact list now, as far as
        they follow it, and no longer to others."""
        owner, contact_list = map(Address.parse, work.details[:2])
        members = await self._publishers.publishers_in(owner, contact_list)
        for session_id in await self._sessions.of(owner):
            subscribed = await self._subscriptions.through(session_id, contact_list)
            attributes, through = subscribed.followed, subscribed.publishers
            # Whoever routes this sees to the users of other domains.
            ours = [each for each in through if self._directory.is_home(each)]
            if members is None or attributes is not None:
                gone = [each for each in ours if each not in (members or ())]
                await self._subscriptions.unsubscribe(
                    session_id,
                    gone,
                    contact_list,
                    unfollows=members is None,
                    now=self._clock.seconds(),
                )
            new = {each: name for each, name in (members or {}).items() if each not in through}
            if new and attributes is not None:
                await self._bring(Caller(owner, session_id), new, attributes, contact_list)

    async def _bring(
        self,
        caller: Caller,
        contacts: Mapping[Address, Address],
        attributes: Attributes,
        contact_list: Address,
    ) -> None:
        """Subscribe a session to publishers who have come into a contact list by these names."""
        session_id, now = caller.session_id, self._clock.seconds()
        watcher = await self._directory.names_of(caller.user)
        found = await self._subscriptions.subscribe(
            session_id, watcher, contacts, attributes, contact_list, keeps=True
        )
        # They are new until they are noted: whatever is done before may be done again.
        await self._presence.ask(found, watcher[0], attributes)
        may_see = {each: permitted(each, watcher[0], allowed) for each, allowed in found.items()}
        refused = await self._subscriptions.note_brought(
            session_id,
            contact_list,
            {each: contacts[each] for each in found},
            attributes,
            {each: attributes & what_shows(seen) for each, seen in may_see.items()},
            now=now,
        )
        await self._subscriptions.forget_subscriber(session_id, refused, contact_list, now=now)
        await self._subscriptions.note_seen(
            Seen(session_id, each, may_see[each], allowed.number)
            for each, allowed in found.items()
            if each not in refused
        )

    async def end(self, work: Work) -> None:
        """End all subscriptions of a session that is over."""
        session_id = work.details[0]
        publishers = await self._subscriptions.publishers(session_id)
        await self._subscriptions.unsubscribe(session_id, publishers, now=self._clock.seconds())


def _last_news(publisher: Address, subscribers: Sequence[Subscriber]) -> list[Told]:
    """That a publisher is gone, for those who could see whether that one was on line."""
    on_line = frozenset({Attribute.ONLINE_STATUS})
    return [
        Told(each.session_id, publisher, on_line)
        for each in subscribers
        if on_line <= each.seen & each.asked
    ]
