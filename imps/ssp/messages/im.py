"""Instant messages, their reports, and what a remote element for them is asked (SSP, primitives of
instant messaging)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from imps.model.address import Address
from imps.ssp.messages.blocks import (
    CONTACT_LIST,
    GROUP_ID,
    MESSAGE_ID,
    USER_ID,
    ContentData,
    MessageInfo,
    Recipient,
    Request,
    ScreenName,
    Sender,
    Status,
)
from imps.ssp.messages.declaration import Element, Message, XMLAttribute, message, structure

_STATUS = Element("Status")
_MESSAGE_INFO = Element("MessageInfo")
_CONTENT_DATA = Element("ContentData")
_ID = XMLAttribute("messageID")


@message("SendMessageRequest")
class SendMessageRequest(Request):
    delivery_report: Annotated[bool | None, XMLAttribute("deliveryReport")] = None
    message_info: Annotated[MessageInfo, _MESSAGE_INFO]
    content_data: Annotated[ContentData | None, _CONTENT_DATA] = None


@message("SendMessageResponse")
class SendMessageResponse(Message):
    message_id: Annotated[str | None, _ID] = None
    status: Annotated[Status | None, _STATUS] = None


@structure("DeliveryResult")
class DeliveryResult:
    status: Annotated[Status, _STATUS]


@message("DeliveryStatusReport")
class DeliveryStatusReport(Request):
    """What became of a message. Its recipient is who gets the report, its sender who got the
    message: the other way round than in CSP."""

    delivery_result: Annotated[DeliveryResult, Element("DeliveryResult")]
    delivery_time: Annotated[datetime | None, Element("DeliveryTime")] = None
    message_info: Annotated[MessageInfo, _MESSAGE_INFO]


@message("NewMessage")
class NewMessage(Request):
    message_info: Annotated[MessageInfo, _MESSAGE_INFO]
    content_data: Annotated[ContentData | None, _CONTENT_DATA] = None


@message("MessageDelivered")
class MessageDelivered(Message):
    message_id: Annotated[str, _ID]


@message("MessageNotification")
class MessageNotification(Request):
    message_info: Annotated[MessageInfo, _MESSAGE_INFO]


@message("GetMessageListRequest")
class GetMessageListRequest(Request):
    message_count: Annotated[int | None, XMLAttribute("messageCount")] = None
    group_id: Annotated[Address | None, GROUP_ID] = None


@message("GetMessageListResponse")
class GetMessageListResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    message_infos: Annotated[tuple[MessageInfo, ...], _MESSAGE_INFO] = ()


@message("GetMessageRequest")
class GetMessageRequest(Request):
    message_id: Annotated[str, _ID]


@message("GetMessageResponse")
class GetMessageResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    message_info: Annotated[MessageInfo | None, _MESSAGE_INFO] = None
    content_data: Annotated[ContentData | None, _CONTENT_DATA] = None


@message("RejectMessageRequest")
class RejectMessageRequest(Request):
    message_ids: Annotated[tuple[str, ...], MESSAGE_ID] = ()


@message("ForwardMessageRequest")
class ForwardMessageRequest(Request):
    message_id: Annotated[str, _ID]
    recipients: Annotated[tuple[Recipient, ...], Element("Recipient")] = ()
    sender: Annotated[Sender | None, Element("Sender")] = None


@message("ForwardMessageResponse")
class ForwardMessageResponse(Message):
    message_id: Annotated[str | None, _ID] = None
    status: Annotated[Status | None, _STATUS] = None


@message("SetDeliveryMethodRequest")
class SetDeliveryMethodRequest(Request):
    delivery_method: Annotated[str, XMLAttribute("deliveryMethod")]
    accepted_content_length: Annotated[int | None, XMLAttribute("acceptedContentLength")] = None
    group_id: Annotated[Address | None, GROUP_ID] = None


@structure("EntityList")
class EntityList:
    """Whom a block or grant list names."""

    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()
    group_ids: Annotated[tuple[Address, ...], GROUP_ID] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    contact_lists: Annotated[tuple[Address, ...], CONTACT_LIST] = ()
    domains: Annotated[tuple[str, ...], Element("Domain")] = ()


@structure("AccessList")
class AccessList:
    """A block or a grant list: what it holds, or how it changes."""

    in_use: Annotated[bool | None, XMLAttribute("inUse")] = None
    entities: Annotated[EntityList | None, Element("EntityList")] = None
    added: Annotated[EntityList | None, Element("AddList")] = None
    removed: Annotated[EntityList | None, Element("RemoveList")] = None


@message("BlockEntityRequest")
class BlockEntityRequest(Request):
    block_list: Annotated[AccessList | None, Element("BlockList")] = None
    grant_list: Annotated[AccessList | None, Element("GrantList")] = None


@message("GetBlockedListRequest")
class GetBlockedListRequest(Request):
    pass


@message("GetBlockedListResponse")
class GetBlockedListResponse(Message):
    status: Annotated[Status | None, _STATUS] = None
    block_list: Annotated[AccessList | None, Element("BlockList")] = None
    grant_list: Annotated[AccessList | None, Element("GrantList")] = None
