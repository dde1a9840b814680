"""E: what is lost, and what comes twice or out of order, when processes are killed again and again
under load."""

from __future__ import annotations

import asyncio
from random import Random

from bench.dialect import DIALECTS
from bench.figures import Benchmark, Figure, Plan
from bench.server import server
from bench.traffic import Traffic

SESSIONS = 200
KILLS = 6
LONG_KILLS = 50
SECONDS_BETWEEN = (0.2, 4.0)
VICTIMS = (("service",), ("store",), ("service", "store"))
GOES_ON_SECONDS = 60
SETTLE_SECONDS = 60

# What was under way to a handset comes again after half a minute, unless told otherwise.
_SETTINGS = "[messages]\nresend_seconds = 1\nmax_tries = 100\n"


async def _measure(plan: Plan) -> list[Figure]:
    kills = LONG_KILLS if plan.long else KILLS
    loop = asyncio.get_running_loop()
    async with server(plan.cores, SESSIONS, _SETTINGS) as measured:
        traffic = await Traffic.of(measured, SESSIONS, persists=True, dialects=DIALECTS)
        moments, away = Random(1), []
        try:
            traffic.chat()
            for _ in range(kills):
                await asyncio.sleep(moments.uniform(*SECONDS_BETWEEN))
                victims = moments.choice(VICTIMS)
                measured.kill(*victims)
                killed_at = loop.time()
                if "service" in victims:
                    await measured.start()
                await _goes_on(traffic)
                away.append(loop.time() - killed_at)
            traffic.chat(False)
            await traffic.settle(SETTLE_SECONDS)
        finally:
            await traffic.close()
    what = f"{kills} kills, {SESSIONS} sessions of all versions and encodings"
    return [
        *traffic.books.figures(what),
        Figure(
            f"{what}: sent again, before they were settled", traffic.books.sent_again, "messages"
        ),
        Figure(f"{what}: longest until messages go on", max(away), "s"),
    ]


async def _goes_on(traffic: Traffic) -> None:
    """Wait until a message goes through again."""
    before = len(traffic.books.settled)
    async with asyncio.timeout(GOES_ON_SECONDS):
        while len(traffic.books.settled) == before:
            await asyncio.sleep(0.02)


def measure(plan: Plan) -> list[Figure]:
    """Messages that were answered 200 and never came, or came again after all was said."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("E", "kill -9 of service and store under load", measure)
