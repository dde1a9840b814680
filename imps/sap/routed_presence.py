"""Presence for the doors, whoever serves the publishers: those here, and those of partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred, gatherResults

from imps.elements.authorization import Question
from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, Got, IRemotePresence
from imps.elements.presence import PresenceService, ToldOf
from imps.elements.presence_view import MOST_OCTETS
from imps.elements.publishers_abroad import PublishersAbroad
from imps.elements.watching import Watching
from imps.model.address import Address
from imps.model.presence import Attribute, PresenceValue, WatcherStatus
from imps.model.status import Detail, Outcome, Refusal, StatusCode, merge
from imps.sap.service_table import nobody
from imps.store.deliveries import News
from imps.store.sessions import Sessions
from imps.store.subscriptions import Subscriptions
from imps.store.work import Work

Attributes = frozenset[Attribute]


@define(eq=False)
class RoutedPresence:
    """Presence, split by the domains of the publishers.

    What our users ask for of users of partners is kept like what they ask for of each other, with
    their sessions; what they are told comes as an event, and is read when it is sent.
    """

    local: PresenceService
    _abroad: PublishersAbroad
    _remote: Callable[[str], IRemotePresence | None]
    _watching: Watching
    _subscriptions: Subscriptions
    _sessions: Sessions
    _contacts: Contacts
    _directory: Directory

    async def publish(self, caller: Caller, values: Mapping[Attribute, PresenceValue]) -> None:
        """Change attributes of the caller, who lives here (CSP, UpdatePresence)."""
        await self.local.publish(caller, values)

    async def watchers(
        self, caller: Caller, history_seconds: int | None = None, *, accesses: bool = True
    ) -> dict[Address, WatcherStatus]:
        """Who watches the caller, wherever they live (CSP, GetWatcherList)."""
        return await self.local.watchers(caller, history_seconds, accesses=accesses)

    async def renew(self, caller: Caller) -> None:
        """Have the caller's session told anew of those to whom it has subscribed."""
        await self.local.renew(caller)

    async def questions(
        self, publisher: Address, watchers: Iterable[Address]
    ) -> dict[Address, Question]:
        """What a publisher, who lives here, is still to be asked of watchers wherever they live."""
        return await self.local.questions(publisher, watchers)

    async def told(
        self,
        caller: Caller,
        news: Sequence[News],
        most_octets: int = MOST_OCTETS,
        msisdn: str | None = None,
    ) -> ToldOf:
        """What a session may be told of publishers of whom there is news."""
        return await self.local.told(caller, news, most_octets, msisdn)

    async def get(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
    ) -> Got:
        """What users, and those in contact lists of the caller, let the caller see (CSP,
        GetPresence). Of contacts of whom nothing can be known nothing is said."""
        contact_lists = list(contact_lists)
        here, abroad = self._split(users)
        asked = [*abroad]
        for contact_list in contact_lists:
            asked += await self._members_abroad(caller.user, contact_list)
        got = [
            await self.local.get(caller, here, contact_lists, attributes)
            if here or contact_lists or not abroad
            else Got((), Outcome())
        ]

        async def get(domain: str, some: list[Address]) -> None:
            named = [each for each in some if each in abroad]
            try:
                found = await self._at(domain).get(caller, some, attributes)
            except Refusal as refusal:
                got.append(Got((), _failed(named, refusal)))
            else:
                got.append(Got(found.presences, _of_those(found.outcome, some, named)))

        await _at_once(get(domain, some) for domain, some in _by_domain(asked).items())
        presences = tuple(presence for each in got for presence in each.presences)
        return Got(presences, merge(each.outcome for each in got))

    async def subscribe(
        self,
        caller: Caller,
        users: Iterable[Address],
        contact_lists: Iterable[Address],
        attributes: Attributes,
        *,
        follows: bool | None = False,
    ) -> Outcome:
        """Have the caller's session told of users, and of those in contact lists (CSP,
        SubscribePresence)."""
        contact_lists = list(contact_lists)
        here, abroad = self._split(users)
        outcomes = []
        if here or contact_lists or not abroad:
            outcomes.append(
                await self.local.subscribe(caller, here, contact_lists, attributes, follows=follows)
            )
        outcomes.append(await self._subscribe(caller, abroad, attributes))
        for contact_list in contact_lists:
            members = await self._members_abroad(caller.user, contact_list)
            own = await self._contacts.own(caller.user, contact_list)
            if members and own is not None:
                is_followed = self.local.follows(follows)
                await self._subscribe(caller, members, attributes, own, is_followed)
        return merge(outcomes)

    async def unsubscribe(
        self, caller: Caller, users: Iterable[Address], contact_lists: Iterable[Address]
    ) -> Outcome:
        """End subscriptions of the caller's session (CSP, UnsubscribePresence)."""
        contact_lists = list(contact_lists)
        here, abroad = self._split(users)
        left = set(abroad)
        for contact_list in contact_lists:
            own = await self._contacts.own(caller.user, contact_list)
            if own is not None:
                left |= await self._through(caller.session_id, own)
        outcomes = [Outcome(len(abroad))]
        if here or contact_lists or not abroad:
            outcomes.append(await self.local.unsubscribe(caller, here, contact_lists))
        await self._abroad.forget(caller.session_id, abroad)
        await self._unsubscribed(caller.user, left)
        return merge(outcomes)

    # Work that is done while nobody waits.

    async def follow(self, work: Work) -> None:
        """Have the sessions of a user that follow a contact list subscribed to those who are in it
        now; work of ``Watching``, for users of partners as well."""
        await self._watching.follow(work)
        if self._remote is nobody:
            return
        owner, contact_list = map(Address.parse, work.details[:2])
        is_there = await self._contacts.members(owner, contact_list) is not None
        members = await self._members_abroad(owner, contact_list)
        for session_id in await self._sessions.of(owner):
            found = await self._subscriptions.through(session_id, contact_list)
            known = {each for each in found.publishers if not self._directory.is_home(each)}
            if not is_there or found.followed is not None:
                gone = known.difference(members)
                await self._abroad.forget(session_id, gone, contact_list)
                await self._unsubscribed(owner, gone)
            new = [each for each in members if each not in known]
            if new and found.followed is not None:
                caller = Caller(owner, session_id)
                await self._subscribe(caller, new, found.followed, contact_list, True)

    async def end(self, work: Work) -> None:
        """End all subscriptions of a session that is over; work of ``Watching``, with users of
        partners as well."""
        session_id, *user = work.details
        if user and self._remote is not nobody:
            publishers = await self._subscriptions.publishers(session_id)
            abroad = {each for each in publishers if not self._directory.is_home(each)}
            await self._unsubscribed(Address.parse(user[0]), abroad)
        await self._watching.end(work)

    # Details.

    def _split(self, users: Iterable[Address]) -> tuple[list[Address], list[Address]]:
        """Users of ours, or of nobody's, and users of partners."""
        here: list[Address] = []
        abroad: list[Address] = []
        for user in dict.fromkeys(users):
            (abroad if self._is_abroad(user) else here).append(user)
        return here, abroad

    def _is_abroad(self, user: Address) -> bool:
        address = self._directory.at_home(user)
        if not address.is_user or self._directory.is_home(address):
            return False
        return self._remote(address.domain) is not None

    def _at(self, domain: str) -> IRemotePresence:
        """Who serves a partner's domain; refused with 516 if it is none any more."""
        remote = self._remote(domain)
        if remote is None:
            raise Refusal(StatusCode.DOMAIN_NOT_SUPPORTED, f"no partner serves {domain}")
        return remote

    async def _members_abroad(self, owner: Address, contact_list: Address) -> list[Address]:
        """The users of partners in a contact list."""
        if self._remote is nobody:
            return []
        members = await self._contacts.members(owner, contact_list)
        return [each for each in members or () if self._is_abroad(each)]

    async def _through(self, session_id: str, contact_list: Address) -> set[Address]:
        """To which users of partners a session is subscribed through a contact list."""
        if self._remote is nobody:
            return set()
        found = await self._subscriptions.through(session_id, contact_list)
        return {each for each in found.publishers if not self._directory.is_home(each)}

    async def _subscribe(
        self,
        caller: Caller,
        users: Sequence[Address],
        attributes: Attributes,
        through: Address | None = None,
        follows: bool = False,
    ) -> Outcome:
        """Subscribe a session to users of partners. Those who do not exist are forgotten again."""
        if not users:
            return Outcome()
        asked = await self._abroad.note(caller, users, attributes, through, follows)
        outcomes: list[Outcome] = []

        async def subscribe(domain: str, wanted: Attributes, some: list[Address]) -> None:
            try:
                outcomes.append(await self._at(domain).subscribe(caller, some, wanted))
            except Refusal as refusal:
                outcomes.append(_failed(some, refusal))

        await _at_once(
            subscribe(domain, wanted, [each for each in some if asked[each] == wanted])
            for domain, some in _by_domain(users).items()
            for wanted in {asked[each] for each in some}
        )
        outcome = merge(outcomes)
        failed = [user for each in outcome.failures for user in each.users]
        await self._abroad.forget(caller.session_id, failed, through)
        return outcome

    async def _unsubscribed(self, watcher: Address, publishers: Iterable[Address]) -> None:
        """Tell partners whom of their users a watcher does not watch in any session any more."""
        left = await self._abroad.unwatched(watcher, publishers)
        for domain, some in _by_domain(left).items():
            remote = self._remote(domain)
            if remote is not None:
                await remote.unsubscribe(watcher, some)


async def _at_once(doing: Iterable[Any]) -> None:
    await gatherResults([Deferred.fromCoroutine(each) for each in doing])


def _by_domain(users: Iterable[Address]) -> dict[str, list[Address]]:
    by_domain: defaultdict[str, list[Address]] = defaultdict(list)
    for user in dict.fromkeys(users):
        by_domain[user.domain.casefold()].append(user)
    return by_domain


def _failed(users: Iterable[Address], refusal: Refusal) -> Outcome:
    return Outcome(0, tuple(Detail(refusal.code, users=(user,)) for user in users))


def _of_those(outcome: Outcome, asked: Sequence[Address], named: Sequence[Address]) -> Outcome:
    """What of an outcome is about those that were named, and not only in a contact list."""
    failures = tuple(each for each in outcome.failures if each.users[0] in named)
    return Outcome(len(named) - len(failures), failures)
