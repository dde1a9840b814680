"""Publishers, those who watch them, and the books on who was told of which update when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import define, field

from bench import csp
from bench.handset import FAILURES, Handset, Refused

FAILED_SECONDS = 0.1
LOST_SECONDS = 60
FILL = b"is what somebody says of a day at work"


@define(eq=False)
class Update:
    """An update that was due at a moment, and those who are still to be told."""

    due: float
    left: set[Watcher]
    all_told: asyncio.Future[None]


@define(eq=False)
class Books:
    """What became of the updates of all publishers: how long it took until a watcher was told, by
    the moment when it was."""

    waits: list[tuple[float, float]] = field(factory=list)
    failures: Counter[str] = field(factory=Counter)
    publishers_told: int = 0
    _updates: dict[tuple[bytes, int], Update] = field(factory=dict, init=False)

    def begin(
        self, publisher: bytes, number: int, watchers: Iterable[Watcher], due: float
    ) -> Update:
        """An update is about to be made."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        update = self._updates[publisher, number] = Update(due, set(watchers), done)
        return update

    def told(self, watcher: Watcher, publisher: bytes, number: int) -> None:
        """A watcher has an update; those before it, if that was not told of them, it will never
        be, as what is newer takes their place."""
        update = self._updates.get((publisher, number))
        if update is None or watcher not in update.left:
            return
        update.left.remove(watcher)
        now = asyncio.get_running_loop().time()
        self.waits.append((now, now - update.due))
        if not update.left and not update.all_told.done():
            update.all_told.set_result(None)

    def since(self, moment: float) -> list[float]:
        """How long those were waited for that have come since."""
        return [waited for at, waited in self.waits if at >= moment]


@define(eq=False)
class Watcher:
    """A handset that fetches what it is told of others when it is woken."""

    handset: Handset
    books: Books
    _busy: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _must_poll: bool = field(default=True, init=False)
    _moved: asyncio.Event = field(factory=asyncio.Event, init=False)

    async def sign_on(self) -> None:
        """Sign on, and have oneself woken."""
        await self.handset.log_in()
        await self.handset.negotiate()
        await self.handset.be_woken(self.wake, self._cut_off)
        if self.handset.cir_place is None:
            raise Refused("no CIR is offered")

    def wake(self) -> None:
        """Fetch what there is."""
        self._must_poll = True
        self._moved.set()

    def _cut_off(self) -> None:
        self.books.failures["CIR connection lost"] += 1

    async def live(self) -> None:
        """Fetch whenever there is something, until cancelled."""
        while True:
            try:
                if self._must_poll:
                    await self.fetch()
                self._moved.clear()
                if not self._must_poll:
                    await self._moved.wait()
            except FAILURES as failure:
                self.books.failures[str(failure)] += 1
                self._must_poll = True
                await asyncio.sleep(FAILED_SECONDS)

    async def fetch(self) -> None:
        """Poll, and go on as long as there is something."""
        async with self._busy:
            await self._fetch()

    async def _fetch(self) -> None:
        self._must_poll = False
        answer = await self.handset.look()
        while answer:
            told = csp.NOTIFICATION.search(answer)
            if told is None:
                raise Refused(f"no notification: {csp.code(answer)}")
            for publisher, values in csp.PRESENCE.findall(told[2]):
                self.books.publishers_told += 1
                text = csp.STATUS_TEXT.search(values)
                if text is not None:
                    self.books.told(self, publisher, int(text[1]))
            says_more = csp.POLL_FLAG in answer
            answer = await self.handset.answer(told[1])
            # Kept if it was woken meanwhile, too.
            self._must_poll |= says_more and not answer

    async def subscribe(self, users: Iterable[bytes] = (), lists: Iterable[bytes] = ()) -> None:
        """Be told of users, and of those in contact lists."""
        whom = b"".join([csp.USER % each for each in users])
        whom += b"".join([csp.CONTACT_LIST % each for each in lists])
        async with self._busy:
            answer = await self.handset.ask(csp.SUBSCRIBE, whom)
        if csp.POLL_FLAG in answer:
            self.wake()


@define(eq=False)
class Publisher:
    """A handset that says how its user is."""

    handset: Handset
    watchers: Sequence[Watcher]
    books: Books
    _number: int = field(default=0, init=False)

    async def publish(self, due: float) -> Update:
        """Make an update that is due at a moment, which is now or was before."""
        self._number += 1
        update = self.books.begin(self.handset.user, self._number, self.watchers, due)
        try:
            await self.handset.ask(csp.UPDATE, self._number, FILL)
        except FAILURES as failure:
            self.books.failures[str(failure)] += 1
        return update

    async def publish_and_wait(self) -> None:
        """Make an update now, and wait until all watchers have it."""
        update = await self.publish(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(LOST_SECONDS):
                await update.all_told
        except TimeoutError:
            self.books.failures["not told"] += len(update.left)

    async def keep_publishing(self) -> None:
        """Make the next update whenever all watchers have the last one, until cancelled."""
        while True:
            await self.publish_and_wait()
