"""The presence service element: what users publish, and who is told of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from attrs import define, frozen
from twisted.internet.interfaces import IReactorTime

from imps.elements.authorization import Permissions, Question, question, visible, what_shows
from imps.elements.directory import Directory, names_by
from imps.elements.interfaces import Caller, Got, IWork
from imps.elements.news import PresenceNews
from imps.elements.presence_view import MOST_OCTETS, Room, octets_of, shown
from imps.elements.publishers import Publishers
from imps.elements.publishers_abroad import PublishersAbroad, note
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.model.address import Address
from imps.model.presence import (
    Attribute,
    Presence,
    PresenceValue,
    Published,
    WatcherStatus,
)
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.store.deliveries import News
from imps.store.presence import Allowed, NoSuchPublisher, Presences
from imps.store.subscriptions import Seen, Subscriptions, Told, TooManySubscriptions

Attributes = frozenset[Attribute]

ABROAD_SECONDS = 25 * 3600
"""How long users of other domains are subscribed: their servers subscribe anew every day."""

MOST_AT_ONCE = 1000
"""To how many users one of another domain may subscribe at a time."""


@frozen
class ToldOf:
    """Presence that a session is told of, and whether there is more."""

    presences: tuple[Presence, ...]
    has_more: bool


@define(eq=False)
class PresenceService:
    """The presence of the users of the home domains.

    What a watcher is told is read, and decided, when it is sent.
    """

    _presences: Presences
    _abroad: PublishersAbroad
    _subscriptions: Subscriptions
    _publishers: Publishers
    _directory: Directory
    _reactive: ReactiveAuthorization
    _news: PresenceNews
    _work: IWork
    _clock: IReactorTime
    _max_value_octets: int
    _follows_lists: bool

    async def publish(self, caller: Caller, values: Mapping[Attribute, PresenceValue]) -> None:
        """Change attributes of the caller and of its client; others stay (CSP, UpdatePresence).

        Whether a user is on line is known here: what a client says of that is ignored. Refused with
        751 if a value is too large.
        """
        said = {each: value for each, value in values.items() if each is not _ONLINE_STATUS}
        if not said:
            return
        for each, value in said.items():
            if octets_of(value.content) > self._max_value_octets:
                most = f"{each.value} has more than {self._max_value_octets} octets"
                raise Refusal(StatusCode.INVALID_PRESENCE_VALUE, most)
        if not await self._published(caller.user, caller.session_id, said):
            raise Refusal(StatusCode.INVALID_SESSION, "the session is over")

    async def publish_from_network(
        self, user: Address, values: Mapping[Attribute, PresenceValue | None]
    ) -> None:
        """Change what the mobile network knows of a user's phone, None being that it knows no more;
        others stay. It stands beside what clients publish, and needs none (network presence).
        """
        publisher = await self._directory.account_of(user)
        if publisher is None or not await self._published(publisher, "", values):
            raise Refusal(StatusCode.UNKNOWN_USER, "there is no such user")

    async def _published(
        self, publisher: Address, session_id: str, values: Mapping[Attribute, PresenceValue | None]
    ) -> bool:
        """Publish, and have those told who subscribed; whether there is such a publisher."""
        now = self._clock.seconds()
        try:
            work = await self._presences.publish(publisher, session_id, values, now=now)
        except NoSuchPublisher:
            return False
        if work is not None:
            self._work.begin(work)
        return True

    async def get(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
    ) -> Got:
        """What users, and those in contact lists of the caller, let the caller see; for each of
        them something, be it empty (CSP, GetPresence). Who cannot be asked is in the outcome."""
        targets = await self._publishers.meant(caller.user, users, contact_lists)
        watcher = await self._directory.names_of(caller.user)
        publishers = targets.publishers
        now = self._clock.seconds()
        known = await self._presences.read(publishers, watcher, now=now, is_access=True)
        presences = [
            shown(name, known[publisher], attributes, allowed)
            for publisher, name in publishers.items()
            if publisher in known
            for allowed in (permitted(publisher, watcher[0], known[publisher].allowed),)
        ]
        reactive = {each: presence.allowed for each, presence in known.items()}
        await self.ask(reactive, watcher[0], attributes)
        return Got(tuple(presences), targets.outcome(known))

    async def subscribe(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
        *,
        follows: bool | None = False,
    ) -> Outcome:
        """Have the caller's session told of users, and of those in contact lists: at once, and when
        something changes, as long as the session lasts (CSP, SubscribePresence).

        What was asked for before in the same way is replaced. With ``follows``, it is told of those
        who are in the lists from then on, and without a word on that wherever lists are followed at
        all; where they are not, it is refused with 760. Who cannot be subscribed to is in the
        outcome.
        """
        contact_lists = list(contact_lists)
        if follows and contact_lists and not self._follows_lists:
            code = StatusCode.AUTO_SUBSCRIBE_NOT_SUPPORTED
            raise Refusal(code, "contact lists are not followed")
        targets = await self._publishers.meant(caller.user, users, contact_lists)
        known = await self._subscribe(caller, targets.users, attributes)
        for contact_list, members in targets.contact_lists.items():
            await self._subscribe(caller, members, attributes, contact_list, self.follows(follows))
        return targets.outcome(known)

    def follows(self, wanted: bool | None) -> bool:
        """Whether contact lists are followed where a client wants that, or says nothing."""
        return self._follows_lists if wanted is None else wanted

    async def _subscribe(
        self,
        caller: Caller,
        publishers: Mapping[Address, Address],
        attributes: Attributes,
        through: Address | None = None,
        follows: bool = False,
    ) -> set[Address]:
        """Subscribe to publishers, each known by a name, directly or through a contact list, and
        have the session told of what it may see. Who they are that exist."""
        if not publishers and through is None:
            return set()
        session_id, until = caller.subscriber, math.inf
        if not caller.session_id and len(publishers) > MOST_AT_ONCE:
            raise Refusal(StatusCode.BAD_PARAMETER, f"more than {MOST_AT_ONCE} users")
        if caller.session_id:
            await note(self._subscriptions, caller, publishers, attributes, through, follows)
        else:
            until = self._clock.seconds() + ABROAD_SECONDS
        watcher = await self._directory.names_of(caller.user)
        try:
            found = await self._subscriptions.subscribe(
                session_id, watcher, publishers, attributes, through, until=until
            )
        except TooManySubscriptions:
            raise Refusal(StatusCode.BAD_PARAMETER, "too many subscriptions") from None
        unknown = [each for each in publishers if each not in found]
        if unknown and caller.session_id:
            now = self._clock.seconds()
            await self._subscriptions.unsubscribe(session_id, unknown, through, now=now)
        may_see = {
            publisher: permitted(publisher, watcher[0], allowed)
            for publisher, allowed in found.items()
        }
        news = [
            Told(session_id, publisher, told)
            for publisher, allowed in may_see.items()
            if (told := attributes & what_shows(allowed))
        ]
        await self._news.put(news)
        await self._subscriptions.note_seen(
            Seen(session_id, publisher, may_see[publisher], allowed.number)
            for publisher, allowed in found.items()
        )
        await self.ask(found, watcher[0], attributes)
        return set(found)

    async def unsubscribe(
        self, caller: Caller, users: Iterable[Address], contact_lists: Iterable[Address]
    ) -> Outcome:
        """End subscriptions of the caller's session, to users, however they were made, and those
        made through contact lists (CSP, UnsubscribePresence). Whoever is unknown is in the
        outcome."""
        session_id, now = caller.session_id, self._clock.seconds()
        targets = await self._publishers.meant(caller.user, users, contact_lists)
        targets.failures[:] = map(_unknown, targets.failures)
        unknown = await self._directory.unknown(targets.users)
        if targets.users and not session_id:
            await self._subscriptions.forget_subscriber(caller.subscriber, targets.users, now=now)
        elif targets.users:
            await self._subscriptions.unsubscribe(session_id, targets.users, now=now)
        for each in targets.contact_lists:
            subscribed = await self._subscriptions.through(session_id, each)
            await self._subscriptions.unsubscribe(
                session_id, subscribed.publishers, each, unfollows=True, now=now
            )
        return targets.outcome(targets.users.keys() - unknown)

    async def told(
        self,
        caller: Caller,
        news: Sequence[News],
        most_octets: int = MOST_OCTETS,
        msisdn: str | None = None,
    ) -> ToldOf:
        """What a session may be told of publishers of whom there is news: as it is now, and without
        those of whom there is nothing to be seen any more. Where that is a lot, it is told of the
        rest later; an attribute that is longer than so many octets when it is written is left out.
        The number is that by which publishers may know the caller, too."""
        watcher = names_by(caller.user, msisdn)
        abroad = [each.publisher for each in news if not self._directory.is_home(each.publisher)]
        from_abroad = await self._abroad.read(caller.user, abroad)
        publishers = [each.publisher for each in news if each.publisher not in from_abroad]
        known = await self._presences.read(publishers, watcher, now=self._clock.seconds())
        presences: list[Presence] = []
        later: list[Told] = []
        hidden: list[Seen] = []
        room = Room(most_octets)
        for each in news:
            # There is a client that takes whoever is told of without it for off line.
            asked = each.attributes | each.asked & {_ONLINE_STATUS}
            if each.publisher in from_abroad:
                told_there = from_abroad[each.publisher]
                seen = Presence(each.name, tuple(p for p in told_there if p.attribute in asked))
            elif each.publisher not in known:
                # The account is gone; of whom one could see that, that is told.
                presences += _gone(each)
                continue
            else:
                presence = known[each.publisher]
                allowed = permitted(each.publisher, watcher[0], presence.allowed)
                if not each.attributes <= what_shows(allowed):
                    # The rest is new again if it is allowed again, however soon that is.
                    number = presence.allowed.number
                    hidden.append(Seen(caller.subscriber, each.publisher, allowed, number))
                seen = shown(each.name, presence, asked, allowed, also_gone=True)
            told, waits = room.taken(seen.published)
            if waits & each.attributes:
                rest = Told(caller.subscriber, each.publisher, waits & each.attributes)
                later.append(rest)
            if any(published.attribute in each.attributes for published in told):
                presences.append(Presence(each.name, told))
        if hidden:
            await self._subscriptions.note_seen(hidden)
        if later:
            await self._news.put(later)
        return ToldOf(tuple(presences), bool(later))

    async def renew(self, caller: Caller) -> None:
        """Have the caller's session, whose client can be told of presence again, told of all those
        to whom it has subscribed."""
        await self._subscriptions.renew_news(caller.session_id, now=self._clock.seconds())

    async def told_abroad(self, publisher: Address, watcher: Address) -> Presence | None:
        """What a user of another domain is told of a publisher, as it is now and as far as it may
        be now; None if there is nothing. It is the same again, as far as that still holds, until
        ``was_told_abroad``."""
        now = self._clock.seconds()
        told, asked = await self._subscriptions.take_news_abroad(publisher, watcher, now=now)
        if not told:
            return None
        news = News(publisher, publisher, told, asked)
        presences = (await self.told(Caller(watcher, ""), [news])).presences
        return presences[0] if presences else None

    async def was_told_abroad(self, publisher: Address, watcher: Address) -> None:
        """A user of another domain was told that, or nobody can tell it."""
        await self._subscriptions.finish_news_abroad(publisher, watcher)

    async def watchers(
        self, caller: Caller, history_seconds: int | None = None, *, accesses: bool = True
    ) -> dict[Address, WatcherStatus]:
        """Who is subscribed to the caller, whether they may see anything or not; and with a time,
        who has been, or if ``accesses`` has asked once, in that time (CSP, GetWatcherList)."""
        since = math.inf if history_seconds is None else self._clock.seconds() - history_seconds
        now = self._clock.seconds()
        return await self._subscriptions.watchers(
            caller.user, since=since, now=now, accesses=accesses
        )

    async def questions(
        self, publisher: Address, watchers: Iterable[Address]
    ) -> dict[Address, Question]:
        """What a publisher is still to be asked, or told, of watchers who have asked for more than
        is allowed; without those of whom there is nothing by now."""
        names = {watcher: await self._directory.names_of(watcher) for watcher in watchers}
        allowed = await self._subscriptions.allowed(publisher, names.values())
        return {
            watcher: asked
            for watcher in names
            for found in (allowed[names[watcher]],)
            if (asked := question(permissions(publisher, watcher, found), found.asked))
        }

    async def ask(
        self, found: Mapping[Address, Allowed], watcher: Address, attributes: Attributes
    ) -> None:
        """Ask those publishers who have said nothing yet of a watcher, and tell those who want to
        know who asks for more than they allow."""
        questions = {
            publisher: asked
            for publisher, allowed in found.items()
            if (asked := question(permissions(publisher, watcher, allowed), attributes))
        }
        await self._reactive.ask(questions, watcher)


_ONLINE_STATUS = Attribute.ONLINE_STATUS


def permitted(publisher: Address, watcher: Address, allowed: Allowed) -> Attributes:
    """What a watcher may see of a publisher who allows this."""
    return visible(permissions(publisher, watcher, allowed))


def permissions(publisher: Address, watcher: Address, allowed: Allowed) -> Permissions:
    """All that is to be known to decide what a watcher may see of a publisher."""
    return _permissions(publisher == watcher, allowed)


# Many who watch somebody are allowed the same.
@lru_cache(maxsize=1000)
def _permissions(is_publisher: bool, allowed: Allowed) -> Permissions:
    return Permissions(
        is_publisher=is_publisher,
        user=allowed.user,
        contact_lists=allowed.contact_lists,
        default=allowed.default,
        granted=allowed.granted,
        denied=allowed.denied,
        notifying=allowed.notifying,
    )


def _unknown(failure: Detail) -> Detail:
    """Whom nobody serves, nobody is subscribed to: that is told as of anybody unknown."""
    if failure.code is not StatusCode.DOMAIN_NOT_SUPPORTED:
        return failure
    return Detail(StatusCode.UNKNOWN_USER, users=failure.users)


def _gone(news: News) -> list[Presence]:
    if _ONLINE_STATUS not in news.attributes:
        return []
    off_line = PresenceValue(content=(("PresenceValue", False),))
    return [Presence(news.name, (Published(_ONLINE_STATUS, off_line),))]
