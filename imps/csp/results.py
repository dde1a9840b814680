"""What became of an operation, as CSP says it: Result, and Status around it."""

from __future__ import annotations

from imps.csp.primitives.common import DetailedResult, Result, Status
from imps.model.status import Detail, Outcome, Refusal, StatusCode, code_in
from imps.model.version import Version


def result(code: StatusCode, version: Version, description: str = "") -> Result:
    """A bare result; codes that the version lacks are folded into those it has."""
    return Result(code=code_in(version, code), description=description or None)


def result_of(outcome: Outcome | Refusal, version: Version) -> Result:
    """The result of an operation, with what failed of it."""
    description = outcome.description if isinstance(outcome, Refusal) else ""
    return Result(
        code=code_in(version, outcome.code),
        description=description or None,
        detailed_results=tuple(_detailed(detail, version) for detail in outcome.details),
    )


def _detailed(detail: Detail, version: Version) -> DetailedResult:
    return DetailedResult(
        code=code_in(version, detail.code),
        user_ids=detail.users,
        group_ids=detail.groups,
        message_ids=detail.message_ids,
        contact_lists=detail.contact_lists,
        domains=detail.domains,
    )


def status(code: StatusCode, version: Version, description: str = "") -> Status:
    """The answer that is acceptable to every request."""
    return Status(result=result(code, version, description))


def status_of(outcome: Outcome | Refusal, version: Version) -> Status:
    """The outcome of an operation as an answer to any request."""
    return Status(result=result_of(outcome, version))
