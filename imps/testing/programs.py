"""Programs from outside that some tests need."""

from __future__ import annotations

import os
import shutil
from unittest import SkipTest

_PACKAGES = {
    "wbxml2xml": "libwbxml",
    "xml2wbxml": "libwbxml",
}


def required_program(name: str) -> str:
    """Where a program is. Without it a test is skipped, or fails if IMPS_REQUIRE names its package.

    IMPS_REQUIRE is a list of packages with blanks or commas between.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    package = _PACKAGES.get(name, name)
    if package in os.environ.get("IMPS_REQUIRE", "").replace(",", " ").split():
        raise AssertionError(f"IMPS_REQUIRE names {package}, and {name} is not installed")
    raise SkipTest(f"{name} ({package}) is not installed")
