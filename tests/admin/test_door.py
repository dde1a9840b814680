import os
import signal
from io import BytesIO

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import Agent, FileBodyProducer, readBody
from twisted.web.http_headers import Headers

from imps.admin.door import pages
from imps.admin.health import Health
from imps.http.pages import LIMITS, on_loopback, pages_door, said
from imps.metrics import Metrics
from imps.testing.http import Line
from imps.testing.store import StoreTestCase


class AdminDoorTestCase(StoreTestCase):
    async def served(self, by_path):
        """Serve these pages; the URL of a door of their own."""
        door = pages_door(by_path, reactor)
        port = await serverFromString(reactor, on_loopback("tcp:0")).listen(door)
        self.addCleanup(port.stopListening)
        self.assertEqual(port.getHost().host, "127.0.0.1")
        return f"http://127.0.0.1:{port.getHost().port}"

    async def ask(self, path, method=b"GET", body=None, headers=()):
        """Status, headers and body of an answer."""
        url, sent = f"{self.url}{path}".encode(), Headers({name: [to] for name, to in headers})
        content = None if body is None else FileBodyProducer(BytesIO(body))
        asked = await Agent(reactor).request(method, url, sent, content)
        return asked.code, asked.headers, (await readBody(asked)).decode()


class AdminDoorTests(AdminDoorTestCase):
    async def setUp(self):
        await super().setUp()
        self.metrics = Metrics()
        self.health = Health(self.store.client, reactor, self.metrics)
        network_presence = self.parts.network_presence
        self.url = await self.served(pages(self.health, self.metrics, network_presence))

    async def samples(self):
        code, headers, text = await self.ask("/metrics")
        self.assertEqual(code, 200)
        self.assertEqual(
            headers.getRawHeaders("content-type"), ["text/plain; version=0.0.4; charset=utf-8"]
        )
        families = list(text_string_to_metric_families(text))
        return {sample.name: sample.value for family in families for sample in family.samples}

    async def test_process_is_well_while_its_store_answers(self):
        code, _, text = await self.ask("/health")
        self.assertEqual((code, text), (200, "ok\n"))

    async def test_process_that_stops_says_so(self):
        self.health.stop()
        code, _, text = await self.ask("/health")
        self.assertEqual((code, text), (503, "stopping\n"))

    async def test_store_that_hangs_is_told_in_time(self):
        said = await self.store.client.execute("INFO", "server")
        server = int(said.split(b"process_id:")[1].split()[0])
        os.kill(server, signal.SIGSTOP)
        try:
            began_at = reactor.seconds()
            code, _, text = await self.ask("/health")
            self.assertLess(reactor.seconds() - began_at, 2)
            self.assertEqual(code, 503)
            self.assertRegex(text, "^the store does not answer.*\n$")
            self.assertEqual((await self.samples())["imps_store_up"], 0)
        finally:
            os.kill(server, signal.SIGCONT)

    async def test_metrics_are_of_this_server(self):
        self.metrics.transaction_served("Login-Request", 200, 0.01)
        samples = await self.samples()
        self.assertEqual([name for name in samples if not name.startswith("imps_")], [])
        self.assertEqual(samples["imps_transactions_total"], 1)
        self.assertEqual(samples["imps_store_up"], 1)
        self.assertGreater(samples["imps_store_memory_bytes"], 0)
        self.assertGreater(samples["imps_process_resident_memory_bytes"], 0)

    async def test_head_is_answered_without_a_body(self):
        for path in ("/health", "/metrics"):
            code, headers, text = await self.ask(path, b"HEAD")
            self.assertEqual((code, text), (200, ""))
            self.assertTrue(headers.hasHeader("content-type"))

    async def test_other_methods_and_paths_are_refused(self):
        for method in (b"POST", b"PUT", b"DELETE", b"OPTIONS"):
            code, headers, _ = await self.ask("/metrics", method)
            self.assertEqual((code, headers.getRawHeaders("allow")), (405, ["GET, HEAD"]))
        for path in ("/", "/healthy", "/health/", "/metrics/x", "/presence/x"):
            self.assertEqual((await self.ask(path))[0], 404)
        self.assertEqual((await self.ask("/health?probe=1"))[0], 200)

    async def test_large_body_is_refused_before_it_has_come(self):
        line = await Line.to(self.url)
        octets = LIMITS.max_body_octets + 1
        head = f"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: {octets}\r\n\r\n"
        answer = await line.say(head.encode())
        self.assertEqual(answer.status, 413)
        line.close()

    async def test_client_that_is_gone_meanwhile_does_no_harm(self):
        asked_for: Deferred[None] = Deferred()
        waiting: Deferred[None] = Deferred()

        async def show(_):
            asked_for.callback(None)
            await waiting
            return said(200, b"late")

        line = await Line.to(await self.served({"/late": show}))
        asked = line.say(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        await asked_for
        line.close()
        await self.assertFailure(asked, Exception)
        waiting.callback(None)


class EndpointTests(SynchronousTestCase):
    def test_endpoint_is_on_loopback_unless_it_names_an_interface(self):
        for endpoint, meant in {
            "tcp:9090": "tcp:9090:interface=127.0.0.1",
            "tcp6:9090": r"tcp6:9090:interface=\:\:1",
            "ssl:9090:privateKey=key.pem": "ssl:9090:privateKey=key.pem:interface=127.0.0.1",
            "tcp:9090:interface=10.0.0.1": "tcp:9090:interface=10.0.0.1",
            "tcp:9090:interface=": "tcp:9090:interface=",
            "unix:/run/imps/admin": "unix:/run/imps/admin",
        }.items():
            self.assertEqual(on_loopback(endpoint), meant)
