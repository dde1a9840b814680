"""Who subscribed to whom.

``subscribers:<publisher>``, in the bucket of the publisher, is the truth: for each session what it
asked for, directly and through contact lists, and what it could see when it was told last.
``subscriptions:<session>``, in the bucket of the watcher, is an index, so that subscriptions can be
ended with their session; it is written before the truth, and forgotten after it. Only contacts that
a followed list brings are written there last, in one step with what the session is told of them: so
they are new for as long as that is not done. Of one from whom the session has unsubscribed it asks
nothing there through such a list, and so that one is not new. There, too,
``followed:<session>`` names the contact lists whose changes a session follows, and
``news:<session>`` the publishers of whom it is to be told: never what, as that is read when it is
sent.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from attrs import define, frozen

from imps.model.address import SCHEME, Address
from imps.model.presence import Attribute, WatcherStatus, attributes_named, names_of
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.presence import CHUNK, Allowed, in_chunks, names

Attributes = frozenset[Attribute]

KEPT_SECONDS = 86_400


@frozen
class Subscriber:
    """A session that subscribed to a publisher, the names of its user, what it asked for, and what
    it could see when it was told last. A user of another domain has none: the address stands for
    it, and until when that is subscribed."""

    session_id: str
    watcher: tuple[Address, ...]
    asked: Attributes
    seen: Attributes
    until: float = math.inf


@frozen
class Told:
    """A session, or a user of another domain by the address, that is told attributes of a
    publisher."""

    session_id: str
    publisher: Address
    attributes: Attributes

    @property
    def watcher_abroad(self) -> Address | None:
        """The user of another domain; None for a session."""
        is_address = self.session_id.startswith(SCHEME)
        return Address.parse(self.session_id) if is_address else None


@frozen
class Seen:
    """A session that can see attributes of a publisher; the number is that of what this allowed
    then."""

    session_id: str
    publisher: Address
    attributes: Attributes
    number: int


@frozen
class Through:
    """To whom a session subscribed through a contact list, and what it asks for of those who come;
    None if it does not follow the list."""

    publishers: frozenset[Address]
    followed: Attributes | None


class TooManySubscriptions(Exception):
    """A session would have more subscriptions than it may, or a publisher more subscribers of other
    domains."""


@define(eq=False)
class Subscriptions:
    """The subscriptions of the sessions here to the users of the home domains."""

    _client: StoreClient
    _buckets: Buckets
    _most_of_a_session: int

    async def note(
        self,
        session_id: str,
        publishers: Mapping[Address, Address],
        attributes: Attributes,
        through: Address | None = None,
        follows: bool = False,
    ) -> bool:
        """Note to whom a session is about to subscribe, directly or through a contact list, and by
        which names it knows them; and whether it follows the list. False if there is no such
        session.

        Raises TooManySubscriptions.
        """
        known = list(publishers.items())
        for start in range(0, len(known) or 1, CHUNK):
            noted = await self._client.run(
                "note_subscriptions",
                [self._prefix(session_id)],
                session_id,
                _named(through),
                names_of(attributes),
                int(follows),
                self._most_of_a_session,
                *(
                    part
                    for publisher, name in known[start : start + CHUNK]
                    for part in (publisher.canonical, str(name))
                ),
            )
            if noted < 0:
                raise TooManySubscriptions(session_id)
            if not noted:
                return False
        return True

    async def note_brought(
        self,
        session_id: str,
        contact_list: Address,
        contacts: Mapping[Address, Address],
        attributes: Attributes,
        told: Mapping[Address, Attributes],
        *,
        now: float,
    ) -> list[Address]:
        """Note that a session is subscribed to publishers who have come into a contact list by
        these names, and have it told of them. Returns those of whom nothing is noted: it does not
        want to know of them, they have gone again, or it has too many subscriptions."""
        known = list(contacts.items())
        refused: list[bytes] = []
        for start in range(0, len(known), CHUNK):
            refused += await self._client.run(
                "note_brought",
                [self._prefix(session_id)],
                session_id,
                contact_list.canonical,
                names_of(attributes),
                self._most_of_a_session,
                repr(now),
                *(
                    part
                    for publisher, name in known[start : start + CHUNK]
                    for part in (
                        publisher.canonical,
                        str(name),
                        name.canonical,
                        names_of(told[publisher]),
                    )
                ),
            )
        return [Address.parse(each.decode()) for each in refused]

    async def subscribe(
        self,
        session_id: str,
        watcher: Sequence[Address],
        publishers: Iterable[Address],
        attributes: Attributes,
        through: Address | None = None,
        *,
        keeps: bool = False,
        until: float = math.inf,
    ) -> dict[Address, Allowed]:
        """Subscribe a session, or a user of another domain by the address, to publishers; what they
        allow that user, without those that do not exist. What was asked for in the same way is
        replaced, or ``keeps``."""
        found = {}
        for bucket, some in in_chunks(self._buckets, publishers):
            outcomes = await self._client.run(
                "subscribe",
                [self._buckets.prefix(bucket)],
                session_id,
                names(watcher),
                _named(through),
                names_of(attributes),
                int(keeps),
                "" if until == math.inf else repr(until),
                *(publisher.canonical for publisher in some),
            )
            for publisher, outcome in zip(some, outcomes, strict=True):
                if outcome == -1:
                    raise TooManySubscriptions(session_id)
                if outcome:
                    found[publisher] = Allowed.unpacked(*outcome)
        return found

    async def unsubscribe(
        self,
        session_id: str,
        publishers: Iterable[Address],
        through: Address | None = None,
        *,
        unfollows: bool = False,
        now: float,
    ) -> None:
        """End subscriptions of a session to publishers, those through a contact list or all; and
        stop following that."""
        publishers = list(publishers)
        await self.forget_subscriber(session_id, publishers, through, now=now)
        for start in range(0, len(publishers) or 1, CHUNK):
            await self._client.run(
                "forget_subscriptions",
                [self._prefix(session_id)],
                session_id,
                _named(through),
                int(unfollows),
                *(each.canonical for each in publishers[start : start + CHUNK]),
            )

    async def forget_subscriber(
        self,
        session_id: str,
        publishers: Iterable[Address],
        through: Address | None = None,
        *,
        now: float,
    ) -> None:
        """Have publishers forget that a session subscribed to them."""
        for bucket, some in in_chunks(self._buckets, publishers):
            await self._client.run(
                "unsubscribe",
                [self._buckets.prefix(bucket)],
                session_id,
                repr(now),
                _named(through),
                *(publisher.canonical for publisher in some),
            )

    async def publishers(self, session_id: str) -> list[Address]:
        """To whom a session subscribed, as far as it is noted."""
        key = f"{self._prefix(session_id)}subscriptions:{session_id}"
        found: list[bytes] = await self._client.execute("HKEYS", key)
        return [Address.parse(each.decode()) for each in found]

    async def through(self, session_id: str, contact_list: Address) -> Through:
        """To whom a session subscribed through a contact list, as far as it is noted."""
        publishers, followed = await self._client.run(
            "subscriptions_through",
            [self._prefix(session_id)],
            session_id,
            contact_list.canonical,
        )
        return Through(
            frozenset(Address.parse(each.decode()) for each in publishers),
            None if followed is None else attributes_named(followed.decode()),
        )

    async def forget_publisher(self, publisher: Address) -> None:
        """Forget who subscribed to a publisher; users of other domains are still to be told so, and
        are forgotten after a day."""
        key = f"{self._buckets.prefix_of(publisher)}subscribers:{publisher.canonical}"
        ids: list[bytes] = await self._client.execute("HKEYS", key)
        sessions = [each for each in ids if not each.startswith(SCHEME.encode())]
        for start in range(0, len(sessions), CHUNK):
            await self._client.execute("HDEL", key, *sessions[start : start + CHUNK])
        await self._client.execute("EXPIRE", key, KEPT_SECONDS)

    async def subscribers(self, publisher: Address) -> AsyncIterator[list[Subscriber]]:
        """Who subscribed to a publisher, some at a time."""
        key, cursor = f"{self._buckets.prefix_of(publisher)}subscribers:{publisher.canonical}", b"0"
        while True:
            cursor, found = await self._client.execute("HSCAN", key, cursor, "COUNT", CHUNK)
            pairs = zip(found[::2], found[1::2], strict=True)
            some = [_subscriber(session_id.decode(), record) for session_id, record in pairs]
            for start in range(0, len(some), CHUNK):
                yield some[start : start + CHUNK]
            if cursor == b"0":
                return

    async def allowed(
        self, publisher: Address, watchers: Iterable[tuple[Address, ...]]
    ) -> dict[tuple[Address, ...], Allowed]:
        """What a publisher allows watchers, each by its names."""
        watchers = list(dict.fromkeys(watchers))
        prefix = self._buckets.prefix_of(publisher)
        allowed = {}
        for start in range(0, len(watchers), CHUNK):
            some = watchers[start : start + CHUNK]
            replies = await self._client.run(
                "permissions", [prefix], publisher.canonical, *map(names, some)
            )
            for watcher, reply in zip(some, replies, strict=True):
                allowed[watcher] = Allowed.unpacked(*reply)
        return allowed

    async def put_news(self, news: Iterable[Told], *, now: float) -> set[str]:
        """Have sessions told of publishers; what waits to be told of one is told with it.

        At most one step a bucket, in chunks. Returns the sessions that are gone, or that have not
        subscribed.
        """
        by_bucket: defaultdict[int, list[str]] = defaultdict(list)
        for each in news:
            bucket = self._buckets.of_session(each.session_id)
            if bucket is not None:
                attributes = names_of(each.attributes)
                by_bucket[bucket] += [each.session_id, each.publisher.canonical, attributes]
        gone: set[str] = set()
        for bucket, parts in by_bucket.items():
            for start in range(0, len(parts), 3 * CHUNK):
                chunk = parts[start : start + 3 * CHUNK]
                prefix = self._buckets.prefix(bucket)
                reply = await self._client.run("put_news", [prefix], repr(now), *chunk)
                gone.update(session_id.decode() for session_id in reply)
        return gone

    async def renew_news(self, session_id: str, *, now: float) -> None:
        """Have a session told anew of all those to whom it has subscribed, some at a time."""
        place = b"0"
        while True:
            place = await self._client.run(
                "renew_news", [self._prefix(session_id)], session_id, repr(now), place, CHUNK
            )
            if place == b"0":
                return

    async def put_news_abroad(self, news: Iterable[Told]) -> list[Told]:
        """Note what users of other domains are to be told of publishers, together with what they
        are to be told already. Returns those that have subscribed."""
        by_bucket: defaultdict[int, list[Told]] = defaultdict(list)
        for each in news:
            by_bucket[self._buckets.of(each.publisher)].append(each)
        noted: list[Told] = []
        for bucket, told in by_bucket.items():
            for start in range(0, len(told), CHUNK):
                some = told[start : start + CHUNK]
                replies = await self._client.run(
                    "put_news_abroad",
                    [self._buckets.prefix(bucket)],
                    *(
                        part
                        for each in some
                        for part in (
                            each.session_id,
                            each.publisher.canonical,
                            names_of(each.attributes),
                        )
                    ),
                )
                noted += [each for each, done in zip(some, replies, strict=True) if done]
        return noted

    async def take_news_abroad(
        self, publisher: Address, watcher: Address, *, now: float
    ) -> tuple[Attributes, Attributes]:
        """What a user of another domain is to be told of a publisher, the same until that is
        finished, and all that it asked for; nothing if it has not subscribed any more."""
        told, asked = await self._client.run(
            "take_news_abroad",
            [self._buckets.prefix_of(publisher)],
            publisher.canonical,
            watcher.canonical,
            repr(now),
        )
        return attributes_named(told.decode()), attributes_named(asked.decode())

    async def finish_news_abroad(self, publisher: Address, watcher: Address) -> None:
        """A user of another domain was told that, or nobody can tell it."""
        prefix = [self._buckets.prefix_of(publisher)]
        who = publisher.canonical, watcher.canonical
        await self._client.run("finish_news_abroad", prefix, *who)

    async def note_seen(self, seen: Iterable[Seen]) -> None:
        """Note what sessions can see of publishers, once they are told that; what was decided
        later counts."""
        by_bucket: defaultdict[int, list[str | int]] = defaultdict(list)
        for each in seen:
            attributes = names_of(each.attributes)
            by_bucket[self._buckets.of(each.publisher)] += [
                each.publisher.canonical,
                each.session_id,
                attributes,
                each.number,
            ]
        for bucket, parts in by_bucket.items():
            for start in range(0, len(parts), 4 * CHUNK):
                chunk = parts[start : start + 4 * CHUNK]
                await self._client.run("note_seen", [self._buckets.prefix(bucket)], *chunk)

    async def watchers(
        self, publisher: Address, *, since: float, now: float, accesses: bool = True
    ) -> dict[Address, WatcherStatus]:
        """Who is subscribed to a publisher, and who else has been, or if ``accesses`` has asked,
        since a time; each as what they were last."""
        subscribed, others = await self._client.run(
            "watchers", [self._buckets.prefix_of(publisher)], publisher.canonical, repr(since)
        )
        watchers = {}
        for record in subscribed:
            subscriber = _subscriber("", record)
            if subscriber.until > now:
                watchers[subscriber.watcher[0]] = WatcherStatus.CURRENT_SUBSCRIBER
        for said, _, name in (each.decode().partition(" ") for each in reversed(others)):
            status = WatcherStatus(said)
            if accesses or status is not WatcherStatus.PRESENCE_ACCESS:
                watchers.setdefault(Address.parse(name), status)
        return watchers

    def _prefix(self, session_id: str) -> str:
        return self._buckets.prefix(self._buckets.of_session(session_id) or 0)


def _named(contact_list: Address | None) -> str:
    return "" if contact_list is None else contact_list.canonical


def _subscriber(session_id: str, record: bytes) -> Subscriber:
    fields = json.loads(record)
    return Subscriber(
        session_id,
        tuple(map(Address.parse, fields["watcher"].split())),
        frozenset[Attribute]().union(*map(attributes_named, fields["asked"].values())),
        attributes_named(fields.get("seen", "")),
        fields.get("until", math.inf),
    )
