"""Presence (SSP, primitives of presence)."""

from __future__ import annotations

from typing import Annotated

from imps.model.address import Address
from imps.model.presence import Published
from imps.ssp.messages.blocks import (
    USER_ID,
    AttributeList,
    PresenceValue,
    Request,
    Status,
    User,
)
from imps.ssp.messages.declaration import Element, Message, XMLAttribute, message, structure

_STATUS = Element("Status")
_ATTRIBUTE_LIST = Element("AttributeList")


@message("SubscribeRequest")
class SubscribeRequest(Request):
    auto_subscribe: Annotated[bool | None, XMLAttribute("autoSubscribe")] = None
    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()
    attribute_list: Annotated[AttributeList | None, _ATTRIBUTE_LIST] = None


@message("UnsubscribeRequest")
class UnsubscribeRequest(Request):
    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()


@message("PresenceNotification")
class PresenceNotification(Request):
    users: Annotated[tuple[User, ...], Element("User")] = ()
    presence_values: Annotated[tuple[PresenceValue, ...], Element("PresenceValue")] = ()


@message("GetPresenceRequest")
class GetPresenceRequest(Request):
    user_ids: Annotated[
        tuple[Address, ...], Element("VerUserID", aliases=("UserID",), attribute="userID")
    ] = ()
    attribute_list: Annotated[AttributeList | None, _ATTRIBUTE_LIST] = None


@message("GetPresenceResponse")
class GetPresenceResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    presence_values: Annotated[tuple[PresenceValue, ...], Element("PresenceValue")] = ()


@message("AuthorizationRequest")
class AuthorizationRequest(Request):
    user_id: Annotated[Address, USER_ID]
    attribute_list: Annotated[AttributeList | None, _ATTRIBUTE_LIST] = None


@message("AuthorizationResponse")
class AuthorizationResponse(Request):
    """What a publisher answered: a transaction of its own, and so a request."""

    acceptance: Annotated[bool, XMLAttribute("acceptance")]
    user_id: Annotated[Address, USER_ID]
    attribute_list: Annotated[AttributeList | None, _ATTRIBUTE_LIST] = None


@message("CancelAuthorizationRequest")
class CancelAuthorizationRequest(Request):
    user_id: Annotated[Address, USER_ID]


@message("UpdatePresenceRequest")
class UpdatePresenceRequest(Request):
    published: Annotated[tuple[Published, ...], Element("PresenceSubList")] = ()


@message("GetWatcherListRequest")
class GetWatcherListRequest(Request):
    max_watchers: Annotated[int | None, XMLAttribute("maxWatchers")] = None


@message("GetWatcherListResponse")
class GetWatcherListResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()


@message("GetReactiveAuthStatusRequest")
class GetReactiveAuthStatusRequest(Request):
    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()


@structure("ReactiveAuthStatus")
class ReactiveAuthStatus:
    user_id: Annotated[Address, XMLAttribute("userID")]
    state: Annotated[str, XMLAttribute("state")]


@message("GetReactiveAuthStatusResponse")
class GetReactiveAuthStatusResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    statuses: Annotated[tuple[ReactiveAuthStatus, ...], Element("ReactiveAuthStatus")] = ()
