"""What messages are made of: who is meant, who asks, what became of it (SSP, shared blocks)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from imps.model.address import Address
from imps.model.presence import Attribute, Published
from imps.model.status import StatusCode
from imps.ssp.messages.declaration import (
    Element,
    Message,
    Octets,
    Text,
    XMLAttribute,
    base,
    message,
    structure,
)

USER_ID = Element("UserID", attribute="userID")
GROUP_ID = Element("GroupID", attribute="groupID")
CONTACT_LIST = Element("ContactList", attribute="contactListID")
MESSAGE_ID = Element("MessageID", attribute="messageID")
_SCREEN_NAME = Element("ScreenName")


@structure("ClientID")
class ClientID:
    """A client, or an application of a user."""

    url: Annotated[str | None, XMLAttribute("url")] = None
    application_id: Annotated[str | None, Element("ApplicationID", attribute="applicationID")] = (
        None
    )
    text: Annotated[str | None, Text()] = None


@structure("User")
class User:
    user_id: Annotated[Address, XMLAttribute("userID")]
    friendly_name: Annotated[str | None, XMLAttribute("friendlyName", exact=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID")] = None


@structure("ScreenName")
class ScreenName:
    group_id: Annotated[Address | None, XMLAttribute("groupID")] = None
    name: Annotated[str, Text(exact=True)] = ""


@structure("Requestor")
class Requestor:
    """The server that asks, and the user for whom it does."""

    service_id: Annotated[Address, XMLAttribute("serviceID")]
    user: Annotated[User | None, Element("User")] = None


@structure("MetaInfo")
class MetaInfo:
    """Who is behind a request: a user by a client, or the server itself (SSP, MetaInfo)."""

    client_originated: Annotated[bool | None, XMLAttribute("clientOriginated")] = None
    requestor: Annotated[Requestor, Element("Requestor")]

    @classmethod
    def of_server(cls, domain: str) -> MetaInfo:
        """What the server of a domain says on its own account."""
        return cls(client_originated=False, requestor=Requestor(service_id=Address(domain=domain)))

    @classmethod
    def of_user(cls, user: Address, domain: str) -> MetaInfo:
        """What the server of a domain says on behalf of a user."""
        service_id = Address(domain=domain)
        requestor = Requestor(service_id=service_id, user=User(user_id=user))
        return cls(client_originated=True, requestor=requestor)

    @property
    def user(self) -> Address | None:
        """On whose behalf; nobody's, unless a client caused it."""
        user = self.requestor.user
        return user.user_id if self.client_originated and user is not None else None


@base
class Request(Message):
    """The base of every request. Who is behind it is its first child; one partner leaves that out
    in some, so that whoever serves it has to look."""

    meta_info: Annotated[MetaInfo | None, Element("MetaInfo")] = None


@structure("DetailedResult")
class DetailedResult:
    """Why some of several targets were not served."""

    code: Annotated[int | None, XMLAttribute("code", open=True)] = None
    description: Annotated[str | None, Element("StatusDescription")] = None
    user_ids: Annotated[tuple[Address, ...], USER_ID] = ()
    group_ids: Annotated[tuple[Address, ...], GROUP_ID] = ()
    screen_names: Annotated[
        tuple[ScreenName, ...],
        Element("ScreenName", aliases=("ScreenNames",), for_baraza="ScreenNames"),
    ] = ()
    message_ids: Annotated[tuple[str, ...], MESSAGE_ID] = ()
    contact_lists: Annotated[tuple[Address, ...], CONTACT_LIST] = ()
    domains: Annotated[tuple[str, ...], Element("Domain")] = ()


@message("Status")
class Status(Message):
    """What became of a request: alone, or within a response."""

    code: Annotated[int | None, XMLAttribute("code", open=True)] = None
    description: Annotated[str | None, Element("StatusDescription")] = None
    detailed_results: Annotated[tuple[DetailedResult, ...], Element("DetailedResult")] = ()
    try_again_seconds: Annotated[int | None, Element("TryAgainTimeout")] = None

    @property
    def is_success(self) -> bool:
        """Whether all of it, or a part, was done."""
        return self.code is not None and 200 <= self.code < 300


def status_code(code: int | None) -> StatusCode:
    """A code from the wire; one that is not known counts as the first of its class, and none as an
    internal error (SSP, error mapping)."""
    try:
        return StatusCode(code or 0)
    except ValueError:
        pass
    classes = {
        2: StatusCode.OK,
        4: StatusCode.BAD_REQUEST,
        6: StatusCode.SESSION_EXPIRED,
        7: StatusCode.NO_SUCH_CONTACT_LIST,
        8: StatusCode.NO_SUCH_GROUP,
        9: StatusCode.MULTIPLE_ERRORS,
    }
    return classes.get((code or 0) // 100, StatusCode.INTERNAL_ERROR)


@structure("Recipient", one_of=("user", "group_id", "screen_name"))
class Recipient:
    user: Annotated[User | None, Element("User")] = None
    group_id: Annotated[Address | None, GROUP_ID] = None
    screen_name: Annotated[ScreenName | None, _SCREEN_NAME] = None


@structure("SenderDisplay")
class SenderDisplay:
    """Under what name a participant of a group sends."""

    screen_name: Annotated[ScreenName | None, _SCREEN_NAME] = None
    group_id: Annotated[Address | None, GROUP_ID] = None
    user_id: Annotated[Address | None, USER_ID] = None
    name: Annotated[str | None, Element("Name", exact=True)] = None


@structure("Sender", one_of=("user", "group_id", "screen_name"))
class Sender:
    user: Annotated[User | None, Element("User")] = None
    group_id: Annotated[Address | None, GROUP_ID] = None
    screen_name: Annotated[ScreenName | None, _SCREEN_NAME] = None
    display: Annotated[SenderDisplay | None, Element("SenderDisplay")] = None


@structure("MessageInfo")
class MessageInfo:
    """What is said about an instant message; ``validity`` is in seconds."""

    message_id: Annotated[str | None, XMLAttribute("messageID")] = None
    message_uri: Annotated[
        str | None,
        XMLAttribute("messageURI", aliases=("MessageURI",), for_baraza=("MessageURI",)),
    ] = None
    content_type: Annotated[str | None, XMLAttribute("contentType")] = None
    content_name: Annotated[
        str | None,
        XMLAttribute(
            "contentName", aliases=("ContentName",), for_baraza=("ContentName",), exact=True
        ),
    ] = None
    content_size: Annotated[int | None, XMLAttribute("contentSize")] = None
    validity: Annotated[
        int | None, XMLAttribute("validity", aliases=("validlity",), for_baraza=("validlity",))
    ] = None
    recipients: Annotated[tuple[Recipient, ...], Element("Recipient")] = ()
    sender: Annotated[Sender | None, Element("Sender")] = None
    date_time: Annotated[
        datetime | None, Element("DateTime", constants=(("format", "iso8601"),))
    ] = None


@structure("ContentData")
class ContentData:
    content_type: Annotated[str | None, XMLAttribute("contentType")] = None
    octets: Annotated[bytes, Octets()] = b""


@structure("AttributeList")
class AttributeList:
    """Presence attributes that somebody asks for; all of them where the list is empty."""

    attributes: Annotated[frozenset[Attribute], Element("PresenceSubList")] = frozenset()


@structure("PresenceValue")
class PresenceValue:
    """What is told of a publisher."""

    user_id: Annotated[Address, XMLAttribute("userID")]
    published: Annotated[tuple[Published, ...], Element("PresenceSubList")] = ()
