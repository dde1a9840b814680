"""What benchmarks measure: figures, how they are taken, and the machine that they hold for."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

BATCH_SECONDS = 0.02


@frozen
class Figure:
    """One number that was measured, and its unit."""

    what: str
    value: float
    unit: str


@frozen
class Benchmark:
    """A benchmark: a letter to call it by, what it is about, and what takes its figures.

    ``measure`` is told how often to repeat what it does; the best counts.
    """

    letter: str
    title: str
    measure: Callable[[int], list[Figure]]


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
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


def stay_on_one_core() -> bool:
    """Keep this process on the last of the cores that it may use; whether that could be done."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


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
