from twisted.internet.address import IPv4Address

from tests.http.test_door import HTTPTestCase, Transport, post


class UnreadTransport(Transport):
    """What is written stays where it is."""

    def write(self, data):
        super().write(data)
        self.producer.pauseProducing()


class UnreadTests(HTTPTestCase):
    """What clients ask for and do not read is bounded, like what they send."""

    def unread(self, octets, host="10.0.0.1"):
        channel = self.door.buildProtocol(IPv4Address("TCP", host, 1234))
        transport = UnreadTransport()
        channel.makeConnection(transport)
        channel.dataReceived(octets)
        return channel, transport

    def test_only_so_much_waits_for_clients_who_do_not_read(self):
        first, first_transport = self.unread(post(bytes(90)))
        _, transport = self.unread(post(bytes(90)))
        self.assertTrue(first_transport.value().startswith(b"HTTP/1.1 200"))
        self.assertTrue(transport.value().startswith(b"HTTP/1.1 503"))
        first.resumeProducing()
        self.assertEqual(self.door.unsent_octets, 0)
        self.assertEqual(self.status(post(bytes(90))), 200)

    def test_requests_that_come_together_wait_until_the_client_reads(self):
        channel, transport = self.unread(post(bytes(60)) * 3)
        for count in (1, 2, 3):
            self.assertEqual(transport.value().count(b"HTTP/1.1 200"), count)
            self.assertEqual(transport.producerState, "producing" if count == 3 else "paused")
            self.assertEqual(self.door.unsent_octets, 60)
            channel.resumeProducing()
        self.assertEqual(len(self.asked), 3)
        self.assertEqual(self.door.unsent_octets, 0)

    def test_what_cannot_be_read_is_refused_after_what_could(self):
        channel, transport = self.unread(post() * 2 + b"nonsense\r\n\r\n")
        channel.resumeProducing()
        channel.resumeProducing()
        answers = transport.value().split(b"HTTP/1.1 ")[1:]
        self.assertEqual([each[:3] for each in answers], [b"200", b"200", b"400"])

    def test_connection_to_who_does_not_read_is_closed_all_the_same(self):
        _, transport = self.unread(post(more="Connection: close\r\n"))
        self.assertIsNone(transport.producer)
        self.assertTrue(transport.disconnecting)

    def test_connection_that_is_lost_is_waited_for_no_more(self):
        channel, _ = self.unread(post(bytes(90)))
        self.assertEqual(self.door.unsent_octets, 90)
        channel.connectionLost()
        self.assertEqual(self.door.unsent_octets, 0)

    def test_who_reads_is_not_counted(self):
        for _ in range(3):
            self.assertEqual(self.status(post(bytes(90))), 200)
        self.assertEqual(self.door.unsent_octets, 0)
