"""Contact lists."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.common import Property, Result
from imps.csp.primitives.declaration import ALWAYS, Choice, Element, Primitive, primitive, structure
from imps.csp.primitives.identity import ContactListIDList, NickName
from imps.model.address import Address
from imps.model.version import V12, V13


@primitive("GetList-Request")
class GetListRequest(Primitive):
    """Has no content."""


@primitive("GetList-Response")
class GetListResponse(Primitive):
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    default_contact_list: Annotated[Address | None, Element("DefaultContactList")] = None


@primitive("CreateList-Request")
class CreateListRequest(Primitive):
    contact_list: Annotated[Address, Element("ContactList")]
    nick_list: Annotated[NickList | None, Element("NickList")] = None
    contact_list_properties: Annotated[
        ContactListProperties | None, Element("ContactListProperties")
    ] = None


@primitive("CreateList-Response", since=V13)
class CreateListResponse(Primitive):
    contact_list: Annotated[Address | None, Element("ContactList", required=ALWAYS)] = None
    contact_list_properties: Annotated[
        ContactListProperties | None, Element("ContactListProperties")
    ] = None


@primitive("DeleteList-Request")
class DeleteListRequest(Primitive):
    contact_list: Annotated[Address, Element("ContactList")]


@primitive(
    "ListManage-Request",
    choices=[Choice("add_nick_list", "remove_nick_list", "contact_list_properties")],
)
class ListManageRequest(Primitive):
    contact_list: Annotated[Address, Element("ContactList")]
    add_nick_list: Annotated[AddNickList | None, Element("AddNickList")] = None
    remove_nick_list: Annotated[RemoveNickList | None, Element("RemoveNickList")] = None
    contact_list_properties: Annotated[
        ContactListProperties | None, Element("ContactListProperties")
    ] = None
    receive_list: Annotated[bool | None, Element("ReceiveList", since=V12, required=ALWAYS)] = None
    authorize_and_grant: Annotated[bool | None, Element("AuthorizeAndGrant", since=V13)] = None


@primitive("ListManage-Response")
class ListManageResponse(Primitive):
    result: Annotated[Result, Element("Result")]
    nick_list: Annotated[NickList | None, Element("NickList")] = None
    contact_list_properties: Annotated[
        ContactListProperties | None, Element("ContactListProperties")
    ] = None


@structure("NickList")
class NickList:
    nick_names: Annotated[tuple[NickName, ...], Element("NickName")] = ()
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()


@structure("AddNickList", choices=[Choice("nick_names user_ids", required=True)])
class AddNickList:
    nick_names: Annotated[tuple[NickName, ...], Element("NickName")] = ()
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()


@structure("RemoveNickList")
class RemoveNickList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID", required=ALWAYS)] = ()


@structure("ContactListProperties")
class ContactListProperties:
    properties: Annotated[tuple[Property, ...], Element("Property", required=ALWAYS)] = ()
