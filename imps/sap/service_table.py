"""The service table: who renders a service for the users of which domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import frozen

E = TypeVar("E")


def nobody(domain: str) -> None:
    """Who renders a service abroad where there are no partners."""


@frozen(kw_only=True)
class ServiceTable(Generic[E]):
    """The elements of one service: the local one for the home domains, the first of which is meant
    where an address names none, and the one that ``remote`` finds for a partner's domain, equal
    ones for the same."""

    local: E
    home_domains: tuple[str, ...]
    remote: Callable[[str], E | None] = nobody

    def element_of(self, domain: str) -> E | None:
        """Who renders the service for the users of a domain; None if nobody does."""
        folded = (domain or self.home_domains[0]).casefold()
        if folded in (home.casefold() for home in self.home_domains):
            return self.local
        return self.remote(folded)
