"""Status, to and from what operations say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from imps.model.address import Address
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.ssp.messages.blocks import DetailedResult, Status, status_code
from imps.ssp.messages.declaration import Message


def status(code: StatusCode, description: str = "") -> Status:
    """A Status without details."""
    return Status(code=int(code), description=description or None)


def status_of(refused: Refusal) -> Status:
    """How a refusal is told to a partner."""
    return Status(
        code=int(refused.code),
        description=refused.description or None,
        detailed_results=tuple(map(_detailed_result, refused.details)),
    )


def status_of_outcome(outcome: Outcome) -> Status:
    """How an operation went."""
    details = tuple(map(_detailed_result, outcome.details))
    return Status(code=int(outcome.code), detailed_results=details)


def status_in(answer: Message) -> Status:
    """The Status of an answer, or that it is; one that has none says that all went well."""
    said = answer if isinstance(answer, Status) else getattr(answer, "status", None)
    return said if isinstance(said, Status) else Status(code=int(StatusCode.OK))


_NO_SESSION = frozenset(
    (StatusCode.SESSION_EXPIRED, StatusCode.FORCED_LOGOUT, StatusCode.INVALID_SESSION)
)


def says_no_session(answer: Message) -> bool:
    """Whether a partner knows no session in which it was asked."""
    return isinstance(answer, Status) and answer.code in _NO_SESSION


def details_in(said: Status) -> tuple[Detail, ...]:
    """The details of a Status in the model's terms."""
    return tuple(
        Detail(
            status_code(each.code),
            users=each.user_ids,
            groups=each.group_ids,
            contact_lists=each.contact_lists,
            message_ids=each.message_ids,
            domains=each.domains,
        )
        for each in said.detailed_results
    )


def outcome_of(answer: Message, users: Sequence[Address]) -> Outcome:
    """What became of each of these users by an answer, in terms that our users understand: those
    that its details name were not served, for the rest the Status as a whole holds. They are of one
    domain, the answer's."""
    said = status_in(answer)
    failures: dict[Address, StatusCode] = {}
    for detail in details_in(said):
        named = (each.at_home(users[0].domain) for each in detail.users)
        failures.update(dict.fromkeys(named, code_for_client(detail.code)))
    if not said.is_success and not failures.keys() >= set(users):
        code = code_for_client(status_code(said.code))
        failures = {each: failures.get(each, code) for each in users}
    failed = [Detail(failures[each], users=(each,)) for each in users if each in failures]
    return Outcome(len(users) - len(failed), tuple(failed))


_AS_NOT_AGREED = frozenset((StatusCode.SERVICE_NOT_SUPPORTED, StatusCode.NOT_IMPLEMENTED))


def code_for_client(code: StatusCode) -> StatusCode:
    """A partner's code as our users are told it (SSP, error mapping): what it cannot do is not
    agreed; what is wrong between the servers is no fault of the user."""
    if code in _AS_NOT_AGREED:
        return StatusCode.SERVICE_NOT_AGREED
    if code is StatusCode.GENERAL_ADDRESS_ERROR:
        return StatusCode.INTERNAL_ERROR
    return code


def _detailed_result(detail: Detail) -> DetailedResult:
    return DetailedResult(
        code=int(detail.code),
        user_ids=detail.users,
        group_ids=detail.groups,
        contact_lists=detail.contact_lists,
        message_ids=detail.message_ids,
        domains=detail.domains,
    )
