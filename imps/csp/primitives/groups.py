"""Groups: their life, members, properties and notices."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.blocking import AddList, RemoveList
from imps.csp.primitives.common import Property, Result
from imps.csp.primitives.declaration import (
    ALWAYS,
    ONLY_V12,
    SINCE_V12,
    UNTIL_V12,
    Choice,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.identity import ScreenName, UserIDList, UserList
from imps.csp.primitives.values import SubscribeType, TransferEncoding
from imps.model.address import Address
from imps.model.version import V11, V12, V13


@primitive("CreateGroup-Request")
class CreateGroupRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    group_properties: Annotated[
        GroupProperties | None, Element("GroupProperties", required=ALWAYS)
    ] = None
    own_properties: Annotated[OwnProperties | None, Element("OwnProperties", since=V13)] = None
    join_group: Annotated[bool | None, Element("JoinGroup", required=ALWAYS)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None
    subscribe_notification: Annotated[
        bool | None, Element("SubscribeNotification", required=UNTIL_V12)
    ] = None


@primitive("DeleteGroup-Request")
class DeleteGroupRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]


@primitive("JoinGroup-Request")
class JoinGroupRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None
    joined_request: Annotated[bool | None, Element("JoinedRequest", required=ONLY_V12)] = None
    subscribe_notification: Annotated[
        bool | None, Element("SubscribeNotification", required=UNTIL_V12)
    ] = None
    own_properties: Annotated[OwnProperties | None, Element("OwnProperties", since=V12)] = None


@primitive("JoinGroup-Response")
class JoinGroupResponse(Primitive):
    user_list: Annotated[UserList | None, Element("UserList", until=V11)] = None
    user_map_list: Annotated[UserMapList | None, Element("UserMapList", since=V12, until=V12)] = (
        None
    )
    joined: Annotated[Joined | None, Element("Joined", since=V13)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName", since=V13)] = None
    welcome_note: Annotated[WelcomeNote | None, Element("WelcomeNote")] = None


@primitive("LeaveGroup-Request")
class LeaveGroupRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]


@primitive("LeaveGroup-Response")
class LeaveGroupResponse(Primitive):
    group_id: Annotated[Address | None, Element("GroupID")] = None
    result: Annotated[Result, Element("Result")]


@primitive("GetGroupMembers-Request")
class GetGroupMembersRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]


@primitive("GetGroupMembers-Response")
class GetGroupMembersResponse(Primitive):
    admin: Annotated[Admin | None, Element("Admin")] = None
    mod: Annotated[Mod | None, Element("Mod")] = None
    users: Annotated[Users | None, Element("Users", until=V12)] = None
    user_list: Annotated[UserList | None, Element("UserList", since=V13)] = None


@primitive("GetJoinedUsers-Request", since=V12)
class GetJoinedUsersRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]


@primitive(
    "GetJoinedUsers-Response",
    since=V12,
    choices=[Choice("admin_map_list", "user_map_list", required=True)],
)
class GetJoinedUsersResponse(Primitive):
    admin_map_list: Annotated[AdminMapList | None, Element("AdminMapList")] = None
    user_map_list: Annotated[UserMapList | None, Element("UserMapList")] = None
    joined_blocked: Annotated[JoinedBlocked | None, Element("JoinedBlocked", since=V13)] = None


@primitive("AddGroupMembers-Request")
class AddGroupMembersRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    user_list: Annotated[UserList | None, Element("UserList", until=V12, required=ALWAYS)] = None
    user_id_list: Annotated[
        UserIDList | None, Element("UserIDList", since=V13, required=ALWAYS)
    ] = None


@primitive("RemoveGroupMembers-Request")
class RemoveGroupMembersRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    user_list: Annotated[UserList | None, Element("UserList", until=V12, required=ALWAYS)] = None
    user_id_list: Annotated[
        UserIDList | None, Element("UserIDList", since=V13, required=ALWAYS)
    ] = None


@primitive("MemberAccess-Request")
class MemberAccessRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    admin: Annotated[Admin | None, Element("Admin")] = None
    mod: Annotated[Mod | None, Element("Mod")] = None
    users: Annotated[Users | None, Element("Users", until=V12)] = None
    user_list: Annotated[UserList | None, Element("UserList", since=V13)] = None


@primitive("GetGroupProps-Request")
class GetGroupPropsRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]


@primitive("GetGroupProps-Response")
class GetGroupPropsResponse(Primitive):
    group_properties: Annotated[GroupProperties | None, Element("GroupProperties")] = None
    own_properties: Annotated[OwnProperties | None, Element("OwnProperties")] = None


@primitive("SetGroupProps-Request")
class SetGroupPropsRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    group_properties: Annotated[GroupProperties | None, Element("GroupProperties")] = None
    own_properties: Annotated[OwnProperties | None, Element("OwnProperties")] = None


@primitive("RejectList-Request")
class RejectListRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    add_list: Annotated[AddList | None, Element("AddList")] = None
    remove_list: Annotated[RemoveList | None, Element("RemoveList")] = None


@primitive("RejectList-Response")
class RejectListResponse(Primitive):
    user_list: Annotated[UserList | None, Element("UserList")] = None


@primitive("SubscribeGroupNotice-Request")
class SubscribeGroupNoticeRequest(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    subscribe_type: Annotated[SubscribeType, Element("SubscribeType")]


@primitive("SubscribeGroupNotice-Response")
class SubscribeGroupNoticeResponse(Primitive):
    value: Annotated[str, Element("Value", exact=True)]


@primitive("GroupChangeNotice")
class GroupChangeNotice(Primitive):
    group_id: Annotated[Address, Element("GroupID")]
    joined: Annotated[Joined | None, Element("Joined")] = None
    left: Annotated[Left | None, Element("Left")] = None
    joined_blocked: Annotated[JoinedBlocked | None, Element("JoinedBlocked", since=V13)] = None
    left_blocked: Annotated[LeftBlocked | None, Element("LeftBlocked", since=V13)] = None
    group_properties: Annotated[GroupProperties | None, Element("GroupProperties")] = None
    own_properties: Annotated[OwnProperties | None, Element("OwnProperties")] = None


@structure("Joined", choices=[Choice("screen_names", "user_list", required=True, until=V11)])
class Joined:
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName", until=V11)] = ()
    user_list: Annotated[UserList | None, Element("UserList", until=V11)] = None
    user_map_list: Annotated[
        UserMapList | None, Element("UserMapList", since=V12, required=ALWAYS)
    ] = None


@structure("Left", choices=[Choice("screen_names", "user_list", required=True, until=V11)])
class Left:
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName", until=V11)] = ()
    user_list: Annotated[UserList | None, Element("UserList", required=SINCE_V12)] = None


@structure("JoinedBlocked", since=V13)
class JoinedBlocked:
    user_list: Annotated[UserList | None, Element("UserList", required=ALWAYS)] = None


@structure("LeftBlocked", since=V13)
class LeftBlocked:
    user_list: Annotated[UserList | None, Element("UserList", required=ALWAYS)] = None


@structure("GroupProperties")
class GroupProperties:
    properties: Annotated[tuple[Property, ...], Element("Property", required=ALWAYS)] = ()
    welcome_note: Annotated[WelcomeNote | None, Element("WelcomeNote")] = None


@structure("OwnProperties")
class OwnProperties:
    properties: Annotated[tuple[Property, ...], Element("Property", required=ALWAYS)] = ()


@structure("WelcomeNote")
class WelcomeNote:
    content_type: Annotated[str | None, Element("ContentType", tokens=True, required=ALWAYS)] = None
    content_encoding: Annotated[TransferEncoding | None, Element("ContentEncoding")] = None
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ALWAYS)] = None


@structure("Admin")
class Admin:
    user_list: Annotated[UserList | None, Element("UserList", required=ALWAYS)] = None


@structure("Mod")
class Mod:
    user_list: Annotated[UserList | None, Element("UserList", required=ALWAYS)] = None


@structure("Users", until=V12)
class Users:
    user_list: Annotated[UserList | None, Element("UserList", required=ALWAYS)] = None


@structure("AdminMapList", since=V12)
class AdminMapList:
    admin_mapping: Annotated[AdminMapping | None, Element("AdminMapping")] = None
    mod_mapping: Annotated[ModMapping | None, Element("ModMapping")] = None
    user_mapping: Annotated[UserMapping | None, Element("UserMapping")] = None


@structure("UserMapList", since=V12)
class UserMapList:
    user_mapping: Annotated[UserMapping | None, Element("UserMapping")] = None


@structure("AdminMapping", since=V12)
class AdminMapping:
    mappings: Annotated[tuple[Mapping, ...], Element("Mapping", required=ALWAYS)] = ()


@structure("ModMapping", since=V12)
class ModMapping:
    mappings: Annotated[tuple[Mapping, ...], Element("Mapping", required=ALWAYS)] = ()


@structure("UserMapping", since=V12)
class UserMapping:
    mappings: Annotated[tuple[Mapping, ...], Element("Mapping", required=ALWAYS)] = ()


@structure("Mapping", since=V12)
class Mapping:
    s_name: Annotated[str, Element("SName", exact=True)]
    user_id: Annotated[Address | None, Element("UserID")] = None
