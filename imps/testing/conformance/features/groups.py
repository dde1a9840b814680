"""Features of groups and shared content."""

from imps.csp.primitives import groups, invitations, search
from imps.testing.conformance.features.feature import feature

INVITING = (
    invitations.InviteRequest,
    invitations.InviteUserRequest,
    invitations.InviteUserResponse,
    invitations.InviteResponse,
)
CANCELLING = (invitations.CancelInviteRequest, invitations.CancelInviteUserRequest)

GROUPS = (
    feature(
        "messages through a group",
        v11="5 6",
        v12="6 7",
        v13="5.3.3 5.3.4 C.2 C.3",
        release="6.1.2 6.1.3",
        parts=("to all who joined, in one order", "under screen names"),
    ),
    feature(
        "private groups",
        v11="6 6.1 6.1.1",
        v12="7 7.1 7.1.1",
        v13="5.3.4 C.3 C.3.1",
        release="6.1.3",
        parts=("open", "restricted", "hidden from searches"),
    ),
    feature(
        "public groups",
        v11="6.1 6.1.2",
        v12="7.1 7.1.2",
        v13="5.3.4 C.3.1",
        release="6.1.3",
        parts=("made by the operator",),
    ),
    feature(
        "members and their roles",
        groups.GetGroupMembersRequest,
        groups.GetJoinedUsersRequest,
        groups.MemberAccessRequest,
        v11="6.1 6.1.3",
        v12="7.1 7.1.3",
        v13="C.3.1",
    ),
    feature(
        "joining a group",
        groups.JoinGroupRequest,
        v11="6.2 6.2.1",
        v12="7.2 7.2.1",
        v13="C.3.2",
        parts=("under a screen name",),
    ),
    feature(
        "leaving a group, or being put out",
        groups.LeaveGroupRequest,
        groups.LeaveGroupResponse,
        v11="6.2.2",
        v12="7.2.2",
        v13="C.3.2",
    ),
    feature(
        "invitations to a group",
        *INVITING,
        v11="6.2.3",
        v12="7.2.3",
        v13="C.3.2",
        parts=("accepted", "rejected, with a reason"),
    ),
    feature(
        "search for groups",
        search.SearchRequest,
        v11="6.2.4 9.1",
        v12="7.2.4 10.1",
        v13="C.3.2 C.6.1",
        parts=("by id, name and topic", "by owner", "by who joined"),
    ),
    feature(
        "news of a group",
        groups.SubscribeGroupNoticeRequest,
        groups.GroupChangeNotice,
        v11="6.2.5",
        v12="7.2.5",
        v13="C.3.2",
        parts=("who joined and left", "properties"),
    ),
    feature(
        "making a group",
        groups.CreateGroupRequest,
        v11="6.3 6.3.1",
        v12="7.3 7.3.1",
        v13="C.3.3",
    ),
    feature(
        "deleting a group",
        groups.DeleteGroupRequest,
        v11="6.3.2",
        v12="7.3.2",
        v13="C.3.3",
    ),
    feature(
        "lists of members",
        groups.AddGroupMembersRequest,
        groups.RemoveGroupMembersRequest,
        v11="6.3.3",
        v12="7.3.3",
        v13="C.3.3",
    ),
    feature(
        "properties of groups",
        groups.GetGroupPropsRequest,
        groups.SetGroupPropsRequest,
        v11="6.3.4",
        v12="7.3.4",
        v13="C.3.3",
    ),
    feature(
        "who may join",
        groups.RejectListRequest,
        v11="6.3.5",
        v12="7.3.5",
        v13="C.3.3",
        parts=("members only", "none who is rejected"),
    ),
    feature("content bound to a group", v13="5.3.4", release="6.1.3"),
)

CONTENT = (
    feature(
        "invitations to content, by its URL",
        *INVITING,
        *CANCELLING,
        v11="7 9.2",
        v12="8 10.2",
        v13="5.3.5 C.4 C.6.2",
        release="6.1.4",
        parts=("the URL arrives", "cancelled"),
    ),
    feature(
        "a place to put content",
        v11="7",
        v12="1 8",
        v13="1 5.3.5 C.4",
        reason="the standard has no way to put content there, or to get it",
    ),
)
