"""Texts that are written from right to left: what stays in its order within them."""

from __future__ import annotations

import re

MARK = "\u200e"
"""A character without a form that is read from left to right (LRM)."""

_KEPT_IN_ORDER = re.compile(
    rf"{MARK}?((?<![\w#])#[^\s,.;:!?()\"{MARK}]+|(?<![\w#+])\+?\d+(?:[:.,/-]\d+)*(?!\w)){MARK}?"
)


def with_marks(text: str) -> str:
    """A text with marks around numbers, times and names of groups: else a reader would see them, or
    their signs, at the wrong end."""
    return _KEPT_IN_ORDER.sub(rf"{MARK}\1{MARK}", text)
