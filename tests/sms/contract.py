"""What every gateway does, whoever it speaks to.

``GatewayContract`` is tested with a peer that each gateway has of its own.
"""

from twisted.internet import reactor

from imps.model.gsm7 import Coding
from imps.model.short_message import short_messages
from imps.model.text import OutgoingText
from imps.parts import Parts
from imps.sms.gateway import Outgoing
from imps.store.outgoing_texts import Said
from imps.testing.process import until
from imps.testing.store import StoreTestCase

ANN = "+358401234567"
NAME = "gate"


class GatewayContract(StoreTestCase):
    """A peer has what it has accepted in ``given``, as short messages. It can ``refuse``, be
    ``busy``, ``fall_silent``, be ``away`` and ``back``; it makes a phone ``text``, which is true if
    that was taken, and makes a ``report`` on what it was given."""

    timeout = 60

    async def setUp(self):
        await super().setUp()
        self.peer = self.make_peer()
        await self.peer.start()
        self.taken, self.outcomes = [], []
        await self.begin(self.gateway_settings())

    async def begin(self, gateway):
        """Serve with this gateway and the reactor's time."""
        self.parts = Parts(
            self.settings.__class__.read(
                None,
                {
                    "data": self.settings.data,
                    "redis": self.settings.redis,
                    "sms": {"gateway": [{"name": NAME, **gateway}]},
                },
            ),
            self.store,
            reactor,
        )
        self.parts.sms_url = await self.url_of_pages()
        self.parts.texts.consume(self.take)
        self.parts.texts.on_outcome("test", self.tell)
        self.traffic = self.parts.traffic
        (self.gateway,) = self.traffic._gateways
        self.traffic.start()
        self.addCleanup(self.traffic.stop)
        await self.is_there()

    async def url_of_pages(self):
        return ""

    async def is_there(self):
        """Wait until the gateway can be given something."""

    async def take(self, text):
        self.taken.append(text)
        return True

    async def tell(self, outcome):
        self.outcomes.append((outcome.text_id, outcome.state.value))

    async def send(self, body="hello", id="1", **changes):
        text = OutgoingText(id=id, to=ANN, body=body, watcher="test", **changes)
        await self.parts.texts.send(text)

    async def becomes(self, *states):
        await until(lambda: len(self.outcomes) >= len(states), lambda: str(self.outcomes))
        self.assertEqual([state for _, state in self.outcomes], list(states))

    async def answer(self):
        """What the gateway itself says to a text."""
        text = OutgoingText(id="9", to=ANN, body="hello")
        outgoing = Outgoing(
            text_id="9",
            part=0,
            to=ANN,
            number="4664",
            message=short_messages(text)[0],
            validity_seconds=60,
        )
        return await self.gateway.submit(outgoing)

    async def test_text_arrives_with_every_character(self):
        for number, body in enumerate(("h€llo @_[]", "???", "Жди 😀", "garçon")):
            await self.send(body, str(number), answer=True)
            await until(lambda number=number: len(self.peer.given) > number)
            self.assertEqual(self.peer.given[number].text, body)
        self.assertEqual(self.peer.numbers, [("4664", ANN)] * 4)

    async def test_text_arrives_in_parts(self):
        await self.send("x" * 200)
        await self.becomes("accepted")
        given = self.peer.given
        self.assertEqual([each.text for each in given], ["x" * 153, "x" * 47])
        places = [each.header.place for each in given]
        self.assertEqual([(each.number, each.total) for each in places], [(1, 2), (2, 2)])

    async def test_octets_arrive_with_their_port(self):
        await self.send("", octets=b"\x00\xff", port=2948)
        await self.becomes("accepted")
        (given,) = self.peer.given
        self.assertIs(given.coding, Coding.OCTETS)
        self.assertEqual((given.octets, given.header.port), (b"\x00\xff", 2948))

    async def test_final_report_is_told(self):
        await self.send()
        await self.becomes("accepted")
        for is_delivered in (True, True, False):
            await self.peer.report(0, is_delivered)
        await self.becomes("accepted", "delivered")

    async def test_report_that_it_failed_is_told(self):
        await self.send()
        await self.becomes("accepted")
        await self.peer.report(0, False)
        await self.becomes("accepted", "undelivered")

    async def test_each_part_is_reported_on(self):
        await self.send("x" * 200)
        await self.becomes("accepted")
        await self.peer.report(1, True)
        await self.peer.report(0, True)
        await self.becomes("accepted", "delivered")

    async def test_text_that_is_refused_fails(self):
        self.peer.refuse()
        await self.send()
        await self.becomes("failed")
        self.assertEqual(self.peer.given, [])

    async def test_text_waits_for_who_is_busy(self):
        self.peer.busy()
        await self.send()
        await self.becomes("accepted")
        self.assertEqual(len(self.peer.given), 1)

    async def test_text_waits_for_who_is_away(self):
        await self.peer.away()
        answer = await self.answer()
        self.assertIs(answer.said, Said.LATER)
        self.assertFalse(answer.in_vain)
        await self.send()
        await self.peer.back()
        await self.becomes("accepted")
        self.assertEqual(len(self.peer.given), 1)

    async def test_it_is_not_known_what_who_is_silent_has_done(self):
        self.peer.fall_silent()
        asking = self.answer()
        answer = await asking
        self.assertIs(answer.said, Said.UNKNOWN)

    async def test_phone_texts(self):
        self.assertTrue(await self.peer.text("h€llo @_[]"))
        self.assertTrue(await self.peer.text("Жди 😀"))
        await until(lambda: len(self.taken) == 2)
        first, second = self.taken
        self.assertEqual((first.body, second.body), ("h€llo @_[]", "Жди 😀"))
        self.assertEqual((first.sender, first.number, first.gateway), (ANN, "4664", NAME))

    async def test_what_the_store_does_not_take_is_to_come_again(self):
        inbox = self.parts.inbox._stored
        key = f"{inbox._prefix(ANN)}incoming:{ANN}"
        await self.store.client.execute("SET", key, "in the way")
        self.assertFalse(await self.peer.text("hello"))
        await self.store.client.execute("DEL", key)
        self.assertTrue(await self.peer.text("hello"))
        await until(lambda: self.taken)
        self.assertEqual(len(self.taken), 1)
