"""Every transaction of CSP: who asks, what, and which primitives answer."""

from __future__ import annotations

from attrs import frozen

from imps.csp.primitives import (
    access,
    blocking,
    contacts,
    discovery,
    envelope,
    groups,
    im,
    invitations,
    notices,
    presence,
    profile,
    search,
    segments,
)
from imps.csp.primitives.common import Status, VerifyIDRequest


@frozen
class Transaction:
    """A request, and the primitives that answer it; ``reason`` says why it is decided against."""

    request: type
    answers: tuple[type, ...]
    from_server: bool
    reason: str = ""


def asked(request: type, *answers: type, reason: str = "") -> Transaction:
    """What clients ask of the server."""
    return Transaction(request, answers, from_server=False, reason=reason)


def told(request: type, *answers: type, reason: str = "") -> Transaction:
    """What the server asks of, or tells, clients."""
    return Transaction(request, answers, from_server=True, reason=reason)


TRANSACTIONS: dict[str, tuple[Transaction, ...]] = {
    "Access": (
        asked(discovery.WVCSPVersionDiscoveryRequest, discovery.WVCSPVersionDiscoveryResponse),
        asked(access.LoginRequest, access.LoginResponse),
        asked(access.LogoutRequest, access.Disconnect, Status),
        told(access.Disconnect, Status),
        asked(access.KeepAliveRequest, access.KeepAliveResponse),
        asked(access.GetSPInfoRequest, access.GetSPInfoResponse),
        asked(access.ServiceRequest, access.ServiceResponse),
        asked(access.ClientCapabilityRequest, access.ClientCapabilityResponse),
        asked(access.PollingRequest),
        asked(segments.GetSegmentRequest, segments.GetSegmentResponse),
        asked(segments.DropSegmentRequest, Status),
        told(notices.SystemMessageRequest, Status),
        asked(notices.SystemMessageUser, Status),
        asked(notices.SubscribeNotificationRequest, Status),
        asked(notices.UnsubscribeNotificationRequest, Status),
        told(notices.NotificationRequest, Status),
        asked(
            profile.GetMapRequest,
            profile.GetMapResponse,
            reason="there is no service of maps to ask; answered 501",
        ),
        asked(profile.GetPublicProfileRequest, profile.GetPublicProfileResponse),
        asked(profile.UpdatePublicProfileRequest, Status),
        asked(VerifyIDRequest, Status),
        asked(
            envelope.ExtendedRequest,
            envelope.ExtendedResponse,
            reason="what it holds is the vendor's own; answered 501",
        ),
        told(
            envelope.ExtendedRequest,
            envelope.ExtendedResponse,
            reason="this server has no extensions",
        ),
    ),
    "Search and invitations": (
        asked(search.SearchRequest, search.SearchResponse),
        asked(search.StopSearchRequest, Status),
        asked(invitations.InviteRequest, Status),
        told(invitations.InviteUserRequest, Status),
        asked(invitations.InviteUserResponse, Status),
        told(invitations.InviteResponse, Status),
        asked(invitations.CancelInviteRequest, Status),
        told(invitations.CancelInviteUserRequest, Status),
    ),
    "Contact lists and presence": (
        asked(contacts.GetListRequest, contacts.GetListResponse),
        asked(contacts.CreateListRequest, contacts.CreateListResponse, Status),
        asked(contacts.DeleteListRequest, Status),
        asked(contacts.ListManageRequest, contacts.ListManageResponse),
        asked(presence.CreateAttributeListRequest, Status),
        asked(presence.DeleteAttributeListRequest, Status),
        asked(presence.GetAttributeListRequest, presence.GetAttributeListResponse),
        asked(presence.SubscribePresenceRequest, Status),
        asked(presence.UnsubscribePresenceRequest, Status),
        told(presence.PresenceNotificationRequest, Status),
        asked(presence.GetPresenceRequest, presence.GetPresenceResponse),
        asked(presence.UpdatePresenceRequest, Status),
        asked(presence.GetWatcherListRequest, presence.GetWatcherListResponse),
        told(presence.PresenceAuthRequest, Status),
        asked(presence.PresenceAuthUser, Status),
        asked(presence.CancelAuthRequest, Status),
        asked(presence.GetReactiveAuthStatusRequest, presence.GetReactiveAuthStatusResponse),
    ),
    "Instant messages": (
        asked(im.SendMessageRequest, im.SendMessageResponse),
        asked(im.SetDeliveryMethodRequest, Status),
        asked(im.GetMessageListRequest, im.GetMessageListResponse),
        asked(im.RejectMessageRequest, Status),
        told(im.MessageNotification, Status),
        asked(im.GetMessageRequest, im.GetMessageResponse),
        asked(im.MessageDelivered, Status),
        told(im.NewMessage, im.MessageDelivered),
        told(im.DeliveryReportRequest, Status),
        asked(im.ForwardMessageRequest, im.ForwardMessageResponse, Status),
        asked(blocking.GetBlockedListRequest, blocking.GetBlockedListResponse),
        asked(blocking.BlockEntityRequest, Status),
        asked(im.ExtendConversationRequest, im.ExtendConversationResponse),
    ),
    "Groups": (
        asked(groups.CreateGroupRequest, Status),
        asked(groups.DeleteGroupRequest, Status),
        asked(groups.JoinGroupRequest, groups.JoinGroupResponse),
        asked(groups.LeaveGroupRequest, groups.LeaveGroupResponse),
        told(groups.LeaveGroupResponse, Status),
        asked(groups.GetGroupMembersRequest, groups.GetGroupMembersResponse),
        asked(groups.GetJoinedUsersRequest, groups.GetJoinedUsersResponse),
        asked(groups.AddGroupMembersRequest, Status),
        asked(groups.RemoveGroupMembersRequest, Status),
        asked(groups.MemberAccessRequest, Status),
        asked(groups.GetGroupPropsRequest, groups.GetGroupPropsResponse),
        asked(groups.SetGroupPropsRequest, Status),
        asked(groups.RejectListRequest, groups.RejectListResponse),
        asked(groups.SubscribeGroupNoticeRequest, Status, groups.SubscribeGroupNoticeResponse),
        told(groups.GroupChangeNotice, Status),
    ),
}
"""All of them, by area."""
