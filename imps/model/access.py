"""Access lists: whom a user takes messages and invitations from, and whom not."""

from __future__ import annotations

from enum import Enum

from attrs import Factory, field, frozen

from imps.model.address import Address


class EntityKind(Enum):
    """What an entity of an access list is."""

    USER = "user"
    SCREEN_NAME = "screen"
    GROUP = "group"
    CONTACT_LIST = "list"
    APPLICATION = "application"


_NOBODY = Address()


@frozen
class Entity:
    """Whoever is blocked or granted: a user, everybody in a contact list or a group, whoever has a
    screen name in a group, or an application.

    The owner of the list may name a user otherwise, by number.
    """

    kind: EntityKind
    address: Address = _NOBODY
    name: str = ""
    spelled: Address = field(default=Factory(lambda self: self.address, takes_self=True), eq=False)


@frozen(kw_only=True)
class AccessList:
    """A block list or a grant list; one that is not in use means nothing."""

    is_in_use: bool = False
    entities: tuple[Entity, ...] = ()


@frozen(kw_only=True)
class AccessChange:
    """What is to become of an access list: entities in place of all that are there, or some that
    come and others that go; and whether it is in use from then on, None as it was."""

    is_in_use: bool | None = None
    replaced: tuple[Entity, ...] | None = None
    added: tuple[Entity, ...] = ()
    removed: tuple[Entity, ...] = ()


AS_IT_IS = AccessChange()
