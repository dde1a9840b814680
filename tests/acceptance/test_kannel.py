"""Texts through Kannel's own processes; phones are played, and what they say is echoed."""

from twisted.trial.unittest import TestCase
from twisted.web.client import Agent

from imps.model.short_message import Header, Place
from imps.testing.conformance import shows_feature
from imps.testing.echoes import AFTER_A_KILL_SECONDS, Echoes
from imps.testing.kannel import SERVICE, Kannel
from imps.testing.process import reactor, until
from imps.testing.programs import required_program
from imps.testing.servers import free_ports

ANN = "+358401234567"
BOB = "+358407654321"
KEY = "a-key-of-a-gateway"


class ThroughKannel(TestCase):
    """Processes that echo texts, on one store and one port, and a Kannel that brings them."""

    timeout = 2 * AFTER_A_KILL_SECONDS
    processes = 1

    def setUp(self):
        required_program("bearerbox")
        (port,) = free_ports(1)
        self.kannel = Kannel(self, f"http://127.0.0.1:{port}", KEY)
        self.echoes = Echoes(self, self.kannel.sms_settings, self.processes)

    async def start(self):
        await self.kannel.start()
        await self.echoes.start()

    @property
    def phones(self):
        return self.kannel.phones

    async def heard(self, *texts):
        """See that the phones get these, and nothing besides, in whatever order."""
        heard = await self.phones.hear(len(texts))
        self.assertEqual(sorted(each.text for each in heard), sorted(texts))

    def send_by_hand(self, phone, text):
        """A phone's text comes some other way than through Kannel's network."""
        url = f"{self.kannel.url}/sms/mo?key={KEY}&from=%2B{phone[1:]}&to={SERVICE}&id={text}"
        url = f"{url}&text={text}".replace(" ", "+")
        return Agent(reactor).request(b"GET", url.encode())


class TwoProcessTests(ThroughKannel):
    """Two processes on one store, between which the kernel shares what comes."""

    processes = 2

    @shows_feature("SMS by Kannel", "texts from phones", "texts to phones", "reports")
    async def test_phone_texts_and_is_answered(self):
        await self.start()
        self.phones.text(ANN, "hello wv:a_b@c.d")
        await self.echoes.say("took hello wv:a_b@c.d", "accepted hello wv:a_b@c.d")
        await self.echoes.say("delivered hello wv:a_b@c.d")
        (answer,) = self.phones.heard
        self.assertEqual((answer.phone, answer.number), (ANN, SERVICE))
        self.assertEqual(answer.text, "echo hello wv:a_b@c.d")

    @shows_feature("SMS by Kannel", "nothing lost in a crash")
    async def test_nothing_is_lost_or_doubled_when_the_service_is_killed(self):
        await self.start()
        texts = [f"text {number}" for number in range(60)]
        for number, text in enumerate(texts):
            self.phones.text((ANN, BOB)[number % 2], text)
            if number in (20, 40):
                await until(lambda number=number: len(self.phones.heard) >= number // 2)
                await self.echoes.kill()
                await self.echoes.start_again()
        delivered = (f"delivered {text}" for text in texts)
        await self.echoes.say(*delivered, seconds=AFTER_A_KILL_SECONDS)
        await self.heard(*(f"echo {text}" for text in texts))


class OneProcessTests(TwoProcessTests):
    """The same with one process; and what does not depend on how many there are."""

    processes = 1

    @shows_feature("SMS by Kannel", "other alphabets, and octets")
    async def test_every_character_arrives(self):
        await self.start()
        texts = ("??? @_ äöüÄÖÜ", "{[€]} ^~\\|", "two  blanks", "Привет, мир", "日本 😀", "garçon")
        for text in texts:
            self.phones.text(ANN, text)
        await self.heard(*(f"echo {text}" for text in texts))
        await self.echoes.say(*(f"delivered {text}" for text in texts))

    @shows_feature("SMS by Kannel", "long texts")
    async def test_long_texts_are_put_together_both_ways(self):
        await self.start()
        pieces = ("one " * 38, "two " * 38, "three")
        for number in (3, 1, 2):
            self.phones.part(ANN, pieces[number - 1], Header(Place(77, 3, number)))
        whole = "".join(pieces)
        await self.echoes.say(f"took {whole}", f"delivered {whole}")
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
        await self.echoes.say("accepted while away")
        await self.kannel.connect()
        await self.heard("echo while away")
        await self.echoes.say("delivered while away")

    @shows_feature("SMS by Kannel", "the network, or Kannel, is away")
    async def test_texts_wait_for_a_gateway_that_is_away(self):
        await self.start()
        await self.kannel.smsbox.kill()
        self.send_by_hand(ANN, "no smsbox")
        await self.echoes.say("took no smsbox")
        self.assertNotIn("accepted no smsbox", self.echoes.said)
        await self.kannel.start_smsbox()
        await self.heard("echo no smsbox")
        await self.echoes.say("delivered no smsbox")

    async def test_text_waits_in_the_gateway_for_a_service_that_is_away(self):
        await self.kannel.start()
        self.phones.text(ANN, "early")
        await self.echoes.start()
        await self.heard("echo early")
