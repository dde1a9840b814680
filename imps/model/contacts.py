"""Contact lists: the people a user keeps at hand."""

from __future__ import annotations

from attrs import frozen

from imps.model.address import Address

FIRST_CONTACT_LIST = "friends"


@frozen
class ContactList:
    """A user's contact list; one of them is the default."""

    address: Address
    display_name: str
    is_default: bool = False


def first_contact_list(user: Address) -> ContactList:
    """The contact list with which every user begins."""
    return ContactList(user.resource_named(FIRST_CONTACT_LIST), "Friends", is_default=True)
