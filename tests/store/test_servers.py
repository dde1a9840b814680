from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ServerFactory
from twisted.protocols.basic import LineOnlyReceiver
from twisted.trial.unittest import SynchronousTestCase, TestCase

from imps.store.client import connect
from imps.store.embedded import find_server
from imps.store.errors import StoreError, StoreUnavailable
from imps.store.servers import Sentinels, Server, server_at
from imps.testing.certificates import certificate
from imps.testing.process import reactor
from imps.testing.servers import free_ports, kill_server, required_tls_server, run_server
from imps.testing.store import private_directory

PASSWORD = "pass@word"


def deferred(coroutine):
    return Deferred.fromCoroutine(coroutine)


class URLTests(SynchronousTestCase):
    def server(self, url):
        server = server_at(reactor, url, 1)
        assert isinstance(server, Server)
        return server

    def sentinels(self, url):
        sentinels = server_at(reactor, url, 1)
        assert isinstance(sentinels, Sentinels)
        return sentinels

    def test_credentials_and_database_are_said_first(self):
        for scheme in ("redis", "rediss"):
            server = self.server(f"{scheme}://ann:pass%40word@example.org:7000/3")
            self.assertEqual(server.greeting, (("AUTH", "ann", "pass@word"), ("SELECT", "3")))
            self.assertEqual(self.server(f"{scheme}://:word@h").greeting, (("AUTH", "word"),))
        self.assertEqual(self.server("unix:///some/where").greeting, ())

    def test_sentinels_have_a_password_of_their_own(self):
        url = "redis+sentinel://ann:word@one,two:7000,[::1]:7001/the%20master/3?sentinel_password=a%26b"
        sentinels = self.sentinels(url)
        self.assertEqual(sentinels.master, "the master")
        self.assertEqual(sentinels.greeting, (("AUTH", "ann", "word"), ("SELECT", "3")))
        self.assertEqual([each.greeting for each in sentinels.sentinels], [(("AUTH", "a&b"),)] * 3)
        self.assertNotIn("word", repr(sentinels))
        self.assertEqual(self.sentinels("redis+sentinel://h/name").greeting, ())

    def test_what_is_no_store_is_refused(self):
        for url in (
            *("", "localhost", "redis://", "redis://h:port", "redis://h/x", "redis://h/1/2"),
            *("http://h", "unix://relative", "redis://h?a=b", "redis://[::1", "rediss://"),
            *("redis+sentinel://h", "redis+sentinel:///name", "redis+sentinel://h,/name"),
            *("redis+sentinel://h/name/x", "redis+sentinel://h/name/1/2"),
            *("redis+sentinel://h/name?password=a", "redis+sentinel://h/name?password"),
        ):
            with self.subTest(url):
                error = self.assertRaises(StoreError, server_at, reactor, url, 1)
                self.assertTrue(str(error).startswith("redis: expected redis://"))


class ServersTestCase(TestCase):
    def start(self, program, *options):
        """Start a server that ends with the test."""
        directory = private_directory(self)
        server = run_server(directory, program, *options, "--dir", str(directory))
        self.addCleanup(kill_server, server)
        return server

    def client(self, url, ca_file="", timeout_seconds=0.5):
        client = connect(reactor, url, timeout_seconds, str(ca_file))
        self.addCleanup(client.close)
        return client

    async def unavailable(self, client):
        failure = deferred(client.execute("PING"))
        return str(await self.assertFailure(failure, StoreUnavailable))


