"""How to reach the store's server: by the URL that names it, over TLS, or by way of sentinels."""

from __future__ import annotations

import re
from collections import deque
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from attrs import define, field, frozen
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS
from twisted.python.failure import Failure

from imps.authorities import NoAuthorities, authorities
from imps.store.errors import StoreError, StoreUnavailable

REDIS_PORT = 6379
SENTINEL_PORT = 26379

_EXPECTED = (
    "redis: expected redis://[user:password@]host[:port][/database], rediss:// and the same, "
    "unix:///path, or redis+sentinel://[user:password@]host[:port][,host[:port]...]/master"
    "[/database][?sentinel_password=password]"
)

_URL = re.compile(r"([A-Za-z+]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")

Greeting = tuple[tuple[str, ...], ...]


@frozen
class Server:
    """A server: its endpoint, and what to say first."""

    endpoint: IStreamClientEndpoint
    greeting: Greeting = field(default=(), repr=False)

    async def connected(self, factory: IProtocolFactory, deadline: float) -> Any:
        """A connection to the server, once it accepts us and has read its data."""
        connection: Any = await self.endpoint.connect(factory)
        try:
            for command in (*self.greeting, ("PING",)):
                await connection.send(deadline, *command)
        except BaseException:
            loss = connection.loss
            await connection.hang_up()
            if loss:
                raise StoreUnavailable(loss) from None
            raise
        return connection


@define(eq=False)
class Sentinels:
    """The master of a name, wherever its sentinels say that it is at the time."""

    sentinels: deque[Server]
    master: str
    greeting: Greeting = field(repr=False)
    _reactor: Any
    _timeout_seconds: float

    async def connected(self, factory: IProtocolFactory, deadline: float) -> Any:
        """A connection to the master; StoreUnavailable when it is none or not known."""
        # Each time another one is asked, as one may be away, or behind the times.
        self.sentinels.rotate(-1)
        host, port = await self._place_of_master(factory, deadline)
        endpoint = HostnameEndpoint(self._reactor, host, port, timeout=self._timeout_seconds)
        connection = await Server(endpoint, self.greeting).connected(factory, deadline)
        try:
            role = await connection.send(deadline, "ROLE")
            if role[0] != b"master":
                raise StoreUnavailable(f"the server at {host}:{port} is no longer the master")
        except BaseException:
            await connection.hang_up()
            raise
        return connection

    async def _place_of_master(self, factory: IProtocolFactory, deadline: float) -> tuple[str, int]:
        connection = await self.sentinels[0].connected(factory, deadline)
        try:
            asked = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.master)
            place = await connection.send(deadline, *asked)
        finally:
            await connection.hang_up()
        if place is None:
            raise StoreUnavailable(f"a sentinel knows no master {self.master}")
        host, port = place
        return host.decode(), int(port)


def server_at(
    reactor: Any, url: str, timeout_seconds: float, ca_file: str = ""
) -> Server | Sentinels:
    """The server that a URL names; StoreError when it names none.

    Over TLS its certificate has to be for its host, by an authority of the system or, if there is a
    file of certificates, of that.
    """
    try:
        return _server(reactor, _split(url), timeout_seconds, ca_file)
    except ValueError:
        # It may hold a password, and is not repeated.
        raise StoreError(_EXPECTED) from None


def _split(url: str) -> SplitResult:
    # Some versions of urlsplit refuse more than one host with an address in brackets among them.
    if (found := _URL.fullmatch(url)) is None:
        raise ValueError("it is no URL")
    scheme, hosts, path, query = found.groups()
    return SplitResult(scheme.lower(), hosts, path, query or "", "")


def _server(
    reactor: Any, url: SplitResult, timeout_seconds: float, ca_file: str
) -> Server | Sentinels:
    """The server that a URL names; ValueError when it names none."""
    query = dict(parse_qsl(url.query, strict_parsing=bool(url.query)))
    if url.scheme == "unix" and url.path and not url.netloc and not query:
        return Server(UNIXClientEndpoint(reactor, unquote(url.path), timeout=timeout_seconds))
    credentials, _, hosts = url.netloc.rpartition("@")
    path = [unquote(part) for part in url.path.strip("/").split("/")]
    if url.scheme == "redis+sentinel":
        sentinel_greeting = _greeting(f":{query.pop('sentinel_password', '')}", "")
        master, database = path if len(path) == 2 else (*path, "")
        if not master or query:
            raise ValueError("no master is named")
        places = [_place(each, SENTINEL_PORT) for each in hosts.split(",")]
        sentinels = [
            Server(HostnameEndpoint(reactor, *place, timeout=timeout_seconds), sentinel_greeting)
            for place in places
        ]
        greeting = _greeting(credentials, database)
        return Sentinels(deque(sentinels), master, greeting, reactor, timeout_seconds)
    if url.scheme not in ("redis", "rediss") or query:
        raise ValueError("neither scheme nor query is known")
    (database,) = path
    host, port = _place(hosts, REDIS_PORT)
    endpoint: Any = HostnameEndpoint(reactor, host, port, timeout=timeout_seconds)
    if url.scheme == "rediss":
        endpoint = wrapClientTLS(optionsForClientTLS(host, _trusted(ca_file)), endpoint)
    return Server(endpoint, _greeting(credentials, database))


def _place(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.path:
        raise ValueError("no host is named")
    return parts.hostname, parts.port or default_port


def _greeting(credentials: str, database: str) -> Greeting:
    """What to say first, of ``user:password``, both as in a URL, and the number of a database."""
    user, _, password = map(unquote, credentials.partition(":"))
    greeting: list[tuple[str, ...]] = []
    if password:
        greeting.append(("AUTH", user, password) if user else ("AUTH", password))
    if database:
        greeting.append(("SELECT", str(int(database))))
    return tuple(greeting)


def _trusted(ca_file: str) -> Any:
    try:
        return authorities(ca_file, "store.ca_file")
    except NoAuthorities as problem:
        raise StoreError(str(problem)) from None


def reason_of_loss(failure: Failure) -> str:
    """Why a connection was lost, as far as an operator can do something about it."""
    error: Any = failure.value
    if failure.check(VerificationError):
        return "its certificate is for another host"
    if failure.check(SSL.Error) and error.args and error.args[0]:
        return f"TLS: {error.args[0][0][-1]}"
    return "the connection was lost"
