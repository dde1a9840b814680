"""What benchmarks measure: figures, how they are taken, and the machine that they hold for."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

from bench.cores import Cores

BATCH_SECONDS = 0.02


@frozen
class Figure:
    """One number that was measured, and its unit."""

    what: str
    value: float
    unit: str


@frozen
class Plan:
    """How much is to be measured, and where: the best of ``repeats`` counts; more if ``long``."""

    cores: Cores
    repeats: int
    long: bool


@frozen
class Benchmark:
    """A benchmark: a letter to call it by, what it is about, and what takes its figures."""

    letter: str
    title: str
    measure: Callable[[Plan], list[Figure]]


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "lxml": version("lxml"),
        "Twisted": version("Twisted"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else "unknown"


def percentiles(what: str, seconds: Sequence[float]) -> list[Figure]:
    """The median, and what 95 and 99 of a hundred stay below, in milliseconds."""
    if not seconds:
        return []
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return [
        Figure(f"{what}: p{share}", ordered[round(last * share / 100)] * 1000, "ms")
        for share in (50, 95, 99)
    ]


def longest(what: str, seconds: Sequence[float]) -> list[Figure]:
    """The longest of these."""
    return [Figure(f"{what}: longest", max(seconds) * 1000, "ms")] if seconds else []


def best_rate(run: Callable[[], object], repeats: int) -> float:
    """How often something runs in a second: the best of some batches, as others disturb us."""
    size = 1
    while _seconds(run, size) < BATCH_SECONDS:
        size *= 2
    return max(size / _seconds(run, size) for _ in range(repeats))


def _seconds(run: Callable[[], object], times: int) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - begun
