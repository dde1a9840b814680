"""What hostile clients send is refused, in little memory, while others are answered."""

import os
import random
import re
import socket
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from imps.model.version import V12
from imps.testing.nokia import Nokia
from imps.testing.service import Services, add_users, settings_file

WAIT_SECONDS = 20
MEGABYTE = 1024 * 1024
MOST_GROWTH = 8 * MEGABYTE

# Slow clients are given up sooner than they would be.
SETTINGS = "[http]\nbody_timeout_seconds = 2\n"

XML = "application/vnd.wv.csp.xml"
WBXML = "application/vnd.wv.csp.wbxml"

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    + "]><WV-CSP-Message>&j;</WV-CSP-Message>"
)


def post(body=b"", content_type=XML, *, method="POST", length=None, more=""):
    """The octets of an HTTP request."""
    size = len(body) if length is None else length
    head = (
        f"{method} /anything HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {size}\r\n{more}\r\n"
    )
    return head.encode() + body


def answer_to(address, pieces):
    """What is answered on a new connection to what may be very long; b'' for hanging up."""
    with socket.create_connection(address, WAIT_SECONDS) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # It listens no more; perhaps it has answered.
        return _received(connection)


def _received(connection):
    received = b""
    try:
        while not re.search(rb"\r\n\r\n", received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")):
            chunk = connection.recv(65536)
            if not chunk:
                break
            received += chunk
    except ConnectionError:
        pass
    return received


class Witness(Protocol):
    def connectionMade(self):
        self.factory.visits += 1
        self.transport.loseConnection()


class HostileTestCase(TestCase):
    """Attacks on the first process, while another client asks one after the other."""

    processes = 1

    async def setUp(self):
        options = ("--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        attacked = urlsplit(self.services.urls[0])
        self.address = (attacked.hostname, attacked.port)
        await add_users(self.services.data, "ann")
        self.other = Nokia(self, self.services.urls, "wv:ann@localhost", V12, "wbxml")
        await self.other.sign_on()
        # What is loaded and allocated once is not growth.
        for body in (b"", b"<", BILLION_LAUGHS.encode()):
            await self.answer(post(body))
        self.memory = self.memory_of_attacked()

    async def answer(self, *pieces):
        return await deferToThread(answer_to, self.address, pieces)

    async def status(self, *pieces):
        """The status of an answer that gives nothing away."""
        answer = await self.answer(*pieces)
        self.assertNotIn(b"Traceback", answer)
        self.assertNotIn(b".py", answer)
        return int(answer.split()[1]) if answer else 0

    def memory_of_attacked(self):
        """The most octets that it had at any time."""
        process_id = self.services.each[0].program.process_id
        status = Path(f"/proc/{process_id}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    async def check(self):
        """Others are answered, memory has not grown, and nothing went wrong."""
        for _ in self.services.urls:
            self.assertEqual(await self.other.keep_alive(), 200)
        growth = self.memory_of_attacked() - self.memory
        self.assertLess(growth, MOST_GROWTH)
        self.assertNotIn("Traceback", self.services.output)


class Floods:
    async def test_garbage_is_refused(self):
        dice = random.Random(1)
        for content_type in (XML, WBXML, "application/octet-stream"):
            refused = 415 if "octet" in content_type else 400
            for size in (0, 1, 2, 10, 1000, 100_000):
                body = dice.randbytes(size)
                self.assertEqual(await self.status(post(body, content_type)), refused, body[:50])
        await self.check()

    async def test_body_that_is_too_large_is_refused(self):
        hundred = 100 * MEGABYTE
        body = [bytes(MEGABYTE)] * 100
        self.assertEqual(await self.status(post(length=hundred), *body), 413)
        await self.check()
        expecting = post(length=hundred, more="Expect: 100-continue\r\n")
        self.assertEqual(await self.status(expecting), 413)
        chunked = (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunks = [b"100000\r\n" + each + b"\r\n" for each in body]
        self.assertEqual(await self.status(chunked, *chunks), 413)
        await self.check()

    async def test_slow_clients_hold_up_nobody(self):
        slow = [socket.create_connection(self.address, WAIT_SECONDS) for _ in range(200)]
        for connection in slow:
            self.addCleanup(connection.close)
            connection.sendall(post(b"<WV", length=900_000))
        await self.check()
        answers = await deferToThread(lambda: [_received(each) for each in slow])
        self.assertEqual({answer.split(b"\r\n")[0][9:12] for answer in answers}, {b"408"})
        await self.check()

    async def test_slow_headers_hold_up_nobody(self):
        slow = [socket.create_connection(self.address, WAIT_SECONDS) for _ in range(50)]
        for connection in slow:
            self.addCleanup(connection.close)
            connection.sendall(b"POST / HTTP/1.1\r\nHost: loc")
        await self.check()
        answers = await deferToThread(lambda: [_received(each) for each in slow])
        self.assertEqual({answer.split(b"\r\n")[0][9:12] for answer in answers}, {b"408"})

    async def test_many_at_once_are_all_refused(self):
        bodies = (BILLION_LAUGHS.encode(), b"<a>" * 100_000, os.urandom(100_000))
        attacks = [self.status_soon(post(body)) for body in bodies * 30]
        self.assertEqual(set(await gatherResults(attacks)), {400})
        await self.check()

    def status_soon(self, octets):
        answered = deferToThread(answer_to, self.address, [octets])
        return answered.addCallback(lambda answer: int(answer.split()[1]))

    async def test_service_that_was_attacked_stops_in_order(self):
        slow = socket.create_connection(self.address, WAIT_SECONDS)
        self.addCleanup(slow.close)
        slow.sendall(post(b"<WV", length=900_000))
        await self.services.stop()


class OneProcessTests(Floods, HostileTestCase):
    async def test_truncated_documents_are_refused(self):
        whole = {
            WBXML: self.other.written("<KeepAlive-Request/>", "t"),
            XML: Nokia(self, (), "", V12, "xml").written("<KeepAlive-Request/>", "t"),
        }
        for content_type, document in whole.items():
            for size in range(len(document)):
                status = await self.status(post(document[:size], content_type))
                self.assertEqual(status, 400, document[:size])
            self.assertEqual(await self.status(post(document, content_type)), 200)
        await self.check()

    async def test_entities_are_not_expanded(self):
        self.assertEqual(await self.status(post(BILLION_LAUGHS.encode())), 400)
        quadratic = f'<!DOCTYPE m [<!ENTITY a "{"a" * 50_000}">]><m>{"&a;" * 10_000}</m>'
        self.assertEqual(await self.status(post(quadratic.encode())), 400)
        await self.check()

    async def test_nothing_is_fetched_and_no_file_is_read(self):
        witness = Factory.forProtocol(Witness)
        witness.visits = 0
        port = reactor.listenTCP(0, witness, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        outside = f"http://127.0.0.1:{port.getHost().port}/x"
        secret = Path(self.services.data / "key")
        for declared in (
            f'[<!ENTITY e SYSTEM "{outside}">]',
            f'[<!ENTITY e SYSTEM "file://{secret}">]',
            f'[<!ENTITY % e SYSTEM "{outside}"> %e;]',
        ):
            document = f"<!DOCTYPE WV-CSP-Message {declared}><WV-CSP-Message>&e;</WV-CSP-Message>"
            answer = await self.answer(post(document.encode()))
            self.assertIn(b" 400 ", answer.splitlines()[0])
            self.assertNotIn(secret.read_bytes()[:8], answer)
        document = Nokia(self, (), "", V12, "xml").written("<GetSPInfo-Request/>", "t").decode()
        for doctype in (f'SYSTEM "{outside}"', f'PUBLIC "-//OMA//DTD WV-CSP 1.2//EN" "{outside}"'):
            with_type = document.replace("?>", f"?><!DOCTYPE WV-CSP-Message {doctype}>")
            self.assertEqual(await self.status(post(with_type.encode())), 200)
        self.assertEqual(witness.visits, 0)
        await self.check()

    async def test_depth_and_number_of_elements_are_bounded(self):
        many = "<WV-CSP-Message>" + "<a/>" * 150_000 + "</WV-CSP-Message>"
        for body in (b"<a>" * 100_000, many.encode()):
            self.assertEqual(await self.status(post(body)), 400)
        header = bytes.fromhex("03116a00")
        for body in (b"\x6d" * 900_000, b"\x6d" + b"\x2e" * 900_000, b"\x00\x01" * 400_000):
            self.assertEqual(await self.status(post(header + body, WBXML)), 400)
        table = bytes.fromhex("03116a8480800004") + b"x" * 1000
        self.assertEqual(await self.status(post(table, WBXML)), 400)
        await self.check()

    async def test_client_that_asks_whether_to_go_on_is_told(self):
        document = Nokia(self, (), "", V12, "xml").written("<GetSPInfo-Request/>", "t")
        answer = await self.answer(
            post(length=len(document), more="Expect: 100-continue\r\n"), document
        )
        self.assertTrue(answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), answer)

    async def test_large_headers_are_refused(self):
        for header in (f"X: {'x' * 10_000_000}\r\n", "X: x\r\n" * 1_000_000):
            self.assertIn(await self.status(post(more=header)), (0, 431))
            await self.check()

    async def test_what_is_not_csp_is_told_so(self):
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(await self.status(post(method=method)), 405)
        self.assertEqual(await self.status(post(method="BREW")), 400)
        for content_type in ("image/png", "application/vnd.wv.csp.sms", "multipart/form-data"):
            self.assertEqual(await self.status(post(b"x", content_type)), 415)
        self.assertEqual(await self.status(b"\r\n" * 5 + post(method="GET")), 405)
        for octets in (b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 100):
            self.assertIn(await self.status(octets + b"\r\n\r\n"), (0, 400))
        await self.check()


class TwoProcessTests(Floods, HostileTestCase):
    processes = 2
