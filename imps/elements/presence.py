"""The presence service element: what users publish, and who is told of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime

from imps.elements.authorization import Permissions, is_open_to_asking, visible, what_shows
from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IWork
from imps.elements.presence_view import shown
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.model.address import Address
from imps.model.presence import (
    Attribute,
    Content,
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

OCTETS_AT_A_TIME = 32 * 1024
"""Of how much a session is told at a time: there are clients that read no more than 100,000 octets,
and a value may be far longer when it is written than it is here."""


@frozen
class Got:
    """Presence that was asked for, and of whom there was none to be had."""

    presences: tuple[Presence, ...]
    outcome: Outcome


@frozen
class ToldOf:
    """Presence that a session is told of, and whether there is more."""

    presences: tuple[Presence, ...]
    has_more: bool


@define(eq=False)
class _Targets:
    """Who is meant: for each publisher the name that the caller uses, directly or in each contact
    list; and what is wrong with the others."""

    users: dict[Address, Address] = field(factory=dict)
    contact_lists: dict[Address, dict[Address, Address]] = field(factory=dict)
    failures: list[Detail] = field(factory=list)

    @property
    def publishers(self) -> dict[Address, Address]:
        """All publishers, each once."""
        publishers: dict[Address, Address] = {}
        for some in (*self.contact_lists.values(), self.users):
            publishers |= some
        return publishers


@define(eq=False)
class PresenceService:
    """The presence of the users of the home domains.

    What a watcher is told is read, and decided, when it is sent.
    """

    _presences: Presences
    _subscriptions: Subscriptions
    _contacts: Contacts
    _directory: Directory
    _reactive: ReactiveAuthorization
    _work: IWork
    _clock: IReactorTime

    async def publish(self, caller: Caller, values: Mapping[Attribute, PresenceValue]) -> None:
        """Change attributes of the caller and of its client; others stay (CSP, UpdatePresence).

        Whether a user is on line is known here: what a client says of that is ignored.
        """
        said = {each: value for each, value in values.items() if each is not _ONLINE_STATUS}
        if not said:
            return
        now = self._clock.seconds()
        try:
            work = await self._presences.publish(caller.user, caller.session_id, said, now=now)
        except NoSuchPublisher:
            raise Refusal(StatusCode.INVALID_SESSION, "the session is over") from None
        if work is not None:
            self._work.begin(work)

    async def get(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
    ) -> Got:
        """What users, and those in contact lists of the caller, let the caller see; for each of
        them something, be it empty (CSP, GetPresence). Who cannot be asked is in the outcome."""
        targets = await self._targets(caller.user, users, contact_lists)
        watcher = await self.names_of(caller.user)
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
        failures = targets.failures + _unknown(targets.users, known)
        return Got(tuple(presences), Outcome(_served(targets, presences), tuple(failures)))

    async def subscribe(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
        *,
        follows: bool = False,
    ) -> Outcome:
        """Have the caller's session told of users, and of those in contact lists: at once, and when
        something changes, as long as the session lasts (CSP, SubscribePresence).

        What was asked for before in the same way is replaced. With ``follows``, it is told of those
        who are in the lists from then on. Who cannot be subscribed to is in the outcome.
        """
        targets = await self._targets(caller.user, users, contact_lists)
        known = await self._subscribe(caller, targets.users, attributes)
        for contact_list, members in targets.contact_lists.items():
            await self._subscribe(caller, members, attributes, contact_list, follows)
        failures = targets.failures + _unknown(targets.users, known)
        return Outcome(_served(targets, known), tuple(failures))

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
        session_id = caller.session_id
        try:
            noted = await self._subscriptions.note(
                session_id, publishers, attributes, through, follows
            )
        except TooManySubscriptions:
            raise Refusal(StatusCode.BAD_PARAMETER, "too many subscriptions") from None
        if not noted:
            raise Refusal(StatusCode.INVALID_SESSION, "the session is over")
        watcher = await self.names_of(caller.user)
        found = await self._subscriptions.subscribe(
            session_id, watcher, publishers, attributes, through
        )
        unknown = [each for each in publishers if each not in found]
        if unknown:
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
        await self._subscriptions.put_news(news, now=self._clock.seconds())
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
        targets = await self._targets(caller.user, users, contact_lists)
        unknown = await self._directory.unknown(targets.users)
        failures = targets.failures + _unknown(targets.users, set(targets.users) - unknown)
        if targets.users:
            await self._subscriptions.unsubscribe(session_id, targets.users, now=now)
        for each in targets.contact_lists:
            subscribed = await self._subscriptions.through(session_id, each)
            await self._subscriptions.unsubscribe(
                session_id, subscribed.publishers, each, unfollows=True, now=now
            )
        served = len(targets.users) - len(unknown) + len(targets.contact_lists)
        return Outcome(served, tuple(failures))

    async def told(self, caller: Caller, news: Sequence[News]) -> ToldOf:
        """What a session may be told of publishers of whom there is news: as it is now, and without
        those of whom there is nothing to be seen any more. Where that is too much at a time, it is
        told of the rest later."""
        watcher = await self.names_of(caller.user)
        publishers = [each.publisher for each in news]
        known = await self._presences.read(publishers, watcher, now=self._clock.seconds())
        presences: list[Presence] = []
        later: list[Told] = []
        octets = 0
        for each in news:
            if octets >= OCTETS_AT_A_TIME:
                later.append(Told(caller.session_id, each.publisher, each.attributes))
            elif each.publisher not in known:
                # The account is gone; of whom one could see that, that is told.
                presences += _gone(each)
            else:
                presence = known[each.publisher]
                allowed = permitted(each.publisher, watcher[0], presence.allowed)
                seen = shown(each.name, presence, each.attributes, allowed, also_gone=True)
                octets += sum(_octets(published.value.content) for published in seen.published)
                presences += [seen] if seen.published else []
        await self._subscriptions.put_news(later, now=self._clock.seconds())
        return ToldOf(tuple(presences), bool(later))

    async def watchers(
        self, caller: Caller, history_seconds: int | None = None
    ) -> dict[Address, WatcherStatus]:
        """Who is subscribed to the caller, whether they may see anything or not; and with a time,
        who has been, or has asked once, in that time (CSP, GetWatcherList)."""
        since = math.inf if history_seconds is None else self._clock.seconds() - history_seconds
        return await self._subscriptions.watchers(caller.user, since=since)

    async def exists(self, publisher: Address) -> bool:
        """Whether there is such a user of ours, still."""
        return await self._directory.find(publisher) is not None

    async def publishers_in(
        self, owner: Address, contact_list: Address
    ) -> dict[Address, Address] | None:
        """The users of ours in a contact list, and the names that they have there; None without
        such a list."""
        members = await self._contacts.members(owner, contact_list)
        if members is None:
            return None
        return {
            publisher: each
            for each in members
            if (publisher := await self._publisher(each)) is not None
        }

    async def names_of(self, user: Address) -> tuple[Address, ...]:
        """The names by which others may know a user: the address, and one by telephone number."""
        account = await self._directory.find(user)
        if account is None or account.msisdn is None:
            return (user,)
        return user, Address(account.msisdn, None, user.domain)

    async def ask(
        self, found: Mapping[Address, Allowed], watcher: Address, attributes: Attributes
    ) -> None:
        """Ask those publishers who allow this and have said nothing yet of a watcher."""
        publishers = [
            publisher
            for publisher, allowed in found.items()
            if is_open_to_asking(permissions(publisher, watcher, allowed), attributes)
        ]
        await self._reactive.ask(publishers, watcher, attributes)

    async def _targets(
        self, caller: Address, users: Iterable[Address], contact_lists: Iterable[Address]
    ) -> _Targets:
        """Who is meant. Contacts of whom nothing can be known are left out, without an error: to
        have them in a list is none."""
        targets = _Targets()
        for user in dict.fromkeys(users):
            address = self._directory.at_home(user)
            publisher = await self._publisher(address)
            if publisher is not None:
                targets.users[publisher] = user
            elif address.is_user and not self._directory.is_home(address):
                code, domains = StatusCode.DOMAIN_NOT_SUPPORTED, (address.domain,)
                targets.failures.append(Detail(code, users=(user,), domains=domains))
            else:
                targets.failures.append(Detail(StatusCode.UNKNOWN_USER, users=(user,)))
        for contact_list in dict.fromkeys(contact_lists):
            own = await self._contacts.own(caller, contact_list)
            members = None if own is None else await self.publishers_in(caller, own)
            if own is None or members is None:
                code = StatusCode.NO_SUCH_CONTACT_LIST
                targets.failures.append(Detail(code, contact_lists=(contact_list,)))
            else:
                targets.contact_lists[own] = members
        if not (targets.users or targets.contact_lists or targets.failures):
            raise Refusal(StatusCode.BAD_PARAMETER, "no user or contact list")
        return targets

    async def _publisher(self, address: Address) -> Address | None:
        """The account that an address could be of; None if it can be of none of ours."""
        user = self._directory.at_home(address)
        if not user.is_user or not self._directory.is_home(user):
            return None
        if user.msisdn is None:
            return user
        account = await self._directory.find(user)
        return None if account is None else account.address


_ONLINE_STATUS = Attribute.ONLINE_STATUS


def permitted(publisher: Address, watcher: Address, allowed: Allowed) -> Attributes:
    """What a watcher may see of a publisher who allows this."""
    return visible(permissions(publisher, watcher, allowed))


def permissions(publisher: Address, watcher: Address, allowed: Allowed) -> Permissions:
    """All that is to be known to decide what a watcher may see of a publisher."""
    return Permissions(
        is_publisher=publisher == watcher,
        user=allowed.user,
        contact_lists=allowed.contact_lists,
        default=allowed.default,
        granted=allowed.granted,
        denied=allowed.denied,
    )


def _gone(news: News) -> list[Presence]:
    if _ONLINE_STATUS not in news.attributes:
        return []
    off_line = PresenceValue(content=(("PresenceValue", False),))
    return [Presence(news.name, (Published(_ONLINE_STATUS, off_line),))]


def _octets(content: Content) -> int:
    """How large a value is, about."""
    return sum(
        _octets(item)
        if isinstance(item, tuple)
        else len(item)
        if isinstance(item, str | bytes)
        else 4
        for _, item in content
    )


def _unknown(users: Mapping[Address, Address], known: Iterable[Address]) -> list[Detail]:
    """That there are no such users."""
    unknown = users.keys() - set(known)
    return [
        Detail(StatusCode.UNKNOWN_USER, users=(name,))
        for publisher, name in users.items()
        if publisher in unknown
    ]


def _served(targets: _Targets, known: Iterable[object]) -> int:
    """How many of the targets were served, where that matters."""
    return len(targets.contact_lists) + len(list(known))
