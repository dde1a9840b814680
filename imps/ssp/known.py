"""The partners there are by now: those of the settings, and those that operators added."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from imps.model.partner import Partner
from imps.store.partners import Partners as StoredPartners

Changed = Callable[[Partner | None, Partner | None], None]


@define(eq=False)
class KnownPartners:
    """Who our partners are; ``look`` follows what operators change."""

    _stored: StoredPartners
    _configured: tuple[Partner, ...]
    _home_domains: tuple[str, ...]
    _partners: dict[str, Partner] = field(factory=dict, init=False)
    _listeners: list[Changed] = field(factory=list, init=False)

    def on_change(self, changed: Changed) -> None:
        """Call this with each partner that is new, changed, or gone: as it was, and as it is."""
        self._listeners.append(changed)

    async def look(self) -> None:
        """See who the partners are. Those of the settings count before those of the store, and our
        own domains are none."""
        found = {each.domain: each for each in await self._stored.all()}
        found.update((each.domain, each) for each in self._configured)
        for domain in self._home_domains:
            found.pop(domain.casefold(), None)
        before, self._partners = self._partners, found
        for domain in before.keys() | found.keys():
            was, is_now = before.get(domain), found.get(domain)
            if was != is_now:
                for changed in self._listeners:
                    changed(was, is_now)

    def get(self, domain: str) -> Partner | None:
        """The partner that serves a domain."""
        return self._partners.get(domain.casefold())

    def all(self) -> tuple[Partner, ...]:
        """Every partner."""
        return tuple(self._partners.values())

    def is_home(self, domain: str) -> bool:
        """Whether a domain is one of ours."""
        return domain.casefold() in self.home_domains

    @property
    def home_domains(self) -> tuple[str, ...]:
        """Our own domains."""
        return tuple(each.casefold() for each in self._home_domains)

    @property
    def first_home_domain(self) -> str:
        """The domain in whose name we speak where nobody's is meant."""
        return self._home_domains[0]
