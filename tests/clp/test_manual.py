"""The manual says what the table of commands does."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import imps
from imps.clp.commands import COMMANDS
from imps.testing.command_manual import BEGIN, END, manual
from tests.clp.phones import PhoneTestCase

DOCUMENT = Path(imps.__file__).parent.parent / "docs/clp.rst"


class ManualTests(SynchronousTestCase):
    def test_it_holds_what_is_made_of_the_table(self):
        written = DOCUMENT.read_text("utf-8")
        begin, end = written.index(BEGIN), written.index(END) + len(END)
        self.assertEqual(written[begin:end], manual(), "python -m imps.testing.command_manual")

    def test_it_claims_no_more_than_is_known(self):
        written = DOCUMENT.read_text("utf-8")
        for words in ("WV-031", "CLP-style", "no conformance"):
            self.assertIn(words, written)


class ServedTests(PhoneTestCase):
    async def test_what_is_said_to_be_served_is(self):
        served = {each.id for each in COMMANDS.values() if each.is_served}
        self.assertEqual(served, self.parts.clp_serving.served)
