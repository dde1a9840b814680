"""Contact lists, in the bucket of their owner.

``contact-lists:<user>`` orders a user's lists, ``contact-list:<list>`` holds one list's properties
and ``contacts:<list>`` its contacts by their canonical address, ``default-contact-list:<user>``
names the default. Whether a contact is in a list is one look into the latter's hash, so there is no
index from contacts to lists that could differ from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from attrs import define, frozen

from imps.model.address import Address
from imps.model.contacts import Change, Contact, ContactList
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.work import Work, ignored

REMEMBER_SECONDS = 300
"""Longer than a client's request may come again."""


class Made(Enum):
    """What became of a contact list that was to be made."""

    YES = 1
    EXISTS = 0
    TOO_MANY_LISTS = -1
    TOO_MANY_CONTACTS = -2
    NO_SUCH_USER = -3


@frozen
class Changed:
    """What a contact list is by now, and who has come into it."""

    contact_list: ContactList
    new: frozenset[Address]


class TooManyContacts(Exception):
    """A contact list would have more contacts than it may."""


@define(eq=False)
class ContactLists:
    """The contact lists of the users of the home domains.

    The work that a change causes, where contacts are watched or watch, is handed to ``begin``.
    """

    _client: StoreClient
    _buckets: Buckets
    _max_lists: int
    _max_contacts: int
    _begin: Callable[[Work], None] = ignored

    async def of(self, user: Address) -> list[ContactList]:
        """A user's contact lists, oldest first, without the contacts; none for nobody."""
        lists = await self._client.run(
            "list_contact_lists", [self._buckets.prefix_of(user)], user.canonical
        )
        return [_contact_list(*each) for each in lists]

    async def get(self, user: Address, contact_list: Address) -> ContactList | None:
        """A user's contact list with its contacts, if there is one."""
        changed = await self.change(user, contact_list, Change(), with_contacts=True)
        return None if changed is None else changed.contact_list

    async def create(self, user: Address, contact_list: ContactList, operation_id: str) -> Made:
        """Make a contact list; a user's first is the default.

        The same operation makes it once, and finds it made when it is repeated.
        """
        return Made(
            await self._client.run(
                "create_contact_list",
                [self._buckets.prefix_of(user)],
                user.canonical,
                contact_list.address.canonical,
                operation_id,
                self._max_lists,
                self._max_contacts,
                str(contact_list.address),
                contact_list.display_name,
                int(contact_list.is_default),
                *_packed(contact_list.contacts or ()),
            )
        )

    async def change(
        self, user: Address, contact_list: Address, change: Change, *, with_contacts: bool
    ) -> Changed | None:
        """Change a contact list as a whole or not at all; None if there is none.

        Raises TooManyContacts. What is no longer to be the default stays that all the same.
        """
        properties = change.properties
        changed = await self._client.run(
            "change_contact_list",
            [self._buckets.prefix_of(user)],
            user.canonical,
            contact_list.canonical,
            self._max_contacts,
            int(with_contacts),
            properties.display_name or "",
            int(properties.is_default or False),
            len(change.removed),
            *(each.canonical for each in change.removed),
            *_packed(change.added),
        )
        if changed == Made.TOO_MANY_CONTACTS.value:
            raise TooManyContacts(contact_list)
        if not changed:
            return None
        caused, contact_list_now, new = changed
        self._caused(user, caused)
        who_is_new = frozenset(Address.parse(each.decode()) for each in new)
        return Changed(_contact_list(*contact_list_now), who_is_new)

    async def delete(self, user: Address, contact_list: Address, operation_id: str = "") -> bool:
        """Delete a contact list; False if there is none, unless the same operation has deleted it.
        There is a default as long as there are lists."""
        deleted = await self._client.run(
            "delete_contact_list",
            [self._buckets.prefix_of(user)],
            user.canonical,
            contact_list.canonical,
            operation_id,
            REMEMBER_SECONDS,
        )
        if isinstance(deleted, int):
            return bool(deleted)
        self._caused(user, deleted)
        return True

    async def with_contact(self, user: Address, contact: Iterable[Address]) -> list[Address]:
        """The user's contact lists that have a contact by any of its addresses, oldest first."""
        found = await self._client.run(
            "contact_lists_with",
            [self._buckets.prefix_of(user)],
            user.canonical,
            *(each.canonical for each in contact),
        )
        return [Address.parse(each.decode()) for each in found]

    def _caused(self, user: Address, records: Iterable[bytes]) -> None:
        for record in records:
            self._begin(Work.unpacked(self._buckets.of(user), record))


def _packed(contacts: Iterable[Contact]) -> Iterator[str]:
    for contact in contacts:
        yield contact.address.canonical
        yield str(contact.address)
        yield contact.nickname


def _contact_list(
    address: bytes, display_name: bytes, is_default: int, contacts: list[bytes] | None = None
) -> ContactList:
    return ContactList(
        Address.parse(address.decode()),
        display_name.decode(),
        bool(is_default),
        None if contacts is None else tuple(_contacts(contacts)),
    )


def _contacts(packed: list[bytes]) -> Iterator[Contact]:
    fields = [each.split(b" ", 2) for each in packed]
    for _, address, nickname in sorted(fields, key=lambda each: int(each[0])):
        yield Contact(Address.parse(address.decode()), nickname.decode())
