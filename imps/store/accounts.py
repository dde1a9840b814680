"""Accounts, in the bucket of their user; and which user has which telephone number.

The account is the truth. The index of numbers, in the bucket of the number, holds claims: one is
void when the account it names does not have that number. It is written before the account, and so
is respected for a while although no account bears it out yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from attrs import define

from imps.model.account import Account
from imps.model.address import Address
from imps.model.contacts import first_contact_list
from imps.store.client import StoreClient
from imps.store.keys import Buckets

CHUNK = 100
CLAIM_SECONDS = 60.0


class AccountExists(Exception):
    """There is an account of that address already."""


class MsisdnTaken(Exception):
    """Another account has that telephone number."""


@define(eq=False)
class Accounts:
    """The accounts of the home domains."""

    _client: StoreClient
    _buckets: Buckets

    async def add(self, account: Account) -> None:
        """Store a new account, with its first contact list.

        Raises AccountExists, or MsisdnTaken when another account has its number.
        """
        # Looked up first, so that the usual mistake claims no number.
        if await self.get(account.address) is not None:
            raise AccountExists(account.address)
        if account.msisdn is not None:
            await self._claim(account.msisdn, account)
        contact_list = first_contact_list(account.address)
        added = await self._client.run(
            "add_account",
            [self._buckets.prefix_of(account.address)],
            account.address.canonical,
            contact_list.address.canonical,
            str(contact_list.address),
            contact_list.display_name,
            *_fields(account),
        )
        if not added:
            raise AccountExists(account.address)

    async def get(self, address: Address) -> Account | None:
        """The account of this address."""
        prefix = self._buckets.prefix_of(address)
        key = f"{prefix}account:{address.canonical}"
        fields: list[bytes] = await self._client.execute("HGETALL", key)
        return _account(fields) if fields else None

    async def with_msisdn(self, msisdn: str) -> Account | None:
        """The account that has this telephone number."""
        prefix = self._buckets.prefix_of(Address(msisdn))
        claim: bytes | None = await self._client.execute("GET", f"{prefix}msisdn:{msisdn}")
        return None if claim is None else await self._claimant(claim, msisdn)

    async def all(self) -> AsyncIterator[Account]:
        """Every account, bucket by bucket; one added meanwhile may be missing."""
        for bucket in range(self._buckets.count):
            prefix, last = self._buckets.prefix(bucket), b""
            while chunk := await self._client.run("list_accounts", [prefix], last, CHUNK):
                for _, fields in chunk:
                    yield _account(fields)
                last = chunk[-1][0]

    async def _claim(self, msisdn: str, account: Account) -> None:
        prefix = self._buckets.prefix_of(Address(msisdn))
        void = b""
        while True:
            claim: bytes | None = await self._client.run(
                "claim_msisdn",
                [prefix],
                msisdn,
                account.address.canonical,
                repr(account.created_at),
                void,
            )
            if claim is None:
                return
            claimed_at = float(claim.partition(b" ")[0])
            if account.created_at - claimed_at < CLAIM_SECONDS:
                raise MsisdnTaken(msisdn)
            if await self._claimant(claim, msisdn) is not None:
                raise MsisdnTaken(msisdn)
            void = claim

    async def _claimant(self, claim: bytes, msisdn: str) -> Account | None:
        """The account a claim names, if it does have that number."""
        account = await self.get(Address.parse(claim.decode().partition(" ")[2]))
        return account if account is not None and account.msisdn == msisdn else None


def _fields(account: Account) -> list[str | bytes]:
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
    }
    return [part for name, value in fields.items() if value is not None for part in (name, value)]


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
    )
