"""A: logins that are completed in a second."""

from __future__ import annotations

import asyncio
from collections import Counter

from bench.figures import Benchmark, Figure, Plan, percentiles
from bench.handset import FAILURES, Handset
from bench.lines import HTTPLine
from bench.processes import Usage
from bench.server import Server, server, user
from bench.traffic import failed

CONNECTIONS = 32
WARMING_UP = 200
LOGINS = 3_000
LONG_LOGINS = 20_000
KINDS = {"2-way": False, "4-way, MD5": True}


async def _measure(plan: Plan) -> list[Figure]:
    count = LONG_LOGINS if plan.long else LOGINS
    figures = []
    async with server(plan.cores, WARMING_UP + len(KINDS) * count) as measured:
        await _log_in(measured, range(WARMING_UP), True, Counter())
        begin = WARMING_UP
        for kind, four_way in KINDS.items():
            figures += await _rate(measured, range(begin, begin + count), kind, four_way)
            begin += count
    return figures


async def _rate(measured: Server, users: range, kind: str, four_way: bool) -> list[Figure]:
    what = f"{kind}, {CONNECTIONS} connections"
    failures: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    usage, begun_at = Usage.of(measured.processes), loop.time()
    seconds = await _log_in(measured, users, four_way, failures)
    rate = len(seconds) / (loop.time() - begun_at)
    return [
        Figure(f"{what}: logins", rate, "/s"),
        *percentiles(what, seconds),
        *usage.figures(what, len(seconds)),
        *failed(what, failures),
    ]


async def _log_in(
    measured: Server, users: range, four_way: bool, failures: Counter[str]
) -> list[float]:
    """Have users sign on: how long each login took."""
    left, seconds = iter(users), []
    loop = asyncio.get_running_loop()

    async def one_after_the_other() -> None:
        line: HTTPLine | None = None
        for number in left:
            handset = Handset(measured, user(number).encode(), line=line)
            begun_at = loop.time()
            try:
                await handset.log_in(four_way)
                seconds.append(loop.time() - begun_at)
            except FAILURES as failure:
                failures[str(failure)] += 1
            line = handset.line
        if line is not None:
            line.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_after_the_other())
    return seconds


def measure(plan: Plan) -> list[Figure]:
    """Logins of users who were not signed on, each on a connection that is open already."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("A", "logins", measure)
