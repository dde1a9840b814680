"""C: presence: how many notifications arrive, how soon, and what others notice of many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import define, field

from bench import csp
from bench.figures import Benchmark, Figure, Plan, percentiles
from bench.handset import Handset
from bench.processes import Usage
from bench.server import Server, server, user
from bench.traffic import SIGNING_ON, failed, some_at_a_time
from bench.waits import OTHERS, Others
from bench.watchers import Books, Publisher, Watcher

PUBLISHERS = 10
WATCHERS_EACH = 100
WATCHERS = PUBLISHERS * WATCHERS_EACH
WARMING_UP_SECONDS = 2
SECONDS = 10
LONG_SECONDS = 60
UPDATES_A_SECOND = 2
"""How many updates a second, of 100 watchers each, are a moderate load."""
UPDATES = 10
"""How often a publisher with many watchers publishes while the others ask."""
LISTS = 20
CONTACTS = 500

_SETTINGS = """
[session]
requests_per_second = 100000
[presence]
default_attributes = ["OnlineStatus", "UserAvailability", "StatusText"]
"""


@define(eq=False)
class Crowd:
    """Sessions, signed on and alive, of users of a server; each user is taken once."""

    _server: Server
    books: Books = field(factory=Books)
    _taken: int = field(default=0, init=False)
    _handsets: list[Handset] = field(factory=list, init=False)
    _living: list[asyncio.Task[None]] = field(factory=list, init=False)

    def handset(self) -> Handset:
        """A handset of a user who has none yet."""
        made = Handset(self._server, user(self._taken).encode())
        self._handsets.append(made)
        self._taken += 1
        return made

    async def watchers(self, count: int) -> list[Watcher]:
        """So many who watch nobody yet."""
        made = [Watcher(self.handset(), self.books) for _ in range(count)]
        await some_at_a_time(SIGNING_ON, [each.sign_on() for each in made])
        self._living += [asyncio.ensure_future(each.live()) for each in made]
        return made

    async def publisher(self, watchers: Sequence[Watcher]) -> Publisher:
        """Somebody whom these watch."""
        made = Publisher(self.handset(), watchers, self.books)
        await made.handset.log_in()
        await made.handset.negotiate()
        users = [made.handset.user]
        await some_at_a_time(SIGNING_ON, [each.subscribe(users) for each in watchers])
        return made

    async def others(self) -> Others:
        """Those who have nothing to do with all this."""
        made = Others([self.handset() for _ in range(OTHERS)])
        await made.sign_on()
        return made

    async def close(self) -> None:
        """Hang up; a task that died says so."""
        ended = [each for each in self._living if each.done()]
        for task in self._living:
            task.cancel()
        for handset in self._handsets:
            handset.close()
        for task in ended:
            task.result()


@asynccontextmanager
async def crowd(plan: Plan, users: int) -> AsyncIterator[tuple[Server, Crowd]]:
    """A server with so many users, and a crowd of them."""
    async with server(plan.cores, users, _SETTINGS) as measured:
        made = Crowd(measured)
        try:
            yield measured, made
        finally:
            await made.close()


async def _measure(plan: Plan) -> list[Figure]:
    users = WATCHERS + 2 * PUBLISHERS + 1 + OTHERS
    async with crowd(plan, users) as (measured, people):
        watchers = await people.watchers(WATCHERS)
        first = watchers[:WATCHERS_EACH]
        apart = [
            await people.publisher(watchers[start : start + WATCHERS_EACH])
            for start in range(0, WATCHERS, WATCHERS_EACH)
        ]
        figures = [
            *await _at_a_rate(plan, measured, apart),
            *await _one_after_the_other(plan, measured, "1 publisher", apart[:1]),
            *await _one_after_the_other(plan, measured, f"{PUBLISHERS} publishers", apart),
        ]
        together = [await people.publisher(first) for _ in range(PUBLISHERS)]
        what = f"{PUBLISHERS} publishers, all watched by the same"
        figures += await _one_after_the_other(plan, measured, what, together)
        figures += await _many_watchers(people, watchers)
        figures += failed("all of these", people.books.failures)
    return figures + await _many_contacts(plan)


async def _at_a_rate(plan: Plan, measured: Server, publishers: list[Publisher]) -> list[Figure]:
    """Updates that are due at a fixed rate, however the server does."""
    seconds = LONG_SECONDS if plan.long else SECONDS
    what = f"{UPDATES_A_SECOND * WATCHERS_EACH}/s"
    await asyncio.sleep(WARMING_UP_SECONDS)
    loop, books = asyncio.get_running_loop(), publishers[0].books
    usage, begun_at, pending = Usage.of(measured.processes), loop.time(), []
    for number in range(UPDATES_A_SECOND * seconds):
        due = begun_at + number / UPDATES_A_SECOND
        await asyncio.sleep(due - loop.time())
        publisher = publishers[number % len(publishers)]
        pending.append(asyncio.ensure_future(publisher.publish(due)))
    for each in pending:
        await (await each).all_told
    return _figures(what, books.since(begun_at), loop.time() - begun_at, usage)


async def _one_after_the_other(
    plan: Plan, measured: Server, what: str, publishers: list[Publisher]
) -> list[Figure]:
    """As many updates as go: each publisher makes the next when all watchers have the last."""
    what = f"{what}, {WATCHERS_EACH} watchers each"
    loop, books = asyncio.get_running_loop(), publishers[0].books
    tasks = [asyncio.ensure_future(each.keep_publishing()) for each in publishers]
    await asyncio.sleep(WARMING_UP_SECONDS)
    usage, begun_at = Usage.of(measured.processes), loop.time()
    await asyncio.sleep(LONG_SECONDS if plan.long else SECONDS)
    figures = _figures(what, books.since(begun_at), loop.time() - begun_at, usage)
    for task in tasks:
        task.cancel()
    await asyncio.sleep(WARMING_UP_SECONDS)
    return figures


def _figures(what: str, waits: list[float], seconds: float, usage: Usage) -> list[Figure]:
    return [
        Figure(f"{what}: notifications", len(waits) / seconds, "/s"),
        *percentiles(what, waits),
        *usage.figures(what, len(waits)),
    ]


async def _many_watchers(people: Crowd, watchers: Sequence[Watcher]) -> list[Figure]:
    """What others notice when somebody publishes whom all watch."""
    publisher, others = await people.publisher(watchers), await people.others()
    await publisher.publish_and_wait()
    loop, took = asyncio.get_running_loop(), []
    async with others.asking():
        for _ in range(UPDATES):
            await asyncio.sleep(0.2)
            begun_at = loop.time()
            await publisher.publish_and_wait()
            took.append(loop.time() - begun_at)
    people.books.failures.update(others.failures)
    what = f"an update with {len(watchers):,} watchers"
    return [
        Figure(f"{what}: all have it after", max(took) * 1000, "ms"),
        *others.figures(what),
    ]


async def _many_contacts(plan: Plan) -> list[Figure]:
    """What others notice when somebody signs on who has many contacts, and watches all of them."""
    what = f"{LISTS} lists of {CONTACTS} contacts"
    contacts = LISTS * CONTACTS
    async with crowd(plan, 1 + OTHERS + contacts) as (_, people):
        owner, others = Watcher(people.handset(), people.books), await people.others()
        await owner.sign_on()
        name = owner.handset.user.partition(b"@")
        for number in range(LISTS):
            own = b"%b/list%d@%b" % (name[0], number, name[2])
            first = 1 + OTHERS + number * CONTACTS
            users = [user(first + each).encode() for each in range(CONTACTS)]
            named = b"".join([csp.NICK_NAME % (b"Friend", each) for each in users])
            await owner.handset.ask(csp.CREATE_LIST, own, named)
        loop, moments = asyncio.get_running_loop(), {}
        async with others.asking():
            await asyncio.sleep(1)
            quiet = list(others.waits)
            others.waits.clear()
            begun_at = loop.time()
            await owner.sign_on()
            lists = csp.LISTED.findall(await owner.handset.ask(csp.GET_LISTS))
            for each in lists:
                await owner.handset.ask(csp.READ_LIST, each)
            moments["signed on, and all lists read"] = loop.time() - begun_at
            await owner.subscribe(lists=lists)
            moments["subscribed to all"] = loop.time() - begun_at
            while people.books.publishers_told < contacts:
                await owner.fetch()
            moments["told of all"] = loop.time() - begun_at
        people.books.failures.update(others.failures)
        return [
            *(Figure(f"{what}: {name} after", took, "s") for name, took in moments.items()),
            *percentiles("nothing else: others' requests", quiet),
            *others.figures(what),
            *failed(what, people.books.failures),
        ]


def measure(plan: Plan) -> list[Figure]:
    """Notifications count when the watcher has them; each publisher has its watchers."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("C", "presence", measure)
