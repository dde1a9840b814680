"""Programs from outside that some tests need."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn
from unittest import SkipTest

_PACKAGES = {
    "bearerbox": "kannel",
    "fakesmsc": "kannel-extras",
    "smsbox": "kannel",
    "systemd-analyze": "systemd",
    "wbxml2xml": "libwbxml",
    "xml2wbxml": "libwbxml",
}

# Where Debian has what is for trying things alone.
_ELSEWHERE = "/usr/lib/kannel/test"


def required_program(name: str) -> str:
    """Where a program is. Without it a test is skipped, or fails if IMPS_REQUIRE names its package.

    IMPS_REQUIRE is a list of packages with blanks or commas between.
    """
    path = shutil.which(name) or shutil.which(name, path=_ELSEWHERE)
    if path is None:
        package = _PACKAGES.get(name, name)
        lacking(package, f"{name} ({package}) is not installed")
    return path


def lacking(package: str, reason: str) -> NoReturn:
    """Skip the test for this reason, or fail it if IMPS_REQUIRE names the package."""
    if package in os.environ.get("IMPS_REQUIRE", "").replace(",", " ").split():
        raise AssertionError(f"IMPS_REQUIRE names {package}: {reason}")
    raise SkipTest(reason)
