"""What a publisher shows: of what is known of the user and of each client, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator

from imps.elements.authorization import visible_value
from imps.model.address import Address
from imps.model.presence import Attribute, Presence, PresenceValue, Published
from imps.store.presence import ClientPresence, UserPresence

Attributes = frozenset[Attribute]

_GONE = PresenceValue(is_valid=False)


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
    values = list(_values(known, asked))
    if also_gone:
        gone = asked.difference(each.attribute for each in values)
        values += [
            Published(each, _GONE) for each in Attribute if each in gone and each.is_of_client
        ]
    seen = [
        Published(each.attribute, value, each.client)
        for each in values
        if (value := visible_value(each.attribute, each.value, allowed)) is not None
    ]
    return Presence(publisher, tuple(seen))


def _values(known: UserPresence, asked: Attributes) -> Iterator[Published]:
    for attribute in Attribute:
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
