"""What processes use of the machine, as Linux tells it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from bench.figures import Figure

GENERATOR = "generator"
OPEN_FILES = 65_536


SPARE_FILES = 500
"""How many of these no connection may take."""


def most_connections() -> int:
    """How many connections this process, or one that it starts, may have at a time."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES


def allow_open_files() -> None:
    """Let this process, and those that it starts, have as many files open as may be."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
            return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def resident_kib(process_id: int) -> int:
    """How much memory a process holds."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@frozen
class Usage:
    """How busy processes are from now on."""

    _watched: Mapping[str, int]
    _begun_at: float
    _before: Mapping[str, float]

    @classmethod
    def of(cls, processes: Mapping[str, int]) -> Usage:
        """Begin to watch processes, by their names, and this one: the generator."""
        watched = {**processes, GENERATOR: os.getpid()}
        before = {name: _cpu_seconds(process_id) for name, process_id in watched.items()}
        return cls(watched, time.monotonic(), before)

    def figures(self, what: str, done: int) -> list[Figure]:
        """The share of a core that each has used until now, and what the server has used of one
        for each of so many things that were done."""
        passed = time.monotonic() - self._begun_at
        used = {
            name: _cpu_seconds(each) - self._before[name] for name, each in self._watched.items()
        }
        each = sum(used.values()) - used[GENERATOR]
        return [
            *(
                Figure(f"{what}: {name} busy", seconds / passed * 100, "% of a core")
                for name, seconds in used.items()
            ),
            Figure(
                f"{what}: service and store take", each / max(done, 1) * 1000, "ms of a core each"
            ),
        ]
