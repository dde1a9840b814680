from urllib.parse import urlencode

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString

from imps.http.pages import pages_door, said
from imps.model.gsm7 import Coding
from imps.model.short_message import Header, ShortMessage
from imps.sms import kannel
from imps.store.outgoing_texts import Said
from imps.testing.smsbox import Smsbox
from tests.sms import contract
from tests.sms.contract import ANN

KEY = "a-key-of-a-gateway"


@define(eq=False)
class Peer:
    """A smsbox that is a toy."""

    test: contract.GatewayContract
    smsbox: Smsbox = field(init=False)
    _ids: int = 0

    async def start(self):
        self.smsbox = Smsbox(self.test)
        await self.smsbox.start()

    @property
    def given(self):
        return [self._message(each) for each in self.smsbox.submitted]

    def _message(self, said):
        coding, header = Coding(int(said["coding"])), Header.read(said.get("udh", b""))
        if coding is Coding.OCTETS:
            return ShortMessage(coding, content=said["text"], header=header)
        return ShortMessage(coding, said["text"].decode(), header=header)

    @property
    def numbers(self):
        return [(each["from"].decode(), each["to"].decode()) for each in self.smsbox.submitted]

    def refuse(self):
        self.smsbox.pages.append(said(400, b"Missing receiver number, rejected"))

    def busy(self):
        self.smsbox.pages.append(said(503, b"Temporal failure, try again later."))

    def fall_silent(self):
        self.smsbox.is_silent = True

    async def away(self):
        await self.test.gateway.stop()
        await self.smsbox.stop()

    async def back(self):
        await self.smsbox.start()

    async def text(self, body):
        self._ids += 1
        said = {"key": KEY, "from": ANN, "to": "4664", "text": body, "id": self._ids}
        url = f"{self.test.url}/sms/mo?{urlencode({**said, 'charset': 'UTF-8'})}"
        return await self.smsbox.get(url) == 200

    async def report(self, number, is_delivered):
        url = self.smsbox.submitted[number]["dlr-url"].decode()
        url = url.replace("%d", "1" if is_delivered else "2").replace("%A", "")
        self.test.assertEqual(await self.smsbox.get(url), 200)


class KannelTests(contract.GatewayContract):
    def make_peer(self):
        return Peer(self)

    def setUp(self):
        self.patch(kannel, "ANSWER_SECONDS", 1)
        return super().setUp()

    def gateway_settings(self):
        return {"kind": "kannel", "key": KEY, "send_url": self.peer.smsbox.send_url}

    async def url_of_pages(self):
        door = pages_door(self.parts.kannel_pages.pages, reactor)
        port = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(door)
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        return self.url

    async def test_text_waits_where_nobody_is_let_in(self):
        self.peer.smsbox.pages.append(said(403, b"Authorization failed for sendsms"))
        answer = await self.answer()
        self.assertEqual((answer.said, answer.after_seconds), (Said.LATER, 30))

    async def test_answer_of_who_is_no_smsbox_is_not_read(self):
        self.peer.smsbox.pages.append(said(202, b"x" * 5000))
        self.assertIs((await self.answer()).said, Said.ACCEPTED)

    async def test_who_is_away_is_not_tried_each_time(self):
        await self.peer.away()
        first = await self.answer()
        self.assertEqual(first.after_seconds, 1)
        await self.peer.back()
        self.assertEqual((await self.answer()).reason, "away")
