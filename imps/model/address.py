"""Addresses: who or what a ``wv:`` name stands for.

::

    wv-address = [ "wv:" ] [ user ] [ "/" resource ] [ "@" domain ]

A user is ``wv:ann@example.org`` or, by telephone number, ``wv:+358501234567@example.org``; a
contact list or a private group ``wv:ann/friends@example.org``; a public group
``wv:/lobby@example.org``. The primitive that carries an address says which of these it means.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from attrs import frozen

SCHEME = "wv:"

_ILLEGAL = re.compile(r"[/@+\s\x00-\x1f\x7f]")
_MSISDN = re.compile(r"\+\d{3,20}", re.ASCII)
_DOMAIN = re.compile(
    r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*", re.I | re.A
)
_LONGEST_NAME = 200


def _legal(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and not _ILLEGAL.search(name)


def _written(user: str, resource: str | None, domain: str) -> str:
    of_user = "" if resource is None else f"/{resource}"
    return f"{SCHEME}{user}{of_user}" + (f"@{domain}" if domain else "")


@frozen(eq=False)
class Address:
    """One ``wv:`` address in its owner's spelling; two that differ in case alone are equal.

    Any text can be read as an address: ``is_user`` and ``is_resource`` tell whether it is one that
    could exist.
    """

    user: str = ""
    resource: str | None = None
    domain: str = ""

    @cached_property
    def folded(self) -> tuple[str, str | None, str]:
        """What two equal addresses have in common."""
        resource = None if self.resource is None else self.resource.casefold()
        return self.user.casefold(), resource, self.domain.casefold()

    @staticmethod
    @lru_cache(maxsize=2000)
    def parse(text: str) -> Address:
        """Read an address; the scheme and the domain may be missing."""
        text = text.strip()
        if text[:3].lower() == SCHEME:
            text = text[3:]
        name, at, domain = text.rpartition("@")
        if not at or not domain:
            name, domain = text, ""
        user, slash, resource = name.partition("/")
        return Address(user, resource if slash else None, domain)

    def __str__(self) -> str:
        return _written(self.user, self.resource, self.domain)

    def __eq__(self, other: object) -> bool:
        return self.folded == other.folded if isinstance(other, Address) else NotImplemented

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.folded)

    @cached_property
    def canonical(self) -> str:
        """The one spelling of all that are equal to this address, for keys in the store."""
        return _written(*self.folded)

    @property
    def is_user(self) -> bool:
        """Whether this could be the address of a user, by name or by number."""
        return (
            self.resource is None
            and bool(self.user)
            and (_legal(self.user) or bool(_MSISDN.fullmatch(self.user)))
            and self._has_legal_domain
        )

    @property
    def is_resource(self) -> bool:
        """Whether this could be the address of a contact list or a group."""
        return (
            bool(self.resource)
            and _legal(self.resource or "")
            and (not self.user or _legal(self.user) or bool(_MSISDN.fullmatch(self.user)))
            and self._has_legal_domain
        )

    @property
    def _has_legal_domain(self) -> bool:
        return not self.domain or bool(_DOMAIN.fullmatch(self.domain))

    @property
    def msisdn(self) -> str | None:
        """The telephone number, digits after a plus sign, when the user is named by one."""
        return self.user if _MSISDN.fullmatch(self.user) else None

    @property
    def owner(self) -> Address:
        """The user to whom a contact list or a private group belongs."""
        return Address(self.user, None, self.domain)

    def at_home(self, domain: str) -> Address:
        """The same address with the home domain where it names none (CSP, addressing)."""
        return self if self.domain else Address(self.user, self.resource, domain)

    def resource_named(self, name: str) -> Address:
        """The address of this user's contact list or group of that name."""
        return Address(self.user, name, self.domain)
