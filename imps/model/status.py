"""Status codes, and how an operation says no.

The codes and their meanings are those of CSP's Result; SSP and the text doors use the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from attrs import frozen

from imps.model.address import Address
from imps.model.version import V11, V12, V13, Version


class StatusCode(IntEnum):
    """What became of a transaction (CSP, status codes)."""

    OK = 200
    PARTLY_DONE = 201
    ACCEPTED = 202
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    BAD_PARAMETER = 402
    FORBIDDEN = 403
    NOT_FOUND = 404
    SERVICE_NOT_SUPPORTED = 405
    REQUEST_TIMEOUT = 408
    INVALID_PASSWORD = 409
    UNABLE_TO_DELIVER = 410
    UNSUPPORTED_MEDIA_TYPE = 415
    INVALID_TRANSACTION = 420
    USER_AND_CLIENT_DO_NOT_MATCH = 422
    INVALID_INVITATION_ID = 423
    INVALID_SEARCH_ID = 424
    INVALID_SEARCH_INDEX = 425
    INVALID_MESSAGE_ID = 426
    INVALID_SENDER = 427
    INVALID_CLIENT_ID = 428
    GROUP_ID_MISSING = 429
    UNAUTHORIZED_GROUP_MEMBERSHIP = 431
    RESPONSE_TOO_LARGE = 432
    INVALID_APPLICATION_ID = 450
    INTERNAL_ERROR = 500
    NOT_IMPLEMENTED = 501
    SERVICE_UNAVAILABLE = 503
    VERSION_NOT_SUPPORTED = 505
    SERVICE_NOT_AGREED = 506
    MESSAGE_QUEUE_FULL = 507
    DOMAIN_NOT_SUPPORTED = 516
    UNRESPONDED_PRESENCE_REQUEST = 521
    UNRESPONDED_GROUP_REQUEST = 522
    UNKNOWN_USER = 531
    RECIPIENT_BLOCKED_SENDER = 532
    RECIPIENT_NOT_LOGGED_IN = 533
    RECIPIENT_UNAUTHORIZED = 534
    SEARCH_TIMEOUT = 535
    TOO_MANY_HITS = 536
    SEARCH_TOO_BROAD = 537
    MESSAGE_REJECTED = 538
    HEADER_ENCODING_NOT_SUPPORTED = 540
    MESSAGE_FORWARDED = 541
    MESSAGE_EXPIRED = 542
    NO_MATCHING_DIGEST_SCHEMA = 543
    INVALID_SEARCH_CRITERIA = 562
    SESSION_EXPIRED = 600
    FORCED_LOGOUT = 601
    INVALID_SESSION = 604
    NEW_VALUE_NOT_ACCEPTED = 605
    NO_SUCH_CONTACT_LIST = 700
    CONTACT_LIST_EXISTS = 701
    INVALID_USER_PROPERTY = 702
    INVALID_PRESENCE_ATTRIBUTE = 750
    INVALID_PRESENCE_VALUE = 751
    INVALID_CONTACT_LIST_PROPERTY = 752
    TOO_MANY_CONTACT_LISTS = 753
    TOO_MANY_CONTACTS = 754
    TOO_MANY_ATTRIBUTE_LISTS = 755
    AUTO_SUBSCRIBE_NOT_SUPPORTED = 760
    NO_SUCH_GROUP = 800
    GROUP_EXISTS = 801
    GROUP_IS_OPEN = 802
    GROUP_IS_RESTRICTED = 803
    GROUP_IS_PUBLIC = 804
    GROUP_IS_PRIVATE = 805
    INVALID_GROUP_PROPERTY = 806
    ALREADY_JOINED = 807
    NOT_JOINED = 808
    REJECTED_FROM_GROUP = 809
    NOT_A_GROUP_MEMBER = 810
    SCREEN_NAME_IN_USE = 811
    PRIVATE_MESSAGING_OFF_FOR_GROUP = 812
    PRIVATE_MESSAGING_OFF_FOR_USER = 813
    TOO_MANY_GROUPS_OF_USER = 814
    TOO_MANY_GROUPS = 815
    INSUFFICIENT_GROUP_PRIVILEGE = 816
    GROUP_FULL = 817
    NO_GROUP_HISTORY = 821
    GROUP_NAME_OR_TOPIC_MISSING = 822
    MULTIPLE_ERRORS = 900
    GENERAL_ADDRESS_ERROR = 901
    NOT_ENOUGH_CREDIT = 902
    HIGHER_CLASS_NEEDED = 903
    MSISDN_ERROR = 920


_FIRST_VERSION = {
    **dict.fromkeys((427, 428, 429, 450, 562), V13),
    **dict.fromkeys((753, 754, 755, 760), V12),
}
_OLDER_EQUIVALENT = {
    **dict.fromkeys((427, 429, 450, 562), StatusCode.BAD_PARAMETER),
    428: StatusCode.USER_AND_CLIENT_DO_NOT_MATCH,
    **dict.fromkeys((753, 754, 755), StatusCode.FORBIDDEN),
    760: StatusCode.SERVICE_NOT_SUPPORTED,
}


def code_in(version: Version, code: int) -> int:
    """The code as clients of a version know it: newer ones are folded into an older equivalent."""
    return code if version >= _FIRST_VERSION.get(code, V11) else _OLDER_EQUIVALENT[code]


@frozen
class Detail:
    """Why some of several targets failed: one code, and the targets to which it applies."""

    code: StatusCode
    users: tuple[Address, ...] = ()
    groups: tuple[Address, ...] = ()
    contact_lists: tuple[Address, ...] = ()
    message_ids: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def with_targets_of(self, other: Detail) -> Detail:
        """The same code for the targets of both."""
        return Detail(
            self.code,
            self.users + other.users,
            self.groups + other.groups,
            self.contact_lists + other.contact_lists,
            self.message_ids + other.message_ids,
            self.domains + other.domains,
        )


@frozen
class Outcome:
    """How an operation with any number of targets went: how many were served, and why others were
    not (CSP, status codes)."""

    served: int = 0
    failures: tuple[Detail, ...] = ()

    @property
    def code(self) -> StatusCode:
        """All served: 200. Some: 201. None: the one code where a single target failed, else 900."""
        if not self.failures:
            return StatusCode.OK
        if self.served:
            return StatusCode.PARTLY_DONE
        if len(self.failures) == 1:
            return self.failures[0].code
        return StatusCode.MULTIPLE_ERRORS

    @property
    def details(self) -> tuple[Detail, ...]:
        """Why targets were not served, a detail for each code; none where the code says it all."""
        if self.failures and self.code is self.failures[0].code:
            return ()
        by_code: dict[StatusCode, Detail] = {}
        for failure in self.failures:
            known = by_code.get(failure.code)
            by_code[failure.code] = failure if known is None else known.with_targets_of(failure)
        return tuple(by_code.values())

    @property
    def succeeded(self) -> bool:
        """Whether at least one target was served, or there was none."""
        return self.served > 0 or not self.failures


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome of the parts of an operation, whoever did them; a failure names one target."""
    parts = list(outcomes)
    served = sum(each.served for each in parts)
    return Outcome(served, tuple(failure for each in parts for failure in each.failures))


class Refusal(Exception):
    """An operation was refused; the door tells the caller so in its own protocol's terms."""

    def __init__(
        self, code: StatusCode, description: str = "", details: tuple[Detail, ...] = ()
    ) -> None:
        super().__init__(f"{code.value} {description}".strip())
        self.code = code
        self.description = description
        self.details = details
