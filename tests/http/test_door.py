from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from imps.http.connection import LINGER_SECONDS
from imps.http.door import HTTPDoor, HTTPLimits
from imps.http.message import HTTPRequest, HTTPResponse

LIMITS = HTTPLimits(
    max_body_octets=100,
    max_header_octets=1000,
    connections_per_source=3,
    requests_per_source=1000,
    body_timeout_seconds=30,
    idle_timeout_seconds=300,
    body_memory_octets=150,
)


class Transport(StringTransport):
    aborting = False

    def abortConnection(self):
        self.aborting = True


def post(body=b"", *, length=None, more=""):
    size = len(body) if length is None else length
    head = f"POST /any/path?x=y HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n{more}\r\n"
    return head.encode() + body


class HTTPTestCase(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.asked: list[HTTPRequest] = []
        self.door = self.opened()

    def opened(self, answer=None, **limits):
        return HTTPDoor(answer or self.echo, evolve(LIMITS, **limits), self.clock)

    async def echo(self, request):
        self.asked.append(request)
        return HTTPResponse(status=200, headers={"content-type": "a/b"}, body=request.body)

    def connection(self, host="10.0.0.1"):
        """A channel and its transport; None and None if it is not admitted."""
        channel = self.door.buildProtocol(IPv4Address("TCP", host, 1234))
        if channel is None:
            return None, None
        transport = Transport()
        channel.makeConnection(transport)
        return channel, transport

    def said(self, octets, in_pieces=False):
        """What is answered on a new connection."""
        channel, transport = self.connection()
        pieces = [octets[at : at + 1] for at in range(len(octets))] if in_pieces else [octets]
        for piece in pieces:
            channel.dataReceived(piece)
        return transport.value()

    def status(self, octets):
        return int(self.said(octets).split()[1])


class RequestTests(HTTPTestCase):
    def test_request_reaches_the_door_whole(self):
        for in_pieces in (False, True):
            self.said(post(b"body", more="Content-Type: A/B\r\nX-Y: 1\r\nX-Y: 2\r\n"), in_pieces)
            request = self.asked.pop()
            self.assertEqual(
                (request.method, request.body, request.peer), ("POST", b"body", "10.0.0.1")
            )
            self.assertEqual((request.target, request.is_secure), ("/any/path?x=y", False))
            self.assertEqual(request.headers["content-type"], "A/B")
            self.assertEqual(request.headers["x-y"], "2")

    def test_answer_tells_its_length_also_when_it_is_empty(self):
        for body in (b"", b"body"):
            answer = self.said(post(body))
            head, _, rest = answer.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
            self.assertIn(b"Content-Length: %d" % len(body), head)
            self.assertNotIn(b"chunked", head)
            self.assertEqual(rest, body)

    def test_answer_to_head_has_no_body_but_tells_its_length(self):
        async def answer(request):
            return HTTPResponse(status=200, body=b"body")

        self.door = self.opened(answer)
        head, _, body = self.said(b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n").partition(b"\r\n\r\n")
        self.assertIn(b"Content-Length: 4", head)
        self.assertEqual(body, b"")

    def test_connection_is_kept_and_answers_keep_the_order(self):
        waiting: list[Deferred[None]] = []

        async def answer(request):
            waiting.append(Deferred())
            await waiting[-1]
            return HTTPResponse(status=200, body=request.body)

        self.door = self.opened(answer)
        channel, transport = self.connection()
        channel.dataReceived(post(b"one") + post(b"two"))
        self.assertEqual(len(waiting), 1)
        waiting[0].callback(None)
        waiting[1].callback(None)
        self.assertLess(transport.value().index(b"one"), transport.value().index(b"two"))
        self.assertFalse(transport.disconnecting)

    def test_many_requests_at_once_are_answered_and_no_more_is_read_meanwhile(self):
        for answer_at_once in (True, False):
            waiting: list[Deferred[None]] = []

            async def answer(request, waiting=waiting, answer_at_once=answer_at_once):
                waiting.append(Deferred())
                if answer_at_once:
                    waiting[-1].callback(None)
                await waiting[-1]
                return HTTPResponse(status=200, body=request.body)

            self.door = self.opened(answer)
            channel, transport = self.connection()
            channel.dataReceived(b"".join(post(b"%03d" % number) for number in range(500)))
            for number in range(500):
                if not answer_at_once:
                    self.assertEqual(transport.producerState == "paused", number < 499)
                    waiting[number].callback(None)
            told = [int(each[-3:]) for each in transport.value().split(b"HTTP/1.1")[1:]]
            self.assertEqual(told, list(range(500)))
            self.assertEqual(transport.producerState, "producing")

    @given(st.lists(st.integers(1, 200)))
    def test_pieces_make_no_difference(self, sizes):
        self.asked.clear()
        octets = post(b"one", more="X: y\r\n") + post() + post(b"three")
        channel, _ = self.connection()
        at = 0
        for size in (*sizes, len(octets)):
            channel.dataReceived(octets[at : at + size])
            at += size
        self.assertEqual([each.body for each in self.asked], [b"one", b"", b"three"])
        self.assertEqual(self.asked[0].headers["x"], "y")
        channel.connectionLost()
        self.assertEqual(self.door.body_octets, 0)

    def test_what_is_no_http_is_refused_after_what_came_before_is_answered(self):
        waiting: Deferred[None] = Deferred()

        async def answer(request):
            await waiting
            return HTTPResponse(status=200)

        self.door = self.opened(answer)
        channel, transport = self.connection()
        channel.dataReceived(post(b"x") + b"\x16\x03\x01 nonsense\r\n\r\n" + post(b"y"))
        self.assertEqual(transport.value(), b"")
        waiting.callback(None)
        answers = transport.value().split(b"HTTP/1.1 ")[1:]
        self.assertEqual([each[:3] for each in answers], [b"200", b"400"])
        channel.dataReceived(post())
        self.assertEqual(transport.value().count(b"HTTP/1.1 "), 2)

    def test_old_clients_are_told_whether_the_connection_is_kept(self):
        for more, kept in (("", False), ("Connection: keep-alive\r\n", True)):
            channel, transport = self.connection()
            channel.dataReceived(post(more=more).replace(b"HTTP/1.1", b"HTTP/1.0"))
            word = b"keep-alive" if kept else b"close"
            self.assertIn(b"Connection: " + word, transport.value())
            self.assertEqual(transport.disconnecting, not kept)

    def test_connection_that_is_to_be_closed_is_closed_after_the_answer(self):
        channel, transport = self.connection()
        channel.dataReceived(post(b"x", more="Connection: close\r\n") + post(b"y"))
        self.assertEqual([each.body for each in self.asked], [b"x"])
        self.assertTrue(transport.disconnecting)

    def test_nothing_but_http_is_spoken(self):
        channel, transport = self.connection()
        channel.dataReceived(
            post(b"x", more="Connection: upgrade\r\nUpgrade: h2c\r\n") + post(b"y")
        )
        self.assertEqual([each.body for each in self.asked], [b"x", b"y"])
        self.assertNotIn("upgrade", self.asked[0].headers)
        self.assertEqual(transport.value().count(b"HTTP/1.1 200"), 2)
        self.assertEqual(self.status(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 405)

    def test_head_has_no_body(self):
        channel, transport = self.connection()
        channel.dataReceived(post(b"body").replace(b"POST", b"HEAD"))
        self.assertTrue(transport.value().endswith(b"Content-Length: 4\r\n\r\n"))

    def test_chunked_request_is_read(self):
        chunks = b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        self.said(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertEqual(self.asked[0].body, b"abcdefg")

    def test_client_that_asks_whether_to_go_on_is_told(self):
        channel, transport = self.connection()
        channel.dataReceived(post(length=4, more="Expect: 100-continue\r\n"))
        self.assertEqual(transport.value(), b"HTTP/1.1 100 Continue\r\n\r\n")
        channel.dataReceived(b"body")
        self.assertEqual(self.asked[0].body, b"body")

    def test_client_that_is_gone_meanwhile_does_no_harm(self):
        waiting: Deferred[HTTPResponse] = Deferred()

        async def answer(request):
            return await waiting

        self.door = self.opened(answer)
        channel, transport = self.connection()
        channel.dataReceived(post(b"body"))
        channel.connectionLost()
        waiting.callback(HTTPResponse(status=200))
        self.assertEqual(transport.value(), b"")
        self.assertEqual(self.door.body_octets, 0)

    def test_failure_of_the_door_gives_nothing_away(self):
        async def answer(request):
            raise ValueError("secret")

        self.door = self.opened(answer)
        answered = self.said(post())
        self.assertTrue(answered.startswith(b"HTTP/1.1 500"))
        self.assertNotIn(b"secret", answered)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class LimitTests(HTTPTestCase):
    def test_body_over_the_limit_is_refused_before_it_comes(self):
        for more in ("", "Expect: 100-continue\r\n"):
            answer = self.said(post(length=101, more=more))
            self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer)
            self.assertIn(b"Connection: close", answer)
        self.assertEqual(self.status(post(bytes(100))), 200)

    def test_body_of_unknown_length_is_refused_when_it_is_too_long(self):
        chunk = b"32\r\n" + bytes(50) + b"\r\n"
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.status(head + 3 * chunk), 413)
        self.assertEqual(self.status(head + 2 * chunk + b"0\r\n\r\n"), 200)
        self.assertEqual(self.door.body_octets, 0)

    def test_all_bodies_together_are_bounded(self):
        for _ in range(2):
            channel, transport = self.connection()
            channel.dataReceived(post(bytes(70), length=100))
            self.assertEqual(transport.value(), b"")
        self.assertEqual(self.status(post(bytes(20))), 503)
        channel.connectionLost()
        self.assertEqual(self.status(post(bytes(20))), 200)

    def test_headers_over_the_limit_close_the_connection(self):
        channel, transport = self.connection()
        head = post(more=f"X: {'x' * 2000}\r\n")
        for pieces in ([head], [head[:500], head[500:1200], head[1200:]]):
            channel, transport = self.connection()
            for piece in pieces:
                channel.dataReceived(piece)
            self.assertTrue(transport.value().startswith(b"HTTP/1.1 431 "))
            self.assertIn(b"Connection: close", transport.value())
            self.clock.advance(LINGER_SECONDS)
            self.assertTrue(transport.aborting)
        self.assertEqual(self.asked, [])

    def test_the_end_of_a_body_is_not_taken_for_headers(self):
        """However much of it comes at once, after the rest."""
        self.door = self.opened(max_body_octets=5000, body_memory_octets=9000)
        channel, transport = self.connection()
        for _ in range(2):
            octets = post(bytes(3000))
            channel.dataReceived(octets[:200])
            channel.dataReceived(octets[200:])
        self.assertEqual(transport.value().count(b"HTTP/1.1 200 "), 2)
        self.assertNotIn(b"HTTP/1.1 431 ", transport.value())
        self.assertEqual(len(self.asked), 2)

    def test_name_that_never_ends_is_refused(self):
        channel, transport = self.connection()
        channel.dataReceived(b"POST / HTTP/1.1\r\n")
        for _ in range(110):
            channel.dataReceived(b"x" * 10)
        self.assertTrue(transport.value().startswith(b"HTTP/1.1 431 "))

    def test_refused_client_is_listened_to_for_a_while(self):
        channel, transport = self.connection()
        channel.dataReceived(post(length=101))
        answer = transport.value()
        channel.dataReceived(bytes(1000) + post(b"smuggled"))
        self.assertEqual((transport.value(), self.asked), (answer, []))
        self.clock.advance(LINGER_SECONDS - 0.1)
        self.assertFalse(transport.aborting)
        self.clock.advance(0.1)
        self.assertTrue(transport.aborting)

    def test_request_that_takes_too_long_is_refused(self):
        channel, transport = self.connection()
        for octet in post(bytes(100))[:60]:
            channel.dataReceived(bytes([octet]))
            self.clock.advance(0.49)
        self.assertEqual(transport.value(), b"")
        self.clock.advance(1)
        self.assertTrue(transport.value().startswith(b"HTTP/1.1 408"))

    def test_time_for_a_request_begins_with_it(self):
        channel, transport = self.connection()
        for _ in range(3):
            self.clock.advance(29)
            channel.dataReceived(post(b"x")[:20])
            self.clock.advance(29)
            channel.dataReceived(post(b"x")[20:])
        self.assertEqual(transport.value().count(b"200 OK"), 3)

    def test_connection_is_idle_since_something_was_said_last(self):
        channel, transport = self.connection()
        self.clock.advance(299)
        channel.dataReceived(post(b"x"))
        self.clock.advance(299.5)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(0.5)
        self.assertTrue(transport.disconnecting)

    def test_connection_is_not_idle_while_a_request_comes_in(self):
        channel, transport = self.connection()
        self.clock.advance(299)
        channel.dataReceived(post(b"x")[:20])
        self.clock.advance(2)
        self.assertFalse(transport.disconnecting)
        channel.dataReceived(post(b"x")[20:])
        self.assertIn(b"200 OK", transport.value())

    def test_connection_is_not_idle_while_an_answer_is_made(self):
        made = Deferred()

        async def answer(request):
            await made
            return HTTPResponse(status=200, body=b"answer")

        self.door = self.opened(answer)
        channel, transport = self.connection()
        channel.dataReceived(post(b"x"))
        self.clock.advance(301)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(10)
        made.callback(None)
        self.clock.advance(299.5)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(0.5)
        self.assertTrue(transport.disconnecting)

    def test_source_has_only_so_many_connections(self):
        connections = [self.connection()[0] for _ in range(3)]
        self.assertEqual(self.connection(), (None, None))
        self.assertIsNotNone(self.connection("10.0.0.2")[0])
        connections[0].connectionLost()
        self.assertIsNotNone(self.connection()[0])

    def test_source_has_only_so_many_requests_a_second(self):
        self.door = self.opened(requests_per_source=2)
        channel, transport = self.connection()
        channel.dataReceived(3 * post())
        self.assertEqual(transport.value().count(b"200 OK"), 2)
        self.assertEqual(transport.value().count(b"503 "), 1)
        self.clock.advance(1)
        channel.dataReceived(post())
        self.assertEqual(transport.value().count(b"200 OK"), 3)


class CountTests(HTTPTestCase):
    def count(self, name, **labels):
        return self.door.metrics.registry.get_sample_value(name, labels)

    def test_answers_are_counted_by_status_and_connections_while_they_are_open(self):
        channel, _ = self.connection()
        channel.dataReceived(post(b"one") + post(b"two"))
        self.status(post(length=101))
        self.assertEqual(self.count("imps_http_responses_total", status="200"), 2)
        self.assertEqual(self.count("imps_http_responses_total", status="413"), 1)
        self.assertEqual(self.count("imps_http_request_seconds_count"), 2)
        self.assertEqual(self.count("imps_http_connections"), 2)
        channel.connectionLost()
        self.assertEqual(self.count("imps_http_connections"), 1)


class FinishTests(HTTPTestCase):
    def test_clients_are_served_and_asked_to_go_while_it_drains(self):
        channel, transport = self.connection()
        self.door.drain()
        channel.dataReceived(post(b"body"))
        self.assertIn(b"Connection: close\r\n", transport.value())
        self.assertTrue(transport.value().endswith(b"body"))
        channel.dataReceived(post(b"more"))
        self.assertTrue(transport.value().endswith(b"more"))
        self.assertFalse(transport.disconnecting)

    def finish(self):
        return Deferred.fromCoroutine(self.door.finish())

    def test_idle_connections_are_closed(self):
        _, transport = self.connection()
        self.successResultOf(self.finish())
        self.assertTrue(transport.disconnecting)

    def test_requests_in_hand_are_answered_first(self):
        waiting: Deferred[None] = Deferred()

        async def answer(request):
            await waiting
            return HTTPResponse(status=200, body=b"answer")

        self.door = self.opened(answer)
        channel, transport = self.connection()
        channel.dataReceived(post())
        finishing = self.finish()
        self.assertNoResult(finishing)
        self.assertFalse(transport.disconnecting)
        waiting.callback(None)
        self.successResultOf(finishing)
        self.assertTrue(transport.value().endswith(b"answer"))
        self.assertTrue(transport.disconnecting)
