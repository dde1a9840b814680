"""Telephone numbers as gateways write them."""

from __future__ import annotations

import re

from imps.model.text import PHONE

_BLANKS = re.compile(r"[\s().-]")


def phone_of(number: str, country_code: str = "") -> str | None:
    """The phone that a number means, as it is written throughout; None for what is no phone, such
    as a name or a short number.

    A number in national form is one of the country; without that, digits are taken for a whole
    number that lacks its plus sign.
    """
    digits = _BLANKS.sub("", number)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0") and country_code:
        digits = f"+{country_code}{digits[1:]}"
    elif not digits.startswith("+"):
        digits = f"+{digits}"
    return digits if PHONE.fullmatch(digits) and digits[1] != "0" else None
