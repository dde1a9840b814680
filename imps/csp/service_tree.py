"""The service tree as sets of function codes, and the primitives that each function stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from imps.csp.primitives import (
    access,
    blocking,
    common,
    contacts,
    groups,
    im,
    invitations,
    presence,
    profile,
    search,
    segments,
)
from imps.csp.primitives.declaration import Kind, Primitive, children_of
from imps.csp.primitives.services import WVCSPFeat
from imps.model.services import FUNCTIONS as FUNCTIONS_OF
from imps.model.services import MARKERS as FEATURE_MARKERS
from imps.model.version import V13, Version

FUNCTIONS: dict[str, tuple[type[Primitive], ...]] = {
    "GETSPI": (access.GetSPInfoRequest,),
    "GETMAP": (profile.GetMapRequest,),
    "SGMNT": (segments.GetSegmentRequest, segments.DropSegmentRequest),
    "SRCH": (search.SearchRequest,),
    "ADVSR": (search.SearchRequest,),
    "STSRC": (search.StopSearchRequest,),
    "INVIT": (
        invitations.InviteRequest,
        invitations.InviteUserRequest,
        invitations.InviteUserResponse,
        invitations.InviteResponse,
    ),
    "CAINV": (invitations.CancelInviteRequest, invitations.CancelInviteUserRequest),
    "VRID": (common.VerifyIDRequest,),
    "GCLI": (contacts.GetListRequest,),
    "CCLI": (contacts.CreateListRequest,),
    "DCLI": (contacts.DeleteListRequest,),
    "MCLS": (contacts.ListManageRequest,),
    "GETWL": (presence.GetWatcherListRequest,),
    "REACT": (presence.PresenceAuthRequest, presence.PresenceAuthUser),
    "CAAUT": (presence.CancelAuthRequest,),
    "GETAUT": (presence.GetReactiveAuthStatusRequest,),
    "GETPR": (presence.GetPresenceRequest,),
    "UPDPR": (presence.UpdatePresenceRequest,),
    "CALI": (presence.CreateAttributeListRequest,),
    "DALI": (presence.DeleteAttributeListRequest,),
    "GALS": (presence.GetAttributeListRequest,),
    "MDELIV": (im.DeliveryReportRequest,),
    "FWMSG": (im.ForwardMessageRequest,),
    "SETD": (im.SetDeliveryMethodRequest,),
    "GETLM": (im.GetMessageListRequest,),
    "GETM": (im.GetMessageRequest, im.MessageDelivered),
    "REJCM": (im.RejectMessageRequest,),
    "NOTIF": (im.MessageNotification,),
    "NEWM": (im.NewMessage, im.MessageDelivered),
    # Who is off line is told without CSP.
    "OFFNOTIF": (),
    "GLBLU": (blocking.GetBlockedListRequest,),
    "BLENT": (blocking.BlockEntityRequest,),
    "CREAG": (groups.CreateGroupRequest,),
    "DELGR": (groups.DeleteGroupRequest,),
    "GETGP": (groups.GetGroupPropsRequest,),
    "SETGP": (groups.SetGroupPropsRequest,),
    "SUBGCN": (groups.SubscribeGroupNoticeRequest,),
    "GRCHN": (groups.GroupChangeNotice,),
    "EXCON": (im.ExtendConversationRequest,),
    "GETGM": (groups.GetGroupMembersRequest,),
    "ADDGM": (groups.AddGroupMembersRequest,),
    "RMVGM": (groups.RemoveGroupMembersRequest,),
    "MBRAC": (groups.MemberAccessRequest,),
    "REJEC": (groups.RejectListRequest,),
    "GETJU": (groups.GetJoinedUsersRequest,),
}
"""The functions that can be negotiated."""

MARKERS: dict[str, tuple[type[Primitive], ...]] = {
    "MF": (access.LoginRequest,),
    "MP": (presence.SubscribePresenceRequest, presence.PresenceNotificationRequest),
    "MM": (im.SendMessageRequest, im.NewMessage),
    "MG": (groups.JoinGroupRequest, groups.LeaveGroupRequest),
}
"""What a feature's marker asks for: that of it which every server with the feature has."""


def _needed() -> Iterator[tuple[type[Primitive], frozenset[str]]]:
    for primitive in {each for needs in FUNCTIONS.values() for each in needs}:
        yield primitive, frozenset(code for code, needs in FUNCTIONS.items() if primitive in needs)
    for feature, marker in FEATURE_MARKERS.items():
        for primitive in MARKERS[marker]:
            if marker != "MF" and not any(primitive in needs for needs in FUNCTIONS.values()):
                yield primitive, FUNCTIONS_OF[feature]


NEEDED: dict[type[Primitive], frozenset[str]] = dict(_needed())
"""For each primitive that has to be agreed, the functions any of which will do: those that it
belongs to, or where it has none, any of its feature."""

_WITHOUT_FUNCTION_IN_V13 = frozenset(("CALI", "DALI", "GALS", "REACT", "CAAUT"))


def needed_for(request: type[Primitive], version: Version) -> frozenset[str] | None:
    """The functions any of which a session has to have agreed for a request; None for what is never
    left out. What 1.3 has no function for comes with its feature, also where only older versions
    have it: there are clients of 1.3 that go on saying it."""
    needed = NEEDED.get(request)
    if version is V13 and needed is not None and needed <= _WITHOUT_FUNCTION_IN_V13:
        return FUNCTIONS_OF["PresenceFeat"]
    return needed


def available(supported: Iterable[type]) -> frozenset[str]:
    """The functions and markers all of whose primitives are supported."""
    have = set(supported)
    return frozenset(
        code for code, needs in {**FUNCTIONS, **MARKERS}.items() if needs and have.issuperset(needs)
    )


def functions_named(tree: WVCSPFeat | None, version: Version) -> frozenset[str]:
    """The functions that a tree asks for: an empty element stands for all that is below it."""
    if tree is None:
        return frozenset()
    return frozenset(_named(tree, version))


def _named(element: Any, version: Version) -> Iterator[str]:
    present = [
        (child, value)
        for child in children_of(type(element))
        if (value := getattr(element, child.attribute))
    ]
    if not present:
        yield from functions_below(type(element), version)
    for child, value in present:
        if child.kind is Kind.MARK:
            yield child.element.name
        else:
            yield from _named(value, version)


def functions_below(element: type, version: Version) -> Iterator[str]:
    """All functions, but for the markers, that an element of the tree has in a version."""
    for child in children_of(element):
        if not child.exists_in(version) or child.element.name in MARKERS:
            continue
        if child.kind is Kind.MARK:
            yield child.element.name
        else:
            yield from functions_below(child.type, version)


def tree_of(functions: Iterable[str], version: Version) -> WVCSPFeat | None:
    """The tree that names these functions, each by itself; None for none."""
    tree: WVCSPFeat | None = _tree(WVCSPFeat, frozenset(functions), version)
    return tree


def _tree(element: type, functions: frozenset[str], version: Version) -> Any:
    present: dict[str, Any] = {}
    for child in children_of(element):
        if not child.exists_in(version):
            continue
        if child.kind is not Kind.MARK:
            inner = _tree(child.type, functions, version)
            if inner is not None:
                present[child.attribute] = inner
        elif child.element.name in functions:
            present[child.attribute] = True
    return element(**present) if present else None
