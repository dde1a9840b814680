"""Kannel as operators run it, bearerbox and smsbox, and phones that a test plays.

Instead of an SMSC there is the fake one of bearerbox: whoever connects to its port is the network,
with any number of phones, and says and hears a line for each short message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from attrs import define, field, frozen
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineOnlyReceiver
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, readBody

import imps
from imps.model.gsm7 import Coding, is_gsm
from imps.model.short_message import Header
from imps.testing.process import PATIENCE_SECONDS, Program, reactor, until
from imps.testing.programs import required_program
from imps.testing.servers import free_ports
from imps.testing.store import private_directory

LOOK_SECONDS = 0.05
SERVICE = "4664"
USERNAME, PASSWORD = "imps", "kannel-password"
STATUS_PASSWORD = "status"

# As operators are told to begin with.
_EXAMPLE = Path(imps.__file__).parent.parent / "etc" / "kannel.conf"

Group = dict[str, str]


def _groups(text: str) -> Iterator[Group]:
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if line and not line.startswith("#")]
        if lines:
            pairs = (line.split(" = ", 1) for line in lines)
            yield dict(pairs)


def configuration(directory: Path, ports: list[int], url: str, key: str) -> str:
    """The example of the documentation, in a directory of its own, on other ports and with another
    SMSC: a fake one."""
    admin, boxes, fake, sendsms = map(str, ports)
    changes: dict[str, Group] = {
        "core": {
            "admin-port": admin,
            "status-password": STATUS_PASSWORD,
            "smsbox-port": boxes,
            "store-location": str(directory / "kannel.store"),
            "log-file": str(directory / "bearerbox.log"),
        },
        "smsbox": {
            "bearerbox-port": boxes,
            "sendsms-port": sendsms,
            "http-queue-delay": "1",
            "log-file": str(directory / "smsbox.log"),
        },
        "sendsms-user": {"password": PASSWORD},
    }
    fake_smsc = {
        "group": "smsc",
        "smsc": "fake",
        "smsc-id": "SMSC",
        "port": fake,
        "connect-allow-ip": "127.0.0.1",
    }
    text = _EXAMPLE.read_text().replace("http://127.0.0.1:8090", url).replace("GATEWAY-KEY", key)
    groups = [
        fake_smsc if group["group"] == "smsc" else {**group, **changes.get(group["group"], {})}
        for group in _groups(text)
    ]
    return "\n\n".join(
        "\n".join(f"{name} = {value}" for name, value in group.items()) for group in groups
    )


@frozen
class OnAir:
    """A short message as a phone gets it; one with a header may be in any coding."""

    number: str
    phone: str
    coding: Coding
    octets: bytes
    header: Header

    @property
    def text(self) -> str:
        """What the phone shows."""
        return self.octets.decode("utf-16-be" if self.coding is Coding.UCS2 else "utf-8")


class Phones(LineOnlyReceiver):
    """All phones of a network, on one connection; what they got is in ``heard``."""

    delimiter = b"\n"
    MAX_LENGTH = 65_536
    transport: Any

    def __init__(self) -> None:
        self.heard: list[OnAir] = []
        self.is_connected = False

    def connectionMade(self) -> None:
        self.is_connected = True

    def connectionLost(self, reason: Any = None) -> None:
        self.is_connected = False

    def lineReceived(self, line: bytes) -> None:
        number, phone, kind, rest = line.decode().split(" ", 3)
        header, coding, words = Header(), Coding.GSM, rest
        if kind == "udh":
            udh, kind, words = rest.split(" ", 2)
            header = Header.read(unquote_to_bytes(udh))
        if kind == "ucs-2":
            coding = Coding.UCS2
        elif kind == "data":
            coding = Coding.OCTETS
        is_text = kind == "text"
        octets = words.encode() if is_text else unquote_to_bytes(words.replace("+", " "))
        self.heard.append(OnAir(number, phone, coding, octets, header))

    def text(self, phone: str, words: str, to: str = SERVICE) -> None:
        """A phone texts."""
        if is_gsm(words) and "\n" not in words:
            self._say(phone, to, f"text {words}")
        else:
            self._say(phone, to, f"ucs2 {quote_from_bytes(words.encode('utf-16-be'))}")

    def part(self, phone: str, words: str, header: Header, to: str = SERVICE) -> None:
        """A phone sends a part of a text."""
        self._say(phone, to, f"udh-text {quote_from_bytes(header.octets)} {words}")

    def data(self, phone: str, octets: bytes, port: int, to: str = SERVICE) -> None:
        """A phone sends octets to a port."""
        header = quote_from_bytes(Header(port=port).octets)
        self._say(phone, to, f"udh-data {header} {quote_from_bytes(octets)}")

    def _say(self, phone: str, to: str, words: str) -> None:
        self.sendLine(f"{phone} {to} {words}".encode())

    async def hear(self, count: int) -> list[OnAir]:
        """Wait until so many short messages have come in all; what they are."""
        await until(lambda: len(self.heard) >= count, lambda: f"only {self.heard}")
        return self.heard

    def hang_up(self) -> None:
        """The network is gone."""
        self.transport.abortConnection()


@define(eq=False)
class Kannel:
    """A bearerbox and a smsbox of a test, which bring texts to this URL."""

    test: TestCase
    url: str
    key: str
    directory: Path = field(init=False)
    ports: list[int] = field(factory=lambda: free_ports(4), init=False)
    phones: Phones = field(init=False)
    bearerbox: Program = field(init=False)
    smsbox: Program = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.directory = private_directory(self.test)
        (self.directory / "kannel.conf").write_text(
            configuration(self.directory, self.ports, self.url, self.key) + "\n"
        )

    @property
    def sms_settings(self) -> str:
        """What the settings of a service say below ``[sms]`` whose texts go through it."""
        return f"""
            endpoint = "reuse:{urlsplit(self.url).port}:interface=127.0.0.1"
            number = "{SERVICE}"
            [[sms.gateway]]
            kind = "kannel"
            key = "{self.key}"
            send_url = "{self.send_url}"
            username = "{USERNAME}"
            password = "{PASSWORD}"
        """

    @property
    def send_url(self) -> str:
        """Where texts are submitted."""
        return f"http://127.0.0.1:{self.ports[3]}/cgi-bin/sendsms"

    async def start(self) -> None:
        """Start both, with a network of phones."""
        await self.start_bearerbox()
        await self.start_smsbox()

    async def start_bearerbox(self) -> None:
        """Start what speaks to the network, and have the network there."""
        self.bearerbox = self._run("bearerbox")
        await self._listens(self.ports[1])
        await self.connect()

    async def start_smsbox(self) -> None:
        """Start what speaks HTTP."""
        self.smsbox = self._run("smsbox")
        await self._listens(self.ports[3])
        await self._status("smsbox:imps")

    async def fake_smsc(self, phone: str, words: str) -> Program:
        """Kannel's own ``fakesmsc`` is the network in the place of ``phones``: one of these texts,
        once, and the program writes down what all of them get."""
        self.phones.hang_up()
        await self.is_without_network()
        where = ["-H", "127.0.0.1", "-r", str(self.ports[2])]
        text = f"{phone} {SERVICE} text {words}"
        command = [required_program("fakesmsc"), *where, "-v", "0", "-m", "1", text]
        return Program.start(self.test, command, directory=self.directory)

    async def connect(self) -> None:
        """The network is there (again)."""
        # Whoever connects is the network, so there is no trying whether it listens.
        self.phones = await self._connected(self.ports[2], Phones)
        self.test.addCleanup(self.phones.hang_up)
        await self._status(r"SMSC.*online")

    async def is_without_network(self) -> None:
        """Wait until the network is known to be gone."""
        await self._status(r"SMSC.*(re-)?connecting")

    async def has_tried(self, words: str) -> None:
        """Wait until smsbox has tried in vain to bring what it writes in this way."""
        log = self.directory / "smsbox.log"
        await until(lambda: words in log.read_text(errors="replace"), log.read_text)

    async def _listens(self, port: int) -> None:
        probe = await self._connected(port, Protocol)
        probe.transport.loseConnection()

    async def _connected(self, port: int, protocol: type[Protocol]) -> Any:
        """A connection, as soon as somebody listens."""
        give_up_at = reactor.seconds() + PATIENCE_SECONDS
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        while True:
            try:
                return await connectProtocol(endpoint, protocol())
            except ConnectError:
                if reactor.seconds() > give_up_at:
                    raise
                await deferLater(reactor, LOOK_SECONDS)

    async def status(self) -> str:
        """What bearerbox says of itself."""
        url = f"http://127.0.0.1:{self.ports[0]}/status.txt?password={STATUS_PASSWORD}"
        response: Any = await Agent(reactor).request(b"GET", url.encode())
        return (await readBody(response)).decode()

    async def _status(self, pattern: str) -> None:
        give_up_at = reactor.seconds() + PATIENCE_SECONDS
        while not re.search(pattern, status := await self.status()):
            if reactor.seconds() > give_up_at:
                raise AssertionError(f"no {pattern} in {status}")
            await deferLater(reactor, LOOK_SECONDS)

    def _run(self, name: str) -> Program:
        program = required_program(name)
        return Program.start(
            self.test,
            [program, "-v", "4", str(self.directory / "kannel.conf")],
            directory=self.directory,
        )
