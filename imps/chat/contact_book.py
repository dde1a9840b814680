"""What a user of ``imps chat`` knows of the contacts: who they are, and what they let be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define, evolve, field, frozen

from imps.chat.terminal import name_of, on_one_line
from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.presence import Presence
from imps.model.address import Address
from imps.model.contacts import Contact
from imps.model.presence import Attribute, Availability

WATCHED = frozenset((Attribute.ONLINE_STATUS, Attribute.USER_AVAILABILITY, Attribute.STATUS_TEXT))

_WORDS = {
    Availability.AVAILABLE: "available",
    Availability.NOT_AVAILABLE: "not available",
    Availability.DISCREET: "discreet",
}
_WORDS_IN_LIST = {**_WORDS, Availability.NOT_AVAILABLE: "away"}


@frozen
class Seen:
    """What is seen of somebody; None for what is not known, or holds no more."""

    is_there: bool | None = None
    availability: Availability | None = None
    text: str | None = None

    def after(self, told: PresenceSubList) -> Seen:
        """What is seen once this was told, too. One client that is on line is enough."""
        seen = self
        if told.online_status:
            values = [each.presence_value for each in told.online_status if _holds(each.qualifier)]
            known = [each for each in values if each is not None]
            seen = evolve(seen, is_there=any(known) if known else None)
        availability, text = told.user_availability, told.status_text
        if availability is not None:
            value = availability.presence_value if _holds(availability.qualifier) else None
            seen = evolve(seen, availability=value)
        if text is not None:
            written = text.presence_value if _holds(text.qualifier) else None
            seen = evolve(seen, text=on_one_line(written or "") or None)
        return seen

    def __str__(self) -> str:
        if self.is_there is False:
            words = "not there"
        elif self.availability not in (None, Availability.AVAILABLE):
            words = _WORDS_IN_LIST[self.availability]
        elif self.is_there:
            words = "there"
        else:
            words = "nothing known" if self.availability is None else "available"
        return f'{words}, "{self.text}"' if self.text else words


def _holds(qualifier: bool | None) -> bool:
    return qualifier is not False


NOTHING = Seen()


def changes(before: Seen, after: Seen) -> Iterator[str]:
    """What has changed, in words that follow a name.

    Of those who are not there, nothing else is told; when they come, all that is not as usual.
    """
    if after.is_there and not before.is_there:
        yield " is there."
        before = NOTHING
    elif before.is_there and after.is_there is False:
        yield " has left."
    if after.is_there is False:
        return
    is_usual = before.availability is None and after.availability is Availability.AVAILABLE
    if after.availability not in (None, before.availability) and not is_usual:
        yield f": {_WORDS[after.availability]}"
    if after.text != before.text:
        yield f': "{after.text}"' if after.text else ": no status text any more"


def meant_by(text: str, those: Iterable[Address], home: str) -> Address:
    """Who is meant by a name, which may lack the domain: one of those, or somebody else."""
    named = Address.parse(text).at_home(home)
    found = (each for each in those if named.at_home(each.domain) == each)
    return next(found, named)


@define(eq=False)
class ContactBook:
    """The contacts in a user's contact lists, and what is seen of them; pure data."""

    home: str
    default_list: Address | None = None
    _lists: dict[Address, tuple[Contact, ...]] = field(factory=dict, init=False)
    _seen: dict[Address, Seen] = field(factory=dict, init=False)

    def keep(self, contact_list: Address, contacts: Iterable[Contact]) -> None:
        """Remember who is in a list; what was seen of those who are in none is forgotten."""
        self._lists[contact_list] = tuple(contacts)
        there = self.contacts
        self._seen = {each: seen for each, seen in self._seen.items() if each in there}

    @property
    def contacts(self) -> dict[Address, Contact]:
        """The contacts of all lists; of somebody who is in several, one with a nickname."""
        found: dict[Address, Contact] = {}
        for contacts in self._lists.values():
            for each in contacts:
                if each.address not in found or not found[each.address].nickname:
                    found[each.address] = each
        return found

    def told(self, presence: Presence) -> list[str]:
        """Take in what is told of somebody; the lines about what is new in that."""
        if presence.user_id is None:
            return []
        before = after = self._seen.get(presence.user_id, NOTHING)
        for sub_list in presence.presence_sub_lists:
            after = after.after(sub_list)
        self._seen[presence.user_id] = after
        name = name_of(presence.user_id, self.home)
        return [f"* {name}{change}" for change in changes(before, after)]

    def name(self, contact: Contact) -> str:
        """What a contact is called, and by the user."""
        nickname = on_one_line(contact.nickname)
        return name_of(contact.address, self.home) + (f" ({nickname})" if nickname else "")

    def lines(self) -> list[str]:
        """Each contact, and what is seen of them."""
        return [
            f"  {self.name(each)}: {self._seen.get(address, NOTHING)}"
            for address, each in self.contacts.items()
        ]
