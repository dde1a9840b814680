"""The directory: who the users of the home domains are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypedDict, Unpack

from attrs import define, evolve
from twisted.internet.interfaces import IReactorTime

from imps.model.account import Account, normal_msisdn
from imps.model.address import Address
from imps.model.presence import Attribute, AttributeList
from imps.model.services import FUNCTIONS
from imps.model.status import Refusal, StatusCode
from imps.store.accounts import AccountExists, Accounts, MsisdnTaken, NoSuchAccount
from imps.store.secrets import Secrets

LONGEST_PASSWORD = 50


class Details(TypedDict, total=False):
    """What may be said of a user: which services they may use, who they are, and whether others
    cannot name them by their number."""

    services: frozenset[str]
    first_name: str
    last_name: str
    email: str
    alias: str
    hides_number: bool


class UserExists(Refusal):
    """There is an account of that address already."""


@define(eq=False)
class Directory:
    """The accounts of the home domains; an address without a domain is of the first of them.

    ``default_attributes``, if there are any, are what new users allow everybody to see.
    """

    _accounts: Accounts
    _secrets: Secrets
    _domains: Sequence[str]
    _clock: IReactorTime
    _default_attributes: frozenset[Attribute] = frozenset()

    async def add(
        self,
        address: Address,
        password: str,
        msisdn: str | None = None,
        **details: Unpack[Details],
    ) -> Account:
        """Make an account, with its first contact list; without services it may use all.

        Refused unless the address is a user's of a home domain, neither it nor the number is in
        use, the password has 1 to 50 characters, and there are such services.
        """
        user = self._user(address)
        account = Account(
            address=user,
            secret=self._secret(password),
            created_at=self._clock.seconds(),
            msisdn=_number(user, msisdn),
            **_checked(details),
        )
        attributes = self._default_attributes
        try:
            await self._accounts.add(account, AttributeList(attributes) if attributes else None)
        except AccountExists:
            raise UserExists(StatusCode.FORBIDDEN, f"{user} exists already") from None
        except MsisdnTaken:
            raise _taken(account) from None
        return account

    async def change(
        self,
        address: Address,
        password: str | None = None,
        msisdn: str | None = None,
        **details: Unpack[Details],
    ) -> Account:
        """Change what is given of an account; refused like ``add``.

        Under a new password the user has to sign on anew: all sessions end.
        """
        account = await self.get(address)
        changed = evolve(account, **_checked(details))
        if password is not None and password != self.password_of(account):
            changed = evolve(changed, secret=self._secret(password))
        if msisdn is not None:
            changed = evolve(changed, msisdn=_number(account.address, msisdn))
        ends_sessions = changed.secret != account.secret
        return await self._changed(account, changed, ends_sessions)

    async def release_msisdn(self, address: Address) -> Account:
        """Take a user's telephone number away, so that it may be another one's. Refused for whoever
        is named by it."""
        account = await self.get(address)
        if account.address.msisdn is not None:
            raise Refusal(StatusCode.MSISDN_ERROR, f"{account.address} is named by the number")
        return await self._changed(account, evolve(account, msisdn=None))

    async def set_password(self, address: Address, password: str) -> Account:
        """Give a user a password, with which to sign on anew: all sessions end."""
        account = await self.get(address)
        changed = evolve(account, secret=self._secret(password))
        return await self._changed(account, changed, ends_sessions=True)

    async def suspend(self, address: Address) -> Account:
        """Keep a user from signing on, and end all sessions; messages go on waiting."""
        account = await self.get(address)
        changed = evolve(account, suspended=True)
        return await self._changed(account, changed, ends_sessions=True)

    async def resume(self, address: Address) -> Account:
        """Let a suspended user sign on again."""
        account = await self.get(address)
        return await self._changed(account, evolve(account, suspended=False))

    async def delete(self, address: Address) -> Account:
        """Delete a user with all that is theirs; all sessions end."""
        account = await self.get(address)
        try:
            await self._accounts.delete(account, now=self._clock.seconds())
        except NoSuchAccount:
            raise _unknown(account.address) from None
        return account

    async def get(self, address: Address) -> Account:
        """The account of a user, named or known by telephone number; refused if there is none."""
        account = await self.find(address)
        if account is None:
            raise _unknown(self.at_home(address))
        return account

    def all(self) -> AsyncIterator[Account]:
        """Every account, in no order that means anything."""
        return self._accounts.all()

    async def find(self, address: Address) -> Account | None:
        """The account of a user, named or known by telephone number, if there is one."""
        user = self.at_home(address)
        if not user.is_user or not self.is_home(user):
            return None
        account = await self._accounts.get(user)
        if account is None and user.msisdn is not None:
            account = await self._accounts.with_msisdn(user.msisdn)
            if account is not None and account.address.domain.casefold() != user.domain.casefold():
                return None
        return account

    async def named(self, address: Address) -> Account | None:
        """The account of a user whom somebody else names, if there is one; by a telephone number
        only where its user is not to be hidden behind it."""
        account = await self.find(address)
        if account is None or not account.hides_number:
            return account
        return account if account.address == self.at_home(address) else None

    async def with_msisdn(self, msisdn: str) -> Account | None:
        """The account of any home domain that has a telephone number."""
        account = await self._accounts.with_msisdn(msisdn)
        return account if account is not None and self.is_home(account.address) else None

    async def account_of(self, address: Address) -> Address | None:
        """The account that somebody could mean by an address, whether or not it exists unless it is
        named by telephone number; None if it can be of none of ours."""
        user = self.at_home(address)
        if not user.is_user or not self.is_home(user):
            return None
        if user.msisdn is None:
            return user
        account = await self.named(user)
        return None if account is None else account.address

    async def names_of(self, user: Address) -> tuple[Address, ...]:
        """The names by which others may know a user: the address, and one by telephone number."""
        account = await self.find(user)
        return names_by(user, account.msisdn if account else None)

    async def unknown(self, users: Iterable[Address]) -> set[Address]:
        """Those of these addresses that no user has, as far as can be told here: of other domains
        all may exist, and so may telephone numbers."""
        by_address = {each: self.at_home(each) for each in users}
        impossible = {each for each, address in by_address.items() if not address.is_user}
        ours = {
            each: address
            for each, address in by_address.items()
            if address.is_user and address.msisdn is None and self.is_home(address)
        }
        existing = await self._accounts.existing(ours.values())
        return impossible | {each for each, address in ours.items() if address not in existing}

    def password_of(self, account: Account) -> str:
        """The password of an account, for the checks of login."""
        return self._secrets.decrypt(account.secret)

    def at_home(self, address: Address) -> Address:
        """The address with the first home domain where it names none."""
        return address.at_home(self._domains[0])

    def is_home(self, address: Address) -> bool:
        """Whether the address is of a home domain."""
        return address.domain.casefold() in (domain.casefold() for domain in self._domains)

    async def _changed(
        self, account: Account, changed: Account, ends_sessions: bool = False
    ) -> Account:
        now = self._clock.seconds()
        try:
            await self._accounts.change(account, changed, now=now)
        except NoSuchAccount:
            raise _unknown(account.address) from None
        except MsisdnTaken:
            raise _taken(changed) from None
        if ends_sessions:
            await self._accounts.end_sessions(changed.address, now=now)
        return changed

    def _secret(self, password: str) -> bytes:
        """What is kept of a password; refused unless it is one."""
        if not 1 <= len(password) <= LONGEST_PASSWORD:
            raise Refusal(
                StatusCode.BAD_PARAMETER, f"a password has 1 to {LONGEST_PASSWORD} characters"
            )
        return self._secrets.encrypt(password)

    def _user(self, address: Address) -> Address:
        """The address with its domain; refused unless a user of ours could have it."""
        user = self.at_home(address)
        if not user.is_user:
            raise Refusal(StatusCode.BAD_PARAMETER, f"{user} is not the address of a user")
        if not self.is_home(user):
            raise Refusal(
                StatusCode.DOMAIN_NOT_SUPPORTED,
                f"{user.domain} is not a home domain; those are {', '.join(self._domains)}",
            )
        return user


def names_by(user: Address, msisdn: str | None) -> tuple[Address, ...]:
    """The names of a user who has this telephone number, or none."""
    return (user,) if msisdn is None else (user, Address(msisdn, None, user.domain))


def _checked(details: Details) -> Details:
    unknown = sorted(details.get("services", frozenset()) - FUNCTIONS.keys())
    if unknown:
        raise Refusal(StatusCode.BAD_PARAMETER, f"there is no service {unknown[0]}")
    return details


def _unknown(user: Address) -> Refusal:
    return Refusal(StatusCode.UNKNOWN_USER, f"there is no user {user}")


def _taken(account: Account) -> Refusal:
    return Refusal(StatusCode.MSISDN_ERROR, f"another user has the number {account.msisdn}")


def _number(user: Address, msisdn: str | None) -> str | None:
    """The number an account is to have: the one given, or the one it is named by."""
    if msisdn is None:
        return user.msisdn
    number = normal_msisdn(msisdn)
    if number is None:
        raise Refusal(StatusCode.MSISDN_ERROR, f"{msisdn!r} is not a telephone number")
    if user.msisdn not in (None, number):
        raise Refusal(StatusCode.MSISDN_ERROR, f"{user} is named by another number than {number}")
    return number
