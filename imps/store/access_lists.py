"""Access lists, in the bucket of their owner.

``access:<user>`` says which lists are in use; ``block-list:<user>`` and ``grant-list:<user>`` are
hashes of entities, each with a number that orders them, and with its spelling. Scripts that let
somebody reach the user read them (``shared/access``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum

from attrs import define, frozen

from imps.model.access import AccessChange, AccessList, Entity, EntityKind
from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets


class Listed(Enum):
    """The two access lists of a user."""

    BLOCK = "block"
    GRANT = "grant"


@frozen
class Changed:
    """What has changed of an access list: the entities, and whether it is in use; and whether it is
    by now."""

    entities: bool
    switch: bool
    is_in_use: bool


class TooManyEntities(Exception):
    """An access list would have more entities than it may."""


class NoSuchOwner(Exception):
    """There is no such user."""


@define(eq=False)
class AccessLists:
    """The access lists of the users of the home domains."""

    _client: StoreClient
    _buckets: Buckets
    _most_entities: int

    async def get(self, owner: Address, listed: Listed) -> AccessList:
        """A user's list; the empty one, not in use, where nothing was said."""
        prefix = self._buckets.prefix_of(owner)
        in_use = await self._client.execute(
            "HGET", f"{prefix}access:{owner.canonical}", listed.value
        )
        found = await self._client.execute(
            "HVALS", f"{prefix}{listed.value}-list:{owner.canonical}"
        )
        return AccessList(is_in_use=in_use == b"1", entities=_entities(found))

    async def change(self, owner: Address, listed: Listed, change: AccessChange) -> Changed:
        """Change a list as a whole or not at all. Raises TooManyEntities and NoSuchOwner."""
        added = change.added if change.replaced is None else change.replaced
        removed = [_field(each) for each in change.removed]
        reply = await self._client.run(
            "change_access_list",
            [self._buckets.prefix_of(owner)],
            owner.canonical,
            listed.value,
            self._most_entities,
            "" if change.is_in_use is None else int(change.is_in_use),
            int(change.replaced is not None),
            len(removed),
            *removed,
            *(part for each in added for part in (_field(each), _spelling(each))),
        )
        if reply == 0:
            raise NoSuchOwner(owner)
        if reply == -1:
            raise TooManyEntities(owner)
        return Changed(*map(bool, reply))


def _field(entity: Entity) -> str:
    address = entity.address.canonical if entity.address != Address() else ""
    return " ".join(part for part in (entity.kind.value, address, entity.name.casefold()) if part)


def _spelling(entity: Entity) -> bytes:
    address = str(entity.address) if entity.address != Address() else ""
    spelled = str(entity.spelled) if entity.spelled != Address() else ""
    fields = [entity.kind.value, address, entity.name, spelled]
    return json.dumps(fields, separators=(",", ":")).encode()


def _entities(found: Iterable[bytes]) -> tuple[Entity, ...]:
    numbered = [each.split(b" ", 1) for each in found]
    return tuple(_entity(spelling) for _, spelling in sorted(numbered, key=lambda at: int(at[0])))


def _entity(spelling: bytes) -> Entity:
    kind, address, name, spelled = json.loads(spelling)
    return Entity(EntityKind(kind), Address.parse(address), name, Address.parse(spelled))
