"""H: messages from end to end between two servers, each of which is a partner of the other."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

from bench.figures import Benchmark, Figure, Plan
from bench.processes import Usage
from bench.server import Place, server
from bench.traffic import Traffic

SESSIONS = 200
WARMING_UP_SECONDS = 3
SECONDS = 10
LONG_SECONDS = 60
RATE = 50
"""How many messages a second are a moderate load."""
SETTLE_SECONDS = 60
DOMAINS = ("one.example", "other.example")

# Each is the only partner of the other, with all its traffic.
_PARTNER = """
[ssp]
transactions_per_second = 100000
messages_per_user = 100000
subscriptions_per_user = 100000
[[partner]]
domain = "{domain}"
url = ["http://{host}:{port}/"]
tls = "off"
"""


def _free_place() -> Place:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        return host, port


async def _measure(plan: Plan) -> list[Figure]:
    places = [_free_place(), _free_place()]
    async with AsyncExitStack() as running:
        one, other = [
            await running.enter_async_context(
                server(
                    plan.cores,
                    SESSIONS,
                    _PARTNER.format(domain=DOMAINS[1 - each], host=host, port=port),
                    DOMAINS[each],
                    places[each],
                )
            )
            for each, (host, port) in ((0, places[1]), (1, places[0]))
        ]
        processes = {
            f"{name} of {each.domain}": process_id
            for each in (one, other)
            for name, process_id in each.processes.items()
        }
        traffic = await Traffic.of(one, SESSIONS, partner=other)
        try:
            return await _traffic(plan, traffic, processes)
        finally:
            await traffic.close()


async def _traffic(plan: Plan, traffic: Traffic, processes: dict[str, int]) -> list[Figure]:
    seconds = LONG_SECONDS if plan.long else SECONDS
    loop = asyncio.get_running_loop()
    what = f"{SESSIONS} sessions"

    await traffic.flow(RATE, WARMING_UP_SECONDS)
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
    """Messages in pairs of sessions, one at each server; all that got 200 must arrive, once."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("H", "messages between two servers", measure)