class TLSTests(ServersTestCase):
    def setUp(self):
        program = required_tls_server()
        self.authority_key, self.authority = certificate("authority")
        directory = private_directory(self)
        self.ca_file = directory / "authority.pem"
        self.ca_file.write_bytes(b"an authority\n" + self.authority.public_bytes(Encoding.PEM))
        key, server = certificate("localhost", self.authority_key, self.authority)
        (directory / "key.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (directory / "server.pem").write_bytes(server.public_bytes(Encoding.PEM))
        (self.port,) = free_ports(1)
        self.start(
            *(program, "--port", "0", "--tls-port", str(self.port), "--bind", "127.0.0.1"),
            *("--tls-cert-file", str(directory / "server.pem")),
            *("--tls-key-file", str(directory / "key.pem")),
            *("--tls-auth-clients", "no", "--save", "", "--requirepass", PASSWORD),
        )

    def url(self, host, scheme="rediss"):
        return f"{scheme}://:{PASSWORD.replace('@', '%40')}@{host}:{self.port}/2"

    async def test_certificate_is_verified(self):
        good = self.client(self.url("localhost"), self.ca_file)
        await good.ready(10)
        self.assertIn(b" db=2 ", await good.execute("CLIENT", "INFO"))
        for client, reason in [
            (
                self.client(self.url("127.0.0.1"), self.ca_file),
                "its certificate is for another host",
            ),
            (self.client(self.url("localhost")), "TLS: certificate verify failed"),
            (self.client(self.url("localhost", "redis")), "the connection was lost"),
        ]:
            said = await self.unavailable(client)
            self.assertEqual(said, f"the store does not answer: {reason}")

    def test_authorities_have_to_be_in_their_file(self):
        empty = Path(self.mktemp())
        empty.write_bytes(b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
        for file, complaint in [
            ("/no/such/file", "cannot read store.ca_file /no/such/file: No such file or directory"),
            (empty, f"there is no certificate in store.ca_file {empty}"),
        ]:
            error = self.assertRaises(StoreError, self.client, self.url("localhost"), file)
            self.assertEqual(str(error), complaint)


class SentinelsTests(ServersTestCase):
    """One master with a replica, and the three sentinels that watch them."""

    async def setUp(self):
        self.program = find_server()
        self.master_port, self.replica_port, *self.sentinel_ports = free_ports(5)
        self.master = self.start_store(self.master_port)
        self.start_store(self.replica_port, "--replicaof", f"127.0.0.1 {self.master_port}")
        master = self.client(self.store_url(self.master_port))
        await master.ready(10)
        # The sentinels hear of a replica that is there before them at once.
        while b"state=online" not in await master.execute("INFO", "replication"):
            pass
        for port in self.sentinel_ports:
            self.start_sentinel(port)
        sentinels = [
            self.client(f"redis://:sentinel@127.0.0.1:{port}") for port in self.sentinel_ports
        ]
        for sentinel in sentinels:
            await sentinel.ready(10)
            await sentinel.execute("SENTINEL", "DEBUG", "PUBLISH-PERIOD", "100")
        for sentinel in sentinels:
            known = b""
            while b"slaves=1,sentinels=3" not in known:
                known = await sentinel.execute("INFO", "sentinel")

    def store_url(self, port):
        return f"redis://:{PASSWORD.replace('@', '%40')}@127.0.0.1:{port}"

    def start_store(self, port, *options):
        return self.start(
            *(self.program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--repl-diskless-sync-delay", "0", "--requirepass", PASSWORD),
            *("--masterauth", PASSWORD, *options),
        )

    def start_sentinel(self, port):
        file = private_directory(self) / "sentinel.conf"
        file.write_text(
            f"port {port}\n"
            "bind 127.0.0.1\n"
            "requirepass sentinel\n"
            "sentinel sentinel-pass sentinel\n"
            f"sentinel monitor imps 127.0.0.1 {self.master_port} 2\n"
            f"sentinel auth-pass imps {PASSWORD}\n"
            "sentinel down-after-milliseconds imps 300\n"
            "sentinel failover-timeout imps 2000\n"
        )
        self.start(self.program, str(file), "--sentinel")

    def url(self, name, *ports):
        credentials = f":{PASSWORD.replace('@', '%40')}"
        places = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"redis+sentinel://{credentials}@{places}/{name}/0?sentinel_password=sentinel"

    async def test_commands_go_to_the_master_of_the_time(self):
        other = self.client(self.url("other", *self.sentinel_ports))
        said = await self.unavailable(other)
        self.assertEqual(said, "the store does not answer: a sentinel knows no master other")

        # One of the sentinels is away all the time.
        (away,) = free_ports(1)
        client = self.client(self.url("imps", away, *self.sentinel_ports))
        await client.ready(10)
        await client.execute("SET", "a", "before")
        self.assertEqual(await client.execute("WAIT", 1, 1000), 1)
        self.assertIn(
            f"tcp_port:{self.master_port}".encode(), await client.execute("INFO", "server")
        )
        kill_server(self.master)
        written = None
        while written is None:
            asked = deferred(client.execute("SET", "b", "after"))
            written = await asked.addErrback(lambda failure: failure.trap(StoreError) and None)
        self.assertEqual(await client.execute("GET", "a"), b"before")
        self.assertIn(
            f"tcp_port:{self.replica_port}".encode(), await client.execute("INFO", "server")
        )


class BehindTheTimes(LineOnlyReceiver):
    """A sentinel that says that the master is at a port where it is not."""

    transport: Any

    def __init__(self, port):
        self.port = str(port)

    def lineReceived(self, line):
        if b"PING" in line:
            self.sendLine(b"+PONG")
        elif b"SENTINEL" in line:
            for part in ("*2", "$9", "127.0.0.1", f"${len(self.port)}", self.port):
                self.sendLine(part.encode())


class RoleTests(ServersTestCase):
    async def test_replica_is_not_taken_for_the_master(self):
        (port,) = free_ports(1)
        self.start(
            *(find_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--replicaof", "127.0.0.1 1"),
        )
        await self.client(f"redis://127.0.0.1:{port}").ready(10)
        factory: Any = ServerFactory.forProtocol(lambda: BehindTheTimes(port))
        sentinel = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(sentinel.stopListening)
        place = f"127.0.0.1:{sentinel.getHost().port}"
        said = await self.unavailable(self.client(f"redis+sentinel://{place}/imps"))
        self.assertEqual(
            said,
            f"the store does not answer: the server at 127.0.0.1:{port} is no longer the master",
        )
