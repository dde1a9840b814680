"""Work that an operation has caused in other buckets, recorded until it is done.

It is written in the same step as its cause, and done at once by whoever caused it. What is not done
in time is claimed, and repeated, by any process; each step carries the id of the work, so that its
target can tell a repetition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attrs import define, frozen
from twisted.logger import Logger

from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.endings import Ending
from imps.store.keys import Buckets

LEASE_SECONDS = 30
CHUNK = 100


@frozen
class Work:
    """Something to be done: its id, the bucket that remembers it, what kind of work it is, and what
    whoever knows that kind has to know."""

    id: str
    bucket: int
    kind: str
    details: tuple[Any, ...]
    record: bytes = b""

    @classmethod
    def unpacked(cls, bucket: int, record: bytes) -> Work:
        """Work from the record that the store made of it."""
        kind, id, *details = json.loads(record)
        return cls(id, bucket, kind, tuple(details), record)


def ignored(work: Work) -> None:
    """Leave work to whoever looks for what is due."""


@frozen
class Due:
    """Work to be done now, the caller's for a while, whether more is due, and which messages have
    expired."""

    work: tuple[Work, ...]
    has_more: bool
    endings: tuple[Ending, ...]


@define(eq=False)
class WorkRecords:
    """The work that is not done yet, and what becomes due as time passes."""

    _client: StoreClient
    _buckets: Buckets
    _log = Logger()

    async def due(self, bucket: int, *, now: float) -> Due:
        """Do what is due in a bucket: sessions and messages end whose time is over.

        What this causes elsewhere, and work that nobody has done in time, is the caller's to do.
        """
        more, records, ended = await self._client.run(
            "run_timers",
            [self._buckets.prefix(bucket)],
            repr(now),
            repr(now + LEASE_SECONDS),
            CHUNK,
            int(StatusCode.SESSION_EXPIRED),
            int(StatusCode.MESSAGE_EXPIRED),
        )
        endings = tuple(map(Ending.unpacked, ended))
        return Due(tuple(self._readable(bucket, records)), bool(more), endings)

    def _readable(self, bucket: int, records: list[bytes]) -> Iterator[Work]:
        """The work that can be read; what cannot does not keep the rest from being done."""
        for record in records:
            try:
                yield Work.unpacked(bucket, record)
            except (ValueError, TypeError):
                self._log.error(
                    "There is work that cannot be read in bucket {bucket}", bucket=bucket
                )

    async def finish(self, work: Work) -> None:
        """The work is done; more of it that has come meanwhile is not."""
        prefix = self._buckets.prefix(work.bucket)
        await self._client.run("finish_work", [prefix], work.id, work.record)
