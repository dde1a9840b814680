"""Texts over SMPP; the SMSC is one that others have written, ``smpp.twisted3``, in a process.

IMPS_SMPP_PEER names the Python that has it: it must not be installed beside the service.
"""

import json
import os
from pathlib import Path

from twisted.trial.unittest import TestCase

from imps.model.gsm7 import decoded, encoded
from imps.model.short_message import Header, Place
from imps.testing.echoes import AFTER_A_KILL_SECONDS, Echoes
from imps.testing.process import PATIENCE_SECONDS, Program, until
from imps.testing.programs import lacking
from imps.testing.servers import free_ports

ANN = "+358401234567"
PEER = Path(__file__).with_name("smpp_peer.py")
RECEIPT = "id:{} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:{} err:000"


class ThroughSMPP(TestCase):
    """Processes that echo texts, and an SMSC that brings them."""

    timeout = 4 * AFTER_A_KILL_SECONDS

    processes = 1

    async def setUp(self):
        self.python = os.environ.get("IMPS_SMPP_PEER", "")
        if not self.python:
            lacking("smpp-peer", "IMPS_SMPP_PEER names no Python with smpp.twisted3")
        (self.port,) = free_ports(1)
        await self.start_smsc()
        sms = f"""
            [[sms.gateway]]
            kind = "smpp"
            host = "127.0.0.1"
            port = {self.port}
            system_id = "imps"
            password = "secret"
            response_ids = "hexadecimal"
            receipt_ids = "decimal"
        """
        self.echoes = Echoes(self, sms, self.processes)

    async def start_smsc(self):
        command = [self.python, "-P", str(PEER), str(self.port)]
        self.smsc = Program.start(self, command)
        await self.smsc.says('"listening"')

    async def start(self):
        await self.echoes.start()
        for number in range(self.processes):
            await self.says("bound", number + 1)

    def tell(self, **what):
        self.smsc.type(json.dumps(what) + "\n")

    def said(self, what):
        """What the SMSC has said that has this in it."""
        lines = [line for line in self.smsc.output.splitlines() if line.startswith("{")]
        return [each for each in map(json.loads, lines) if what in each]

    async def says(self, what, count=1, seconds=PATIENCE_SECONDS):
        await until(
            lambda: len(self.said(what)) >= count,
            lambda: f"no {what}: {self.smsc.output}",
            seconds,
        )
        return self.said(what)

    def text(self, body):
        self.tell(text=ANN[1:], octets=encoded(body).hex())

    def report(self, submitted, stat="DELIVRD"):
        # It names in decimal what it has named in hexadecimal before.
        words = RECEIPT.format(int(submitted["submitted"], 16), stat)
        self.tell(text=ANN[1:], octets=words.encode().hex(), esm_class=4)


