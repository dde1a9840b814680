"""Whom a text means: contacts by number and name, others by address; never one of two by guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from imps.model.account import normal_msisdn
from imps.model.address import Address

MOST_RECIPIENTS = 20
SHORTEST_PREFIX = 3
LONGEST_NAME = 400
"""Characters of a name or an address; nobody has a longer one."""

_UNDERSCORE = str.maketrans("_", " ")
_RECIPIENTS = re.compile(r'[*#]?(?:"(?:[^"]|"")*"|[^\s,"]+)')


@frozen
class Person:
    """Somebody that a text names: by which name, and a contact under which number."""

    address: Address
    name: str
    number: int | None = None


@frozen
class Group:
    """A group that a text names."""

    address: Address
    name: str
    number: int | None = None


@frozen
class ContactListNamed:
    """A contact list that a text names."""

    address: Address
    name: str


Recipient: TypeAlias = "Person | Group | ContactListNamed"
Argument: TypeAlias = "str | int | Person | Group | ContactListNamed | tuple[Recipient, ...]"


@frozen(kw_only=True)
class Known:
    """What is known of whoever sent a text: contacts, by their numbers; contact lists and groups;
    which words are users of the home domain; whether a conversation is ``is_open``, and with a
    group; which prompts wait for an answer, whether a choice of a single digit does, and which
    messages can be read. In a text ``to_a_partner``, to a number that stands for somebody, there
    are commands after a slash alone."""

    people: tuple[Person, ...] = ()
    contact_lists: tuple[ContactListNamed, ...] = ()
    groups: tuple[Group, ...] = ()
    users: Mapping[str, Address] = field(factory=dict)
    domain: str = ""
    is_open: bool = False
    target_is_group: bool = False
    prompts: frozenset[int] = frozenset()
    has_choice: bool = False
    messages: frozenset[int] = frozenset()
    to_a_partner: bool = False


class Unresolved(Exception):
    """A reference that leads to nobody, or to several."""

    def __init__(self, error: str, name: str, among: Sequence[Person] = ()) -> None:
        super().__init__(error)
        self.error, self.name, self.among = error, name, tuple(among)


@frozen
class References:
    """Finds out whom names mean, for a user of whom this is known; where they must be the user's
    own, among contacts and whoever is talked to. The beginning of a name may do, or not."""

    known: Known
    is_own: bool
    by_beginnings: bool = True

    def recipients(self, text: str) -> tuple[Recipient, ...]:
        """Several, with commas between; each once."""
        named = _RECIPIENTS.findall(text)
        if ",".join(named) != text:
            raise Unresolved("E10", text)
        if len(named) > MOST_RECIPIENTS:
            raise Unresolved("E15_names", text)
        return tuple(dict.fromkeys(self.recipient(each) for each in named))

    def recipient(self, text: str) -> Recipient:
        """Somebody, a contact list or a group."""
        if text.startswith("*"):
            return self.contact_list(text)
        if text.startswith("#"):
            return self.group(text)
        return self.person(text)

    def contact_list(self, text: str) -> ContactListNamed:
        """A contact list of the user's, with or without its asterisk."""
        name = unquoted(text.removeprefix("*"))
        for each in self.known.contact_lists:
            if folded(name) in (folded(each.name), folded(each.address.resource or "")):
                return each
        raise Unresolved("E30", name)

    def group(self, text: str) -> Group:
        """A group, by its name or number."""
        name = unquoted(text.removeprefix("#"))
        for each in self.known.groups:
            if folded(each.name) == folded(name) or str(each.number) == name:
                return each
        # Where there are no groups, what was asked is not offered, whatever the group.
        if not self.known.is_open:
            return Group(Address("", name, self.known.domain), name)
        raise Unresolved("E40", name)

    def person(self, text: str) -> Person:
        """Somebody: by number, name or address, or by telephone number."""
        known, name = self.known, unquoted(text)
        if len(name) > LONGEST_NAME:
            raise Unresolved("E10", name)
        if re.fullmatch(r"\d{1,3}", text, re.ASCII):
            numbered = (each for each in known.people if each.number == int(text))
            if (person := next(numbered, None)) is None:
                raise Unresolved("E10", text)
            return person
        named = self._by_name(name)
        if named is not None:
            return named
        if "@" in name:
            address = Address.parse(name)
            if address.is_user:
                return self._at(address)
        number = (
            normal_msisdn(name) if re.fullmatch(r"\+\d{6,15}|\d{7,15}", name, re.ASCII) else None
        )
        if number is not None and (name.startswith("+") or not self.is_own):
            return self._at(Address(number, None, known.domain))
        raise Unresolved("E10", name)

    def _by_name(self, name: str) -> Person | None:
        people, known = self.known.people, self.known
        spaced = name.translate(_UNDERSCORE)
        exact = [each for each in people if each.name in (name, spaced)]
        names = {folded(name), folded(spaced)}
        alike = [each for each in people if folded(each.name) in names]
        for among in (exact, alike):
            if among:
                return _only(among, name)
        own_users = [
            each
            for each in people
            if each.address.user.casefold() == name.casefold()
            and each.address.domain.casefold() == known.domain.casefold()
        ]
        if own_users:
            return _only(own_users, name)
        address = None if self.is_own else known.users.get(name.casefold())
        if address is not None:
            return self._at(address)
        if self.by_beginnings and len(name) >= SHORTEST_PREFIX:
            beginning = folded(spaced)
            begin = [each for each in people if folded(each.name).startswith(beginning)]
            if begin:
                return _only(begin, name)
        return None

    def _at(self, address: Address) -> Person:
        """Whoever has an address, as a contact if it is one's."""
        for each in self.known.people:
            if each.address == address:
                return each
        is_here = address.domain.casefold() == self.known.domain.casefold()
        return Person(address, address.user if is_here else str(address).removeprefix("wv:"))


def _only(among: Sequence[Person], name: str) -> Person:
    if len({each.address for each in among}) > 1:
        raise Unresolved("E12", name, among)
    return among[0]


def unquoted(text: str) -> str:
    """A name without the quotation marks around it; two within are one."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def quoted(name: str) -> str:
    """A name in quotation marks, for a text that names it."""
    return '"' + name.replace('"', '""') + '"'


_PLAIN = re.compile(r'(?![*#/])(?!\d+$)[^\s,"]+')


def referring(name: str) -> str:
    """A name as a text has to write it to name somebody by it."""
    return name if _PLAIN.fullmatch(name) else quoted(name)


def folded(name: str) -> str:
    """A name as it is compared: without case and diacritics."""
    plain = unicodedata.normalize("NFD", name.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))
