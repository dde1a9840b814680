"""Texts over SMPP; the SMSC is one that others have written, in a process (``Peer``)."""

from twisted.trial.unittest import TestCase

from imps.model.gsm7 import decoded, encoded
from imps.model.short_message import Header, Place
from imps.testing.conformance import shows_feature
from imps.testing.echoes import AFTER_A_KILL_SECONDS, Echoes
from tests.acceptance.peer import Peer

ANN = "+358401234567"


class ThroughSMPP(TestCase):
    """Processes that echo texts, and an SMSC that brings them."""

    timeout = 4 * AFTER_A_KILL_SECONDS

    processes = 1

    async def setUp(self):
        self.smsc = Peer(self)
        await self.smsc.start()
        self.echoes = Echoes(self, self.smsc.gateway, self.processes)

    async def start(self):
        await self.echoes.start()
        for number in range(self.processes):
            await self.smsc.says("bound", number + 1)


class TwoProcessTests(ThroughSMPP):
    """Two processes on one store, each with a session of its own."""

    processes = 2

    @shows_feature("SMS by SMPP 3.4", "texts from phones", "texts to phones", "reports")
    async def test_phone_texts_and_is_answered_and_reported_on(self):
        await self.start()
        self.smsc.text(ANN, "h€llo @_[]")
        (submitted,) = await self.smsc.says("submitted")
        self.assertEqual(decoded(bytes.fromhex(submitted["octets"])), "echo h€llo @_[]")
        self.assertEqual((submitted["source"], submitted["destination"]), ("4664", ANN[1:]))
        self.assertEqual((submitted["data_coding"], submitted["esm_class"]), (0, 0))
        self.assertEqual(submitted["receipt"], "SMSC_DELIVERY_RECEIPT_REQUESTED")
        await self.echoes.say("accepted h€llo @_[]")
        self.smsc.report(submitted)
        await self.echoes.say("delivered h€llo @_[]")
        answers = [each["answered"] for each in await self.smsc.says("answered", 2)]
        self.assertEqual(answers, ["ESME_ROK"] * 2)

    @shows_feature("SMS by SMPP 3.4", "bound, and bound again")
    async def test_sessions_are_begun_again_and_nothing_is_lost(self):
        await self.start()
        self.smsc.tell(unbind=True)
        await self.smsc.says("bound", 2 * self.processes)
        self.smsc.text(ANN, "after unbind")
        await self.echoes.say("accepted after unbind")
        await self.smsc.kill()
        await self.smsc.start()
        await self.smsc.says("bound", self.processes)
        self.smsc.text(ANN, "after a kill")
        await self.echoes.say("accepted after a kill")
        await self.echoes.kill()
        await self.echoes.start_again()
        await self.smsc.says("bound", 2 * self.processes)
        self.smsc.text(ANN, "after our own")
        await self.echoes.say("accepted after our own")
        self.assertEqual(len(self.smsc.said("submitted")), 2)

    @shows_feature("SMS by SMPP 3.4", "nothing lost in a crash")
    async def test_nothing_is_lost_when_the_service_is_killed(self):
        await self.start()
        texts = [f"text {number}" for number in range(40)]
        for number, text in enumerate(texts):
            self.smsc.text(ANN, text)
            if number in (15, 30):
                # What was being submitted when it was killed is doubtful for a while.
                await self.smsc.says("submitted", number // 2, AFTER_A_KILL_SECONDS)
                await self.echoes.kill()
                await self.echoes.start_again()
        accepted = (f"accepted {text}" for text in texts)
        await self.echoes.say(*accepted, seconds=AFTER_A_KILL_SECONDS)
        heard = [decoded(bytes.fromhex(each["octets"])) for each in self.smsc.said("submitted")]
        self.assertEqual(set(heard), {f"echo {text}" for text in texts})
        # SMPP has no way to ask what became of the one that was being submitted to each phone.
        self.assertLessEqual(len(heard), len(texts) + 2)


class OneProcessTests(TwoProcessTests):
    """The same with one process; and what does not depend on how many there are."""

    processes = 1

    @shows_feature("SMS by SMPP 3.4", "other alphabets, and octets")
    async def test_other_alphabets_and_octets_arrive(self):
        await self.start()
        self.smsc.tell(text=ANN[1:], octets="Жди 😀".encode("utf-16-be").hex(), data_coding=8)
        (submitted,) = await self.smsc.says("submitted")
        self.assertEqual(submitted["data_coding"], 8)
        octets = bytes.fromhex(submitted["octets"])
        self.assertEqual(octets.decode("utf-16-be"), "echo Жди 😀")
        header = Header(port=3590).octets
        self.smsc.tell(
            text=ANN[1:], octets=(header + b"\x00\xff").hex(), data_coding=4, esm_class=64
        )
        await self.echoes.say("took 00ff for 3590")

    @shows_feature("SMS by SMPP 3.4", "long texts")
    async def test_long_texts_are_put_together_both_ways(self):
        await self.start()
        pieces = ("one " * 38, "two " * 38, "three")
        for number in (3, 1, 2):
            octets = Header(Place(77, 3, number)).octets + encoded(pieces[number - 1])
            self.smsc.tell(text=ANN[1:], octets=octets.hex(), esm_class=64)
        whole = "".join(pieces)
        await self.echoes.say(f"took {whole}", f"accepted {whole}")
        parts = [bytes.fromhex(each["octets"]) for each in self.smsc.said("submitted")]
        self.assertEqual([Header.read(each[:6]).place.number for each in parts], [1, 2, 3])
        self.assertEqual("".join(decoded(each[6:]) for each in parts), f"echo {whole}")
        for submitted in self.smsc.said("submitted"):
            self.assertEqual(submitted["esm_class"], 64)
            self.smsc.report(submitted)
        await self.echoes.say(f"delivered {whole}")

    @shows_feature("SMS by SMPP 3.4", "throttled")
    async def test_who_is_throttled_comes_again(self):
        await self.start()
        for _ in range(2):
            self.smsc.tell(refuse="ESME_RTHROTTLED")
        self.smsc.text(ANN, "hello")
        await self.echoes.say("accepted hello")
        self.assertEqual((len(self.smsc.said("refused")), len(self.smsc.said("submitted"))), (2, 1))

    async def test_text_that_is_refused_fails(self):
        await self.start()
        self.smsc.tell(refuse="ESME_RINVDSTADR")
        self.smsc.text(ANN, "hello")
        await self.echoes.say("failed hello")
        self.assertEqual(self.smsc.said("submitted"), [])

    async def test_failure_is_reported_and_late_and_doubled_reports_change_nothing(self):
        await self.start()
        self.smsc.text(ANN, "hello")
        (submitted,) = await self.smsc.says("submitted")
        await self.echoes.say("accepted hello")
        for stat in ("ENROUTE", "UNDELIV", "UNDELIV", "DELIVRD"):
            self.smsc.report(submitted, stat)
        await self.smsc.says("answered", 5)
        await self.echoes.say("undelivered hello")
        self.assertNotIn("delivered hello", self.echoes.said)
