from attrs import define, field
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.ssl import PrivateCertificate
from twisted.internet.task import deferLater
from twisted.logger import LogLevel, capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from imps.config import Settings, SettingsError
from imps.model.gsm7 import Coding, coded, encoded
from imps.model.short_message import Header, Place
from imps.parts import Parts
from imps.sms.smpp import gateway, session
from imps.sms.smpp.mapping import delivered
from imps.sms.smpp.pdu import PDU, Command, Option, Status
from imps.store.outgoing_texts import Said
from imps.testing.certificates import certificate
from imps.testing.process import until
from imps.testing.smsc import PASSWORD, SMSC, SYSTEM_ID
from imps.testing.store import StoreTestCase, private_directory
from tests.sms import contract
from tests.sms.contract import ANN


@define(eq=False)
class Peer:
    """An SMSC that is a toy."""

    test: contract.GatewayContract
    smsc: SMSC = field(init=False)

    async def start(self):
        self.smsc = SMSC(self.test)
        await self.smsc.start()

    @property
    def given(self):
        # What a phone would make of it.
        settings = self.test.gateway.settings
        pdu = PDU(Command.DELIVER_SM, 1)
        return [delivered(pdu, each, settings) for each in self.smsc.submitted]

    @property
    def numbers(self):
        return [(each.source, f"+{each.destination}") for each in self.smsc.submitted]

    def refuse(self):
        self.smsc.statuses.append(Status.INVALID_DESTINATION)

    def busy(self):
        self.smsc.statuses.append(Status.THROTTLED)

    def fall_silent(self):
        self.smsc.is_silent = True

    async def away(self):
        await self.smsc.stop()
        await until(lambda: self.test.gateway._session is None)

    async def back(self):
        await self.smsc.start()

    async def text(self, body):
        octets = self.test.in_default_alphabet(body)
        if octets is not None:
            response = await self.smsc.text(ANN, octets)
        else:
            response = await self.smsc.text(ANN, body.encode("utf-16-be"), data_coding=8)
        return response.status == Status.OK

    async def report(self, number, is_delivered):
        stat = "DELIVRD" if is_delivered else "UNDELIV"
        response = await self.smsc.report(ANN, str(number + 1), stat)
        self.test.assertEqual(response.status, Status.OK)


class WaitTests(SynchronousTestCase):
    def test_waits_grow_up_to_a_minute_and_are_never_the_same(self):
        waits = [gateway.wait_after(failures) for failures in range(20)]
        self.assertTrue(1 <= waits[0] <= 1.5)
        self.assertTrue(60 <= waits[-1] <= 90)
        self.assertGreater(waits[6], waits[1])
        self.assertEqual(len(set(waits)), 20)