class TwoProcessTests(ThroughSMPP):
    """Two processes on one store, each with a session of its own."""

    processes = 2

    async def test_phone_texts_and_is_answered_and_reported_on(self):
        await self.start()
        self.text("h€llo @_[]")
        (submitted,) = await self.says("submitted")
        self.assertEqual(decoded(bytes.fromhex(submitted["octets"])), "echo h€llo @_[]")
        self.assertEqual((submitted["source"], submitted["destination"]), ("4664", ANN[1:]))
        self.assertEqual((submitted["data_coding"], submitted["esm_class"]), (0, 0))
        self.assertEqual(submitted["receipt"], "SMSC_DELIVERY_RECEIPT_REQUESTED")
        await self.echoes.say("accepted h€llo @_[]")
        self.report(submitted)
        await self.echoes.say("delivered h€llo @_[]")
        self.assertEqual([each["answered"] for each in self.said("answered")], ["ESME_ROK"] * 2)

    async def test_sessions_are_begun_again_and_nothing_is_lost(self):
        await self.start()
        self.tell(unbind=True)
        await self.says("bound", 2 * self.processes)
        self.text("after unbind")
        await self.echoes.say("accepted after unbind")
        await self.smsc.kill()
        await self.start_smsc()
        await self.says("bound", self.processes)
        self.text("after a kill")
        await self.echoes.say("accepted after a kill")
        await self.echoes.kill()
        await self.echoes.start_again()
        await self.says("bound", 2 * self.processes)
        self.text("after our own")
        await self.echoes.say("accepted after our own")
        self.assertEqual(len(self.said("submitted")), 2)

    async def test_nothing_is_lost_when_the_service_is_killed(self):
        await self.start()
        texts = [f"text {number}" for number in range(40)]
        for number, text in enumerate(texts):
            self.text(text)
            if number in (15, 30):
                # What was being submitted when it was killed is doubtful for a while.
                await self.says("submitted", number // 2, AFTER_A_KILL_SECONDS)
                await self.echoes.kill()
                await self.echoes.start_again()
        accepted = (f"accepted {text}" for text in texts)
        await self.echoes.say(*accepted, seconds=AFTER_A_KILL_SECONDS)
        heard = [decoded(bytes.fromhex(each["octets"])) for each in self.said("submitted")]
        self.assertEqual(set(heard), {f"echo {text}" for text in texts})
        # SMPP has no way to ask what became of the one that was being submitted to each phone.
        self.assertLessEqual(len(heard), len(texts) + 2)


class OneProcessTests(TwoProcessTests):
    """The same with one process; and what does not depend on how many there are."""

    processes = 1

    async def test_other_alphabets_and_octets_arrive(self):
        await self.start()
        self.tell(text=ANN[1:], octets="Жди 😀".encode("utf-16-be").hex(), data_coding=8)
        (submitted,) = await self.says("submitted")
        self.assertEqual(submitted["data_coding"], 8)
        octets = bytes.fromhex(submitted["octets"])
        self.assertEqual(octets.decode("utf-16-be"), "echo Жди 😀")
        header = Header(port=3590).octets
        self.tell(text=ANN[1:], octets=(header + b"\x00\xff").hex(), data_coding=4, esm_class=64)
        await self.echoes.say("took 00ff for 3590")

    async def test_long_texts_are_put_together_both_ways(self):
        await self.start()
        pieces = ("one " * 38, "two " * 38, "three")
        for number in (3, 1, 2):
            octets = Header(Place(77, 3, number)).octets + encoded(pieces[number - 1])
            self.tell(text=ANN[1:], octets=octets.hex(), esm_class=64)
        whole = "".join(pieces)
        await self.echoes.say(f"took {whole}", f"accepted {whole}")
        parts = [bytes.fromhex(each["octets"]) for each in self.said("submitted")]
        self.assertEqual([Header.read(each[:6]).place.number for each in parts], [1, 2, 3])
        self.assertEqual("".join(decoded(each[6:]) for each in parts), f"echo {whole}")
        for submitted in self.said("submitted"):
            self.assertEqual(submitted["esm_class"], 64)
            self.report(submitted)
        await self.echoes.say(f"delivered {whole}")

    async def test_who_is_throttled_comes_again(self):
        await self.start()
        for _ in range(2):
            self.tell(refuse="ESME_RTHROTTLED")
        self.text("hello")
        await self.echoes.say("accepted hello")
        self.assertEqual((len(self.said("refused")), len(self.said("submitted"))), (2, 1))

    async def test_text_that_is_refused_fails(self):
        await self.start()
        self.tell(refuse="ESME_RINVDSTADR")
        self.text("hello")
        await self.echoes.say("failed hello")
        self.assertEqual(self.said("submitted"), [])

    async def test_failure_is_reported_and_late_and_doubled_reports_change_nothing(self):
        await self.start()
        self.text("hello")
        (submitted,) = await self.says("submitted")
        await self.echoes.say("accepted hello")
        for stat in ("ENROUTE", "UNDELIV", "UNDELIV", "DELIVRD"):
            self.report(submitted, stat)
        await self.says("answered", 5)
        await self.echoes.say("undelivered hello")
        self.assertNotIn("delivered hello", self.echoes.said)
