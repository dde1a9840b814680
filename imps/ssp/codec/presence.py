"""Presence attributes in a PresenceSubList, to and from the model (SSP, shared blocks).

An element stands for its text unless it has children or is named here; what an attribute consists
of is for those to know who show it to a client.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from imps.model.presence import Attribute, Content, Item, PresenceValue, Published
from imps.model.version import V11, V13, Version
from imps.ssp.codec import PRESENCE_NAMESPACES
from imps.syntax.errors import CannotEncode, Unusable
from imps.syntax.texts import LARGEST_INTEGER, boolean, integer
from imps.syntax.xml import NAME, escaped, local_name

_NAMES = {attribute.value.casefold(): attribute for attribute in Attribute}
_QUALIFIER, _CLIENT = "qualifier", "clientid"
_TRUTHS = {
    ("OnlineStatus", "PresenceValue"),
    ("Registration", "PresenceValue"),
    ("ClientInfo", "AnyContent"),
}
_NUMBERS = frozenset(
    (
        "Altitude",
        "Accuracy",
        "Cpriority",
        "ClientIMPriority",
        "AcceptedTextContentLength",
        "MaxPullLength",
        "MaxPushLength",
        "PlainTextCharset",
    )
)
_SINCE_V12 = frozenset((Attribute.INFO_LINK,))


class NoSuchAttributes(Unusable):
    """A list names attributes, none of which is known."""


def names_in(sub_list: Any) -> frozenset[Attribute]:
    """The attributes that a list has elements of; those that are unknown are passed over, but as
    an empty list means all of them, there is one that is known if there are any."""
    named = frozenset(attribute for attribute, _ in _elements(sub_list))
    if len(sub_list) and not named:
        raise NoSuchAttributes("PresenceSubList", "there are no such attributes")
    return named


def values_in(sub_list: Any, longest_text: int) -> tuple[Published, ...]:
    """What a list says; a value that cannot be is left out."""
    return tuple(_values(sub_list, longest_text))


def write_names(attributes: Iterable[Attribute], version: Version, out: list[str]) -> None:
    """Write a list that names attributes, those of them that the version has."""
    chosen = frozenset(attributes)
    named = (each.value for each in Attribute if each in chosen and _exists(each, version))
    _write(version, (f"<{name}/>" for name in named), out)


def write_values(told: Iterable[Published], version: Version, out: list[str]) -> None:
    """Write a list of values. Of an attribute of clients 1.3 has one for each client, and older
    versions the last of them; what the version cannot say is left out."""
    by_client: dict[tuple[Attribute, str | None], PresenceValue] = {}
    for each in told:
        if _exists(each.attribute, version):
            client = each.client if version is V13 and each.attribute.is_of_client else None
            by_client.pop((each.attribute, client), None)
            by_client[each.attribute, client] = each.value
    order = list(Attribute)
    said = sorted(by_client.items(), key=lambda item: order.index(item[0][0]))
    _write(version, (_element(name, value, client) for (name, client), value in said), out)


def _exists(attribute: Attribute, version: Version) -> bool:
    return version is not V11 or attribute not in _SINCE_V12


def _write(version: Version, elements: Iterator[str], out: list[str]) -> None:
    out.append(f'<PresenceSubList xmlns="{PRESENCE_NAMESPACES[version]}">')
    out.extend(elements)
    out.append("</PresenceSubList>")


def _elements(sub_list: Any) -> Iterator[tuple[Attribute, Any]]:
    for child in sub_list:
        attribute = _NAMES.get(local_name(child.tag)[1].casefold())
        if attribute is not None:
            yield attribute, child


def _values(sub_list: Any, longest_text: int) -> Iterator[Published]:
    for attribute, element in _elements(sub_list):
        parts = {local_name(child.tag)[1].casefold(): child for child in element}
        client = _client_in(parts[_CLIENT]) if _CLIENT in parts else None
        try:
            valid = _QUALIFIER not in parts or boolean("Qualifier", parts[_QUALIFIER].text or "")
            content = _content_in(element, attribute.value, longest_text) if valid else ()
        except Unusable:
            continue
        value = PresenceValue(valid is not False, content)
        yield Published(attribute, value, client if attribute.is_of_client else None)


def _content_in(element: Any, attribute: str, longest_text: int) -> Content:
    content: list[tuple[str, Item]] = []
    for child in element:
        name = local_name(child.tag)[1]
        if not NAME.fullmatch(name) or name.casefold() in (_QUALIFIER, _CLIENT):
            continue
        item = _item_in(child, name, attribute, longest_text)
        if item is not None:
            content.append((name, item))
    return tuple(content)


def _item_in(element: Any, name: str, attribute: str, longest_text: int) -> Item | None:
    if len(element):
        return _content_in(element, attribute, longest_text)
    text = element.text or ""
    if (attribute, name) in _TRUTHS:
        return boolean(name, text)
    if name in _NUMBERS:
        return integer(name, text)
    if len(text) > longest_text:
        raise Unusable(name, "too long")
    return text


def _client_in(element: Any) -> str | None:
    """A client as the model tells it from the user's others: the lines of its ClientID."""
    said = {local_name(child.tag)[1].casefold(): (child.text or "").strip() for child in element}
    url = said.get("url", "") if said else (element.text or "").strip()
    lines = f"{_line(url)}\n{_line(said.get('msisdn', ''))}\n"
    return lines if lines.strip() else None


def _line(text: str) -> str:
    return " ".join(text.split())


def _element(attribute: Attribute, value: PresenceValue, client: str | None) -> str:
    out = [f"<{attribute.value}><Qualifier>{'T' if value.is_valid else 'F'}</Qualifier>"]
    if value.is_valid:
        _write_content(value.content, out)
    if client is not None:
        url, msisdn, _ = f"{client}\n\n".split("\n", 2)
        named = (("URL", url), ("MSISDN", msisdn))
        inner = "".join(f"<{name}>{escaped(text)}</{name}>" for name, text in named if text)
        out.append(f"<ClientID>{inner}</ClientID>" if inner else "")
    out.append(f"</{attribute.value}>")
    return "".join(out)


def _write_content(content: Content, out: list[str]) -> None:
    for name, item in content:
        if not NAME.fullmatch(name):
            raise CannotEncode(f"{name!r} is no name of an element")
        out.append(f"<{name}>")
        if isinstance(item, tuple):
            _write_content(item, out)
        else:
            out.append(escaped(_text(name, item)))
        out.append(f"</{name}>")


def _text(name: str, item: Item) -> str:
    if isinstance(item, bool):
        return "T" if item else "F"
    if isinstance(item, int) and not 0 <= item <= LARGEST_INTEGER:
        raise CannotEncode(f"{name} is out of bounds")
    if isinstance(item, bytes):
        return b64encode(item).decode()
    return str(item)
