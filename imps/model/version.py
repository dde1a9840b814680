"""The protocol versions that clients speak."""

from enum import IntEnum


class Version(IntEnum):
    """A version of IMPS; newer compares greater."""

    V11 = 11
    V12 = 12
    V13 = 13

    def __str__(self) -> str:
        return f"{self.value // 10}.{self.value % 10}"


V11, V12, V13 = Version.V11, Version.V12, Version.V13
