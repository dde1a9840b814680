from urllib.parse import urlencode

from imps.http.message import HTTPRequest
from imps.model.short_message import Header
from imps.sms.gateway import Outgoing
from imps.sms.kannel_requests import report_url
from imps.store.outgoing_texts import PartSettled, Said
from tests.sms.scripted import ANN, TrafficTestCase

KEY = "a-key-of-a-gateway"
OTHER_KEY = "a-key-of-another-one"
HOLD = {"key": KEY, "from": ANN, "to": "4664", "id": "7f", "text": "hello"}
FAR = ["192.0.2.0/24", "2001:db8::1"]
KANNEL = {"kind": "kannel", "send_url": "http://127.0.0.1:1/cgi-bin/sendsms"}


class KannelPagesTests(TrafficTestCase):
    overrides = {
        "sms": {
            "number": "358500000000",
            "country_code": "358",
            "max_waiting": 3,
            "gateway": [
                {**KANNEL, "name": "near", "key": KEY},
                {**KANNEL, "name": "far", "key": OTHER_KEY, "allow": FAR},
            ],
        }
    }

    async def setUp(self):
        await super().setUp()
        self.pages = self.parts.kannel_pages.pages
        self.texts = []
        self.parts.texts._consumers.insert(0, self.note)

    async def note(self, text):
        self.texts.append(text)
        return True

    async def ask(self, path="/sms/mo", peer="127.0.0.1", method="GET", body=b"", **changes):
        said = {name: value for name, value in {**HOLD, **changes}.items() if value is not None}
        query = b"" if body else urlencode(said).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=x"} if body else {}
        target = f"{path}?{query.decode()}"
        asked = HTTPRequest(method=method, target=target, peer=peer, headers=headers, body=body)
        page = await self.pages[path](asked)
        if page.status != 405:
            self.assertEqual((page.body, page.headers), (b"", {"content-type": "text/plain"}))
        await self.quiet()
        return page.status

    async def malformed(self):
        return self.metrics_of("imps_sms_malformed_total")

    def metrics_of(self, name, **labels):
        return self.parts.metrics.registry.get_sample_value(name, labels) or 0

    async def test_text_is_taken(self):
        self.assertEqual(await self.ask(coding="0", charset="UTF-8", ts="17"), 200)
        (text,) = self.texts
        self.assertEqual((text.id, text.gateway), ("near:7f", "near"))
        self.assertEqual((text.sender, text.number, text.body), (ANN, "4664", "hello"))
        self.assertEqual((text.received_at, text.sent_at), (self.clock.seconds(), 17))
        self.assertEqual((text.octets, text.port), (None, None))

    async def test_octets_are_taken_with_their_port(self):
        header = Header(port=3590).octets
        self.assertEqual(await self.ask(text=b"\x00\xff", coding="1", udh=header), 200)
        (text,) = self.texts
        self.assertEqual((text.body, text.octets, text.port), ("", b"\x00\xff", 3590))

    async def test_form_is_read_too(self):
        self.assertEqual(await self.ask(method="POST", body=urlencode(HOLD).encode()), 200)
        self.assertEqual(len(self.texts), 1)

    async def test_text_that_comes_again_is_answered_and_not_taken_again(self):
        for _ in range(3):
            self.assertEqual(await self.ask(), 200)
        self.assertEqual(len(self.texts), 1)
        self.assertEqual(await self.ask(id="80"), 200)
        self.assertEqual(len(self.texts), 2)

    async def test_nobody_else_is_let_in(self):
        for changes in (
            {"key": None},
            {"key": ""},
            {"key": KEY[:-1]},
            {"key": KEY + "x"},
            {"key": "é"},
            {"peer": "127.0.0.2"},
            {"peer": "192.0.2.7"},
            {"peer": "nowhere"},
            {"key": OTHER_KEY},
            {"key": OTHER_KEY, "peer": "192.0.3.1"},
            {"key": "wrong", "from": None},
        ):
            for path in ("/sms/mo", "/sms/dlr"):
                self.assertEqual(await self.ask(path, **changes), 403, changes)
        self.assertEqual(self.texts, [])
        self.assertEqual(await self.malformed(), 0)

    async def test_who_asks_what_cannot_be_read_is_nobody(self):
        fields = {f"field{number}": "x" for number in range(60)}
        for changes in ({}, {"peer": "192.0.3.1"}, {"key": "wrong"}):
            for path in ("/sms/mo", "/sms/dlr"):
                self.assertEqual(await self.ask(path, **fields, **changes), 403, changes)
        body = urlencode({**HOLD, **fields}).encode()
        self.assertEqual(await self.ask(method="POST", body=body), 403)
        self.assertEqual(await self.malformed(), 0)

    async def test_gateways_come_from_their_addresses(self):
        peers = ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1")
        for number, peer in enumerate(peers):
            self.assertEqual(await self.ask(key=OTHER_KEY, peer=peer, id=str(number)), 200)
        self.assertEqual([text.gateway for text in self.texts], ["far"] * 3)

    async def test_what_cannot_be_meant_is_answered_and_counted(self):
        for changes in ({"from": None}, {"text": None}, {"id": None}, {"coding": "9"}):
            self.assertEqual(await self.ask(**changes), 200)
        self.assertEqual(await self.ask("/sms/dlr"), 200)
        self.assertEqual(await self.malformed(), 5)
        self.assertEqual(self.texts, [])

    async def test_what_no_phone_sends_is_answered_and_dropped(self):
        for sender in ("Vodafone", "4664", "+358500000000", "358500000000", "0500000000", ""):
            self.assertEqual(await self.ask(**{"from": sender}), 200)
        self.assertEqual(self.texts, [])
        self.assertEqual(self.metrics_of("imps_sms_received_total", outcome="no phone"), 5)

    async def test_phone_of_the_country_is_the_same_phone(self):
        for number, sender in enumerate((ANN, ANN[1:], "00" + ANN[1:], "0" + ANN[4:])):
            await self.ask(**{"from": sender, "id": str(number)})
        self.assertEqual({text.sender for text in self.texts}, {ANN})

    async def test_gateway_keeps_what_cannot_be_stored(self):
        prefix = self.parts.inbox._stored._prefix(ANN)
        await self.store.client.execute("SET", f"{prefix}incoming:{ANN}", "in the way")
        self.assertEqual(await self.ask(), 503)
        await self.store.client.execute("DEL", f"{prefix}incoming:{ANN}")
        self.assertEqual(await self.ask(), 200)
        self.assertEqual(len(self.texts), 1)

    async def test_gateway_keeps_what_is_too_much(self):
        self.traffic.inbox.turns._is_over = True
        answers = [await self.ask(id=str(number)) for number in range(4)]
        self.assertEqual(answers, [200, 200, 200, 503])

    async def test_pages_are_asked_and_nothing_else(self):
        self.assertEqual(await self.ask(method="PUT"), 405)

    async def test_reports_are_noted(self):
        await self.send()
        await self.parts.outgoing_texts.take(ANN, now=self.clock.seconds())
        await self.parts.outgoing_texts.settle(
            ANN, "1", PartSettled(0, Said.UNKNOWN), now=self.clock.seconds()
        )
        sent = Outgoing(
            text_id="1", part=0, to=ANN, number="4664", message=None, validity_seconds=1
        )
        reference = report_url("", KEY, sent).partition("ref=")[2].partition("&")[0]
        for d in "881":
            self.assertEqual(await self.ask("/sms/dlr", ref=reference, d=d), 200)
        await self.told("accepted", "delivered")
        for late in "21":
            self.assertEqual(await self.ask("/sms/dlr", ref=reference, d=late), 200)
        await self.told("accepted", "delivered")

    async def test_report_on_nothing_is_answered(self):
        sent = Outgoing(
            text_id="?", part=0, to=ANN, number="4664", message=None, validity_seconds=1
        )
        reference = report_url("", KEY, sent).partition("ref=")[2].partition("&")[0]
        self.assertEqual(await self.ask("/sms/dlr", ref=reference, d="1"), 200)
        self.assertEqual(self.metrics_of("imps_sms_reports_total", outcome="not known"), 1)
