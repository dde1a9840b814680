"""Contact lists: the people a user keeps at hand."""

from __future__ import annotations

from attrs import frozen

from imps.model.address import Address

FIRST_CONTACT_LIST = "friends"


@frozen
class Contact:
    """A user of any domain who is in a contact list; and what the owner calls them, if anything."""

    address: Address
    nickname: str = ""


@frozen
class ContactList:
    """A user's contact list; one of them is the default.

    The contacts, in the order in which they were added, are None where they were not asked for.
    """

    address: Address
    display_name: str
    is_default: bool = False
    contacts: tuple[Contact, ...] | None = None


@frozen(kw_only=True)
class Properties:
    """Properties of a contact list as they are to be; those that are None stay as they are."""

    display_name: str | None = None
    is_default: bool | None = None


AS_IT_IS = Properties()


@frozen(kw_only=True)
class Change:
    """What is to become of a contact list; a contact that is there already gets the new nickname,
    or without one keeps what it has."""

    added: tuple[Contact, ...] = ()
    removed: tuple[Address, ...] = ()
    properties: Properties = AS_IT_IS


def first_contact_list(user: Address) -> ContactList:
    """The contact list with which every user begins."""
    return ContactList(user.resource_named(FIRST_CONTACT_LIST), "Friends", is_default=True)
