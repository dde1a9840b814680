"""Nonces of 4-way logins: used once, and for a short time."""

from __future__ import annotations

from attrs import define

from imps.model.address import Address
from imps.store.client import StoreClient
from imps.store.keys import Buckets

LIFETIME_SECONDS = 120


@define(eq=False)
class Nonces:
    """The nonces given to those who have begun to log in."""

    _client: StoreClient
    _buckets: Buckets

    async def keep(self, user: Address, login: str, nonce: str) -> None:
        """Keep the nonce of one login of a user, who need not exist; an older one is void."""
        key = self._key(user, login)
        await self._client.execute("SET", key, nonce, "EX", LIFETIME_SECONDS)

    async def take(self, user: Address, login: str) -> str | None:
        """The nonce of that login, which cannot be taken again."""
        nonce: bytes | None = await self._client.execute("GETDEL", self._key(user, login))
        return None if nonce is None else nonce.decode()

    def _key(self, user: Address, login: str) -> str:
        return f"{self._buckets.prefix_of(user)}nonce:{user.canonical}:{login}"
