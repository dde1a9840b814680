"""Contact lists: GetList, CreateList, DeleteList and ListManage, to and from the model."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from imps.csp.primitives.common import Property, Result
from imps.csp.primitives.contacts import (
    AddNickList,
    ContactListProperties,
    CreateListRequest,
    CreateListResponse,
    DeleteListRequest,
    GetListRequest,
    GetListResponse,
    ListManageRequest,
    ListManageResponse,
    NickList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ContactListIDList, NickName
from imps.csp.results import result_of, status, status_of
from imps.csp.transactions import Context, Transactions
from imps.elements.access import AccessControl
from imps.elements.attribute_lists import AttributeLists
from imps.elements.contacts import Contacts
from imps.model.access import AccessChange, Entity, EntityKind
from imps.model.contacts import Change, Contact, ContactList, Properties
from imps.model.status import Outcome, Refusal, StatusCode, merge
from imps.model.version import V11, V13, Version

_BOOLEANS = {"T": True, "F": False}


@define(eq=False)
class ListManagement:
    """The transactions of contact lists."""

    _element: Contacts
    _attribute_lists: AttributeLists
    _access: AccessControl

    def register(self, transactions: Transactions) -> None:
        """Serve the transactions of contact lists."""
        transactions.serve(GetListRequest, self.get_list)
        transactions.serve(CreateListRequest, self.create_list, once=True)
        transactions.serve(DeleteListRequest, self.delete_list, once=True)
        transactions.serve(ListManageRequest, self.list_manage, failure=_list_manage_failure)

    async def get_list(self, context: Context, request: GetListRequest) -> Primitive:
        """Name the contact lists, the default in its own place only."""
        lists = await self._element.lists(context.open_session.caller())
        others = tuple(each.address for each in lists if not each.is_default)
        return GetListResponse(
            contact_lists=others,
            contact_list_id_list=ContactListIDList(contact_lists=others) if others else None,
            default_contact_list=next((each.address for each in lists if each.is_default), None),
        )

    async def create_list(self, context: Context, request: CreateListRequest) -> Primitive:
        """Make a contact list. 1.3 is told what it became, if all went well."""
        created = await self._element.create(
            context.open_session.caller(context.operation_id),
            request.contact_list,
            _contacts(request.nick_list),
            _properties(request.contact_list_properties),
        )
        if context.version < V13 or created.outcome.code is not StatusCode.OK:
            return status_of(created.outcome, context.version)
        return CreateListResponse(
            contact_list=created.contact_list.address,
            contact_list_properties=_properties_element(created.contact_list),
        )

    async def delete_list(self, context: Context, request: DeleteListRequest) -> Primitive:
        """Delete a contact list."""
        caller = context.open_session.caller(context.operation_id)
        await self._element.delete(caller, request.contact_list)
        return status(StatusCode.OK, context.version)

    async def list_manage(self, context: Context, request: ListManageRequest) -> Primitive:
        """Change a contact list, or read it; those who are added may also be allowed to see and to
        reach the client's user."""
        removed = request.remove_nick_list.user_ids if request.remove_nick_list else ()
        change = Change(
            added=_contacts(request.add_nick_list),
            removed=removed,
            properties=_properties(request.contact_list_properties),
        )
        caller = context.open_session.caller(context.operation_id)
        managed = await self._element.change(
            caller,
            request.contact_list,
            change,
            with_contacts=wants_contacts(request, context.version),
        )
        outcome = managed.outcome
        if request.authorize_and_grant:
            unknown = {user for each in outcome.failures for user in each.users}
            added = [each.address for each in change.added if each.address not in unknown]
            granted = AccessChange(added=tuple(Entity(EntityKind.USER, each) for each in added))
            authorized = await self._attribute_lists.authorize(caller, added)
            reaching = await self._access.change(caller, grant=granted)
            # That there is no user yet who has a number is no mistake.
            outcome = merge([outcome, *map(_of_those_there, (authorized, reaching))])
        contact_list = managed.contact_list
        changes_contacts = bool(request.add_nick_list or request.remove_nick_list)
        return ListManageResponse(
            result=result_of(outcome, context.version),
            nick_list=None if contact_list.contacts is None else _nick_list(contact_list.contacts),
            contact_list_properties=(
                None if changes_contacts else _properties_element(contact_list)
            ),
        )


def _list_manage_failure(request: ListManageRequest, failed: Result) -> Primitive:
    return ListManageResponse(result=failed)


def _of_those_there(outcome: Outcome) -> Outcome:
    """An outcome but for users that there are not."""
    failures = (each for each in outcome.failures if each.code is not StatusCode.UNKNOWN_USER)
    return Outcome(outcome.served, tuple(failures))


def wants_contacts(request: ListManageRequest, version: Version) -> bool:
    """Whether the contacts are to be in the answer. Unless that is said: in 1.1, if not just the
    properties are changed; later, if nothing is (CSP, ListManage)."""
    if request.receive_list is not None:
        return request.receive_list
    if request.contact_list_properties is not None:
        return False
    return version is V11 or not (request.add_nick_list or request.remove_nick_list)


def _contacts(named: NickList | AddNickList | None) -> tuple[Contact, ...]:
    if named is None:
        return ()
    with_names = tuple(Contact(each.user_id, each.name) for each in named.nick_names)
    return with_names + tuple(Contact(each) for each in named.user_ids)


def _nick_list(contacts: Sequence[Contact]) -> NickList:
    return NickList(
        nick_names=tuple(
            NickName(name=each.nickname, user_id=each.address) for each in contacts if each.nickname
        ),
        user_ids=tuple(each.address for each in contacts if not each.nickname),
    )


def _properties(element: ContactListProperties | None) -> Properties:
    """Properties as they are to be; refused with 752 where there is no such property or value."""
    display_name, is_default = None, None
    for each in element.properties if element else ():
        name, value = each.name.strip().casefold(), each.value or ""
        if name == "displayname":
            display_name = value
        elif name == "default" and value.strip().upper() in _BOOLEANS:
            is_default = _BOOLEANS[value.strip().upper()]
        else:
            raise Refusal(StatusCode.INVALID_CONTACT_LIST_PROPERTY, f"{each.name} cannot be that")
    return Properties(display_name=display_name, is_default=is_default)


def _properties_element(contact_list: ContactList) -> ContactListProperties:
    is_default = "T" if contact_list.is_default else "F"
    return ContactListProperties(
        properties=(
            Property(name="DisplayName", value=contact_list.display_name),
            Property(name="Default", value=is_default),
        )
    )
