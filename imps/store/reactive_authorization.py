"""What publishers answered when they were asked who may see their presence, in their bucket.

``reactive:<publisher>`` is a hash of those who asked: for each the attributes that were asked for,
granted and denied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from attrs import define, frozen

from imps.model.address import Address
from imps.model.notice import NotificationType
from imps.model.presence import Attribute, attributes_named, names_of
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.presence import in_chunks
from imps.store.work import LEASE_SECONDS, Work

Attributes = frozenset[Attribute]


@frozen
class Answered:
    """What somebody asked to see, and what was said to that; the rest is still to be answered."""

    asked: Attributes
    granted: Attributes
    denied: Attributes

    @property
    def pending(self) -> Attributes:
        """What is still to be answered."""
        return self.asked - self.granted - self.denied


@frozen
class Asked:
    """A publisher who is asked about attributes, or, with a reason, told that somebody wants to see
    them beyond what was allowed."""

    publisher: Address
    attributes: Attributes
    reason: NotificationType | None = None


class TooManyAnswers(Exception):
    """A publisher would have answered about more watchers than is kept."""


@define(eq=False)
class ReactiveAuthorizations:
    """The questions to the users of the home domains who may see what, and their answers; ``most``
    for each of these. Where there are as many, one that was not answered makes room."""

    _client: StoreClient
    _buckets: Buckets
    _most: int

    async def ask(self, asked: Iterable[Asked], watcher: Address, *, now: float) -> None:
        """Ask publishers, now or when they sign on, whether somebody may see attributes, or tell
        those who are signed on; but not about what they were asked or told before."""
        by_publisher = {each.publisher: each for each in asked}
        for bucket, some in in_chunks(self._buckets, by_publisher):
            await self._client.run(
                "ask_publishers",
                [self._buckets.prefix(bucket)],
                repr(now),
                watcher.canonical,
                self._most,
                *(part for each in some for part in _packed(by_publisher[each])),
            )

    async def answer(
        self,
        publisher: Address,
        watcher: Address,
        accepted: bool,
        attributes: Attributes | None,
        *,
        now: float,
    ) -> Work | None:
        """Grant or deny attributes, all that were asked for without any; if some are granted, the
        others are denied. Returns the work of telling those who subscribed."""
        names = "" if attributes is None else names_of(attributes)
        said = "granted" if accepted else "denied"
        return await self._say(publisher, watcher, said, names, now)

    async def forget(self, publisher: Address, watcher: Address, *, now: float) -> Work | None:
        """Forget what was said: the next time, the publisher is asked again."""
        return await self._say(publisher, watcher, "forgotten", "", now)

    async def of(self, publisher: Address) -> dict[Address, Answered]:
        """Who has asked a publisher, and what was said."""
        found: list[bytes] = await self._client.execute("HGETALL", self._key(publisher))
        return {
            Address.parse(watcher.decode()): answered
            for watcher, record in zip(found[::2], found[1::2], strict=True)
            if (answered := _answered(record)).asked
        }

    async def get(self, publisher: Address, watcher: Address) -> Answered | None:
        """What a publisher was asked for by somebody, and said; None if nothing was asked."""
        record = await self._client.execute("HGET", self._key(publisher), watcher.canonical)
        return None if record is None else _answered(record)

    def _key(self, publisher: Address) -> str:
        return f"{self._buckets.prefix_of(publisher)}reactive:{publisher.canonical}"

    async def _say(
        self, publisher: Address, watcher: Address, said: str, names: str, now: float
    ) -> Work | None:
        bucket = self._buckets.of(publisher)
        work = await self._client.run(
            "answer_watcher",
            [self._buckets.prefix(bucket)],
            publisher.canonical,
            watcher.canonical,
            said,
            names,
            repr(now + LEASE_SECONDS),
            self._most,
        )
        if work == 0:
            raise TooManyAnswers(publisher)
        return Work.unpacked(bucket, work) if work else None


def _packed(asked: Asked) -> tuple[str, str, str]:
    reason = asked.reason.value if asked.reason else ""
    return asked.publisher.canonical, names_of(asked.attributes), reason


def _answered(record: bytes) -> Answered:
    fields = json.loads(record)
    asked, granted, denied = (
        attributes_named(fields[name]) for name in ("asked", "granted", "denied")
    )
    return Answered(asked, granted, denied)
