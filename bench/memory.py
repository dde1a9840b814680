"""D: what a session takes of the memory, without and with an open connection."""

from __future__ import annotations

import asyncio

from bench.figures import Benchmark, Figure, Plan
from bench.handset import Handset
from bench.lines import HTTPLine
from bench.processes import most_connections, resident_kib
from bench.server import Server, server, user
from bench.traffic import SIGNING_ON, some_at_a_time

SESSIONS = 5_000
LONG_SESSIONS = 20_000
WARMING_UP = 500
QUIET_SECONDS = 2


async def _measure(plan: Plan) -> list[Figure]:
    figures = []
    for sessions in (SESSIONS, LONG_SESSIONS) if plan.long else (SESSIONS,):
        async with server(plan.cores, WARMING_UP + sessions) as measured:
            figures += await _sessions(measured, sessions)
    return figures


async def _sessions(measured: Server, sessions: int) -> list[Figure]:
    """The first sessions are not counted: with them, the service loads what it needs."""
    handsets = [Handset(measured, user(number).encode()) for number in range(WARMING_UP + sessions)]
    await _sign_on(handsets[:WARMING_UP])
    before = await _resident(measured)
    counted = handsets[WARMING_UP:]
    await _sign_on(counted)
    signed_on = await _resident(measured)
    # The system may not allow as many as there are sessions.
    connected = counted[: most_connections()]
    lost: list[Handset] = []
    await some_at_a_time(SIGNING_ON, [_stay(each, lost) for each in connected])
    after = await _resident(measured)
    closed = sum(each.line is not None and not each.line.is_open for each in connected)
    for handset in connected:
        handset.close()
    own = _each(before, signed_on, len(counted))
    line = _each(signed_on, after, len(connected))
    kind = "CIR" if connected[0].cir_place else "HTTP"
    what = f"{sessions:,} sessions"
    return [
        *_figures(f"{what}, not connected", own),
        *_figures(
            f"{what}, {len(connected):,} by {kind}", {name: own[name] + line[name] for name in own}
        ),
        Figure(f"{what}: connections lost", len(lost) + closed, "in all"),
    ]


async def _sign_on(handsets: list[Handset]) -> None:
    """Some connections are enough to sign on all of them, one after the other."""
    idle: list[HTTPLine] = []

    async def sign_on(handset: Handset) -> None:
        handset.line = idle.pop() if idle else None
        await handset.log_in()
        await handset.negotiate()
        assert handset.line is not None
        idle.append(handset.line)
        handset.line = None

    await some_at_a_time(SIGNING_ON, [sign_on(each) for each in handsets])
    for line in idle:
        line.close()


async def _stay(handset: Handset, lost: list[Handset]) -> None:
    """Hold a connection, by which the server could wake the handset, or one to poll by."""
    if handset.cir_place is None:
        await handset.poll()
    else:
        await handset.be_woken(lambda: None, lambda: lost.append(handset))


async def _resident(measured: Server) -> dict[str, int]:
    await asyncio.sleep(QUIET_SECONDS)
    return {name: resident_kib(each) for name, each in measured.processes.items()}


def _each(before: dict[str, int], after: dict[str, int], sessions: int) -> dict[str, float]:
    return {name: (after[name] - before[name]) / sessions for name in before}


def _figures(what: str, each: dict[str, float]) -> list[Figure]:
    figures = [Figure(f"{what}: {name}", kib, "KiB each") for name, kib in each.items()]
    return [*figures, Figure(f"{what}: together", sum(each.values()), "KiB each")]


def measure(plan: Plan) -> list[Figure]:
    """What the service and its store hold more than before their sessions signed on."""
    return asyncio.run(_measure(plan))


BENCHMARK = Benchmark("D", "memory of a session", measure)
