"""Contact lists, in the bucket of their owner.

``contact-lists:<user>`` orders a user's lists, ``contact-list:<list>`` holds one list's properties,
``default-contact-list:<user>`` names the default.
"""

from __future__ import annotations

from attrs import define

from imps.model.address import Address
from imps.model.contacts import ContactList
from imps.store.client import StoreClient
from imps.store.keys import Buckets


@define(eq=False)
class ContactLists:
    """The contact lists of the users of the home domains."""

    _client: StoreClient
    _buckets: Buckets

    async def of(self, user: Address) -> list[ContactList]:
        """A user's contact lists, oldest first; none for a user who does not exist."""
        lists = await self._client.run(
            "list_contact_lists", [self._buckets.prefix_of(user)], user.canonical
        )
        return [
            ContactList(Address.parse(address.decode()), display_name.decode(), bool(is_default))
            for address, display_name, is_default in lists
        ]
