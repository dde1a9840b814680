"""Phones that can only text, in the bucket of their user: what the dialogue with one has come to.

``phone:<user>`` holds that, as octets to the store, and whether messages are told by text while the
user is off line. A phone of which nobody knows whose it is has little to remember, for a while:
``stranger:<number>``; and ``stopped:<number>`` that it wants to hear nothing, for good.
"""

from __future__ import annotations

from attrs import define

from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.client import StoreClient
from imps.store.endings import Ending
from imps.store.keys import Buckets
from imps.store.work import LEASE_SECONDS, Work

STRANGER_SECONDS = 86_400


class NoSuchOwner(Exception):
    """There is no user any more whose phone it could be."""


@define(eq=False)
class Phones:
    """The phones of the home domains' users."""

    _client: StoreClient
    _buckets: Buckets

    async def get(self, user: Address) -> bytes:
        """What the dialogue with a user's phone has come to; nothing if there was none."""
        key = f"{self._buckets.prefix_of(user)}phone:{user.canonical}"
        state: bytes | None = await self._client.execute("HGET", key, "state")
        return state or b""

    async def change(
        self,
        user: Address,
        before: bytes,
        after: bytes,
        *,
        tells_absent: bool,
        erase_at: float | None = None,
    ) -> bytes | None:
        """Put a state in the place of the one before; None if that was done, else the state that
        there is. To erase some of it at a time becomes work (``erase-phone``), or no longer is.
        Raises NoSuchOwner."""
        reply = await self._client.run(
            "change_phone",
            [self._buckets.prefix_of(user)],
            user.canonical,
            before,
            after,
            int(tells_absent),
            "" if erase_at is None else repr(erase_at),
        )
        if reply == 0:
            raise NoSuchOwner(user)
        return reply if isinstance(reply, bytes) else None

    async def tell_at(self, user: Address, at: float, instead_of: bytes = b"") -> None:
        """Have what waits for a user told by text at a time, by whoever comes first then; sooner if
        that is wanted already. Whoever does such work and finds that it is too early has it done
        then instead, unless more has come since."""
        prefix = self._buckets.prefix_of(user)
        await self._client.run("tell_phone_at", [prefix], user.canonical, repr(at), instead_of)

    async def settle(
        self, user: Address, message_id: str, code: StatusCode, *, at: float, now: float
    ) -> tuple[Work, Ending] | None:
        """What became of a message that was handed to a phone's gateway: the work of telling its
        sender; None if that is told already, or wanted by nobody."""
        bucket = self._buckets.of(user)
        reply = await self._client.run(
            "settle_handed_message",
            [self._buckets.prefix(bucket)],
            user.canonical,
            message_id,
            int(code),
            repr(at),
            repr(now + LEASE_SECONDS),
        )
        if not reply:
            return None
        work, *ended = reply
        return Work.unpacked(bucket, work), Ending.unpacked(ended)

    async def stranger(self, number: str) -> bytes:
        """What is remembered of a phone that is nobody's."""
        found: bytes | None = await self._client.execute("GET", self._key("stranger", number))
        return found or b""

    async def remember_stranger(self, number: str, state: bytes) -> None:
        """Remember something of a phone that is nobody's, for a day."""
        key = self._key("stranger", number)
        await self._client.execute("SET", key, state, "EX", STRANGER_SECONDS)

    async def is_stopped(self, number: str) -> bool:
        """Whether a phone wants to hear nothing."""
        return bool(await self._client.execute("EXISTS", self._key("stopped", number)))

    async def stop(self, number: str) -> bool:
        """Let a phone hear nothing from now on; False if that is so."""
        return bool(await self._client.execute("SETNX", self._key("stopped", number), "1"))

    async def start(self, number: str) -> bool:
        """Let it hear something again; False if it did."""
        return bool(await self._client.execute("DEL", self._key("stopped", number)))

    def _key(self, kind: str, number: str) -> str:
        return f"{self._buckets.prefix_of(Address(number))}{kind}:{number}"
