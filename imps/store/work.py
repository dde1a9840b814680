"""Work that an operation has caused in other buckets, recorded until it is done.

It is written in the same step as its cause, and done at once by whoever caused it. What is not done
in time is claimed, and repeated, by any process; each step carries the id of the work, so that its
target can tell a repetition.
"""

from __future__ import annotations

import json

from attrs import define, frozen

from imps.model.events import Event
from imps.store.client import StoreClient
from imps.store.keys import Buckets
from imps.store.packing import reported

LEASE_SECONDS = 30
CHUNK = 100


@frozen
class Work:
    """Something to be done: its id, the bucket that remembers it, and the event to tell."""

    id: str
    bucket: int
    event: Event

    @classmethod
    def unpacked(cls, bucket: int, record: bytes) -> Work:
        """Work from the record that the store made of it."""
        _, message_id, recipient, at, report = json.loads(record)
        event = reported(report.encode(), message_id, recipient, float(at))
        return cls(f"{message_id}:{recipient}", bucket, event)


@define(eq=False)
class WorkRecords:
    """The work that is not done yet."""

    _client: StoreClient
    _buckets: Buckets

    async def overdue(self, bucket: int, *, now: float) -> list[Work]:
        """Work of a bucket that nobody has done in time; it is the caller's for a while."""
        records = await self._client.run(
            "claim_work",
            [self._buckets.prefix(bucket)],
            repr(now),
            repr(now + LEASE_SECONDS),
            CHUNK,
        )
        return [Work.unpacked(bucket, record) for record in records]

    async def finish(self, work: Work) -> None:
        """The work is done."""
        await self._client.run("finish_work", [self._buckets.prefix(work.bucket)], work.id)
