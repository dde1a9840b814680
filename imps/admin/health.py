"""Whether this process can serve."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError

from imps.metrics import Metrics
from imps.store.client import StoreClient
from imps.store.errors import StoreError

ANSWER_SECONDS = 1.5


@define(eq=False)
class Health:
    """The health of a process: well as long as its store answers and it is not stopping."""

    _client: StoreClient
    _reactor: Any
    _metrics: Metrics
    _is_stopping: bool = field(default=False, init=False)

    def stop(self) -> None:
        """From now on the process is not well: it is about to stop."""
        self._is_stopping = True

    async def complaint(self) -> str:
        """Why the process cannot serve, in one line; empty when it can."""
        if self._is_stopping:
            return "stopping"
        try:
            await self._soon(self._client.execute("PING"))
        except StoreError as error:
            return str(error).splitlines()[0]
        except (TimeoutError, CancelledError):
            return "the store does not answer"
        return ""

    async def look_at_store(self) -> None:
        """Bring the metrics of the store up to date, as far as it answers."""
        self._metrics.store_up.set(0)
        try:
            memory = await self._soon(self._client.facts("memory"))
        except (StoreError, TimeoutError, CancelledError):
            return
        self._metrics.store_up.set(1)
        self._metrics.store_memory_bytes.set(int(memory["used_memory"]))
        self._metrics.store_memory_limit_bytes.set(int(memory["maxmemory"]))

    async def _soon(self, call: Any) -> Any:
        return await Deferred.fromCoroutine(call).addTimeout(ANSWER_SECONDS, self._reactor)
