"""How ``imps chat`` tells what the server does not do for its user."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from imps.chat.terminal import Screen, on_one_line
from imps.client import RequestFailed, ServerUnreachable
from imps.csp.primitives.common import Result
from imps.model.status import StatusCode

T = TypeVar("T")

SESSION_IS_GONE = frozenset(
    (StatusCode.SESSION_EXPIRED, StatusCode.FORCED_LOGOUT, StatusCode.INVALID_SESSION)
)
NOT_OFFERED = frozenset(
    (
        StatusCode.SERVICE_NOT_SUPPORTED,
        StatusCode.NOT_IMPLEMENTED,
        StatusCode.SERVICE_NOT_AGREED,
    )
)

_REASONS: dict[int, str] = {
    **dict.fromkeys(NOT_OFFERED, "the server does not offer that"),
    StatusCode.MESSAGE_QUEUE_FULL: "their mailbox is full",
    StatusCode.DOMAIN_NOT_SUPPORTED: "that domain cannot be reached",
    StatusCode.UNKNOWN_USER: "there is no such user",
    StatusCode.TOO_MANY_CONTACTS: "there are too many contacts",
}


def reason_of(code: int, description: str | None) -> str:
    """Why the server says no, in words."""
    said = on_one_line(description or "")
    return _REASONS.get(code) or f"{code} {said}".strip()


def reasons_in(result: Result) -> list[str]:
    """Why some of what was asked for was not done."""
    return [reason_of(each.code, each.description) for each in result.detailed_results]


async def attempt(screen: Screen, failing: str, asked: Awaitable[T]) -> T | None:
    """What the server answers. If it says no, or nothing, that is shown; raises RequestFailed only
    when the session is gone."""
    try:
        return await asked
    except RequestFailed as failure:
        if failure.code in SESSION_IS_GONE:
            raise
        reason = reason_of(failure.code, failure.result.description)
    except ServerUnreachable:
        reason = "the server cannot be reached"
    screen.show(f"* {failing}: {reason}.")
    return None
