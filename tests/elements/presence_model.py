"""What presence is by its published rules, to be compared with: who says what, who may see it,
and who has asked for it."""

from __future__ import annotations

from collections import defaultdict

from attrs import define, field

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE, Attribute

Attributes = frozenset[Attribute]

NOTHING: Attributes = frozenset()
ON_LINE, REACHABLE = Attribute.ONLINE_STATUS, Attribute.COMM_CAP

Shown = dict[str | None, object]
"""An attribute as one sees it: by client the value, under None what is of the user."""


@define(eq=False)
class ModelSession:
    """A client of a user: what it says of itself, to whom it subscribed, and what it shows."""

    caller: Caller
    client: str
    values: dict[Attribute, object] = field(factory=dict)
    direct: dict[Address, Attributes] = field(factory=dict)
    through: defaultdict[Address, dict[Address, Attributes]] = field(
        factory=lambda: defaultdict(dict)
    )
    followed: dict[Address, Attributes] = field(factory=dict)
    shown: defaultdict[Address, dict[Attribute, Shown]] = field(factory=lambda: defaultdict(dict))

    def asked(self, publisher: Address) -> Attributes:
        """What it has asked for of a publisher, in whatever way."""
        through = (each.get(publisher, NOTHING) for each in self.through.values())
        return self.direct.get(publisher, NOTHING).union(*through)

    def subscribe(self, publisher: Address, attributes: Attributes) -> None:
        """Subscribe to one user."""
        self.direct[publisher] = attributes

    def subscribe_through(
        self, contact_list: Address, members: set[Address], attributes: Attributes, follows: bool
    ) -> None:
        """Subscribe to those in a contact list, and perhaps to those who come."""
        self.through[contact_list].update(dict.fromkeys(members, attributes))
        self.followed.pop(contact_list, None)
        if follows:
            self.followed[contact_list] = attributes

    def unsubscribe(self, publisher: Address, lists: dict[Address, set[Address]]) -> None:
        """Unsubscribe from one user: a list that is followed does not bring that one back."""
        self.direct.pop(publisher, None)
        for contact_list, through in self.through.items():
            through.pop(publisher, None)
            if contact_list in self.followed and publisher in lists[contact_list]:
                through[publisher] = NOTHING

    def unsubscribe_through(self, contact_list: Address) -> None:
        """Unsubscribe from a contact list."""
        self.through.pop(contact_list, None)
        self.followed.pop(contact_list, None)

    def contacts_changed(self, contact_list: Address, members: set[Address]) -> None:
        """Somebody has come into a contact list, or gone."""
        if contact_list not in self.followed:
            return
        through = self.through[contact_list]
        for gone in through.keys() - members:
            del through[gone]
        for new in members - through.keys():
            through[new] = self.followed[contact_list]


@define(eq=False)
class ModelUser:
    """A user: what is published, for whom, and the contact lists."""

    address: Address
    lists: dict[Address, set[Address]]
    values: dict[Attribute, object] = field(factory=dict)
    default: Attributes | None = None
    for_users: dict[Address, Attributes] = field(factory=dict)
    for_lists: dict[Address, Attributes] = field(factory=dict)
    granted: dict[Address, Attributes] = field(factory=dict)
    sessions: dict[str, ModelSession] = field(factory=dict)

    def shows_to(self, watcher: Address) -> Attributes:
        """What a watcher may see."""
        if watcher == self.address:
            return EVERY_ATTRIBUTE
        allowed = self._allowed(watcher)
        # Who sees that somebody is on line sees that messages arrive.
        return allowed | {REACHABLE} if ON_LINE in allowed else allowed

    def _allowed(self, watcher: Address) -> Attributes:
        if watcher in self.for_users:
            return self.for_users[watcher]
        of_lists = [said for each, said in self.for_lists.items() if watcher in self.lists[each]]
        if of_lists:
            return NOTHING.union(*of_lists)
        if self.default is not None:
            return self.default
        return self.granted.get(watcher, NOTHING)

    def now(self, attribute: Attribute) -> Shown:
        """An attribute as it is; what was withdrawn, or is of no client that is there, is not."""
        if attribute is ON_LINE:
            return dict.fromkeys(self.sessions, True) or {None: False}
        if attribute is REACHABLE:
            return dict.fromkeys(self.sessions, "IM")
        said: Shown = {client: each.values.get(attribute) for client, each in self.sessions.items()}
        said[None] = self.values.get(attribute)
        return {client: value for client, value in said.items() if value is not None}
