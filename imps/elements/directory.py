"""The directory: who the users of the home domains are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from attrs import define
from twisted.internet.interfaces import IReactorTime

from imps.model.account import Account, normal_msisdn
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.store.accounts import AccountExists, Accounts, MsisdnTaken
from imps.store.secrets import Secrets

LONGEST_PASSWORD = 50


@define(eq=False)
class Directory:
    """The accounts of the home domains; an address without a domain is of the first of them."""

    _accounts: Accounts
    _secrets: Secrets
    _domains: Sequence[str]
    _clock: IReactorTime

    async def add(self, address: Address, password: str, msisdn: str | None = None) -> Account:
        """Make an account, with its first contact list.

        Refused unless the address is a user's of a home domain, neither it nor the number is in
        use, and the password has 1 to 50 characters.
        """
        user = self._user(address)
        if not 1 <= len(password) <= LONGEST_PASSWORD:
            raise Refusal(
                StatusCode.BAD_PARAMETER, f"a password has 1 to {LONGEST_PASSWORD} characters"
            )
        account = Account(
            address=user,
            secret=self._secrets.encrypt(password),
            created_at=self._clock.seconds(),
            msisdn=_number(user, msisdn),
        )
        try:
            await self._accounts.add(account)
        except AccountExists:
            raise Refusal(StatusCode.FORBIDDEN, f"{user} exists already") from None
        except MsisdnTaken:
            raise Refusal(
                StatusCode.MSISDN_ERROR, f"another user has the number {account.msisdn}"
            ) from None
        return account

    async def get(self, address: Address) -> Account:
        """The account of a user, named or known by telephone number; refused if there is none."""
        account = await self.find(address)
        if account is None:
            raise Refusal(StatusCode.UNKNOWN_USER, f"there is no user {self.at_home(address)}")
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

    def password_of(self, account: Account) -> str:
        """The password of an account, for the checks of login."""
        return self._secrets.decrypt(account.secret)

    def at_home(self, address: Address) -> Address:
        """The address with the first home domain where it names none."""
        return address.at_home(self._domains[0])

    def is_home(self, address: Address) -> bool:
        """Whether the address is of a home domain."""
        return address.domain.casefold() in (domain.casefold() for domain in self._domains)

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
