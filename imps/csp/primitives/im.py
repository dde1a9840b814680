"""Instant messages, their delivery and reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import (
    ALWAYS,
    ONLY_V11,
    SINCE_V12,
    UNTIL_V12,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.groups import WelcomeNote
from imps.csp.primitives.identity import ClientID, Recipient, ScreenName, Sender, UserIDList
from imps.csp.primitives.values import TransferEncoding
from imps.model.address import Address
from imps.model.capability import DeliveryMethod
from imps.model.extension import Extension
from imps.model.message import Color, FontSize, FontStyle
from imps.model.version import V12, V13


@primitive("SendMessage-Request")
class SendMessageRequest(Primitive):
    delivery_report: Annotated[bool | None, Element("DeliveryReport", required=SINCE_V12)] = None
    message_info: Annotated[MessageInfo, Element("MessageInfo")]
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ONLY_V11)] = None


@primitive("SendMessage-Response")
class SendMessageResponse(Primitive):
    result: Annotated[Result, Element("Result")]
    message_id: Annotated[str | None, Element("MessageID")] = None


@primitive("SetDeliveryMethod-Request")
class SetDeliveryMethodRequest(Primitive):
    delivery_method: Annotated[DeliveryMethod, Element("DeliveryMethod")]
    accepted_content_length: Annotated[int | None, Element("AcceptedContentLength", until=V12)] = (
        None
    )
    group_id: Annotated[Address | None, Element("GroupID")] = None
    group_content_limit: Annotated[int | None, Element("GroupContentLimit", since=V13)] = None


@primitive("GetMessageList-Request")
class GetMessageListRequest(Primitive):
    group_id: Annotated[Address | None, Element("GroupID")] = None
    message_count: Annotated[int | None, Element("MessageCount")] = None


@primitive("GetMessageList-Response")
class GetMessageListResponse(Primitive):
    message_infos: Annotated[tuple[MessageInfo, ...], Element("MessageInfo", until=V12)] = ()
    message_info_list: Annotated[MessageInfoList | None, Element("MessageInfoList", since=V13)] = (
        None
    )
    message_total_count: Annotated[int | None, Element("MessageTotalCount", since=V13)] = None


@structure("MessageInfoList", since=V13)
class MessageInfoList:
    message_infos: Annotated[tuple[MessageInfo, ...], Element("MessageInfo", required=ALWAYS)] = ()


@primitive("RejectMessage-Request")
class RejectMessageRequest(Primitive):
    message_ids: Annotated[tuple[str, ...], Element("MessageID", required=ALWAYS)] = ()


@primitive("MessageNotification")
class MessageNotification(Primitive):
    message_info: Annotated[MessageInfo, Element("MessageInfo")]


@primitive("GetMessage-Request")
class GetMessageRequest(Primitive):
    message_id: Annotated[str, Element("MessageID")]


@primitive("GetMessage-Response")
class GetMessageResponse(Primitive):
    message_info: Annotated[MessageInfo, Element("MessageInfo")]
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ONLY_V11)] = None


@primitive("NewMessage")
class NewMessage(Primitive):
    message_info: Annotated[MessageInfo, Element("MessageInfo")]
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ONLY_V11)] = None


@primitive("MessageDelivered")
class MessageDelivered(Primitive):
    message_id: Annotated[str, Element("MessageID")]


@primitive("DeliveryReport-Request")
class DeliveryReportRequest(Primitive):
    result: Annotated[Result, Element("Result")]
    delivery_time: Annotated[datetime | None, Element("DeliveryTime")] = None
    message_info: Annotated[MessageInfo, Element("MessageInfo")]


@primitive("ForwardMessage-Request")
class ForwardMessageRequest(Primitive):
    message_id: Annotated[str, Element("MessageID")]
    sender: Annotated[Sender | None, Element("Sender", since=V13)] = None
    recipient: Annotated[Recipient, Element("Recipient")]


@primitive("ForwardMessage-Response", since=V13)
class ForwardMessageResponse(Primitive):
    message_id: Annotated[str | None, Element("MessageID", required=ALWAYS)] = None


@structure("MessageInfo")
class MessageInfo:
    message_id: Annotated[str | None, Element("MessageID")] = None
    message_uri: Annotated[str | None, Element("MessageURI")] = None
    content_type: Annotated[str | None, Element("ContentType", tokens=True)] = None
    content_encoding: Annotated[TransferEncoding | None, Element("ContentEncoding")] = None
    content_size: Annotated[int | None, Element("ContentSize", required=ALWAYS)] = None
    content_name: Annotated[str | None, Element("ContentName", since=V13, exact=True)] = None
    recipient: Annotated[Recipient, Element("Recipient")]
    sender: Annotated[Sender | None, Element("Sender", required=UNTIL_V12)] = None
    date_time: Annotated[datetime | None, Element("DateTime")] = None
    font: Annotated[Font | None, Element("Font", since=V13)] = None
    validity: Annotated[int | None, Element("Validity")] = None
    ext_block_etems: Annotated[tuple[Extension, ...], Element("ExtBlockETEM", since=V13)] = ()


@structure("Font", since=V13)
class Font:
    size: Annotated[FontSize | None, Element("Size")] = None
    styles: Annotated[tuple[FontStyle, ...], Element("Style")] = ()
    color: Annotated[Color | None, Element("Color", open=True)] = None


@primitive("ExtendConversation-Request", since=V13)
class ExtendConversationRequest(Primitive):
    extend_conversation_id: Annotated[
        str | None, Element("ExtendConversationID", required=ALWAYS)
    ] = None
    user_id_list: Annotated[UserIDList | None, Element("UserIDList")] = None
    extend_conversation_user: Annotated[
        ExtendConversationUser | None, Element("ExtendConversationUser")
    ] = None
    subscribe_notification: Annotated[bool | None, Element("SubscribeNotification")] = None
    welcome_note: Annotated[WelcomeNote | None, Element("WelcomeNote")] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None


@primitive("ExtendConversation-Response", since=V13)
class ExtendConversationResponse(Primitive):
    extend_conversation_id: Annotated[str | None, Element("ExtendConversationID")] = None
    group_id: Annotated[Address | None, Element("GroupID")] = None
    response_note: Annotated[str | None, Element("ResponseNote", exact=True)] = None
    result: Annotated[Result | None, Element("Result", required=ALWAYS)] = None


@structure("ExtendConversationUser", since=V13)
class ExtendConversationUser:
    user_id: Annotated[Address | None, Element("UserID", required=ALWAYS)] = None
    client_id: Annotated[ClientID | None, Element("ClientID")] = None
