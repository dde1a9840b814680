"""What goes wrong when a document is read or written, whatever its protocol."""

from __future__ import annotations


class CodecError(ValueError):
    """The bytes are no document of the protocol, or exceed a limit: the one error of decoding."""


class Unusable(CodecError):
    """An element holds a value that cannot be used, or lacks a child that it needs."""

    def __init__(self, element: str, reason: str, missing_or_unusable: bool = True) -> None:
        super().__init__(f"{element}: {reason}")
        self.element = element
        self.reason = reason
        self.missing_or_unusable = missing_or_unusable


class CannotEncode(ValueError):
    """A value lacks what its version requires, or holds what that excludes: the caller's error."""
