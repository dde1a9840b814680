"""What users of other domains have told users of ours, and to whom of them ours are subscribed.

``told-abroad:<watcher> <publisher>``, in the bucket of the watcher, holds the attributes that this
watcher may see: what one may see says nothing of another. To whom the watcher is subscribed is in
the index of each session, as with publishers here. ``watched-abroad:<domain>``, in the bucket of
the partner, has each pair of watcher and publisher, and when the partner was asked last.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence

from attrs import define, frozen

from imps.model.address import Address
from imps.model.presence import Attribute, Published, attributes_named
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.presence import CHUNK
from imps.store.presence_packing import unpacked_value, value_packed

KEPT_SECONDS = 2 * 86_400
"""Longer than it takes until a partner is asked again, and tells it anew."""

Pair = tuple[Address, Address]


@frozen
class Lost:
    """Since when there is no word of a domain, in seconds since the epoch, and whether its users
    are shown as off line for that."""

    since: float
    is_shown: bool = False


@define(eq=False)
class PresenceAbroad:
    """The presence of users of other domains, as far as users of ours are told."""

    _client: StoreClient
    _buckets: Buckets

    async def tell(
        self, watcher: Address, publisher: Address, published: Iterable[Published], *, now: float
    ) -> bool:
        """Keep what a watcher of ours was told of a publisher, and have the sessions told; False,
        having done nothing, if the watcher is not subscribed."""
        values: defaultdict[str, list[tuple[str | None, str]]] = defaultdict(list)
        for each in published:
            packed = value_packed(each.value).decode()
            values[each.attribute.value].append((each.client, packed))
        return bool(
            await self._client.run(
                "tell_of_abroad",
                [self._buckets.prefix_of(watcher)],
                repr(now),
                watcher.canonical,
                publisher.canonical,
                KEPT_SECONDS,
                *(part for name, told in values.items() for part in (name, json.dumps(told))),
            )
        )

    async def read(
        self, watcher: Address, publishers: Iterable[Address]
    ) -> dict[Address, tuple[Published, ...]]:
        """What a watcher was told of publishers."""
        publishers = list(publishers)
        told: dict[Address, tuple[Published, ...]] = {}
        for start in range(0, len(publishers), CHUNK):
            some = publishers[start : start + CHUNK]
            replies = await self._client.run(
                "read_told_abroad",
                [self._buckets.prefix_of(watcher)],
                watcher.canonical,
                *(each.canonical for each in some),
            )
            told.update(zip(some, map(_published, replies), strict=True))
        return told

    async def forget(self, watcher: Address, publishers: Iterable[Address]) -> None:
        """Forget what a watcher was told of publishers."""
        prefix = self._buckets.prefix_of(watcher)
        keys = [f"{prefix}told-abroad:{watcher.canonical} {each.canonical}" for each in publishers]
        for start in range(0, len(keys), CHUNK):
            await self._client.execute("DEL", *keys[start : start + CHUNK])

    async def asked(
        self, watcher: Address, publishers: Sequence[Address], *, now: float
    ) -> dict[Address, frozenset[Attribute]]:
        """What a watcher asks for of each of these publishers, in all sessions together."""
        asked: dict[Address, frozenset[Attribute]] = {}
        for start in range(0, len(publishers), CHUNK):
            some = publishers[start : start + CHUNK]
            replies = await self._client.run(
                "asked_abroad",
                [self._buckets.prefix_of(watcher)],
                repr(now),
                watcher.canonical,
                *(each.canonical for each in some),
            )
            for publisher, names in zip(some, replies, strict=True):
                asked[publisher] = attributes_named(names.decode())
        return asked

    async def note_watched(
        self, watcher: Address, publishers: Sequence[Address], *, at: float
    ) -> None:
        """A partner was asked at that time to tell a watcher of its users."""
        await self._change_watched("ZADD", watcher, publishers, repr(at))

    async def forget_watched(self, watcher: Address, publishers: Sequence[Address]) -> None:
        """A partner needs not be asked for that again."""
        await self._change_watched("ZREM", watcher, publishers)

    async def _change_watched(
        self, command: str, watcher: Address, publishers: Sequence[Address], *score: str
    ) -> None:
        """They are all of one domain."""
        for start in range(0, len(publishers), CHUNK):
            some = publishers[start : start + CHUNK]
            pairs = (
                part for each in some for part in (*score, f"{watcher.canonical} {each.canonical}")
            )
            await self._client.execute(command, self._watched(some[0].domain), *pairs)

    async def watched(self, domain: str, *, before: float, at_most: int = CHUNK) -> list[Pair]:
        """Who watches whom of a partner's users, of whom it was last asked before a time."""
        key = self._watched(domain)
        found = await self._client.execute(
            "ZRANGEBYSCORE", key, "-inf", f"({before!r}", "LIMIT", 0, at_most
        )
        return _pairs(found)

    async def all_watched(self, domain: str) -> AsyncIterator[list[Pair]]:
        """Who watches whom of a partner's users, some at a time."""
        key, cursor = self._watched(domain), b"0"
        while True:
            cursor, found = await self._client.execute("ZSCAN", key, cursor, "COUNT", CHUNK)
            yield _pairs(found[::2])
            if cursor == b"0":
                return

    async def lost(self, domain: str) -> Lost | None:
        """Since when there is no word of a domain; None if it is there."""
        found = await self._client.execute("GET", self._lost(domain))
        return Lost(*json.loads(found)) if found else None

    async def note_lost(self, domain: str, *, since: float, is_shown: bool = False) -> None:
        """There is no word of a domain."""
        record = json.dumps([since, is_shown])
        await self._client.execute("SET", self._lost(domain), record)

    async def found(self, domain: str) -> None:
        """A domain is there again: it is to be asked again for all of whom it was."""
        key = self._watched(domain)
        await self._client.execute("ZUNIONSTORE", key, 1, key, "WEIGHTS", 0)
        await self._client.execute("DEL", self._lost(domain))

    def _watched(self, domain: str) -> str:
        folded = domain.casefold()
        return f"{self._buckets.prefix_of_domain(folded)}watched-abroad:{folded}"

    def _lost(self, domain: str) -> str:
        folded = domain.casefold()
        return f"{self._buckets.prefix_of_domain(folded)}lost-abroad:{folded}"


def _pairs(found: Iterable[bytes]) -> list[Pair]:
    pairs = (each.decode().split(" ") for each in found)
    return [(Address.parse(watcher), Address.parse(other)) for watcher, other in pairs]


def _published(found: list[bytes]) -> tuple[Published, ...]:
    told = dict(zip(found[::2], found[1::2], strict=True))
    return tuple(
        Published(attribute, unpacked_value(value.encode()), client)
        for attribute in Attribute
        if (values := told.get(attribute.value.encode())) is not None
        for client, value in json.loads(values)
    )
