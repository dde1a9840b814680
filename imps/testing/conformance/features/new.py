"""Features that are new in 1.3."""

from imps.csp.primitives import contacts, im, notices, profile, search, segments
from imps.csp.primitives.common import VerifyIDRequest
from imps.testing.conformance.features.feature import feature
from imps.testing.conformance.features.groups import INVITING

NEW = (
    feature(
        "long answers in segments",
        segments.GetSegmentRequest,
        segments.DropSegmentRequest,
        v13="C.8.1",
    ),
    feature(
        "a contact added by user id",
        VerifyIDRequest,
        contacts.ListManageRequest,
        v13="C.8.1",
        parts=("with authorization",),
    ),
    feature(
        "a contact added by telephone number",
        search.SearchRequest,
        contacts.ListManageRequest,
        v13="C.8.2",
        parts=("found by number",),
    ),
    feature(
        "search by contact details",
        search.SearchRequest,
        v13="C.8.3",
        parts=("by friendly name",),
    ),
    feature("messages from who is no contact", v13="C.8.4"),
    feature(
        "messages for who is away, announced",
        v13="C.8.5",
        parts=("at the next login", "told that they wait"),
    ),
    feature(
        "a conversation extended to a group",
        im.ExtendConversationRequest,
        *INVITING,
        v13="C.8.6",
    ),
    feature(
        "a group for a conversation",
        v13="C.8.7",
        parts=("deleted when the last one leaves",),
    ),
    feature(
        "public profiles",
        profile.GetPublicProfileRequest,
        profile.UpdatePublicProfileRequest,
        v13="C.8.8",
    ),
    feature(
        "search by public profile",
        search.SearchRequest,
        v13="C.8.9",
        parts=("by every field", "by those only who have filled in theirs"),
    ),
    feature(
        "where a friend is, and a map",
        profile.GetMapRequest,
        v13="C.8.10",
        reason="there is no service of maps to ask; location itself is presence",
    ),
    feature("users register themselves", v13="C.8.11", parts=("by number",)),
    feature("login without the user", v13="C.8.12", parts=("by number",)),
    feature(
        "messages of the system",
        notices.SystemMessageRequest,
        notices.SystemMessageUser,
        v13="C.8.13",
        parts=("at login", "while on line", "answered"),
    ),
    feature(
        "notifications",
        notices.SubscribeNotificationRequest,
        notices.UnsubscribeNotificationRequest,
        notices.NotificationRequest,
        v13="C.8.13",
        parts=("added to a contact list",),
    ),
    feature(
        "search by several conditions",
        search.SearchRequest,
        v13="C.8.14",
        parts=("and, or, not",),
    ),
    feature(
        "several applications and sessions of a user",
        v13="C.8.15",
        parts=("a copy for each session", "several applications"),
    ),
    feature(
        "sessions kept at another server",
        v13="C.8.16",
        parts=("in one domain", "of another domain"),
    ),
    feature("fonts and colours", im.SendMessageRequest, v13="C.8.17", parts=("carried",)),
    feature("names of files", im.SendMessageRequest, v13="C.8.18", parts=("carried",)),
)
