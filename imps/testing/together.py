"""Several things at the same time."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any

from twisted.internet.defer import Deferred, gatherResults


async def together(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Do several things at the same time, until each is done."""
    doing = [Deferred.fromCoroutine(each) for each in coroutines]
    await gatherResults(doing, consumeErrors=True)


async def some_at_a_time(limit: int, coroutines: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Do all of this, so many at a time."""
    left = iter(coroutines)

    async def one_after_the_other() -> None:
        for each in left:
            await each

    await together(*(one_after_the_other() for _ in range(limit)))
