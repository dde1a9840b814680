"""Presence, in the bucket of its publisher; who subscribed to it there; and in the bucket of each
watcher, to whom a session subscribed and of whom it is to be told.

What the publisher's bucket says of subscriptions is the truth; the watcher's is an index, so that they
can be ended with their session.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from attrs import define, frozen

from imps.model.address import Address
from imps.model.presence import Attribute, PresenceValue, attributes_named, names_of
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import unpacked_value, value_packed
from imps.store.work import LEASE_SECONDS, Work

CHUNK = 200

Values = Mapping[Attribute, PresenceValue]


@frozen(kw_only=True)
class ClientPresence:
    """What a client of a user has published, and when it did so last, or else signed on."""

    session_id: str
    client: str
    type: str
    at: float
    values: Values


@frozen(kw_only=True)
class UserPresence:
    """What is known of a user, and of each client, the one that published last at the end."""

    alias: str
    values: Values
    clients: tuple[ClientPresence, ...]


@frozen
class Subscriber:
    """A session that subscribed to a publisher, its user, and the attributes that it asked for."""

    session_id: str
    watcher: Address
    attributes: frozenset[Attribute]


class NoSuchPublisher(Exception):
    """There is no such user, or no such session of that user."""


@define(eq=False)
class Presences:
    """What the users of the home domains publish, and who is to be told of it."""

    _client: StoreClient
    _buckets: Buckets

    async def publish(
        self, user: Address, session_id: str | None, values: Values, *, now: float
    ) -> Work | None:
        """Publish attributes of a user, and of the client of a session or the network.

        Returns the work of telling those who subscribed. Raises NoSuchPublisher.
        """
        bucket = self._buckets.of(user)
        of_client = {name: value for name, value in values.items() if name.is_of_client}
        of_user = {name: value for name, value in values.items() if not name.is_of_client}
        work = await self._client.run(
            "publish_presence",
            [self._buckets.prefix(bucket)],
            user.canonical,
            session_id or "",
            repr(now),
            repr(now + LEASE_SECONDS),
            len(of_client),
            *(part for field in (of_client | of_user).items() for part in _packed(*field)),
        )
        if isinstance(work, int):
            raise NoSuchPublisher(user)
        return Work.unpacked(bucket, work) if work else None

    async def read(self, users: Sequence[Address], *, now: float) -> dict[Address, UserPresence]:
        """The presence of users; those that do not exist are left out."""
        found = {}
        for bucket, some in self._in_chunks(users):
            replies = await self._client.run(
                "read_presence",
                [self._buckets.prefix(bucket)],
                repr(now),
                *(user.canonical for user in some),
            )
            for user, reply in zip(some, replies, strict=True):
                if reply:
                    found[user] = _presence(*reply)
        return found

    async def subscribe(
        self,
        session_id: str,
        watcher: Address,
        publishers: Sequence[Address],
        attributes: frozenset[Attribute],
        through: Address | None = None,
        follows: bool = False,
    ) -> set[Address] | None:
        """Subscribe a session to publishers, directly or through a contact list, which it may follow
        when that changes. Returns who does not exist; None when there is no such session."""
        contact_list = "" if through is None else through.canonical
        bucket = self._buckets.of_session(session_id) or 0
        for start in range(0, len(publishers) or 1, CHUNK):
            noted = await self._client.run(
                "note_subscriptions",
                [self._buckets.prefix(bucket)],
                session_id,
                watcher.canonical,
                contact_list,
                names_of(attributes),
                int(follows and through is not None),
                *(publisher.canonical for publisher in publishers[start : start + CHUNK]),
            )
            if not noted:
                return None
        unknown = set()
        for bucket, some in self._in_chunks(publishers):
            outcomes = await self._client.run(
                "subscribe",
                [self._buckets.prefix(bucket)],
                session_id,
                watcher.canonical,
                contact_list,
                names_of(attributes),
                *(publisher.canonical for publisher in some),
            )
            pairs = zip(some, outcomes, strict=True)
            unknown.update(publisher for publisher, exists in pairs if not exists)
        return unknown

    async def unsubscribe(
        self,
        session_id: str,
        publishers: Sequence[Address] = (),
        through: Address | None = None,
        *,
        now: float,
    ) -> None:
        """End subscriptions of a session: to publishers, or what came through a contact list; all of
        them without either."""
        contact_list = "" if through is None else through.canonical
        bucket = self._buckets.of_session(session_id) or 0
        forgotten = await self._client.run(
            "forget_subscriptions",
            [self._buckets.prefix(bucket)],
            session_id,
            contact_list,
            *(publisher.canonical for publisher in publishers),
        )
        ended = [Address.parse(publisher.decode()) for publisher in forgotten]
        await self.forget_subscriber(session_id, ended, through, now=now)

    async def forget_subscriber(
        self,
        session_id: str,
        publishers: Sequence[Address],
        through: Address | None = None,
        *,
        now: float,
    ) -> None:
        """Have publishers forget that a session subscribed to them."""
        contact_list = "" if through is None else through.canonical
        for bucket, some in self._in_chunks(publishers):
            await self._client.run(
                "unsubscribe",
                [self._buckets.prefix(bucket)],
                session_id,
                repr(now),
                contact_list,
                *(publisher.canonical for publisher in some),
            )

    async def subscribers(self, publisher: Address) -> AsyncIterator[list[Subscriber]]:
        """Who subscribed to a publisher, some at a time."""
        key, cursor = f"{self._buckets.prefix_of(publisher)}subscribers:{publisher.canonical}", b"0"
        while True:
            cursor, found = await self._client.execute("HSCAN", key, cursor, "COUNT", CHUNK)
            pairs = zip(found[::2], found[1::2], strict=True)
            yield [_subscriber(session_id.decode(), record) for session_id, record in pairs]
            if cursor == b"0":
                return

    async def put_news(
        self, news: Iterable[tuple[str, Address, frozenset[Attribute]]], *, now: float
    ) -> set[str]:
        """Have sessions told of publishers; what waits to be told of one is told with it.

        At most one step a bucket, in chunks. Returns the sessions that are gone.
        """
        by_bucket: defaultdict[int, list[str]] = defaultdict(list)
        for session_id, publisher, attributes in news:
            bucket = self._buckets.of_session(session_id)
            if bucket is not None:
                by_bucket[bucket] += [session_id, publisher.canonical, names_of(attributes)]
        gone: set[str] = set()
        for bucket, parts in by_bucket.items():
            for start in range(0, len(parts), 3 * CHUNK):
                chunk = parts[start : start + 3 * CHUNK]
                prefix = self._buckets.prefix(bucket)
                reply = await self._client.run("put_news", [prefix], repr(now), *chunk)
                gone.update(session_id.decode() for session_id in reply)
        return gone

    def _in_chunks(self, users: Iterable[Address]) -> list[tuple[int, list[Address]]]:
        by_bucket: defaultdict[int, list[Address]] = defaultdict(list)
        for user in dict.fromkeys(users):
            by_bucket[self._buckets.of(user)].append(user)
        return [
            (bucket, some[start : start + CHUNK])
            for bucket, some in by_bucket.items()
            for start in range(0, len(some), CHUNK)
        ]


def _packed(name: Attribute, value: PresenceValue) -> tuple[str, bytes]:
    return name.value, value_packed(value)


def _values(reply: list[bytes]) -> dict[Attribute, PresenceValue]:
    pairs = zip(reply[::2], reply[1::2], strict=True)
    return {Attribute(name.decode()): unpacked_value(value) for name, value in pairs}


def _presence(alias: bytes, values: list[bytes], sessions: list[list[Any]]) -> UserPresence:
    clients = [
        ClientPresence(
            session_id=session_id.decode(),
            client=client.decode(),
            type=kind.decode(),
            at=float(at),
            values=_values(published),
        )
        for session_id, client, kind, at, published in sessions
    ]
    clients.sort(key=lambda client: client.at)
    return UserPresence(alias=alias.decode(), values=_values(values), clients=tuple(clients))


def _subscriber(session_id: str, record: bytes) -> Subscriber:
    fields = json.loads(record)
    asked = [fields.get("direct", ""), *(fields.get("lists") or {}).values()]
    attributes = frozenset[Attribute]().union(*map(attributes_named, asked))
    return Subscriber(session_id, Address.parse(fields["watcher"]), attributes)
