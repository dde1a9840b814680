"""Attribute lists: what publishers allow to be seen, in the bucket of the publisher.

``attribute-lists:<publisher>`` is a hash of one field a target: ``user <user>``, ``list <contact
list>`` or ``default``. Whoever deletes a contact list deletes its field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from attrs import define

from imps.model.address import Address
from imps.model.presence import Attribute, AttributeList, Target, TargetKind
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.work import Work, ignored


class TooManyAttributeLists(Exception):
    """A publisher would have more attribute lists than is allowed."""


@define(eq=False)
class AttributeLists:
    """The attribute lists of the users of the home domains.

    The work that a change causes, to tell those who may see more, is handed to ``begin``.
    """

    _client: StoreClient
    _buckets: Buckets
    _begin: Callable[[Work], None] = ignored

    async def set(
        self,
        publisher: Address,
        lists: Mapping[Target, AttributeList],
        *,
        at_most: int,
    ) -> dict[Target, bool]:
        """Give each target its list, in place of the one that it has; all in one step.

        Says for each whether it exists, which contact lists may not. Raises TooManyAttributeLists,
        having done nothing, when there would be more than ``at_most`` in all.
        """
        arguments: list[str | bytes] = []
        for target, attribute_list in lists.items():
            arguments += [_field(target), packed(target, attribute_list)]
        work, *outcomes = await self._client.run(
            "set_attribute_lists",
            [self._buckets.prefix_of(publisher)],
            publisher.canonical,
            at_most,
            *arguments,
        )
        if len(outcomes) < len(lists):
            raise TooManyAttributeLists(publisher)
        self._caused(publisher, work)
        return dict(zip(lists, map(bool, outcomes), strict=True))

    async def delete(self, publisher: Address, targets: Sequence[Target]) -> dict[Target, bool]:
        """Take their lists from targets; says for each whether it had one."""
        work, *outcomes = await self._client.run(
            "delete_attribute_lists",
            [self._buckets.prefix_of(publisher)],
            publisher.canonical,
            *(_field(target) for target in targets),
        )
        self._caused(publisher, work)
        return dict(zip(targets, map(bool, outcomes), strict=True))

    async def all(self, publisher: Address) -> dict[Target, AttributeList]:
        """All lists of a publisher."""
        key = self._key(publisher)
        found: list[bytes] = await self._client.execute("HGETALL", key)
        return dict(map(_unpacked, found[::2], found[1::2]))

    async def some(
        self, publisher: Address, targets: Sequence[Target]
    ) -> dict[Target, AttributeList]:
        """The lists of those of these targets that have one."""
        if not targets:
            return {}
        fields = [_field(target) for target in targets]
        found: list[bytes | None] = await self._client.execute(
            "HMGET", self._key(publisher), *fields
        )
        return dict(
            _unpacked(field.encode(), value)
            for field, value in zip(fields, found, strict=True)
            if value is not None
        )

    def _caused(self, publisher: Address, work: bytes) -> None:
        if work:
            self._begin(Work.unpacked(self._buckets.of(publisher), work))

    def _key(self, publisher: Address) -> str:
        prefix = self._buckets.prefix_of(publisher)
        return f"{prefix}attribute-lists:{publisher.canonical}"


def packed(target: Target, attribute_list: AttributeList) -> bytes:
    """An attribute list, with its target as the publisher spells it."""
    names = sorted(attribute.value for attribute in attribute_list.attributes)
    fields = [str(target.spelled), names, attribute_list.notify]
    return json.dumps(fields, separators=(",", ":")).encode()


def _field(target: Target) -> str:
    if target.kind is TargetKind.DEFAULT:
        return str(target.kind.value)
    return f"{target.kind.value} {target.address.canonical}"


@lru_cache(maxsize=1000)
def unpacked(value: bytes) -> tuple[str, AttributeList]:
    """An attribute list from what ``packed`` made of it, and its target as spelled."""
    spelled, names, notify = json.loads(value)
    return spelled, AttributeList(frozenset(map(Attribute, names)), notify)


def _unpacked(field: bytes, value: bytes) -> tuple[Target, AttributeList]:
    kind, _, address = field.decode().partition(" ")
    spelled, attribute_list = unpacked(value)
    target = Target(TargetKind(kind), Address.parse(address), Address.parse(spelled))
    return target, attribute_list
