"""Presence from the mobile network: where a user's phone is, and whether it is registered there.

An operator's system posts a JSON object about one user::

    {"user": "+358401234567", "registration": true, "plmn": "Sonera", "location": null,
     "address": {"country": "FI", "city": "Helsinki"}}

What is null is known no more, and what is not there stays as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from hmac import compare_digest
from typing import Any, NoReturn

from attrs import define, field, frozen
from twisted.logger import Logger

from imps.elements.presence import PresenceService
from imps.http.message import HTTPRequest, HTTPResponse
from imps.model.address import Address
from imps.model.presence import Attribute, Content, Item, PresenceValue, names_of
from imps.model.status import Refusal
from imps.store.errors import StoreFull, StoreUnavailable

LONGEST_TEXT = 200
LONGEST_USER = 500
LONGEST_COMPLAINT = 200

_NO_HEADERS: Mapping[str, str] = {}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MILLISECONDS_A_MINUTE = 60_000
_MILLISECONDS_A_DEGREE = 60 * _MILLISECONDS_A_MINUTE

Values = Mapping[Attribute, PresenceValue | None]
Read = Callable[[Any], Item]


class Malformed(Exception):
    """What was posted cannot be meant; the text says why, and names the field."""


@frozen
class Told:
    """What the network tells of a user."""

    user: Address
    values: Values = field(repr=False)


def told_in(body: bytes) -> Told:
    """What a request tells. Raises Malformed."""
    said = _object(_json(body), {"user", *_ATTRIBUTES}, needed=("user",))
    user = Address.parse(_field("user", _text(LONGEST_USER), said["user"]))
    if not user.is_user:
        raise Malformed("user: must be the address, the name or the number of a user")
    return Told(
        user,
        {
            attribute: None if said[name] is None else _value(_field(name, read, said[name]))
            for name, (attribute, read) in _ATTRIBUTES.items()
            if name in said
        },
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), object_pairs_hook=_each_once, parse_constant=_not_a_number)
    except (ValueError, RecursionError):
        raise Malformed("the body must be JSON") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said:
            raise Malformed(f"{name}: is there twice")
        said[name] = value
    return said


def _not_a_number(_: str) -> NoReturn:
    raise ValueError("JSON has no such number")


def _object(said: Any, names: Collection[str], needed: Collection[str] = ()) -> dict[str, Any]:
    """An object that has none but these fields, and has those that are needed."""
    if not isinstance(said, dict):
        raise Malformed("must be a JSON object")
    for name in said:
        if name not in names:
            raise Malformed(f"{name}: there is no such field")
    for name in needed:
        if said.get(name) is None:
            raise Malformed(f"{name}: is needed")
    return said


def _field(name: str, read: Read, said: Any) -> Any:
    try:
        return read(said)
    except Malformed as error:
        raise Malformed(f"{name}: {error}") from None


def _value(item: Item) -> PresenceValue:
    content: Content = item if isinstance(item, tuple) else (("PresenceValue", item),)
    return PresenceValue(content=content)


def _truth(said: Any) -> bool:
    if not isinstance(said, bool):
        raise Malformed("must be true or false")
    return said


def _text(longest: int) -> Callable[[Any], str]:
    def read(said: Any) -> str:
        if not isinstance(said, str) or not 0 < len(said) <= longest or _UNPRINTABLE.search(said):
            raise Malformed(f"must be a text of 1 to {longest} printable characters")
        return said

    return read


def _country(said: Any) -> str:
    if not isinstance(said, str) or not re.fullmatch(r"[A-Za-z]{2}", said):
        raise Malformed("must be the two letters of a country, such as FI")
    return said.upper()


def _whole(least: int, most: int) -> Read:
    def read(said: Any) -> int:
        if type(said) is not int or not least <= said <= most:
            raise Malformed(f"must be a whole number from {least} to {most}")
        return said

    return read


def _degrees(most: int, hemispheres: str) -> Read:
    """Degrees with decimals, as the standard writes them: ``35 24 15.652W``."""

    def read(said: Any) -> str:
        if type(said) not in (int, float) or not -most <= said <= most:
            raise Malformed(f"must be a number from {-most} to {most}")
        milliseconds = round(said * _MILLISECONDS_A_DEGREE)
        degrees, rest = divmod(abs(milliseconds), _MILLISECONDS_A_DEGREE)
        minutes, rest = divmod(rest, _MILLISECONDS_A_MINUTE)
        return f"{degrees} {minutes} {rest / 1000:g}{hemispheres[milliseconds < 0]}"

    return read


def _structure(parts: Mapping[str, tuple[str, Read]], needed: Collection[str] = ()) -> Read:
    """An object with parts, each with its name in the standard; what is null in it is not there."""

    def read(said: Any) -> Content:
        told = _object(said, parts, needed)
        there = {name: each for name, each in told.items() if each is not None}
        if not there:
            raise Malformed("is empty; null says that it is not known")
        return tuple(
            (element, _field(name, read_part, there[name]))
            for name, (element, read_part) in parts.items()
            if name in there
        )

    return read


_name = _text(LONGEST_TEXT)
_accuracy = _whole(0, 10_000_000)
_LOCATION: Mapping[str, tuple[str, Read]] = {
    "longitude": ("Longitude", _degrees(180, "EW")),
    "latitude": ("Latitude", _degrees(90, "NS")),
    "altitude": ("Altitude", _whole(-1000, 100_000)),
    "accuracy": ("Accuracy", _accuracy),
}
_ADDRESS: Mapping[str, tuple[str, Read]] = {
    "country": ("Country", _country),
    "city": ("City", _name),
    "street": ("Street", _name),
    "crossing1": ("Crossing1", _name),
    "crossing2": ("Crossing2", _name),
    "building": ("Building", _name),
    "named_area": ("NamedArea", _name),
    "accuracy": ("Accuracy", _accuracy),
}
_ATTRIBUTES: Mapping[str, tuple[Attribute, Read]] = {
    "registration": (Attribute.REGISTRATION, _truth),
    "plmn": (Attribute.PLMN, _name),
    "location": (Attribute.GEO_LOCATION, _structure(_LOCATION, ("latitude", "longitude"))),
    "address": (Attribute.ADDRESS, _structure(_ADDRESS)),
}


@define(eq=False)
class NetworkPresence:
    """The page that takes presence from the network, from whoever has the key; without a key, from
    nobody."""

    _element: PresenceService
    _key: str = field(repr=False)
    _log = Logger()

    async def answer(self, asked: HTTPRequest) -> HTTPResponse:
        """Take what is told, and say whether that was done."""
        refused = self._refused(asked)
        if refused is not None:
            return refused
        try:
            told = told_in(asked.body)
            await self._element.publish_from_network(told.user, told.values)
        except Malformed as error:
            return _said(400, str(error)[:LONGEST_COMPLAINT])
        except Refusal as refusal:
            return _said(404, refusal.description)
        except StoreUnavailable:
            return _said(503, "the store does not answer; try again later")
        except StoreFull:
            return _said(503, "the store is full")
        names = names_of(frozenset(told.values))
        self._log.debug("The network told {names} of {user}", names=names, user=str(told.user))
        return _said(200)

    def _refused(self, asked: HTTPRequest) -> HTTPResponse | None:
        """What is said to a request of which nothing more need be known; None if it is to be
        served."""
        kind = asked.headers.get("content-type", "application/json").partition(";")[0]
        if asked.method != "POST":
            return _said(405, "POST it", {"allow": "POST"})
        if not self._key:
            return _said(403, "this is switched off: the settings have no key of [admin]")
        if not self._has_key(asked):
            return _said(401, "the key is missing or wrong", {"www-authenticate": "Bearer"})
        if kind.strip().lower() != "application/json":
            return _said(415, "the content type must be application/json")
        return None

    def _has_key(self, asked: HTTPRequest) -> bool:
        scheme, _, key = asked.headers.get("authorization", "").partition(" ")
        is_right = compare_digest(key.strip().encode(), self._key.encode())
        return scheme.lower() == "bearer" and is_right


def _said(status: int, error: str = "", headers: Mapping[str, str] = _NO_HEADERS) -> HTTPResponse:
    text = json.dumps({"error": error} if error else {}) + "\n"
    said = {"content-type": "application/json", **headers}
    return HTTPResponse(status=status, headers=said, body=text.encode())
