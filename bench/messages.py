"""B: messages from end to end, as many as go, and how long they take under a moderate load."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bench.figures import Benchmark, Figure, Plan
from bench.processes import Usage
from bench.server import server
from bench.traffic import POLLS, Traffic

SESSIONS = (200, 2_000)
WARMING_UP_SECONDS = 3
SECONDS = 10
LONG_SECONDS = 60
RATE = 300
"""How many messages a second are a moderate load."""
SETTLE_SECONDS = 45
"""What was not acknowledged is sent again after half a minute."""


async def _measure(plan: Plan) -> list[Figure]:
    figures = []
    for sessions in SESSIONS:
        async with server(plan.cores, sessions) as measured:
            traffic = await Traffic.of(measured, sessions)
            try:
                figures += await _traffic(plan, traffic, measured.processes, sessions)
            finally:
                await traffic.close()
    return figures


async def _traffic(
    plan: Plan, traffic: Traffic, processes: Mapping[str, int], sessions: int
) -> list[Figure]:
    seconds = LONG_SECONDS if plan.long else SECONDS
    loop = asyncio.get_running_loop()
    what = f"{sessions:,} sessions"
    if not traffic.is_woken:
        what += f" that poll each {sessions / POLLS} s"

    # Each has polled once, when it had signed on.
    await asyncio.sleep(WARMING_UP_SECONDS)
    begun_at, usage = loop.time(), Usage.of(processes)
    await traffic.flow(RATE, seconds)
    figures = traffic.figures(f"{what}, {RATE}/s", begun_at, usage)
    await traffic.settle(SETTLE_SECONDS)

    traffic.chat()
    await asyncio.sleep(WARMING_UP_SECONDS)
    begun_at, usage = loop.time(), Usage.of(processes)
    await asyncio.sleep(seconds)
    figures += traffic.figures(f"{what}, one under way each", begun_at, usage)
    traffic.chat(False)
    await traffic.settle(SETTLE_SECONDS)
    return [*figures, *traffic.books.figures(what)]


def measure(plan: Plan) -> list[Figure]:
    """Messages in pairs of sessions; what was answered 200 must arrive, once."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("B", "messages end to end", measure)
