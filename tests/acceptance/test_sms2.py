from itertools import product

from imps.csp.primitives.access import KeepAliveRequest, LoginRequest, LogoutRequest, PollingRequest
from imps.csp.primitives.im import NewMessage, SendMessageRequest
from imps.model.version import V11, V12, V13
from imps.testing.android import Android
from imps.testing.conformance import ALL, XML, shows
from imps.testing.nokia import Nokia
from imps.testing.service import ServiceTestCase
from imps.testing.sms2 import SMS2

ENCODINGS = ("xml", "wbxml")
HTML = '<span style="color:#0000ff">¿Qué tal? &amp; ☃</span>'


class OneProcessTests(ServiceTestCase):
    @shows(LoginRequest, KeepAliveRequest, LogoutRequest, V12, XML)
    async def test_it_signs_on_and_off(self):
        (ann,) = await self.known("ann")
        sms2 = SMS2(self, self.urls, ann)
        await sms2.sign_on()
        self.assertEqual(await sms2.keep_alive(), 200)
        self.assertEqual(await sms2.sign_off(), 200)

    @shows(SendMessageRequest, PollingRequest, NewMessage, *ALL)
    async def test_it_chats_with_every_other_client(self):
        ann, bob, eve = await self.known("ann", "bob", "eve")
        sms2 = SMS2(self, self.urls, ann)
        await sms2.sign_on()
        for version, encoding in product((V11, V12, V13), ENCODINGS):
            android = Android(self, self.urls, bob, version, encoding)
            await android.sign_on()
            await sms2.send(bob, text=HTML)
            await android.poll()
            self.assertEqual(android.texts, [HTML], f"to {android}")
            await android.send(ann, text="back")
            await sms2.poll()
        for version, encoding in product((V11, V12), ENCODINGS):
            nokia = Nokia(self, self.urls, eve, version, encoding)
            await nokia.sign_on()
            await sms2.send(eve, text=HTML)
            await nokia.poll()
            self.assertEqual(nokia.texts, [HTML], f"to {nokia}")
            self.assertEqual(nokia.received[0].content_type, "text/html")
            await nokia.send(ann, text="back")
            await sms2.poll()
        self.assertEqual(sms2.texts, ["back"] * 10)

    async def test_its_own_requests_may_have_the_ids_of_the_servers(self):
        ann, bob = await self.known("ann", "bob")
        sms2, nokia = SMS2(self, self.urls, ann), Nokia(self, self.urls, bob)
        await sms2.sign_on()
        await nokia.sign_on()
        for number in range(4):
            await nokia.send(ann, text=f"ask {number}")
            await sms2.poll()
            self.assertEqual((await sms2.send(bob, text=f"answer {number}")).code, 200)
        await nokia.poll()
        self.assertEqual(nokia.texts, [f"answer {number}" for number in range(4)])
        self.assertEqual(sms2.texts, [f"ask {number}" for number in range(4)])


class TwoProcessTests(OneProcessTests):
    """The same with each request going to the other process than the last."""

    processes = 2
