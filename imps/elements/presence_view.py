"""What a publisher shows: of what is known of the user and of each client, what is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from xml.sax.saxutils import escape

from attrs import define, field

from imps.elements.authorization import visible_value
from imps.model.address import Address
from imps.model.presence import Attribute, Content, Item, Presence, PresenceValue, Published
from imps.store.presence import ClientPresence, UserPresence

Attributes = frozenset[Attribute]

MOST_OCTETS = 96 * 1024
"""How much a client can read that did not say how much it can: there are some that read 100,000
octets."""

AT_A_TIME = 32 * 1024
"""Of how much a session is told at a time, where it could be of more."""

AROUND_A_PUBLISHER, AROUND_A_VALUE, AROUND_A_PART = 300, 100, 40
"""What is written around all that is told of a publisher, a value, and a part of one; about."""

_GONE = PresenceValue(is_valid=False)
_ATTRIBUTES = tuple(Attribute)
_OF_CLIENTS = tuple(attribute for attribute in Attribute if attribute.is_of_client)


def shown(
    publisher: Address,
    known: UserPresence,
    asked: Attributes,
    allowed: Attributes,
    *,
    also_gone: bool = False,
) -> Presence:
    """What somebody is told who asks for some attributes, and is allowed some.

    Attributes without a value are left out; but who is told of changes is told ``also_gone`` of
    those that describe clients, as they may have had one when their client was there.
    """
    return Presence(publisher, _shown(known, asked, allowed, also_gone))


# Those who ask at the same time are mostly told the same.
@lru_cache(maxsize=64)
def _shown(
    known: UserPresence, asked: Attributes, allowed: Attributes, also_gone: bool
) -> tuple[Published, ...]:
    values = list(_values(known, asked))
    if also_gone:
        gone = asked.difference(each.attribute for each in values)
        values += [Published(each, _GONE) for each in _OF_CLIENTS if each in gone]
    return tuple(
        each if value is each.value else Published(each.attribute, value, each.client)
        for each in values
        if (value := visible_value(each.attribute, each.value, allowed)) is not None
    )


def _values(known: UserPresence, asked: Attributes) -> Iterator[Published]:
    for attribute in _ATTRIBUTES:
        if attribute not in asked:
            continue
        if attribute.is_of_client:
            for client in known.clients:
                published = _value_of(client, attribute)
                if published is not None:
                    yield Published(attribute, published, client.client)
        # Who can be told of one client only is told of the last, and nobody knows better than the
        # network where a phone is.
        value = known.values.get(attribute)
        if attribute is Attribute.ONLINE_STATUS and not known.clients:
            yield Published(attribute, _of(False))
        elif value is not None:
            yield Published(attribute, value)
        elif attribute is Attribute.ALIAS and known.alias:
            yield Published(attribute, _of(known.alias))


def _value_of(client: ClientPresence, attribute: Attribute) -> PresenceValue | None:
    """What a client has published, or what the server knows of it."""
    if attribute is Attribute.ONLINE_STATUS:
        return _of(True)
    published = client.values.get(attribute)
    if published is not None:
        return published
    if attribute is Attribute.COMM_CAP:
        return PresenceValue(content=(("CommC", (("Cap", "IM"), ("Status", "OPEN"))),))
    if attribute is Attribute.CLIENT_INFO and client.type:
        return PresenceValue(content=(("ClientType", client.type),))
    return None


def _of(value: str | bool) -> PresenceValue:
    return PresenceValue(content=(("PresenceValue", value),))


def octets_of(content: Content) -> int:
    """How large a value is, about."""
    return sum(_octets_of(item) for _, item in content)


def _octets_of(item: Item, *, is_written: bool = False) -> int:
    match item:
        case tuple():
            around = AROUND_A_PART if is_written else 0
            return sum(around + _octets_of(each, is_written=is_written) for _, each in item)
        case str():
            return len((escape(item) if is_written else item).encode("utf-8", "replace"))
        case bytes():
            return len(item) * 4 // 3 if is_written else len(item)
    return 4


def _written(published: Published) -> int:
    """How long an attribute is at most when it is written."""
    return AROUND_A_VALUE + _octets_of(published.value.content, is_written=True)


@define(eq=False)
class Room:
    """How much more can be told at a time to a client that can read ``most`` octets."""

    most: int
    _taken: int = field(default=0, init=False)

    def taken(
        self, published: Iterable[Published]
    ) -> tuple[tuple[Published, ...], frozenset[Attribute]]:
        """Those attributes for which there is room, each as a whole, and those that have to wait;
        without those for which there is never any."""
        by_attribute: defaultdict[Attribute, list[Published]] = defaultdict(list)
        for each in published:
            by_attribute[each.attribute].append(each)
        told: list[Published] = []
        waits = set()
        around = AROUND_A_PUBLISHER
        for attribute, values in by_attribute.items():
            octets = around + sum(map(_written, values))
            if octets > self.most:
                continue
            if self._taken and self._taken + octets > min(self.most, AT_A_TIME):
                waits.add(attribute)
            else:
                self._taken += octets
                told += values
                around = 0
        return tuple(told), frozenset(waits)
