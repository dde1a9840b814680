"""What values settings may have; what is wrong is told by ValueError, naming the field."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Attribute, field

from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE

Check = Callable[[object, "Attribute[Any]", Any], None]


def at_least(least: float) -> Check:
    """A number not below this."""

    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if value < least:
            raise ValueError(f"{attribute.name}: must be at least {least}, not {value}")

    return check


def at_most(most: float) -> Check:
    """A number not above this."""

    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if value > most:
            raise ValueError(f"{attribute.name}: must be at most {most}, not {value}")

    return check


def not_longer_than(most: int) -> Check:
    """A text of so many characters or fewer."""

    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if len(value) > most:
            raise ValueError(f"{attribute.name}: must be at most {most} characters")

    return check


def one_of(*choices: str) -> Check:
    """One of these words."""

    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name}: must be one of {', '.join(choices)}")

    return check


def domains(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """Domain names, at least one."""
    if not value:
        raise ValueError(f"{attribute.name}: at least one is needed")
    for domain in value:
        if not domain or not Address("user", None, domain).is_user:
            raise ValueError(f"{attribute.name}: {domain!r} is not a domain name")


_HOST_AND_PORT = re.compile(r"(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d+))?", re.ASCII)


def host_and_port(text: str) -> tuple[str, int | None]:
    """What ``host``, ``host:port`` and ``[host]:port`` name; ValueError for anything else."""
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        # An IPv6 address may do without its brackets where it has no port.
        return (str(IPv6Address(text)) if text else ""), None
    port = int(match[3]) if match[3] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError("no such port")
    return match[1] or match[2], port


_ON_THIS_MACHINE = re.compile(
    r"(?:tcp|reuse):\d+:interface=(?:127(?:\.\d{1,3}){3}|localhost)"
    r"|tcp6:\d+:interface=\\:\\:1"
    r"|unix:[^:=]+(?::mode=[0-7]{3,4})?(?::lockfile=[01])?",
    re.ASCII,
)


def endpoint_on_this_machine_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    """An endpoint that only programs on this machine reach; or nothing."""
    if value and not _ON_THIS_MACHINE.fullmatch(value):
        raise ValueError(
            f"{attribute.name}: {value!r} is not on the loopback interface, as "
            "tcp:4664:interface=127.0.0.1 is, nor a unix socket"
        )


def place(_: object, attribute: Attribute[Any], value: str) -> None:
    """A host, or a host and a port; or nothing."""
    try:
        host_and_port(value)
    except ValueError:
        raise ValueError(f"{attribute.name}: {value!r} is neither host nor host:port") from None


_BASE_URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~-]+)*/?", re.ASCII)


def base_url_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    """What URLs may begin with that clients are told; or nothing."""
    # With what is added to it, it is no longer than clients have to read.
    if len(value) > 60 or (value and not _BASE_URL.fullmatch(value)):
        raise ValueError(f"{attribute.name}: {value!r} is no http URL of at most 60 characters")


_KEY = re.compile(r"[!-~]{16,}")


def key_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    """A key that nobody guesses; or nothing."""
    if value and not _KEY.fullmatch(value):
        raise ValueError(
            f"{attribute.name}: must be at least 16 characters, of ASCII, without blanks"
        )


def attributes(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """Names of presence attributes."""
    for name in value:
        if name not in (each.value for each in EVERY_ATTRIBUTE):
            raise ValueError(f"{attribute.name}: there is no presence attribute {name!r}")


def count(default: int) -> int:
    """How many, at least one; a field."""
    counted: int = field(default=default, validator=at_least(1))
    return counted


def seconds(default: int) -> int:
    """How long, perhaps not at all; a field."""
    waited: int = field(default=default, validator=at_least(0))
    return waited


def number(_: object, attribute: Attribute[Any], value: str) -> None:
    """A telephone number, or a short one."""
    if not re.fullmatch(r"\+?\d{2,15}", value, re.ASCII):
        raise ValueError(f"{attribute.name}: {value!r} is no telephone number")


def country(_: object, attribute: Attribute[Any], value: str) -> None:
    """The code of a country in telephone numbers; or nothing."""
    if not re.fullmatch(r"([1-9]\d{0,2})?", value, re.ASCII):
        raise ValueError(f"{attribute.name}: {value!r} is no country code, such as 358")


def name(_: object, attribute: Attribute[Any], value: str) -> None:
    """A name that may stand in ids and paths."""
    if not re.fullmatch(r"[\w.-]{1,32}", value, re.ASCII):
        raise ValueError(f"{attribute.name}: must be 1 to 32 letters, digits, '_', '.' or '-'")


def key_in_url(_: object, attribute: Attribute[Any], value: str) -> None:
    """A key that nobody guesses, and that may stand in a URL."""
    if not re.fullmatch(r"[\w.~-]{16,}", value, re.ASCII):
        raise ValueError(
            f"{attribute.name}: must be at least 16 letters, digits, '_', '.', '~' or '-'"
        )


def networks(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """Addresses and networks."""
    for each in value:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(f"{attribute.name}: {each!r} is no address or network") from None


def url(_: object, attribute: Attribute[Any], value: str) -> None:
    """An http URL."""
    if not _BASE_URL.fullmatch(value):
        raise ValueError(f"{attribute.name}: {value!r} is no http URL")


def url_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    """An http URL; or nothing."""
    if value:
        url(_, attribute, value)


def line(longest: int) -> Check:
    """Printable ASCII of so many characters or fewer."""

    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if len(value) > longest or not (value.isascii() and value.isprintable()):
            raise ValueError(f"{attribute.name}: must be at most {longest} ASCII characters")

    return check


def numbers(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """Telephone numbers, or short ones."""
    for each in value:
        number(_, attribute, each)
    if len(set(value)) < len(value):
        raise ValueError(f"{attribute.name}: a number is in it twice")


def language_of_numbers(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """What numbers begin with, and the language for these."""
    for each in value:
        if not re.fullmatch(r"\+[1-9]\d{0,6}=[a-z]{2}", each, re.ASCII):
            raise ValueError(f"{attribute.name}: {each!r} is not of the form +49=de")


def time_zone(_: object, attribute: Attribute[Any], value: str) -> None:
    """The name of a time zone."""
    try:
        if value != "UTC":
            ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{attribute.name}: there is no time zone {value!r}") from None
