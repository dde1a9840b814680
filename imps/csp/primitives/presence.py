"""Presence: attribute lists and authorization, subscription, delivery, watchers."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import (
    ALWAYS,
    ONLY_V12,
    ONLY_V13,
    Choice,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.identity import ContactListIDList, User, UserIDList
from imps.model.address import Address
from imps.model.presence import ReactiveAuthState, WatcherStatus
from imps.model.version import V11, V12, V13


@primitive("CreateAttributeList-Request")
class CreateAttributeListRequest(Primitive):
    presence_sub_list: Annotated[
        PresenceSubList | None, Element("PresenceSubList", required=ALWAYS)
    ] = None
    user_ids: Annotated[tuple[Address, ...], Element("UserID", until=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    default_list: Annotated[bool | None, Element("DefaultList", required=ALWAYS)] = None
    default_notify: Annotated[bool | None, Element("DefaultNotify", since=V13)] = None
    user_notify: Annotated[bool | None, Element("UserNotify", since=V13)] = None
    contact_list_notify: Annotated[bool | None, Element("ContactListNotify", since=V13)] = None


@primitive("DeleteAttributeList-Request")
class DeleteAttributeListRequest(Primitive):
    user_ids: Annotated[tuple[Address, ...], Element("UserID", until=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    default_list: Annotated[bool | None, Element("DefaultList", required=ALWAYS)] = None


@primitive("GetAttributeList-Request")
class GetAttributeListRequest(Primitive):
    default_list: Annotated[bool | None, Element("DefaultList", required=ALWAYS)] = None
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    users: Annotated[tuple[User, ...], Element("User", until=V12)] = ()
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None


@primitive("GetAttributeList-Response")
class GetAttributeListResponse(Primitive):
    result: Annotated[Result, Element("Result")]
    default_attribute_list: Annotated[
        DefaultAttributeList | None, Element("DefaultAttributeList")
    ] = None
    presences: Annotated[tuple[Presence, ...], Element("Presence")] = ()


@structure("DefaultAttributeList")
class DefaultAttributeList:
    default_notify: Annotated[bool | None, Element("DefaultNotify", since=V13)] = None
    presence_sub_lists: Annotated[
        tuple[PresenceSubList, ...], Element("PresenceSubList", single=ONLY_V13)
    ] = ()


@structure(
    "Presence",
    choices=[
        Choice("user_id", "contact_list", required=True, until=V12),
        Choice("user_id user_notify", "contact_list contact_list_notify", required=True, since=V13),
    ],
)
class Presence:
    user_id: Annotated[Address | None, Element("UserID")] = None
    user_notify: Annotated[bool | None, Element("UserNotify", since=V13)] = None
    contact_list: Annotated[Address | None, Element("ContactList")] = None
    contact_list_notify: Annotated[bool | None, Element("ContactListNotify", since=V13)] = None
    presence_sub_lists: Annotated[tuple[PresenceSubList, ...], Element("PresenceSubList")] = ()


@primitive("SubscribePresence-Request")
class SubscribePresenceRequest(Primitive):
    users: Annotated[tuple[User, ...], Element("User", until=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None
    auto_subscribe: Annotated[
        bool | None,
        Element("AutoSubscribe", since=V12, aliases=("Auto-Subscribe",), required=ONLY_V12),
    ] = None


@primitive("UnsubscribePresence-Request")
class UnsubscribePresenceRequest(Primitive):
    users: Annotated[tuple[User, ...], Element("User", until=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None


@primitive("PresenceNotification-Request")
class PresenceNotificationRequest(Primitive):
    presences: Annotated[tuple[Presence, ...], Element("Presence", required=ALWAYS)] = ()


@primitive("GetWatcherList-Request")
class GetWatcherListRequest(Primitive):
    history_period: Annotated[int | None, Element("HistoryPeriod", since=V12)] = None
    max_watcher_list: Annotated[int | None, Element("MaxWatcherList", since=V12)] = None


@primitive("GetWatcherList-Response")
class GetWatcherListResponse(Primitive):
    users: Annotated[tuple[User, ...], Element("User", until=V11)] = ()
    history_period: Annotated[int | None, Element("HistoryPeriod", since=V12)] = None
    watcher_count: Annotated[int | None, Element("WatcherCount", since=V13)] = None
    watchers: Annotated[tuple[Watcher, ...], Element("Watcher", since=V12)] = ()


@structure("Watcher", since=V12)
class Watcher:
    user: Annotated[User | None, Element("User", since=V12, until=V12, required=ALWAYS)] = None
    user_id: Annotated[Address | None, Element("UserID", since=V13, required=ALWAYS)] = None
    friendly_name: Annotated[str | None, Element("FriendlyName", since=V13, exact=True)] = None
    watcher_status: Annotated[WatcherStatus | None, Element("WatcherStatus", text=True)] = None


@primitive(
    "GetPresence-Request",
    choices=[
        Choice("users", "contact_lists", required=True, until=V12),
        Choice("user_id_list", "contact_list_id_list", required=True, since=V13),
    ],
)
class GetPresenceRequest(Primitive):
    users: Annotated[tuple[User, ...], Element("User", until=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", until=V12)] = ()
    user_id_list: Annotated[UserIDList | None, Element("UserIDList", since=V13)] = None
    contact_list_id_list: Annotated[
        ContactListIDList | None, Element("ContactListIDList", since=V13)
    ] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None


@primitive("GetPresence-Response")
class GetPresenceResponse(Primitive):
    result: Annotated[Result, Element("Result")]
    presences: Annotated[tuple[Presence, ...], Element("Presence")] = ()


@primitive("UpdatePresence-Request")
class UpdatePresenceRequest(Primitive):
    presence_sub_list: Annotated[
        PresenceSubList | None, Element("PresenceSubList", required=ALWAYS)
    ] = None


@primitive("PresenceAuth-Request", until=V12)
class PresenceAuthRequest(Primitive):
    user_id: Annotated[Address, Element("UserID")]
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None


@primitive("PresenceAuth-User", until=V12)
class PresenceAuthUser(Primitive):
    user_id: Annotated[Address, Element("UserID")]
    acceptance: Annotated[bool, Element("Acceptance")]
    presence_sub_list: Annotated[
        PresenceSubList | None, Element("PresenceSubList", since=V12, until=V12)
    ] = None


@primitive("CancelAuth-Request", until=V12)
class CancelAuthRequest(Primitive):
    user_id: Annotated[Address, Element("UserID")]


@primitive("GetReactiveAuthStatus-Request", since=V12, until=V12)
class GetReactiveAuthStatusRequest(Primitive):
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()


@primitive("GetReactiveAuthStatus-Response", since=V12, until=V12)
class GetReactiveAuthStatusResponse(Primitive):
    reactive_auth_status_list: Annotated[ReactiveAuthStatusList, Element("ReactiveAuthStatusList")]


@structure("ReactiveAuthStatusList", since=V12, until=V12)
class ReactiveAuthStatusList:
    reactive_auth_status: Annotated[
        tuple[ReactiveAuthStatus, ...], Element("ReactiveAuthStatus")
    ] = ()


@structure("ReactiveAuthStatus", since=V12, until=V12)
class ReactiveAuthStatus:
    user_id: Annotated[Address, Element("UserID")]
    reactive_auth_state: Annotated[ReactiveAuthState, Element("ReactiveAuthState", text=True)]
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None
