"""Accounts: who may log in."""

from __future__ import annotations

import re

from attrs import field, frozen

from imps.model.address import Address

_PUNCTUATION = re.compile(r"[\s().-]")
_MSISDN = re.compile(r"\+?(\d{3,15})")


@frozen(kw_only=True)
class Account:
    """A user of a home domain; ``services`` are those it may use, None being all. One who
    ``hides_number`` cannot be named by it."""

    address: Address
    secret: bytes = field(repr=False)
    created_at: float
    msisdn: str | None = None
    suspended: bool = False
    services: frozenset[str] | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    alias: str = ""
    hides_number: bool = False


def normal_msisdn(text: str) -> str | None:
    """The telephone number as a plus sign and digits; None when it is not one (ITU-T E.164)."""
    match = _MSISDN.fullmatch(_PUNCTUATION.sub("", text))
    return None if match is None or not match[1].isascii() else f"+{match[1]}"
