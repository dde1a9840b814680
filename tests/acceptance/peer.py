"""An SMSC that others have written, ``smpp.twisted3``, for tests: the process ``smpp_peer``.

IMPS_SMPP_PEER names the Python that has it: it must not be installed beside the service.
"""

import json
import os
from pathlib import Path

from imps.model.gsm7 import Coding, coded, encoded
from imps.testing.process import PATIENCE_SECONDS, Program, until
from imps.testing.programs import lacking
from imps.testing.servers import free_ports

_PROGRAM = Path(__file__).with_name("smpp_peer.py")


class Peer:
    """The SMSC of a test, which may be killed and started again; it forgets all then."""

    def __init__(self, test):
        self.test = test
        self.python = os.environ.get("IMPS_SMPP_PEER", "")
        if not self.python:
            lacking("smpp-peer", "IMPS_SMPP_PEER names no Python with smpp.twisted3")
        (self.port,) = free_ports(1)
        self.programs = []

    @property
    def gateway(self):
        """The settings of a service whose texts go through it."""
        return f"""
            [[sms.gateway]]
            kind = "smpp"
            host = "127.0.0.1"
            port = {self.port}
            system_id = "imps"
            password = "secret"
            response_ids = "hexadecimal"
            receipt_ids = "decimal"
        """

    async def start(self):
        command = [self.python, "-P", str(_PROGRAM), str(self.port)]
        self.programs.append(Program.start(self.test, command))
        await self.programs[-1].says('"listening"')

    async def kill(self):
        await self.programs[-1].kill()

    def tell(self, **what):
        """Have it do something (``smpp_peer``)."""
        self.programs[-1].type(json.dumps(what) + "\n")

    def said(self, what):
        """What it has said that has this in it."""
        return _said(self.programs[-1], what)

    def said_ever(self, what):
        """The same, with what it said before it was started again."""
        return [each for program in self.programs for each in _said(program, what)]

    async def says(self, what, count=1, seconds=PATIENCE_SECONDS):
        """Wait until it has said something that has this in it, so often."""
        await until(
            lambda: len(self.said(what)) >= count,
            lambda: f"no {what}: {self.programs[-1].output}",
            seconds,
        )
        return self.said(what)

    def text(self, phone, body):
        """A phone texts."""
        if coded(body).coding is Coding.GSM:
            self.tell(text=phone[1:], octets=encoded(body).hex())
        else:
            self.tell(text=phone[1:], octets=body.encode("utf-16-be").hex(), data_coding=8)

    def report(self, submitted, stat="DELIVRD"):
        """Report on a short message that was submitted."""
        self.tell(report=submitted["submitted"], to=submitted["destination"], stat=stat)


def _said(program, what):
    lines = [line for line in program.output.splitlines() if line.startswith("{")]
    return [each for each in map(json.loads, lines) if what in each]
