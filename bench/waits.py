"""How long the requests of others take meanwhile: of users who have nothing to do with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import define, field

from bench import csp
from bench.figures import Figure, longest, percentiles
from bench.handset import FAILURES, Handset

OTHERS = 10
EACH_SECONDS = 0.05
"""Each of the others makes a request so often: together, one each 5 milliseconds."""


@define(eq=False)
class Others:
    """Users each of whom has a session, and a connection of its own, on which it makes requests at
    fixed times. What came late because the one before it took long has waited as well."""

    handsets: Sequence[Handset]
    waits: list[float] = field(factory=list, init=False)
    failures: Counter[str] = field(factory=Counter, init=False)

    async def sign_on(self) -> None:
        """Sign on, all of them."""
        for each in self.handsets:
            await each.log_in()
            await each.negotiate()

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """They make requests meanwhile; those before are forgotten."""
        self.waits.clear()
        shares = enumerate(self.handsets)
        pause = EACH_SECONDS / len(self.handsets)
        tasks = [asyncio.ensure_future(self._ask(each, n * pause)) for n, each in shares]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, handset: Handset, pause: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + pause
        while True:
            await asyncio.sleep(due - loop.time())
            try:
                await handset.ask(csp.KEEP_ALIVE)
                self.waits.append(loop.time() - due)
            except FAILURES as failure:
                self.failures[str(failure)] += 1
            due += EACH_SECONDS

    def figures(self, what: str) -> list[Figure]:
        """How long they have waited."""
        what = f"{what}: others' requests"
        return [
            Figure(what, len(self.waits), "in all"),
            *percentiles(what, self.waits),
            *longest(what, self.waits),
        ]

    def close(self) -> None:
        """Hang up."""
        for each in self.handsets:
            each.close()
