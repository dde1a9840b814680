"""What is to be said to partners: kept until a partner has answered it, or nobody waits any more.

Each partner's queue has a lane for each sending user: in a lane one thing is said at a time, so
that what a user said first arrives first, and nobody waits because another user has said too much.
A lane belongs for a while to the process that claimed it.
"""

from __future__ import annotations

from zlib import crc32

from attrs import define, frozen

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets

REMEMBER_SECONDS = 86_400
MOST_EXPIRED = 32


@frozen
class Queued:
    """Something to be said to a partner: its transaction id, its lane, how often it was tried, from
    when on it is in vain to say it, and what it is. One that ``was_let_go`` was said, and only its
    answer may come."""

    transaction_id: str
    lane: int
    tries: int
    expires_at: float
    message: bytes
    was_let_go: bool = False

    @classmethod
    def unpacked(cls, record: list[bytes]) -> Queued:
        """From what a script tells of it."""
        transaction_id, lane, tries, expires_at, message, gone = record
        return cls(
            transaction_id.decode(), int(lane), int(tries), float(expires_at), message, bool(gone)
        )


@frozen
class Waiting:
    """How much waits for a partner."""

    count: int
    octets: int


@define(eq=False)
class PartnerQueues:
    """The queues of all partners."""

    _client: StoreClient
    _buckets: Buckets
    _max_count: int = 10_000
    _max_octets: int = 64 * 1024 * 1024

    async def put(
        self,
        domain: str,
        user: Address,
        message: bytes,
        *,
        transaction_id: str,
        operation_id: str,
        key: str,
        now: float,
        expires_at: float,
    ) -> bool:
        """Have a message said to a partner, behind what its user has said before.

        False where too much waits. The same operation queues it once. Of two with one key, the
        newer takes the place of the older, unless that was said already.
        """
        done = await self._client.run(
            "put_for_partner",
            [self._prefix(domain)],
            domain,
            lane_of(user),
            transaction_id,
            operation_id,
            key,
            message,
            repr(now),
            repr(expires_at),
            self._max_count,
            self._max_octets,
            REMEMBER_SECONDS,
        )
        return bool(done)

    async def claim(self, domain: str, *, now: float, until: float, at_most: int) -> list[Queued]:
        """The next message of each lane that is nobody's, which is ours until then."""
        records = await self._client.run(
            "claim_lanes", [self._prefix(domain)], domain, repr(now), repr(until), at_most
        )
        return [Queued.unpacked(record) for record in records]

    async def postpone(
        self, domain: str, queued: Queued, *, until: float, is_away: bool = False
    ) -> None:
        """A message could not be said; it is tried again then, or sooner if that is because the
        partner is away, and it comes back."""
        await self._client.run(
            "postpone_lane",
            [self._prefix(domain)],
            domain,
            queued.lane,
            queued.transaction_id,
            repr(until),
            int(is_away),
        )

    async def hasten(self, domain: str, *, now: float) -> int:
        """A partner that was away is there: what waited for that waits no more; how many lanes."""
        hastened: int = await self._client.run(
            "hasten_lanes", [self._prefix(domain)], domain, repr(now)
        )
        return hastened

    async def let_go(self, domain: str, queued: Queued, *, now: float, until: float) -> None:
        """A message was said, and will not be again; its answer may come until then. The lane is
        free for the next one."""
        prefix, transaction_id = [self._prefix(domain)], queued.transaction_id
        await self._client.run("let_go", prefix, domain, transaction_id, repr(now), repr(until))

    async def find(self, domain: str, transaction_id: str) -> Queued | None:
        """A message that is queued, to whoever got an answer to it."""
        record = await self._client.run(
            "find_queued", [self._prefix(domain)], domain, transaction_id
        )
        return Queued.unpacked(record) if record else None

    async def finish(self, domain: str, queued: Queued, *, now: float) -> None:
        """There is nothing more to be done about a message; the lane is free for the next one."""
        prefix, transaction_id = [self._prefix(domain)], queued.transaction_id
        await self._client.run("finish_queued", prefix, domain, transaction_id, repr(now))

    async def expired(self, domain: str, *, now: float, until: float) -> list[Queued]:
        """Messages whose time is over, which are ours to report until then."""
        records = await self._client.run(
            "claim_expired", [self._prefix(domain)], domain, repr(now), repr(until), MOST_EXPIRED
        )
        return [Queued.unpacked(record) for record in records]

    async def waiting(self, domain: str) -> Waiting:
        """How much waits for a partner."""
        key = f"{self._prefix(domain)}partner-queue:{domain}"
        count, octets = await self._client.execute("HMGET", key, "count", "octets")
        return Waiting(int(count or 0), int(octets or 0))

    def _prefix(self, domain: str) -> str:
        return self._buckets.prefix_of_domain(domain)


def lane_of(user: Address) -> int:
    """The lane of a user at any partner; hardly ever that of another user as well."""
    return crc32(user.canonical.encode())
