"""System messages and notifications (CSP 1.3)."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.declaration import ALWAYS, Choice, Element, Primitive, primitive, structure
from imps.csp.primitives.identity import ContactListIDList, UserIDList, UserIDPair, UserList
from imps.model.address import Address
from imps.model.capability import OnlineETEMHandling
from imps.model.notice import NotificationType
from imps.model.version import V13


@primitive("SystemMessage-Request", since=V13)
class SystemMessageRequest(Primitive):
    system_message_list: Annotated[
        SystemMessageList | None, Element("SystemMessageList", required=ALWAYS)
    ] = None


@primitive("SystemMessage-User", since=V13)
class SystemMessageUser(Primitive):
    system_message_response_list: Annotated[
        SystemMessageResponseList | None, Element("SystemMessageResponseList", required=ALWAYS)
    ] = None


@structure("SystemMessageList", since=V13)
class SystemMessageList:
    system_messages: Annotated[
        tuple[SystemMessage, ...], Element("SystemMessage", required=ALWAYS)
    ] = ()


@structure("SystemMessageResponseList", since=V13)
class SystemMessageResponseList:
    system_message_responses: Annotated[
        tuple[SystemMessageResponse, ...], Element("SystemMessageResponse", required=ALWAYS)
    ] = ()


@structure("SystemMessage", since=V13)
class SystemMessage:
    system_message_id: Annotated[str | None, Element("SystemMessageID", required=ALWAYS)] = None
    requires_response: Annotated[bool | None, Element("RequiresResponse")] = None
    system_message_text: Annotated[str | None, Element("SystemMessageText", exact=True)] = None
    answer_options: Annotated[AnswerOptions | None, Element("AnswerOptions")] = None
    verification_mechanism: Annotated[
        VerificationMechanism | None, Element("VerificationMechanism")
    ] = None


@structure("SystemMessageResponse", since=V13)
class SystemMessageResponse:
    system_message_id: Annotated[str | None, Element("SystemMessageID", required=ALWAYS)] = None
    chosen_option_id: Annotated[int | None, Element("ChosenOptionID")] = None
    verification_key: Annotated[str | None, Element("VerificationKey")] = None


@structure("AnswerOptions", since=V13)
class AnswerOptions:
    answer_options: Annotated[
        tuple[AnswerOption, ...], Element("AnswerOption", required=ALWAYS)
    ] = ()


@structure("AnswerOption", since=V13)
class AnswerOption:
    answer_option_id: Annotated[int | None, Element("AnswerOptionID", required=ALWAYS)] = None
    answer_option_text: Annotated[
        str | None, Element("AnswerOptionText", exact=True, required=ALWAYS)
    ] = None


@structure("VerificationMechanism", since=V13, choices=[Choice("in_text", "url", required=True)])
class VerificationMechanism:
    in_text: Annotated[str | None, Element("InText", exact=True)] = None
    url: Annotated[str | None, Element("URL")] = None


@primitive("SubscribeNotification-Request", since=V13)
class SubscribeNotificationRequest(Primitive):
    notification_type_list: Annotated[
        NotificationTypeList | None, Element("NotificationTypeList", required=ALWAYS)
    ] = None


@primitive("UnsubscribeNotification-Request", since=V13)
class UnsubscribeNotificationRequest(Primitive):
    notification_type_list: Annotated[
        NotificationTypeList | None, Element("NotificationTypeList", required=ALWAYS)
    ] = None


@structure("NotificationTypeList", since=V13)
class NotificationTypeList:
    """The words stand as they came: there may be some that are unknown."""

    notification_types: Annotated[
        tuple[str, ...], Element("NotificationType", required=ALWAYS, tokens=True)
    ] = ()


@primitive(
    "Notification-Request",
    since=V13,
    choices=[
        Choice(
            "block_list_in_use",
            "grant_list_in_use",
            "group_id",
            "presence_sub_list user_id_list contact_list_id_list default_list",
            "invite_id",
            "online_etem_handling",
            "session_priority",
            "user_list",
            "user_id_pair",
        )
    ],
)
class NotificationRequest(Primitive):
    notification_type: Annotated[
        NotificationType | None, Element("NotificationType", required=ALWAYS)
    ] = None
    block_list_in_use: Annotated[bool | None, Element("BlockListInUse")] = None
    grant_list_in_use: Annotated[bool | None, Element("GrantListInUse")] = None
    group_id: Annotated[Address | None, Element("GroupID")] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None
    user_id_list: Annotated[UserIDList | None, Element("UserIDList")] = None
    contact_list_id_list: Annotated[ContactListIDList | None, Element("ContactListIDList")] = None
    default_list: Annotated[bool | None, Element("DefaultList")] = None
    invite_id: Annotated[str | None, Element("InviteID")] = None
    online_etem_handling: Annotated[OnlineETEMHandling | None, Element("OnlineETEMHandling")] = None
    session_priority: Annotated[int | None, Element("SessionPriority")] = None
    user_list: Annotated[UserList | None, Element("UserList")] = None
    user_id_pair: Annotated[UserIDPair | None, Element("UserIDPair")] = None
