"""Values of presence as octets in the store: JSON, in which octets are marked as such."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Any

from imps.model.presence import Content, Item, PresenceValue

_OCTETS = "octets"


def value_packed(value: PresenceValue) -> bytes:
    """A value."""
    fields = [value.is_valid, _packed(value.content)]
    return json.dumps(fields, separators=(",", ":")).encode()


# Everybody who watches somebody is told the same.
@lru_cache(maxsize=256)
def unpacked_value(octets: bytes) -> PresenceValue:
    """A value from what ``value_packed`` made of it."""
    is_valid, content = json.loads(octets)
    return PresenceValue(is_valid, _unpacked(content))


def _packed(content: Content) -> list[Any]:
    return [(name, _item_packed(item)) for name, item in content]


def _item_packed(item: Item) -> Any:
    if isinstance(item, bytes):
        return {_OCTETS: b64encode(item).decode()}
    return _packed(item) if isinstance(item, tuple) else item


def _unpacked(content: list[Any]) -> Content:
    return tuple((name, _item_unpacked(item)) for name, item in content)


def _item_unpacked(item: Any) -> Item:
    if isinstance(item, dict):
        return b64decode(item[_OCTETS])
    return _unpacked(item) if isinstance(item, list) else item
