"""A missing program skips a test, unless it is required."""

from __future__ import annotations

import os
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from imps.testing.programs import required_program


class RequiredProgramTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch_environment("PATH", self.mktemp())

    def patch_environment(self, name: str, value: str) -> None:
        """Set a variable of the environment for this test."""
        before = os.environ.get(name)
        os.environ[name] = value
        self.addCleanup(
            lambda: os.environ.pop(name) if before is None else os.environ.update({name: before})
        )

    def test_missing_program_skips_the_test(self) -> None:
        self.patch_environment("IMPS_REQUIRE", "kannel")
        self.assertRaises(SkipTest, required_program, "xml2wbxml")

    def test_missing_program_fails_the_test_where_its_package_is_required(self) -> None:
        for packages in ("libwbxml", "kannel libwbxml", "kannel,libwbxml"):
            self.patch_environment("IMPS_REQUIRE", packages)
            self.assertRaises(AssertionError, required_program, "xml2wbxml")
            self.assertRaises(AssertionError, required_program, "wbxml2xml")
