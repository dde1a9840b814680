"""Presence, in the bucket of its publisher.

``presence:<user>`` holds the attributes of a user, and what the network knows of the user's phone;
``client-presence:<session>`` those that the client of a session has published; they go with the
session.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from attrs import define, field, frozen

from imps.model.address import Address
from imps.model.presence import (
    DEFAULT,
    Attribute,
    PresenceValue,
    Target,
    TargetKind,
    attributes_named,
)
from imps.store.attribute_lists import unpacked
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.presence_packing import unpacked_value, value_packed
from imps.store.together import Together
from imps.store.work import LEASE_SECONDS, Work

CHUNK = 200

Attributes = frozenset[Attribute]
Values = Mapping[Attribute, PresenceValue]
Changes = Mapping[Attribute, PresenceValue | None]


@frozen(cache_hash=True)
class Allowed:
    """What a publisher allows a watcher by attribute lists: the one for the user, those of the
    contact lists that hold the user, and the default, and which of these tell of whoever asks for
    more; what the user asked for, and the answer to that; the number is how often any of what is
    allowed has changed."""

    user: Attributes | None = None
    contact_lists: tuple[Attributes, ...] = ()
    default: Attributes | None = None
    notifying: tuple[Target, ...] = ()
    asked: Attributes = frozenset()
    granted: Attributes = frozenset()
    denied: Attributes = frozenset()
    number: int = 0

    @staticmethod
    def unpacked(
        user: bytes | None,
        lists: list[bytes],
        default: bytes | None,
        answered: bytes | None,
        number: int,
    ) -> Allowed:
        """What the script of permissions says."""
        return _allowed(user, tuple(lists), default, answered, number)


# Many who watch somebody are allowed the same.
@lru_cache(maxsize=1000)
def _allowed(
    user: bytes | None,
    lists: tuple[bytes, ...],
    default: bytes | None,
    answered: bytes | None,
    number: int,
) -> Allowed:
    for_user = None if user is None else unpacked(user)[1]
    for_lists = [unpacked(each) for each in lists]
    by_default = None if default is None else unpacked(default)[1]
    notifying = [
        Target(TargetKind.CONTACT_LIST, Address.parse(spelled))
        for spelled, each in for_lists
        if each.notify
    ]
    if for_user is not None and for_user.notify:
        notifying.append(Target(TargetKind.USER))
    if by_default is not None and by_default.notify:
        notifying.append(DEFAULT)
    answer = {} if answered is None else json.loads(answered)
    return Allowed(
        None if for_user is None else for_user.attributes,
        tuple(each.attributes for _, each in for_lists),
        None if by_default is None else by_default.attributes,
        tuple(notifying),
        attributes_named(answer.get("asked", "")) | attributes_named(answer.get("noticed", "")),
        attributes_named(answer.get("granted", "")),
        attributes_named(answer.get("denied", "")),
        number,
    )


@frozen(kw_only=True)
class ClientPresence:
    """What a client of a user has published, and when it did so last, or else signed on."""

    client: str
    type: str
    at: float
    values: Values


@frozen(kw_only=True, eq=False)
class UserPresence:
    """What is known of a user, and of each client, the one that published last at the end; and what
    a watcher is allowed at that moment. For those who are allowed the same, it is the same one.

    Attributes of clients among the user's own are what the network knows.
    """

    address: Address
    alias: str
    values: Values
    clients: tuple[ClientPresence, ...]
    allowed: Allowed


@frozen
class _Reading:
    """What is asked for of one bucket: users, by a watcher of these names, as scripts take them."""

    users: list[Address]
    watcher: str
    now: float
    is_access: bool


_Read = dict[tuple[Address, str], UserPresence]


class NoSuchPublisher(Exception):
    """There is no such user, or no such session of that user."""


@define(eq=False)
class Presences:
    """What the users of the home domains publish."""

    _client: StoreClient
    _buckets: Buckets
    _together: Together[int, _Reading, _Read] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._together = Together(self._at_end_of_turn, self._read_together, CHUNK)

    async def publish(
        self, user: Address, session_id: str, values: Changes, *, now: float
    ) -> Work | None:
        """Publish attributes of a user, and of the client of a session; without a session, all of
        them are the user's. None removes what was there.

        Returns the work of telling those who subscribed. Raises NoSuchPublisher.
        """
        bucket = self._buckets.of(user)
        of_client = {name: value for name, value in values.items() if name.is_of_client}
        of_user = {name: value for name, value in values.items() if not name.is_of_client}
        work = await self._client.run(
            "publish_presence",
            [self._buckets.prefix(bucket)],
            user.canonical,
            session_id,
            repr(now),
            repr(now + LEASE_SECONDS),
            len(of_client),
            *(part for field in (of_client | of_user).items() for part in _packed(*field)),
        )
        if isinstance(work, int):
            raise NoSuchPublisher(user)
        return Work.unpacked(bucket, work) if work else None

    async def read(
        self,
        users: Iterable[Address],
        watcher: Sequence[Address],
        *,
        now: float,
        is_access: bool = False,
    ) -> dict[Address, UserPresence]:
        """The presence of users, and what these allow a watcher of these names; at one moment for
        each. Those that do not exist are left out. If ``is_access``, they can learn who asked."""
        found = {}
        for bucket, some in in_chunks(self._buckets, users):
            reading = _Reading(some, names(watcher), now, is_access)
            known = await self._together.ask(bucket, reading, len(some))
            for user in some:
                presence = known.get((user, reading.watcher))
                if presence is not None:
                    found[user] = presence
        return found

    def _at_end_of_turn(self, call: Callable[[], object]) -> None:
        self._client.at_end_of_turn(call)

    async def _read_together(self, bucket: int, readings: list[_Reading]) -> _Read:
        """What several ask for of one bucket. Who is there is read once for all who watch."""
        wanted: defaultdict[tuple[Address, bool], dict[str, None]] = defaultdict(dict)
        for reading in readings:
            for user in reading.users:
                wanted[user, reading.is_access][reading.watcher] = None
        replies = await self._client.run(
            "read_presence",
            [self._buckets.prefix(bucket)],
            repr(max(reading.now for reading in readings)),
            *(
                part
                for (user, is_access), watchers in wanted.items()
                for part in (user.canonical, int(is_access), "\n".join(watchers))
            ),
        )
        found = {}
        for ((user, _), watchers), reply in zip(wanted.items(), replies, strict=True):
            if reply:
                *presence, permissions = reply
                allowed = [Allowed.unpacked(*each) for each in permissions]
                known = _presence(*presence)
                presences = {each: known(allowed=each) for each in dict.fromkeys(allowed)}
                for watcher, each in zip(watchers, allowed, strict=True):
                    found[user, watcher] = presences[each]
        return found


def names(watcher: Sequence[Address]) -> str:
    """The names of a watcher, as scripts take them."""
    return " ".join(each.canonical for each in watcher)


def in_chunks(buckets: Buckets, users: Iterable[Address]) -> list[tuple[int, list[Address]]]:
    """Users by their bucket, each once, not too many at a time."""
    by_bucket: defaultdict[int, list[Address]] = defaultdict(list)
    for user in dict.fromkeys(users):
        by_bucket[buckets.of(user)].append(user)
    return [
        (bucket, some[start : start + CHUNK])
        for bucket, some in by_bucket.items()
        for start in range(0, len(some), CHUNK)
    ]


def _packed(name: Attribute, value: PresenceValue | None) -> tuple[str, bytes]:
    return name.value, b"" if value is None else value_packed(value)


def _values(reply: list[bytes]) -> dict[Attribute, PresenceValue]:
    pairs = zip(reply[::2], reply[1::2], strict=True)
    return {Attribute(name.decode()): unpacked_value(value) for name, value in pairs}


def _presence(
    address: bytes, alias: bytes, values: list[bytes], sessions: list[list[Any]]
) -> Callable[..., UserPresence]:
    """What is known of a user, to which is added what a watcher is allowed."""
    clients = [
        ClientPresence(
            client=client.decode(), type=kind.decode(), at=float(at), values=_values(published)
        )
        for _, client, kind, at, published in sessions
    ]
    clients.sort(key=lambda client: client.at)
    return partial(
        UserPresence,
        address=Address.parse(address.decode()),
        alias=alias.decode(),
        values=_values(values),
        clients=tuple(clients),
    )
