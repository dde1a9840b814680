"""The systemd unit is one, and starts what there is."""

import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import imps
from imps.testing.process import installed
from imps.testing.programs import required_program
from imps.testing.store import private_directory

UNIT = Path(imps.__file__).parent.parent / "etc/imps.service"
PROGRAM = "/opt/imps/bin/twistd"


class UnitTests(SynchronousTestCase):
    def complaints(self, unit):
        """What systemd has to say about a unit, whose program is the one that is tested."""
        verify = [required_program("systemd-analyze"), "verify", "--man=no"]
        file = private_directory(self) / "imps.service"
        file.write_text(unit.replace(PROGRAM, installed("twistd")))
        done = subprocess.run([*verify, str(file)], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_systemd_accepts_it(self):
        self.assertEqual(self.complaints(UNIT.read_text()), (0, ""))

    def test_mistake_would_be_seen(self):
        status, said = self.complaints(UNIT.read_text().replace("Restart=", "Restrat="))
        self.assertIn("Restrat", said, status)
