"""Handsets in pairs that send each other messages, and the books that are kept of that."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Mapping, Sequence
from random import Random
from typing import Any

from attrs import define, field

from bench import csp
from bench.dialect import Dialect
from bench.figures import Figure, percentiles
from bench.handset import FAILURES, Handset, Refused
from bench.processes import Usage
from bench.server import Server, user
from imps.testing import books

SIGNING_ON = 16
POLLS = 400
"""How often handsets poll that the server does not wake: so many of them in a second."""
PACE_SECONDS = 0.005
WARMING_UP_SECONDS = 3
SETTLE_SECONDS = 60
"""What was not acknowledged is sent again after half a minute."""
FAILED_SECONDS = 0.1
FILL = b"and what else one has to say in some eighty characters of a text message"


@define(eq=False)
class Books(books.Books):
    """What became of each message, and when: it was due to be sent, it was settled; and how long it
    took until it was received."""

    due: dict[int, float] = field(factory=dict)
    settled_at: dict[int, float] = field(factory=dict)
    waits: dict[int, float] = field(factory=dict)
    failures: Counter[str] = field(factory=Counter)

    def figures(self, what: str) -> list[Figure]:
        """Whether all went well, and what did not."""
        wrong = self.wrong or {"repeated, or out of order": 0}
        return [
            Figure(f"{what}: acknowledged by the server", len(self.taken), "messages"),
            Figure(f"{what}: of these lost", self.lost, "messages"),
            Figure(f"{what}: received, and not settled", len(self.missing) - self.lost, "messages"),
            *(Figure(f"{what}: {each}", many, "messages") for each, many in wrong.items()),
            *failed(what, self.failures),
        ]


def failed(what: str, failures: Counter[str]) -> list[Figure]:
    """What went wrong, and how often."""
    reasons = [
        Figure(f"{what}: failed, {reason}", count, "requests") for reason, count in failures.items()
    ]
    return reasons or [Figure(f"{what}: failed", 0, "requests")]


@define(eq=False)
class Talker:
    """A handset that sends to its partner when something is due, and fetches when it is woken.

    If it ``chats``, each message that was received by the partner makes the next one due.
    """

    handset: Handset
    partner: bytes
    books: Books
    senders: dict[int, Talker]
    poll_seconds: float
    chats: bool = False
    _due: deque[float] = field(factory=deque, init=False)
    _must_poll: bool = field(default=True, init=False)
    _moved: asyncio.Event = field(factory=asyncio.Event, init=False)

    def send_at(self, moment: float) -> None:
        """Send a message that is due at a moment, which is now or was before."""
        self._due.append(moment)
        self._moved.set()

    def wake(self) -> None:
        """Fetch what there is."""
        self._must_poll = True
        self._moved.set()

    def cut_off(self) -> None:
        """The server cannot wake this handset any more: that should not happen."""
        self.books.failures["CIR connection lost"] += 1
        self.wake()

    async def live(self) -> None:
        """Do what there is to do, until cancelled."""
        while True:
            try:
                if self._must_poll:
                    await self._fetch()
                elif self._due:
                    await self._send(self._due.popleft())
                else:
                    await self._wait()
            except FAILURES as failure:
                self.books.failures[str(failure)] += 1
                await asyncio.sleep(FAILED_SECONDS)

    async def _wait(self) -> None:
        self._moved.clear()
        if self.handset.cir_place is not None:
            await self._moved.wait()
            return
        try:
            await asyncio.wait_for(self._moved.wait(), self.poll_seconds)
        except TimeoutError:
            self._must_poll = True

    async def _send(self, due: float) -> None:
        sender, recipient = self.handset.user.decode(), self.partner.decode()
        number = self.books.begin(sender, recipient)
        self.books.due[number] = due
        self.senders[number] = self
        try:
            message_id, waits = await self.handset.send(self.partner, b"%d %b" % (number, FILL))
        except FAILURES:
            self.next_is_due()
            raise
        # Kept if something came in meanwhile that says so, too.
        self._must_poll |= waits
        self.books.take(number, message_id)

    async def _fetch(self) -> None:
        self._must_poll = False
        try:
            await self._fetch_all()
        except FAILURES:
            self._must_poll = True
            raise

    async def _fetch_all(self) -> None:
        answer = await self.handset.poll()
        while answer:
            message = csp.NEW_MESSAGE.search(answer)
            if message is None:
                raise Refused("a message that cannot be read")
            transaction_id, message_id, number = message[1], message[2], int(message[3])
            loop = asyncio.get_running_loop()
            if self.books.receive(number, message_id.decode(), self.handset.user.decode()):
                self.books.waits[number] = loop.time() - self.books.due[number]
            says_more = csp.POLL_FLAG in answer
            answer = await self.handset.acknowledge(transaction_id, message_id)
            if number not in self.books.settled:
                self.books.settle(number)
                self.books.settled_at[number] = loop.time()
                self.senders[number].next_is_due()
            self._must_poll |= says_more and not answer

    def next_is_due(self) -> None:
        """A message is through: in a chat, the next one is due."""
        if self.chats:
            self.send_at(asyncio.get_running_loop().time())


@define(eq=False)
class Traffic:
    """Sessions in pairs, signed on and alive."""

    _talkers: Sequence[Talker]
    books: Books
    _living: list[asyncio.Task[None]] = field(factory=list, init=False)
    _random: Random = field(factory=lambda: Random(1), init=False)

    @classmethod
    async def of(
        cls,
        server: Server,
        sessions: int,
        *,
        persists: bool = False,
        dialects: Sequence[Dialect] = (Dialect(),),
        partner: Server | None = None,
    ) -> Traffic:
        """Sign on so many sessions, of a user each, who speak these dialects, mixed at random; of
        each pair, one at a ``partner`` server, if there is one."""
        mixed = Random(1)
        servers = (server, partner or server)
        books = Books()
        senders: dict[int, Talker] = {}
        talkers = [
            Talker(
                Handset(
                    servers[number % 2],
                    user(number, servers[number % 2].domain).encode(),
                    persists,
                    dialect=mixed.choice(dialects),
                ),
                user(number ^ 1, servers[1 - number % 2].domain).encode(),
                books,
                senders,
                sessions / POLLS,
            )
            for number in range(sessions)
        ]

        async def sign_on(talker: Talker) -> None:
            await talker.handset.log_in()
            await talker.handset.negotiate()
            await talker.handset.be_woken(talker.wake, talker.cut_off)

        await some_at_a_time(SIGNING_ON, [sign_on(each) for each in talkers])
        traffic = cls(talkers, books)
        traffic._living = [asyncio.ensure_future(each.live()) for each in talkers]
        return traffic

    @property
    def is_woken(self) -> bool:
        """Whether the server wakes the handsets."""
        return self._talkers[0].handset.cir_place is not None

    def chat(self, chats: bool = True) -> None:
        """From now on, or no more: each session has one message under way all the time."""
        for talker in self._talkers:
            talker.chats = chats
            talker.next_is_due()

    async def flow(self, rate: float, seconds: float) -> None:
        """Send so many messages a second, from sessions at random, however the server does."""
        loop = asyncio.get_running_loop()
        begun_at, number = loop.time(), 0
        while number < rate * seconds:
            due = begun_at + number / rate
            if due > loop.time():
                await asyncio.sleep(PACE_SECONDS)
            else:
                self._random.choice(self._talkers).send_at(due)
                number += 1

    async def settle(self, seconds: float) -> None:
        """Wait until all that was taken is settled, or so long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        quiet_since, before = loop.time(), -1
        while loop.time() < deadline:
            if self.books.missing or len(self.books.ways) != before:
                quiet_since, before = loop.time(), len(self.books.ways)
            elif loop.time() - quiet_since > 1:
                return
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Hang up; a task that died says so."""
        ended = [each for each in self._living if each.done()]
        for each in self._living:
            each.cancel()
        for talker in self._talkers:
            talker.handset.close()
        for task in ended:
            task.result()

    def figures(self, what: str, begun_at: float, usage: Usage) -> list[Figure]:
        """Messages a second since a moment, how long they took, and what that has used."""
        passed = asyncio.get_running_loop().time() - begun_at
        through = [each for each, at in self.books.settled_at.items() if at >= begun_at]
        return [
            Figure(f"{what}: messages end to end", len(through) / passed, "/s"),
            *percentiles(what, [self.books.waits[each] for each in through]),
            *usage.figures(what, len(through)),
        ]


async def measured(
    traffic: Traffic, processes: Mapping[str, int], what: str, rate: float, seconds: float
) -> list[Figure]:
    """What traffic comes to: under a moderate load, and with a message under way each."""
    loop = asyncio.get_running_loop()
    begun_at, usage = loop.time(), Usage.of(processes)
    await traffic.flow(rate, seconds)
    figures = traffic.figures(f"{what}, {rate}/s", begun_at, usage)
    await traffic.settle(SETTLE_SECONDS)

    traffic.chat()
    await asyncio.sleep(WARMING_UP_SECONDS)
    begun_at, usage = loop.time(), Usage.of(processes)
    await asyncio.sleep(seconds)
    figures += traffic.figures(f"{what}, one under way each", begun_at, usage)
    traffic.chat(False)
    await traffic.settle(SETTLE_SECONDS)
    return [*figures, *traffic.books.figures(what)]


async def some_at_a_time(limit: int, work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do all of this, so many at a time."""
    left = iter(work)

    async def one_after_the_other() -> None:
        for each in left:
            await each

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(one_after_the_other())
