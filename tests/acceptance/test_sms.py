"""The service with gateways in its settings, as operators start it."""

from urllib.parse import urlencode

from twisted.trial.unittest import TestCase

from imps.testing.http import Line
from imps.testing.process import until
from imps.testing.service import Service, settings_file
from imps.testing.smsc import SMSC

KEY = "a-key-of-a-gateway"
PASSWORD = "pass-2718"
BODY = "nobody-else-is-to-read-this"
KANNEL = f"""
    [[sms.gateway]]
    kind = "kannel"
    key = "{KEY}"
    send_url = "http://127.0.0.1:1/cgi-bin/sendsms"
    username = "imps"
    password = "{PASSWORD}"
"""


class GatewaysTests(TestCase):
    async def service(self, settings, *options):
        file = settings_file(self, f'log_level = "debug"\n{settings}')
        service = Service(self, ("--config", file, *options))
        await service.start()
        return service

    async def ask(self, service, path="/sms/mo", **changes):
        url = f"http://{service.program.said('SMS on (.+)')}"
        said = {"key": KEY, "from": "+358401234567", "to": "4664", "id": "1", "text": BODY}
        line = await Line.to(url)
        query = urlencode({**said, **changes})
        answer = await line.say(f"GET {path}?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        line.close()
        self.assertEqual(answer.body if answer.status != 404 else b"", b"")
        return answer.status

    async def test_gateway_is_let_in_and_nobody_else_and_nothing_private_is_logged(self):
        service = await self.service(KANNEL, "--sms", "tcp:0")
        self.assertTrue(service.program.said("SMS on (.+)").startswith("127.0.0.1:"))
        self.assertEqual(await self.ask(service), 200)
        self.assertEqual(await self.ask(service, key="another-key"), 403)
        self.assertEqual(await self.ask(service, "/sms/dlr", ref="?"), 200)
        self.assertEqual(await self.ask(service, "/sms/"), 404)
        await service.stop()
        for secret in (KEY, "another-key", PASSWORD, BODY, "Traceback"):
            self.assertNotIn(secret, service.program.output)

    async def test_gateway_over_smpp_is_bound_and_unbound(self):
        smsc = SMSC(self)
        await smsc.start()
        service = await self.service(f"""
            [[sms.gateway]]
            kind = "smpp"
            host = "127.0.0.1"
            port = {smsc.port}
            system_id = "imps"
            password = "secret"
        """)
        await smsc.bound()
        await service.stop()
        await until(lambda: smsc.unbound == 1)
        self.assertNotIn("Traceback", service.program.output)

    async def test_kannel_needs_an_endpoint(self):
        service = Service(self, ("--config", settings_file(self, KANNEL)))
        service.launch()
        self.assertEqual(await service.program.ends(), 1)
        complaint = "imps cannot start: sms.endpoint: is needed where a gateway is Kannel"
        self.assertIn(complaint, service.program.output)
