"""Accounts, in the bucket of their user; and which user has which telephone number.

The account is the truth. The index of numbers, in the bucket of the number, holds claims: one is
void when the account it names does not have that number. It is written before the account, and so
is respected for a while although no account bears it out yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import Any

from attrs import define

from imps.model.account import Account
from imps.model.address import Address
from imps.model.contacts import first_contact_list
from imps.model.presence import DEFAULT, AttributeList
from imps.model.status import StatusCode
from imps.store.attribute_lists import packed
from imps.store.client import StoreClient
from imps.store.keys import Buckets

CHUNK = 100
CLAIM_SECONDS = 60.0


class AccountExists(Exception):
    """There is an account of that address already."""


class NoSuchAccount(Exception):
    """There is no account of that address, or no longer."""


class MsisdnTaken(Exception):
    """Another account has that telephone number."""


@define(eq=False)
class Accounts:
    """The accounts of the home domains, and the end of their users' sessions.

    It is remembered for a while, so that clients can be told.
    """

    _client: StoreClient
    _buckets: Buckets
    _remember_seconds: float = 86_400

    async def add(self, account: Account, allowed: AttributeList | None = None) -> None:
        """Store a new account, with its first contact list and perhaps a default attribute list.

        Raises AccountExists, or MsisdnTaken when another account has its number.
        """
        # Looked up first, so that the usual mistake claims no number.
        if await self.get(account.address) is not None:
            raise AccountExists(account.address)
        if account.msisdn is not None:
            await self._claim(account.msisdn, account.address, account.created_at)
        contact_list = first_contact_list(account.address)
        added = await self._client.run(
            "add_account",
            [self._buckets.prefix_of(account.address)],
            account.address.canonical,
            contact_list.address.canonical,
            str(contact_list.address),
            contact_list.display_name,
            b"" if allowed is None else packed(DEFAULT, allowed),
            *(part for field in _fields(account).items() for part in field),
        )
        if not added:
            raise AccountExists(account.address)

    async def change(self, before: Account, after: Account, *, now: float) -> None:
        """Write what differs between the two; both have the same address.

        Raises NoSuchAccount, or MsisdnTaken when another account has the new number.
        """
        user, old, new = before.address, _fields(before), _fields(after)
        if after.msisdn is not None and after.msisdn != before.msisdn:
            await self._claim(after.msisdn, user, now)
        removed = old.keys() - new.keys()
        changed = [part for field in new.items() - old.items() for part in field]
        prefix = self._buckets.prefix_of(user)
        arguments = (user.canonical, len(removed), *removed, *changed)
        if not await self._client.run("change_account", [prefix], *arguments):
            raise NoSuchAccount(user)
        if before.msisdn is not None and before.msisdn != after.msisdn:
            await self._release(before.msisdn, await self._claim_to(before.msisdn), user)

    async def end_sessions(self, user: Address, *, now: float) -> None:
        """End all sessions of a user with 601; messages go on waiting."""
        await self._end("end_sessions", user, now)

    async def delete(self, account: Account, *, now: float) -> None:
        """Delete an account and all that is the user's; sessions end with 601.

        Raises NoSuchAccount.
        """
        # Read first: if the user is added anew meanwhile, the number is claimed anew.
        claim = None if account.msisdn is None else await self._claim_to(account.msisdn)
        if not await self._end("delete_account", account.address, now):
            raise NoSuchAccount(account.address)
        if account.msisdn is not None:
            await self._release(account.msisdn, claim, account.address)

    async def get(self, address: Address) -> Account | None:
        """The account of this address."""
        prefix = self._buckets.prefix_of(address)
        key = f"{prefix}account:{address.canonical}"
        fields: list[bytes] = await self._client.execute("HGETALL", key)
        return _account(fields) if fields else None

    async def existing(self, users: Iterable[Address]) -> set[Address]:
        """Those of these users who have an account."""
        by_bucket: defaultdict[int, list[Address]] = defaultdict(list)
        for user in set(users):
            by_bucket[self._buckets.of(user)].append(user)
        existing: set[Address] = set()
        for bucket, asked in by_bucket.items():
            prefix, names = self._buckets.prefix(bucket), (each.canonical for each in asked)
            found = await self._client.run("find_accounts", [prefix], *names)
            existing.update(user for user, is_there in zip(asked, found, strict=True) if is_there)
        return existing

    async def with_msisdn(self, msisdn: str) -> Account | None:
        """The account that has this telephone number."""
        claim = await self._claim_to(msisdn)
        return None if claim is None else await self._claimant(claim, msisdn)

    async def all(self) -> AsyncIterator[Account]:
        """Every account, bucket by bucket; one added meanwhile may be missing."""
        for bucket in range(self._buckets.count):
            prefix, last = self._buckets.prefix(bucket), b""
            while chunk := await self._client.run("list_accounts", [prefix], last, CHUNK):
                for _, fields in chunk:
                    yield _account(fields)
                last = chunk[-1][0]

    async def count(self) -> int:
        """How many accounts there are."""
        count = 0
        for bucket in range(self._buckets.count):
            key = f"{self._buckets.prefix(bucket)}accounts"
            count += await self._client.execute("ZCARD", key)
        return count

    async def _end(self, script: str, user: Address, now: float) -> Any:
        return await self._client.run(
            script,
            [self._buckets.prefix_of(user)],
            user.canonical,
            int(StatusCode.FORCED_LOGOUT),
            repr(now),
            repr(float(self._remember_seconds)),
        )

    async def _claim(self, msisdn: str, user: Address, now: float) -> None:
        prefix = self._buckets.prefix_of(Address(msisdn))
        void = b""
        while True:
            claim: bytes | None = await self._client.run(
                "claim_msisdn", [prefix], msisdn, user.canonical, repr(now), void
            )
            if claim is None:
                return
            if now - float(claim.partition(b" ")[0]) < CLAIM_SECONDS:
                raise MsisdnTaken(msisdn)
            if await self._claimant(claim, msisdn) is not None:
                raise MsisdnTaken(msisdn)
            void = claim

    async def _claim_to(self, msisdn: str) -> bytes | None:
        """When a number was claimed and for which user, as the store has it."""
        prefix = self._buckets.prefix_of(Address(msisdn))
        claim: bytes | None = await self._client.execute("GET", f"{prefix}msisdn:{msisdn}")
        return claim

    async def _release(self, msisdn: str, claim: bytes | None, user: Address) -> None:
        """Take back a claim, if it is the user's; one that is left behind is void all the same."""
        if claim is not None and claim.decode().partition(" ")[2] == user.canonical:
            prefix = self._buckets.prefix_of(Address(msisdn))
            await self._client.run("release_msisdn", [prefix], msisdn, claim)

    async def _claimant(self, claim: bytes, msisdn: str) -> Account | None:
        """The account a claim names, if it does have that number."""
        account = await self.get(Address.parse(claim.decode().partition(" ")[2]))
        return account if account is not None and account.msisdn == msisdn else None


def _fields(account: Account) -> dict[str, str | bytes]:
    """An account as fields and values; those that say nothing are left out."""
    fields: dict[str, str | bytes | None] = {
        "address": str(account.address),
        "secret": account.secret,
        "created_at": repr(account.created_at),
        "msisdn": account.msisdn,
        "suspended": "1" if account.suspended else None,
        "services": None if account.services is None else " ".join(sorted(account.services)),
        "first_name": account.first_name or None,
        "last_name": account.last_name or None,
        "email": account.email or None,
        "alias": account.alias or None,
        "hides_number": "1" if account.hides_number else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _account(reply: list[bytes]) -> Account:
    fields = dict(zip(reply[::2], reply[1::2], strict=True))

    def text(name: str) -> str:
        return fields.get(name.encode(), b"").decode()

    return Account(
        address=Address.parse(text("address")),
        secret=fields[b"secret"],
        created_at=float(text("created_at")),
        msisdn=text("msisdn") or None,
        suspended=b"suspended" in fields,
        services=frozenset(text("services").split()) if b"services" in fields else None,
        first_name=text("first_name"),
        last_name=text("last_name"),
        email=text("email"),
        alias=text("alias"),
        hides_number=b"hides_number" in fields,
    )
