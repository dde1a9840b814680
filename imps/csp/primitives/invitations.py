"""Invitations: to groups, to share presence or content, to talk."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.declaration import (
    ONLY_V11,
    ONLY_V12,
    UNTIL_V12,
    Element,
    Primitive,
    primitive,
)
from imps.csp.primitives.identity import Recipient, ScreenName, Sender, URLList
from imps.model.address import Address
from imps.model.invitation import InviteType
from imps.model.version import V12, V13


@primitive("Invite-Request")
class InviteRequest(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    invite_type: Annotated[InviteType, Element("InviteType")]
    sender: Annotated[Sender | None, Element("Sender", since=V13)] = None
    recipient: Annotated[Recipient, Element("Recipient")]
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    group_id: Annotated[Address | None, Element("GroupID")] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None
    url_list: Annotated[URLList | None, Element("URLList")] = None
    invite_note: Annotated[str | None, Element("InviteNote", exact=True)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None
    validity: Annotated[int | None, Element("Validity", required=ONLY_V11)] = None


@primitive("Invite-Response")
class InviteResponse(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    acceptance: Annotated[bool, Element("Acceptance")]
    sender: Annotated[Sender | None, Element("Sender", required=UNTIL_V12)] = None
    recipient: Annotated[Recipient | None, Element("Recipient", since=V13)] = None
    invite_note: Annotated[str | None, Element("InviteNote", since=V13, exact=True)] = None
    response_note: Annotated[str | None, Element("ResponseNote", exact=True)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName", since=V13)] = None


@primitive("InviteUser-Request")
class InviteUserRequest(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    invite_type: Annotated[InviteType, Element("InviteType")]
    sender: Annotated[Sender, Element("Sender")]
    recipient: Annotated[Recipient | None, Element("Recipient", since=V13)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    group_id: Annotated[Address | None, Element("GroupID")] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None
    url_list: Annotated[URLList | None, Element("URLList")] = None
    invite_note: Annotated[str | None, Element("InviteNote", exact=True)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName", since=V13)] = None
    validity: Annotated[int | None, Element("Validity")] = None


@primitive("InviteUser-Response")
class InviteUserResponse(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    acceptance: Annotated[bool, Element("Acceptance")]
    sender: Annotated[Sender | None, Element("Sender", since=V12, required=ONLY_V12)] = None
    recipient: Annotated[Recipient | None, Element("Recipient", since=V13)] = None
    response_note: Annotated[str | None, Element("ResponseNote", exact=True)] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None


@primitive("CancelInvite-Request")
class CancelInviteRequest(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    sender: Annotated[Sender | None, Element("Sender", since=V13)] = None
    recipient: Annotated[Recipient | None, Element("Recipient", required=ONLY_V11)] = None
    invite_note: Annotated[str | None, Element("InviteNote", exact=True)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    group_id: Annotated[Address | None, Element("GroupID", since=V13)] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList", since=V13)] = (
        None
    )
    url_list: Annotated[URLList | None, Element("URLList")] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None


@primitive("CancelInviteUser-Request")
class CancelInviteUserRequest(Primitive):
    invite_id: Annotated[str, Element("InviteID")]
    sender: Annotated[Sender, Element("Sender")]
    recipient: Annotated[Recipient | None, Element("Recipient", since=V13)] = None
    invite_note: Annotated[str | None, Element("InviteNote", exact=True)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    group_id: Annotated[Address | None, Element("GroupID", since=V13)] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList", since=V13)] = (
        None
    )
    url_list: Annotated[URLList | None, Element("URLList")] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName", since=V13)] = None
