"""Contact lists as clients say and read them."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from imps.testing.handset import Transaction
from imps.testing.wbxml import Choked


def list_of(user: str, name: str) -> str:
    """The address of a user's contact list."""
    owner, _, domain = user.partition("@")
    return f"{owner}/{name}@{domain}"


def properties(display_name: str, is_default: bool | None = None) -> str:
    """The properties of a list in a document; without a word on whether it is the default, the name
    alone."""
    named = {"DisplayName": display_name}
    if is_default is not None:
        named["Default"] = "T" if is_default else "F"
    inner = "".join(
        f"<Property><Name>{name}</Name><Value>{value}</Value></Property>"
        for name, value in named.items()
    )
    return f"<ContactListProperties>{inner}</ContactListProperties>"


def contacts_in(answer: Transaction) -> dict[str, str]:
    """The contacts that an answer names, and what they are called; it has to name them."""
    nick_list = answer.primitive.find("NickList")
    if nick_list is None:
        raise Choked("contacts were asked for, and are not there")
    return dict(map(_contact, nick_list))


def properties_in(answer: Transaction) -> dict[str, str]:
    """The properties that an answer tells, by name."""
    return {
        each.findtext("Name") or "": each.findtext("Value") or ""
        for each in answer.primitive.iterfind("ContactListProperties/Property")
    }


def _contact(element: Element) -> tuple[str, str]:
    if element.tag == "NickName":
        return element.findtext("UserID") or "", element.findtext("Name") or ""
    return element.text or "", ""
