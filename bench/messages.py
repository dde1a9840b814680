"""B: messages from end to end, as many as go, and how long they take under a moderate load."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bench.figures import Benchmark, Figure, Plan
from bench.server import server
from bench.traffic import POLLS, WARMING_UP_SECONDS, Traffic, measured

SESSIONS = (200, 2_000)
SECONDS = 10
LONG_SECONDS = 60
RATE = 300
"""How many messages a second are a moderate load."""


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
    what = f"{sessions:,} sessions"
    if not traffic.is_woken:
        what += f" that poll each {sessions / POLLS} s"

    # Each has polled once, when it had signed on.
    await asyncio.sleep(WARMING_UP_SECONDS)
    return await measured(traffic, processes, what, RATE, seconds)


def measure(plan: Plan) -> list[Figure]:
    """Messages in pairs of sessions; what was answered 200 must arrive, once."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("B", "messages end to end", measure)
