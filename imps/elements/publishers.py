"""Publishers: who is meant by the users and contact lists that somebody names."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.status import Detail, Outcome, Refusal, StatusCode


@define(eq=False)
class Targets:
    """Who is meant: for each publisher the name that the caller uses, directly or in each contact
    list; and what is wrong with the others."""

    users: dict[Address, Address] = field(factory=dict)
    contact_lists: dict[Address, dict[Address, Address]] = field(factory=dict)
    failures: list[Detail] = field(factory=list)

    @property
    def publishers(self) -> dict[Address, Address]:
        """All publishers, each once."""
        publishers: dict[Address, Address] = {}
        for some in (*self.contact_lists.values(), self.users):
            publishers |= some
        return publishers

    def outcome(self, known: Iterable[Address]) -> Outcome:
        """How it went with what was asked for, of which these publishers were found to exist."""
        there = set(known)
        unknown = self.users.keys() - there
        failures = [
            Detail(StatusCode.UNKNOWN_USER, users=(name,))
            for publisher, name in self.users.items()
            if publisher in unknown
        ]
        return Outcome(len(self.contact_lists) + len(there), (*self.failures, *failures))


@define(eq=False)
class Publishers:
    """The users of the home domains, as those whose presence may be seen."""

    _contacts: Contacts
    _directory: Directory

    async def exists(self, publisher: Address) -> bool:
        """Whether there is such a user of ours, still."""
        return await self._directory.find(publisher) is not None

    async def publishers_in(
        self, owner: Address, contact_list: Address
    ) -> dict[Address, Address] | None:
        """The users of ours in a contact list, and the names that they have there; None without
        such a list."""
        members = await self._contacts.members(owner, contact_list)
        if members is None:
            return None
        return {
            publisher: each
            for each in members
            if (publisher := await self._directory.account_of(each)) is not None
        }

    async def meant(
        self, caller: Address, users: Iterable[Address], contact_lists: Iterable[Address]
    ) -> Targets:
        """Who is meant. Contacts of whom nothing can be known are left out, without an error: to
        have them in a list is none."""
        targets = Targets()
        for user in dict.fromkeys(users):
            address = self._directory.at_home(user)
            publisher = await self._directory.account_of(address)
            if publisher is not None:
                targets.users[publisher] = user
            elif address.is_user and not self._directory.is_home(address):
                code, domains = StatusCode.DOMAIN_NOT_SUPPORTED, (address.domain,)
                targets.failures.append(Detail(code, users=(user,), domains=domains))
            else:
                targets.failures.append(Detail(StatusCode.UNKNOWN_USER, users=(user,)))
        for contact_list in dict.fromkeys(contact_lists):
            own = await self._contacts.own(caller, contact_list)
            members = None if own is None else await self.publishers_in(caller, own)
            if own is None or members is None:
                code = StatusCode.NO_SUCH_CONTACT_LIST
                targets.failures.append(Detail(code, contact_lists=(contact_list,)))
            else:
                targets.contact_lists[own] = members
        if not (targets.users or targets.contact_lists or targets.failures):
            raise Refusal(StatusCode.BAD_PARAMETER, "no user or contact list")
        return targets
