"""H: messages from end to end between two servers, each of which is a partner of the other."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

from bench.figures import Benchmark, Figure, Plan
from bench.server import Place, server
from bench.traffic import WARMING_UP_SECONDS, Traffic, measured

SESSIONS = 200
SECONDS = 10
LONG_SECONDS = 60
RATE = 50
"""How many messages a second are a moderate load."""
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
    await traffic.flow(RATE, WARMING_UP_SECONDS)
    return await measured(traffic, processes, f"{SESSIONS} sessions", RATE, seconds)


def measure(plan: Plan) -> list[Figure]:
    """Messages in pairs of sessions, one at each server; all that got 200 must arrive, once."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("H", "messages between two servers", measure)
