"""Texts through Kannel's own processes; phones are played, and what they say is echoed."""

import sys

from twisted.trial.unittest import TestCase
from twisted.web.client import Agent

from imps.config import Settings
from imps.model.short_message import Header, Place
from imps.testing.kannel import PASSWORD, SERVICE, USERNAME, Kannel, until
from imps.testing.process import Program, reactor
from imps.testing.programs import required_program
from imps.testing.servers import free_ports
from imps.testing.store import empty_store, private_directory, private_server

ANN = "+358401234567"
BOB = "+358407654321"
KEY = "a-key-of-a-gateway"


class ThroughKannel(TestCase):
    """Processes that echo texts, on one store and one port, and a Kannel that brings them."""

    async def setUp(self):
        required_program("bearerbox")
        directory, (port,) = private_directory(self), free_ports(1)
        self.kannel = Kannel(self, f"http://127.0.0.1:{port}", KEY)
        self.settings = directory / "imps.toml"
        self.settings.write_text(f"""
            data = "{directory}"
            redis = "unix://{private_server()[0]}/store.sock"
            [sms]
            endpoint = "reuse:{port}:interface=127.0.0.1"
            number = "{SERVICE}"
            [[sms.gateway]]
            kind = "kannel"
            key = "{KEY}"
            send_url = "{self.kannel.send_url}"
            username = "{USERNAME}"
            password = "{PASSWORD}"
        """)
        await empty_store(reactor, Settings.read(self.settings))
        self.services = []

    async def start(self):
        await self.kannel.start()
        await self.start_services()

    async def start_services(self):
        """Start the processes, for the first time or again."""
        for _ in range(self.processes):
            command = [sys.executable, "-m", "imps.testing.echo", str(self.settings)]
            self.services.append(Program.start(self, command))
            await self.services[-1].says("ready")

    async def kill_services(self):
        for service in self.services:
            await service.kill()

    @property
    def phones(self):
        return self.kannel.phones

    @property
    def said(self):
        """What the processes have said, line by line."""
        return "".join(each.output for each in self.services).splitlines()

    async def heard(self, *texts):
        """See that the phones get these, and nothing besides, in whatever order."""
        heard = await self.phones.hear(len(texts))
        self.assertEqual(sorted(each.text for each in heard), sorted(texts))

    async def becomes(self, *lines):
        """See that the processes say this."""
        for line in lines:
            await until(lambda line=line: line in self.said, lambda line=line: f"no {line!r}")

    def send_by_hand(self, phone, text):
        """A phone's text comes some other way than through Kannel's network."""
        url = f"{self.kannel.url}/sms/mo?key={KEY}&from=%2B{phone[1:]}&to={SERVICE}&id={text}"
        url = f"{url}&text={text}".replace(" ", "+")
        return Agent(reactor).request(b"GET", url.encode())


class OneProcessTests(ThroughKannel):
    processes = 1

    async def test_phone_texts_and_is_answered(self):
        await self.start()
        self.phones.text(ANN, "hello wv:a_b@c.d")
        await self.becomes("took hello wv:a_b@c.d", "accepted hello wv:a_b@c.d")
        await self.becomes("delivered hello wv:a_b@c.d")
        (answer,) = self.phones.heard
        self.assertEqual((answer.phone, answer.number), (ANN, SERVICE))
        self.assertEqual(answer.text, "echo hello wv:a_b@c.d")

    async def test_every_character_arrives(self):
        await self.start()
        texts = ("??? @_ äöüÄÖÜ", "{[€]} ^~\\|", "two  blanks", "Привет, мир", "日本 😀", "garçon")
        for text in texts:
            self.phones.text(ANN, text)
        await self.heard(*(f"echo {text}" for text in texts))
        await self.becomes(*(f"delivered {text}" for text in texts))

    async def test_long_texts_are_put_together_both_ways(self):
        await self.start()
        pieces = ("one " * 38, "two " * 38, "three")
        for number in (3, 1, 2):
            header = Header(Place(77, 3, number))
            self.phones.part(ANN, pieces[number - 1], header)
        whole = "".join(pieces)
        await self.becomes(f"took {whole}", f"delivered {whole}")
        heard = await self.phones.hear(3)
        parts = sorted((each.header.place.number, each.text) for each in heard)
        self.assertEqual("".join(text for _, text in parts), f"echo {whole}")
        self.assertEqual({each.header.place.total for each in heard}, {3})

    async def test_octets_come_with_their_port(self):
        await self.start()
        self.phones.data(ANN, b"\x00\xff\x80", 3590)
        await self.heard("echo 00ff80 for 3590")

    async def test_texts_wait_for_a_network_that_is_away(self):
        await self.start()
        self.phones.hang_up()
        await self.kannel.is_without_network()
        self.send_by_hand(ANN, "while away")
        await self.becomes("accepted while away")
        await self.kannel.connect()
        await self.heard("echo while away")
        await self.becomes("delivered while away")

    async def test_texts_wait_for_a_gateway_that_is_away(self):
        await self.start()
        await self.kannel.smsbox.kill()
        self.send_by_hand(ANN, "no smsbox")
        await self.becomes("took no smsbox")
        self.assertNotIn("accepted no smsbox", self.said)
        await self.kannel.start_smsbox()
        await self.heard("echo no smsbox")
        await self.becomes("delivered no smsbox")

    async def test_text_waits_in_the_gateway_for_a_service_that_is_away(self):
        await self.kannel.start()
        self.phones.text(ANN, "early")
        await self.start_services()
        await self.heard("echo early")

    async def test_nothing_is_lost_or_doubled_when_the_service_is_killed(self):
        await self.start()
        texts = [f"text {number}" for number in range(60)]
        for number, text in enumerate(texts):
            self.phones.text((ANN, BOB)[number % 2], text)
            if number in (20, 40):
                await until(lambda: len(self.phones.heard) >= 5)
                await self.kill_services()
                await self.start_services()
        await self.heard(*(f"echo {text}" for text in texts))
        await self.becomes(*(f"delivered {text}" for text in texts))
        self.assertEqual(len(self.phones.heard), len(texts))


class TwoProcessTests(OneProcessTests):
    """The same with two processes on one store, between which the kernel shares what comes."""

    processes = 2
