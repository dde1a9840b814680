"""Features of access, and those that all services have in common."""

from imps.csp.primitives import access, search
from imps.testing.conformance.features.feature import feature
from imps.testing.conformance.features.groups import CANCELLING, INVITING

ACCESS = (
    feature(
        "login",
        access.LoginRequest,
        v11="8 8.1",
        v12="9 9.1",
        v13="C.5 C.5.1",
        parts=("by password", "by digest", "a session resumed"),
    ),
    feature("logout", access.LogoutRequest, v11="8.1", v12="9.1", v13="C.5.1"),
    feature(
        "sessions ended by the server",
        access.Disconnect,
        v11="8.1",
        v12="9.1",
        v13="C.5.1",
    ),
    feature(
        "capabilities negotiated",
        access.ClientCapabilityRequest,
        v11="8.2",
        v12="9.2",
        v13="C.5.2",
    ),
    feature(
        "capabilities respected",
        v11="8.2",
        v12="9.2",
        v13="C.5.2",
        parts=(
            "delivery method",
            "content types",
            "transfer encodings",
            "content length",
            "transports",
        ),
    ),
    feature(
        "services negotiated",
        access.ServiceRequest,
        v11="8.2",
        v12="9.2",
        v13="5.3.6.2 C.5.2",
        release="6.1.5.2",
        parts=("what there is", "what the user has"),
    ),
    feature("keep alive", access.KeepAliveRequest, v11="8.3", v12="9.3", v13="C.5.3"),
    feature(
        "who provides the service",
        access.GetSPInfoRequest,
        v11="8.4",
        v12="9.4",
        v13="C.5.4",
        parts=("name", "logo", "text", "URL"),
    ),
)

COMMON = (
    feature(
        "one address space",
        v11="3",
        v12="4",
        v13="1",
        parts=("users", "contact lists and groups", "telephone numbers"),
    ),
    feature(
        "search for users",
        search.SearchRequest,
        search.StopSearchRequest,
        v11="6.2.4 9 9.1",
        v12="7.2.4 10 10.1",
        v13="C.3.2 C.6 C.6.1",
        parts=("by user name", "by first and last name", "by e-mail address", "by alias"),
    ),
    feature(
        "invitations",
        *INVITING,
        v11="9 9.2",
        v12="10 10.2",
        v13="C.6 C.6.2",
        parts=("to a group", "to presence", "to content", "a reason with the answer"),
    ),
    feature("invitations cancelled", *CANCELLING, v11="9.2", v12="10.2", v13="C.6.2"),
)
