"""The service table: who renders a service for the users of which domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from attrs import field, frozen

E = TypeVar("E")


@frozen(kw_only=True)
class ServiceTable(Generic[E]):
    """The elements of one service: the local one for the home domains, the first of which is meant
    where an address names none, and one for each partner's domain."""

    local: E
    home_domains: tuple[str, ...]
    remote: Mapping[str, E] = field(factory=dict)

    def element_of(self, domain: str) -> E | None:
        """Who renders the service for the users of a domain; None if nobody does."""
        folded = (domain or self.home_domains[0]).casefold()
        if folded in (home.casefold() for home in self.home_domains):
            return self.local
        return self.remote.get(folded)