class SMPPTests(contract.GatewayContract):
    def make_peer(self):
        return Peer(self)

    def setUp(self):
        self.patch(session, "RESPONSE_SECONDS", 1)
        self.patch(gateway, "FIRST_WAIT_SECONDS", 0.05)
        self.patch(gateway, "CONFIRM_SECONDS", 0.05)
        return super().setUp()

    def gateway_settings(self, **changes):
        return {
            "kind": "smpp",
            "host": "127.0.0.1",
            "port": self.peer.smsc.port,
            "system_id": SYSTEM_ID,
            "password": PASSWORD,
            **changes,
        }

    def in_default_alphabet(self, body):
        """A text as the SMSC writes it; None where its alphabet has not all characters."""
        return encoded(body) if coded(body).coding is Coding.GSM else None

    async def is_there(self):
        await until(lambda: self.gateway._session is not None)

    @property
    def smsc(self):
        return self.peer.smsc

    async def heard(self, *bodies):
        await until(lambda: len(self.taken) >= len(bodies), lambda: str(self.taken))
        self.assertEqual([text.body for text in self.taken], list(bodies))

    async def test_session_that_is_lost_is_begun_again(self):
        for binds in (1, 2, 3):
            await until(lambda binds=binds: self.smsc.binds == binds)
            await self.is_there()
            self.smsc.hang_up()
            await until(lambda: self.gateway._session is None)
        await self.send()
        await self.becomes("accepted")

    async def test_session_ends_in_good_order(self):
        await self.traffic.stop()
        self.assertEqual(self.smsc.unbound, 1)

    async def test_parts_are_one_text(self):
        for number in (3, 1, 2):
            header = Header(Place(7, 3, number)).octets
            octets = header + encoded(f"part {number} ")
            response = await self.smsc.text(ANN, octets, esm_class=0x40)
            self.assertEqual(response.status, Status.OK)
        await self.heard("part 1 part 2 part 3 ")

    async def test_what_is_said_again_after_a_lost_session_is_done_once(self):
        self.patch(gateway, "CONFIRM_SECONDS", 60)
        await self.again()
        self.assertEqual((await self.smsc.text(ANN, b"hello")).status, Status.OK)
        for _ in range(2):
            await self.again()
            self.assertEqual((await self.smsc.text(ANN, b"hello")).status, Status.OK)
        self.assertEqual((await self.smsc.text(ANN, b"hello")).status, Status.OK)
        await self.heard("hello", "hello")

    async def test_what_is_said_again_after_it_was_known_to_be_known_is_done_again(self):
        await self.smsc.text(ANN, b"hello")
        asked = self.smsc.enquired
        await until(lambda: self.smsc.enquired > asked)
        while await self.store.client.execute("KEYS", "*heard*"):
            await deferLater(reactor, 0.01)
        await self.again()
        await self.smsc.text(ANN, b"hello")
        await self.heard("hello", "hello")

    async def again(self):
        """The session is lost, and begun again."""
        binds = self.smsc.binds
        self.smsc.hang_up()
        await until(lambda: self.smsc.binds > binds)
        await self.is_there()

    async def test_what_cannot_be_meant_is_not_to_come_again(self):
        response = await self.smsc.text(ANN, b"\x05\x00", esm_class=0x40)
        self.assertEqual(response.status, Status.PERMANENT_ERROR)
        response = await self.smsc.text("Vodafone", b"hello")
        self.assertEqual(response.status, Status.OK)
        self.assertEqual(self.taken, [])

    async def test_report_may_come_before_the_response(self):
        def report_first(number):
            Deferred.fromCoroutine(self.smsc.report(ANN, str(number)))
            return str(number)

        self.smsc.name_of = report_first
        await self.send()
        await self.becomes("accepted", "delivered")

    async def test_report_with_optional_fields_alone(self):
        await self.send()
        await self.becomes("accepted")
        options = {Option.RECEIPTED_MESSAGE_ID: b"1\0", Option.MESSAGE_STATE: b"\x02"}
        await self.smsc.text(ANN, b"", esm_class=0x04, options=options)
        await self.becomes("accepted", "delivered")

    async def test_who_is_throttled_slows_down(self):
        self.smsc.statuses = [Status.THROTTLED]
        self.assertIs((await self.answer()).said, Said.LATER)
        began_at = self.gateway._reactor.seconds()
        await self.answer()
        self.assertGreater(self.gateway._reactor.seconds() - began_at, 0.1)

    async def test_text_waits_while_the_account_may_not_send_and_the_log_says_so_once(self):
        self.smsc.statuses = [Status.INVALID_SOURCE, Status.INVALID_SOURCE, Status.OK]
        with capturedLogs() as events:
            answers = [await self.answer() for _ in range(3)]
        self.assertEqual([each.said for each in answers], [Said.LATER, Said.LATER, Said.ACCEPTED])
        self.assertFalse(answers[0].in_vain)
        warnings = [each for each in events if each["log_level"] is LogLevel.warn]
        self.assertEqual([each["reason"] for each in warnings], ["status 0x0a"])

    async def test_session_that_the_smsc_takes_for_none_is_begun_again(self):
        self.smsc.statuses = [Status.INCORRECT_BIND_STATUS]
        binds = self.smsc.binds
        answer = await self.answer()
        self.assertEqual((answer.said, answer.in_vain), (Said.LATER, False))
        await until(lambda: self.smsc.binds > binds)
        await self.is_there()
        await self.send()
        await self.becomes("accepted")

    async def test_smsc_that_does_not_let_us_in_is_asked_again(self):
        await self.traffic.stop()
        self.patch(self, "is_there", self.is_not_there)
        await self.begin(self.gateway_settings(password="wrong"))
        self.assertIs((await self.answer()).said, Said.LATER)
        binds = self.smsc.binds
        await until(lambda: self.smsc.binds > binds + 1)
        self.assertIs((await self.answer()).said, Said.LATER)

    async def is_not_there(self):
        """Nothing can be waited for."""


class Latin1SMPPTests(SMPPTests):
    """The same with an SMSC whose default alphabet is Latin-1."""

    def gateway_settings(self, **changes):
        return super().gateway_settings(default_alphabet="latin-1", **changes)

    def in_default_alphabet(self, body):
        return body.encode("latin-1") if max(body) <= "\xff" else None

    async def test_what_latin_1_lacks_goes_in_another_alphabet(self):
        for body in ("5 €", "Δ", "x" * 159 + "€"):
            await self.send(body, body, answer=True)
        await until(lambda: len(self.peer.given) == 5)
        texts = [each.text for each in self.peer.given]
        self.assertEqual(texts, ["5 €", "Δ", "x" * 67, "x" * 67, "x" * 25 + "€"])
        codings = {each.data_coding for each in self.smsc.submitted}
        self.assertEqual(codings, {8})


class SMPPOverTLSTests(StoreTestCase):
    """An SMSC with a certificate, by an authority that is trusted or not."""

    async def setUp(self):
        await super().setUp()
        self.patch(gateway, "FIRST_WAIT_SECONDS", 0.05)
        key, signed = certificate("localhost")
        self.file = private_directory(self) / "authority.pem"
        self.file.write_bytes(signed.public_bytes(Encoding.PEM))
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.smsc = SMSC(self)
        self.smsc.certificate = PrivateCertificate.loadPEM(self.file.read_bytes() + own)
        await self.smsc.start()

    def traffic(self, **changes):
        said = {
            "kind": "smpp",
            "host": "localhost",
            "port": self.smsc.port,
            "system_id": SYSTEM_ID,
            "password": PASSWORD,
            "tls": True,
            **changes,
        }
        overrides = {"data": self.settings.data, "sms": {"gateway": [said]}}
        return Parts(Settings.read(None, overrides), self.store, reactor).traffic

    async def test_smsc_with_a_certificate_of_the_authority_is_spoken_to(self):
        traffic = self.traffic(ca_file=str(self.file))
        traffic.start()
        self.addCleanup(traffic.stop)
        await self.smsc.bound()

    async def test_smsc_with_another_certificate_is_told_nothing(self):
        traffic = self.traffic()
        traffic.start()
        self.addCleanup(traffic.stop)
        (smpp,) = traffic._gateways
        await until(lambda: smpp._complaint)
        self.assertEqual(self.smsc.binds, 0)

    async def test_file_without_an_authority_is_complained_of(self):
        self.file.write_text("nothing")
        with self.assertRaisesRegex(SettingsError, "no certificate in sms.gateway.ca_file"):
            self.traffic(ca_file=str(self.file))
