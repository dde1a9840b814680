"""Several processes on one store and one port."""

from twisted.trial.unittest import TestCase

from imps.testing.commands import run
from imps.testing.http import Line
from imps.testing.nokia import Nokia
from imps.testing.servers import free_ports
from imps.testing.service import Services

MOST_CONNECTIONS = 100


class OnePortTests(TestCase):
    async def test_two_processes_serve_one_port_and_one_of_them_may_stop(self):
        (port,) = free_ports(1)
        url = f"http://127.0.0.1:{port}/"
        options = ("--csp", f"reuse:{port}:interface=127.0.0.1", "--admin", "tcp:0")
        services = Services(self, 2, options)
        await services.start()
        first, second = services.each
        self.assertIn("processes: 2\n", run("status", "--data", str(services.data)).stdout)
        for _ in range(MOST_CONNECTIONS):
            await self.ask(url)
            if all([await self.served(each) for each in (first, second)]):
                break
        else:
            self.fail(f"one process got none of {MOST_CONNECTIONS} connections")
        await second.stop_process()
        for _ in range(10):
            await self.ask(url)
        self.assertIn("processes: 1\n", run("status", "--data", str(services.data)).stdout)
        await first.stop()

    async def ask(self, url):
        """Make a request by a connection of its own."""
        client = Nokia(self, (url,), "wv:ann@localhost")
        self.assertEqual((await client.ask("<GetSPInfo-Request/>")).code, 0)

    async def served(self, service):
        """Whether a process has answered requests, by its own account."""
        admin = service.program.said(r"Admin on (\S+)")
        line = await Line.to(f"http://{admin}")
        answer = await line.say(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        line.close()
        return b'imps_http_responses_total{status="200"}' in answer.body
