"""What that server reads and writes: XML put together from text, and found in by name.

It writes without escaping. It finds elements by their names in any case, attributes by their exact
ones, and reads as text what no ``encoding`` marks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from hashlib import md5

from attrs import frozen
from lxml import etree

Element = etree._Element

CONTENT_TYPE = "application/vnd.wv.ssp+xml"

PRESENCE_NAMESPACE = "http://www.openmobilealliance.org/DTD/IMPS-PA1.3"

_NAMESPACE = "http://www.openmobilealliance.org/DTD/WV-SSP1.3"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


class NotWellFormed(Exception):
    """A body that it answers with HTTP status 400."""


@frozen
class Transaction:
    """A transaction of a message: an absent mode means a response."""

    is_request: bool
    id: str
    primitive: Element

    @property
    def name(self) -> str:
        """The name of the primitive, in lower case."""
        return name_of(self.primitive)


def read(body: bytes) -> Element:
    """What stands at the top of a message: a session, or a transaction of the set-up."""
    try:
        root = etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise NotWellFormed(str(error)) from error
    if name_of(root) != "wv-ssp-message" or not len(root):
        raise NotWellFormed(root.tag)
    top = root[0]
    if name_of(top) not in ("session", "setuptransaction"):
        raise NotWellFormed(top.tag)
    return top


def transaction_of(element: Element) -> Transaction:
    """The transaction of a ``Transaction`` or ``SetupTransaction``."""
    if not len(element):
        raise NotWellFormed("a transaction of nothing")
    is_request = element.get("mode", "").lower() == "request"
    return Transaction(is_request, element.get("transactionID", ""), element[0])


def name_of(element: Element) -> str:
    """The local name of an element, in lower case."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The children of a name."""
    found = () if element is None else element
    return (each for each in found if name_of(each) == name.lower())


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of a name, of that the first of the next, and so on."""
    for name in path:
        element = next(children(element, name), None)
    return element


def anywhere(element: Element, name: str) -> Element | None:
    """The first element of a name within another."""
    return next((each for each in element.iter() if name_of(each) == name.lower()), None)


def attribute(element: Element | None, name: str) -> str:
    """The value of an attribute; empty if it, or the element, is not there."""
    return "" if element is None else element.get(name, "")


def text_of(element: Element | None) -> str:
    """The text of an element, as it stands there."""
    return "" if element is None else element.text or ""


def octets_of(element: Element | None) -> bytes:
    """The content of an element: any ``encoding`` means BASE64."""
    text = text_of(element)
    if element is None or element.get("encoding") is None:
        return text.strip().encode()
    try:
        return base64.b64decode("".join(text.split()))
    except binascii.Error:
        return b""


def folded(address: str) -> str:
    """An address as it compares them: without the scheme, in lower case."""
    return address.strip().lower().removeprefix("wv:")


def domain_of(address: str) -> str:
    """The domain of an address; empty if it names none."""
    return folded(address).rpartition("@")[2] if "@" in address else ""


def digest(secret: bytes) -> bytes:
    """What proves that one was sent a secret."""
    return md5(secret).digest()


def message(inside: str) -> bytes:
    """A whole message."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<WV-SSP-Message xmlns="{_NAMESPACE}">{inside}</WV-SSP-Message>'
    ).encode()


def set_up(is_request: bool, transaction_id: str, inside: str) -> bytes:
    """A message of the set-up of a session."""
    mode = _mode(is_request)
    start = f'<SetupTransaction mode="{mode}" transactionID="{transaction_id}">'
    return message(f"{start}{inside}</SetupTransaction>")


def transaction(is_request: bool, transaction_id: str, inside: str) -> str:
    """A transaction in a session."""
    start = f'<Transaction mode="{_mode(is_request)}" transactionID="{transaction_id}">'
    return f"{start}{inside}</Transaction>"


def in_session(session_id: str, transactions: Iterable[str]) -> bytes:
    """A message in a session."""
    return message(f'<Session sessionID="{session_id}">{"".join(transactions)}</Session>')


def meta_info(domain: str, user: str | None) -> str:
    """Who asks: a user of a domain, or the domain itself."""
    if user is None:
        return f'<MetaInfo clientOriginated="No"><Requestor serviceID="wv:@{domain}"/></MetaInfo>'
    return (
        f'<MetaInfo clientOriginated="Yes"><Requestor serviceID="wv:@{domain}">'
        f'<User userID="wv:{user}"/></Requestor></MetaInfo>'
    )


def status(code: int, *unknown: str, detail: int = 531) -> str:
    """A status, with a detail of the users that could not be served."""
    if not unknown:
        return f'<Status code="{code}"/>'
    users = "".join(f'<UserID userID="wv:{user}"/>' for user in unknown)
    return (
        f'<Status code="{code}"><DetailedResult code="{detail}">{users}</DetailedResult></Status>'
    )


def presence(publisher: str, values: Iterable[tuple[str, str]]) -> str:
    """What is told of a publisher: attributes, and what stands in each."""
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values)
    return (
        f'<PresenceValue userID="wv:{publisher}">'
        f'<PresenceSubList xmlns="{PRESENCE_NAMESPACE}">{inside}</PresenceSubList></PresenceValue>'
    )


def content(data: bytes, content_type: str) -> str:
    """The content of a message; its BASE64 ends with CR and LF."""
    encoded = base64.b64encode(data).decode()
    return (
        f'<ContentData contentType="{content_type}" encoding="base64">{encoded}\r\n</ContentData>'
    )


def _mode(is_request: bool) -> str:
    return "Request" if is_request else "Response"
