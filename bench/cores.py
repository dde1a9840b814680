"""Which core runs what: the server with its store has one, whoever measures it another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen


@frozen
class Cores:
    """The cores for the server and for the generator, one where there is no other; none where the
    system cannot keep a process on a core."""

    server: int | None
    generator: int | None

    @classmethod
    def of_this_process(cls) -> Cores:
        """The first and the last of those that this process may use; asked before it is kept."""
        if not hasattr(os, "sched_getaffinity"):
            return cls(None, None)
        allowed = os.sched_getaffinity(0)
        return cls(min(allowed), max(allowed))

    def __str__(self) -> str:
        if self.server is None:
            return "wherever the system puts them"
        if self.server == self.generator:
            return f"server and generator share core {self.server}"
        return f"server on core {self.server}, generator on core {self.generator}"

    def keep_generator(self) -> None:
        """Keep this process on its core."""
        if self.generator is not None:
            os.sched_setaffinity(0, {self.generator})

    @contextmanager
    def of_server(self) -> Iterator[None]:
        """Processes that are started meanwhile stay on the core of the server."""
        if self.server is None:
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.server})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
