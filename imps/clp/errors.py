"""What is said of a status code; never the code itself."""

from __future__ import annotations

from imps.model.status import StatusCode

_ERRORS: dict[StatusCode, str] = {
    StatusCode.UNAUTHORIZED: "E21",
    StatusCode.INVALID_PASSWORD: "E21",
    StatusCode.FORBIDDEN: "E22",
    StatusCode.UNAUTHORIZED_GROUP_MEMBERSHIP: "E22",
    StatusCode.INSUFFICIENT_GROUP_PRIVILEGE: "E22",
    StatusCode.NOT_FOUND: "E10",
    StatusCode.UNKNOWN_USER: "E10",
    StatusCode.GENERAL_ADDRESS_ERROR: "E10",
    StatusCode.RECIPIENT_BLOCKED_SENDER: "E13",
    StatusCode.RECIPIENT_UNAUTHORIZED: "E13",
    StatusCode.RECIPIENT_NOT_LOGGED_IN: "E14",
    StatusCode.BAD_PARAMETER: "E15",
    StatusCode.UNSUPPORTED_MEDIA_TYPE: "E15",
    StatusCode.MESSAGE_QUEUE_FULL: "E15",
    StatusCode.MESSAGE_REJECTED: "E15",
    StatusCode.INVALID_PRESENCE_VALUE: "E15",
    StatusCode.INVALID_CONTACT_LIST_PROPERTY: "E15",
    StatusCode.DOMAIN_NOT_SUPPORTED: "E16",
    StatusCode.SERVICE_NOT_SUPPORTED: "E24",
    StatusCode.NOT_IMPLEMENTED: "E24",
    StatusCode.SERVICE_NOT_AGREED: "E24",
    StatusCode.NO_SUCH_CONTACT_LIST: "E30",
    StatusCode.CONTACT_LIST_EXISTS: "E30_exists",
    StatusCode.TOO_MANY_CONTACT_LISTS: "E30_limit",
    StatusCode.TOO_MANY_CONTACTS: "E30_limit",
    StatusCode.TOO_MANY_ATTRIBUTE_LISTS: "E30_limit",
    StatusCode.NO_SUCH_GROUP: "E40",
    StatusCode.INVALID_MESSAGE_ID: "E62",
}


def error_of(code: StatusCode, hides_blocks: bool) -> str:
    """The text for a code; what is not known is that the service is busy. Whoever blocks somebody
    may want that hidden."""
    error = _ERRORS.get(code, "E23")
    return f"{error}_hidden" if error == "E13" and hides_blocks else error
