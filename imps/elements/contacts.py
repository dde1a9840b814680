"""The contact lists of the users of the home domains."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, frozen

from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IDelivery
from imps.model.address import Address
from imps.model.contacts import AS_IT_IS, Change, Contact, ContactList, Properties
from imps.model.events import Notification
from imps.model.notice import NotificationType
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.store.contact_lists import ContactLists, Made, TooManyContacts

LONGEST_NAME = 200

_NO_CHANGE = Change()

_REFUSALS = {
    Made.EXISTS: (StatusCode.CONTACT_LIST_EXISTS, "there is a contact list of this name"),
    Made.TOO_MANY_LISTS: (StatusCode.TOO_MANY_CONTACT_LISTS, "too many contact lists"),
    Made.TOO_MANY_CONTACTS: (StatusCode.TOO_MANY_CONTACTS, "too many contacts"),
    Made.NO_SUCH_USER: (StatusCode.UNKNOWN_USER, "there is no such user any more"),
}


@frozen
class Managed:
    """A contact list after an operation on it, and how that went: who could not be added, and
    why."""

    contact_list: ContactList
    outcome: Outcome


@define(eq=False)
class Contacts:
    """Contact lists, each its owner's alone: to everybody else there is no such list (700)."""

    _lists: ContactLists
    _directory: Directory
    _delivery: IDelivery

    async def lists(self, caller: Caller) -> list[ContactList]:
        """The caller's contact lists, oldest first, without the contacts (CSP, GetList)."""
        return await self._lists.of(caller.user)

    async def create(
        self,
        caller: Caller,
        address: Address,
        contacts: Iterable[Contact] = (),
        properties: Properties = AS_IT_IS,
    ) -> Managed:
        """Make a contact list of the caller's (CSP, CreateList).

        It is made although there are no users of ours by the names of some contacts: these are in
        the outcome. The first list of a user is the default, whatever is said.
        """
        if not caller.operation_id:
            raise ValueError("without an operation id, every list would have been made by the same")
        own = await self.own(caller.user, address)
        if own is None or not own.is_resource:
            raise Refusal(
                StatusCode.INVALID_CONTACT_LIST_PROPERTY, "no contact list of yours can be that"
            )
        name = _display_name(own, properties)
        known, unknown = await self._known(contacts)
        made_list = ContactList(own, name, bool(properties.is_default), known)
        made = await self._lists.create(caller.user, made_list, caller.operation_id)
        if made is not Made.YES:
            raise Refusal(*_REFUSALS[made])
        made_list = await self._lists.get(caller.user, own) or made_list
        await self._notify(caller, own, NotificationType.CONTACT_LIST_CREATED)
        await self._notify_of_adding(caller, (each.address for each in known))
        return Managed(made_list, Outcome(1 + len(known), unknown))

    async def delete(self, caller: Caller, address: Address) -> None:
        """Delete a contact list of the caller's; if it was the default, another one becomes that
        (CSP, DeleteList)."""
        own = await self.own(caller.user, address)
        if own is None or not await self._lists.delete(caller.user, own, caller.operation_id):
            raise _no_such(address)
        await self._notify(caller, own, NotificationType.CONTACT_LIST_DELETED)

    async def change(
        self, caller: Caller, address: Address, change: Change, *, with_contacts: bool
    ) -> Managed:
        """Change a contact list of the caller's, and read it (CSP, ListManage).

        Whoever is no user of ours is not added, which is in the outcome; who is not in the list
        need not be removed.
        """
        own = await self.own(caller.user, address)
        if own is None:
            raise _no_such(address)
        known, unknown = await self._known(change.added)
        properties = change.properties
        if properties.display_name is not None:
            properties = evolve(properties, display_name=_display_name(own, properties))
        removed = tuple(self._directory.at_home(each) for each in change.removed)
        change = Change(added=known, removed=removed, properties=properties)
        try:
            changed = await self._lists.change(
                caller.user, own, change, with_contacts=with_contacts
            )
        except TooManyContacts:
            raise Refusal(*_REFUSALS[Made.TOO_MANY_CONTACTS]) from None
        if changed is None:
            raise _no_such(address)
        if change != _NO_CHANGE:
            await self._notify(caller, own, NotificationType.CONTACT_LIST_CHANGED)
        await self._notify_of_adding(caller, changed.new)
        return Managed(changed.contact_list, Outcome(len(known), unknown))

    async def own(self, user: Address, address: Address) -> Address | None:
        """The address of a list of the user's, who may be named by number; None if it could only be
        someone else's."""
        if address == Address():
            raise Refusal(StatusCode.BAD_PARAMETER, "no contact list named")
        if address.resource is None:
            return None
        owner = address.at_home(user.domain).owner
        if owner == user:
            return address.at_home(user.domain)
        account = None if owner.msisdn is None else await self._directory.find(owner)
        if account is None or account.address != user:
            return None
        return user.resource_named(address.resource)

    async def members(self, owner: Address, address: Address) -> tuple[Address, ...] | None:
        """Who is in a contact list, in the order in which they were added; None if the owner has
        no such list."""
        own = await self.own(owner, address)
        found = None if own is None else await self._lists.get(owner, own)
        return None if found is None else tuple(each.address for each in found.contacts or ())

    async def lists_with(self, owner: Address, user: Address) -> list[Address]:
        """The contact lists of the owner that a user is in, by name or by telephone number."""
        names = [self._directory.at_home(user)]
        account = await self._directory.find(user)
        if account is not None:
            names = [account.address]
            if account.msisdn is not None:
                names.append(Address(account.msisdn, None, account.address.domain))
        return await self._lists.with_contact(owner, names)

    async def _notify(self, caller: Caller, own: Address, what: NotificationType) -> None:
        """Tell the caller's other sessions what became of a list."""
        notification = Notification(type=what, contact_lists=(own,))
        await self._delivery.notify([caller.user], notification, but=caller.session_id)

    async def _notify_of_adding(self, caller: Caller, added: Iterable[Address]) -> None:
        """Tell users of ours that they are contacts of the caller's now."""
        users = {
            user for each in added if (user := await self._directory.account_of(each)) is not None
        } - {caller.user}
        if users:
            owner = await self._directory.find(caller.user)
            notification = Notification(
                type=NotificationType.SOMEBODY_ADDED_THE_USER_TO_A_CONTACT_LIST,
                users=(caller.user,),
                alias=owner.alias if owner else "",
            )
            await self._delivery.notify(users, notification)

    async def _known(
        self, contacts: Iterable[Contact]
    ) -> tuple[tuple[Contact, ...], tuple[Detail, ...]]:
        """Those contacts that can be added, each once, with their domains; and who are unknown."""
        named: dict[Address, Contact] = {}
        for each in contacts:
            if each.nickname or each.address not in named:
                named[each.address] = each
        for each in named.values():
            if len(each.nickname) > LONGEST_NAME:
                raise Refusal(
                    StatusCode.BAD_PARAMETER, f"a nickname has at most {LONGEST_NAME} characters"
                )
        unknown = await self._directory.unknown(named)
        known = {
            address: evolve(each, address=address)
            for each in named.values()
            if each.address not in unknown
            for address in (self._directory.at_home(each.address),)
        }
        failures = (Detail(StatusCode.UNKNOWN_USER, users=(each,)) for each in named)
        return tuple(known.values()), tuple(each for each in failures if each.users[0] in unknown)


def _display_name(address: Address, properties: Properties) -> str:
    """What a list is to be called: by its own name, unless that is said."""
    name = properties.display_name or address.resource or ""
    if len(name) > LONGEST_NAME:
        raise Refusal(
            StatusCode.INVALID_CONTACT_LIST_PROPERTY,
            f"a display name has at most {LONGEST_NAME} characters",
        )
    return name


def _no_such(address: Address) -> Refusal:
    return Refusal(StatusCode.NO_SUCH_CONTACT_LIST, f"you have no contact list {address}")
