"""What waits for a user is in the store, and not in the service, which holds what it sends."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent

from imps.client import CSPClient
from imps.csp.primitives.identity import ClientID, Recipient, Sender, User
from imps.csp.primitives.im import MessageInfo, NewMessage, SendMessageRequest, SendMessageResponse
from imps.model.address import Address
from imps.model.version import V13
from imps.testing.process import reactor
from imps.testing.service import PASSWORD, Services, add_users, settings_file

ANN, BOB = Address.parse("wv:ann@localhost"), Address.parse("wv:bob@localhost")
MIB = 1024 * 1024
LARGE = 500 * 1024
LARGE_MESSAGES = 20
"""As many as may wait: 10 MB."""

SMALL_MESSAGES = 1000

SETTINGS = """
[session]
requests_per_second = 10_000
"""


@define
class Memory:
    """How much memory a process has held at most since it was last asked, beyond what it held
    then; as Linux tells it."""

    _process_id: int
    _before: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        Path(f"/proc/{self._process_id}/clear_refs").write_text("5")
        self._before = self._octets("VmRSS")

    def _octets(self, name: str) -> int:
        for line in Path(f"/proc/{self._process_id}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
        raise ValueError(name)

    def risen(self) -> int:
        """By how much."""
        risen = self._octets("VmHWM") - self._before
        self._reset()
        return risen


class MemoryTestCase(TestCase):
    processes: int

    async def setUp(self) -> None:  # type: ignore[override]
        options = ("--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        await add_users(self.services.data, "ann", "bob")
        self.got: list[int] = []
        self.ann = await self.signed_on(ANN, self.services.urls[0])

    async def signed_on(self, user: Address, url: str) -> CSPClient:
        """A client that takes whatever is pushed."""
        client = CSPClient(url, user, Agent(reactor), V13, client_id=ClientID(url="test"))
        client.receive = self.receive
        await client.login(PASSWORD)
        await client.negotiate()
        return client

    def receive(self, new: NewMessage) -> None:
        self.got.append(new.message_info.content_size or 0)

    async def send(self, octets: bytes) -> None:
        info = MessageInfo(
            recipient=Recipient(users=(User(user_id=BOB),)),
            sender=Sender(user=User(user_id=ANN)),
            content_type="image/jpeg",
            content_size=len(octets),
        )
        request = SendMessageRequest(delivery_report=False, message_info=info, content_data=octets)
        await self.ann.request(request, SendMessageResponse)

    async def rises_as(self, count: int, octets: bytes) -> tuple[int, int]:
        """By how much the memory rises at most, of the process that takes them, as so many messages
        come in for a user who is away, and of that which sends them, as they go out to one who
        signs on."""
        first, last = (self.services.each[n].program.process_id for n in (0, -1))
        memory = Memory(first)
        for _ in range(count):
            await self.send(octets)
        came_in = memory.risen()
        self.assertEqual(self.got, [])
        memory = Memory(last)
        bob = await self.signed_on(BOB, self.services.urls[-1])
        await bob.poll()
        self.assertEqual(self.got, [len(octets)] * count)
        return came_in, memory.risen()

    async def check_large_messages(self) -> None:
        """See that large messages that wait are sent one by one."""
        await self.rises_as(3, bytes(LARGE))
        self.got.clear()
        came_in, went_out = await self.rises_as(LARGE_MESSAGES, bytes(LARGE))
        # One that is sent is there in several forms: as it was read, is written, and leaves.
        self.assertLess(came_in, 12 * LARGE)
        self.assertLess(went_out, 12 * LARGE)


class OneProcessTests(MemoryTestCase):
    processes = 1

    async def test_large_messages_that_wait_are_sent_one_by_one(self) -> None:
        await self.check_large_messages()

    async def test_many_messages_that_wait_are_sent_one_by_one(self) -> None:
        await self.rises_as(3, b"hello")
        self.got.clear()
        _, went_out = await self.rises_as(SMALL_MESSAGES, b"hello")
        self.assertLess(went_out, MIB)


class TwoProcessTests(MemoryTestCase):
    """The same where one process takes what the other sends."""

    processes = 2

    async def test_large_messages_that_wait_are_sent_one_by_one(self) -> None:
        await self.check_large_messages()
