"""Block and grant lists (access control of instant messaging)."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import ALWAYS, Choice, Element, Primitive, primitive, structure
from imps.csp.primitives.identity import ScreenName
from imps.model.address import Address
from imps.model.version import V12, V13


@primitive("GetBlockedList-Request")
class GetBlockedListRequest(Primitive):
    """Has no content."""


@primitive("GetBlockedList-Response")
class GetBlockedListResponse(Primitive):
    block_list: Annotated[BlockList | None, Element("BlockList")] = None
    block_list_in_use: Annotated[
        bool | None, Element("BlockListInUse", since=V13, required=ALWAYS)
    ] = None
    grant_list: Annotated[GrantList | None, Element("GrantList")] = None
    grant_list_in_use: Annotated[
        bool | None, Element("GrantListInUse", since=V13, required=ALWAYS)
    ] = None


@primitive("BlockEntity-Request", aliases=("BlockUser-Request",))
class BlockEntityRequest(Primitive):
    block_list: Annotated[BlockList | None, Element("BlockList")] = None
    block_list_in_use: Annotated[bool | None, Element("BlockListInUse", since=V13)] = None
    grant_list: Annotated[GrantList | None, Element("GrantList")] = None
    grant_list_in_use: Annotated[bool | None, Element("GrantListInUse", since=V13)] = None


@structure("BlockList", choices=[Choice("entity_list", "add_list remove_list")])
class BlockList:
    in_use: Annotated[bool | None, Element("InUse", until=V12)] = None
    entity_list: Annotated[EntityList | None, Element("EntityList")] = None
    add_list: Annotated[AddList | None, Element("AddList")] = None
    remove_list: Annotated[RemoveList | None, Element("RemoveList")] = None


@structure("GrantList", choices=[Choice("entity_list", "add_list remove_list")])
class GrantList:
    in_use: Annotated[bool | None, Element("InUse", until=V12)] = None
    entity_list: Annotated[EntityList | None, Element("EntityList")] = None
    add_list: Annotated[AddList | None, Element("AddList")] = None
    remove_list: Annotated[RemoveList | None, Element("RemoveList")] = None


@structure("EntityList")
class EntityList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    group_ids: Annotated[tuple[Address, ...], Element("GroupID")] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", since=V13)] = ()
    application_ids: Annotated[tuple[str, ...], Element("ApplicationID", since=V13)] = ()


@structure("AddList")
class AddList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    group_ids: Annotated[tuple[Address, ...], Element("GroupID")] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", since=V13)] = ()
    application_ids: Annotated[tuple[str, ...], Element("ApplicationID", since=V13)] = ()


@structure("RemoveList")
class RemoveList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    group_ids: Annotated[tuple[Address, ...], Element("GroupID")] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", since=V13)] = ()
    application_ids: Annotated[tuple[str, ...], Element("ApplicationID", since=V13)] = ()
