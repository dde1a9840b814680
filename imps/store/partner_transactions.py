"""Transactions with partners: which of theirs were served, and which of ours wait for an answer.

What a partner asks is remembered for a day with its answer, so that a repetition is told the same
and nothing is done twice.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256

from attrs import define, frozen

from imps.store.client import StoreClient
from imps.store.keys import Buckets

REMEMBER_SECONDS = 86_400
ANSWER_SECONDS = 60


class Standing(Enum):
    """A request of a partner: for the first time, being served, or answered."""

    NEW = 1
    IN_HAND = 0
    ANSWERED = 2


@frozen
class Received:
    """A request of a partner, and the answer it got, if it is a repetition; empty if there was
    none to give."""

    standing: Standing
    answer: bytes = b""


@define(eq=False)
class PartnerTransactions:
    """The transactions with all partners."""

    _client: StoreClient
    _buckets: Buckets

    async def receive(
        self, domain: str, transaction_id: str, *, now: float, until: float
    ) -> Received:
        """A partner asks something. What is new is the caller's to serve until then; if it is not
        answered by that time, a repetition counts as new."""
        standing, answer = await self._client.run(
            "receive_request",
            [self._key("partner-received", domain, transaction_id)],
            repr(now),
            repr(until),
            REMEMBER_SECONDS,
        )
        return Received(Standing(standing), answer or b"")

    async def answered(self, domain: str, transaction_id: str, answer: bytes) -> None:
        """What a partner asked was served; this is the answer, empty if none is due."""
        key = self._key("partner-received", domain, transaction_id)
        await self._client.execute("SET", key, b"=" + answer, "EX", REMEMBER_SECONDS)

    async def undo(self, domain: str, transaction_id: str) -> None:
        """What a partner asked could not be served; if it asks again, that may be."""
        key = self._key("partner-received", domain, transaction_id)
        await self._client.execute("DEL", key)

    async def wait(self, domain: str, transaction_id: str, seconds: float) -> None:
        """Somebody waits for an answer of a partner, that long."""
        key = self._key("partner-waiting", domain, transaction_id)
        await self._client.execute("SET", key, b"", "PX", max(1, int(seconds * 1000)))

    async def bring(self, domain: str, transaction_id: str, answer: bytes) -> bool:
        """An answer of a partner has come; whoever waits for it is woken. False if nobody does."""
        return bool(
            await self._client.run(
                "bring_answer",
                [
                    self._key("partner-waiting", domain, transaction_id),
                    self._channel(domain, transaction_id),
                ],
                answer,
                ANSWER_SECONDS,
            )
        )

    async def take(self, domain: str, transaction_id: str) -> bytes | None:
        """The answer for which somebody waited; None if it has not come."""
        key = self._key("partner-waiting", domain, transaction_id)
        answer: bytes | None = await self._client.execute("GET", key)
        return answer or None

    async def leave(self, domain: str, transaction_id: str) -> bytes | None:
        """Nobody waits for that answer any more; what it is, if it has come meanwhile."""
        key = self._key("partner-waiting", domain, transaction_id)
        answer: bytes | None = await self._client.execute("GETDEL", key)
        return answer or None

    async def forget(self, domain: str, transaction_id: str) -> None:
        """Nobody waits for that answer any more."""
        await self._client.execute("DEL", self._key("partner-waiting", domain, transaction_id))

    def wait_id(self, domain: str, transaction_id: str) -> str:
        """What to listen for to be woken by that answer."""
        digest = sha256(transaction_id.encode()).hexdigest()
        return f"{self._buckets.of_domain(domain):02}{digest}"

    def _channel(self, domain: str, transaction_id: str) -> str:
        prefix = self._buckets.prefix_of_domain(domain)
        return f"{prefix}wake:{self.wait_id(domain, transaction_id)}"

    def _key(self, kind: str, domain: str, transaction_id: str) -> str:
        # A partner chooses its ids, which need not be fit for a key.
        digest = sha256(transaction_id.encode()).hexdigest()
        return f"{self._buckets.prefix_of_domain(domain)}{kind}:{domain}:{digest}"
