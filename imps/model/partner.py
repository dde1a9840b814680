"""Partners: the servers of other domains, and what was agreed with those who run them."""

from __future__ import annotations

import re
from enum import Enum
from urllib.parse import urlsplit

from attrs import field, frozen

from imps.model.address import Address
from imps.model.version import V13, Version


class Profile(Enum):
    """How a partner speaks SSP: as we do, by the letter, or as the open server Baraza does."""

    OURS = "ours"
    STRICT = "strict"
    BARAZA = "baraza"


class TLSMode(Enum):
    """Whether connections with a partner are secured: always, where it can, or never."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


FUNCTIONS: dict[str, tuple[str, ...]] = {
    "CommonFeat": ("SearchFunc", "InviteFunc", "VerifyIDFunc"),
    "ContListFeat": ("GetListFunc", "ManageListFunc"),
    "PresenceFeat": (
        "SubscribeFunc",
        "GetPresenceFunc",
        "AuthFunc",
        "UpdateFunc",
        "WatcherFunc",
        "AttListFunc",
    ),
    "IMFeat": ("SendFunc", "ReceiveFunc", "ReportFunc", "ForwardFunc", "OfflineFunc", "BlockFunc"),
    "GroupFeat": (
        "UseFunc",
        "ManageFunc",
        "MemberFunc",
        "PropsFunc",
        "RejectFunc",
        "NoticeFunc",
        "CreateFunc",
    ),
    "ContentFeat": ("ShareFunc",),
    "ProfileFeat": ("GetProfileFunc", "UpdateProfileFunc"),
}
"""What a server can do for a partner, by feature (SSP, service management)."""

EVERY_FUNCTION = frozenset(function for functions in FUNCTIONS.values() for function in functions)


def functions_named(names: tuple[str, ...]) -> frozenset[str]:
    """Functions by their names, or by that of a feature; ValueError for one that there is not."""
    found: set[str] = set()
    for name in names:
        if name not in EVERY_FUNCTION and name not in FUNCTIONS:
            raise ValueError(f"there is no function {name!r}")
        found.update(FUNCTIONS.get(name, (name,)))
    return frozenset(found)


_HOST = re.compile(r"\*\.[\w.-]+|[\w.-]+", re.ASCII)


def _is_domain(name: str) -> bool:
    return bool(name) and Address("user", None, name).is_user


def _folded_name(name: str) -> str:
    return name.casefold()


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)


@frozen(kw_only=True)
class Partner:
    """A partner: where it is found, how it is known, what it may; ValueError for what cannot be.

    Without ``urls`` it is looked up in the DNS. Its certificate is for its domain or one of
    ``cert_names``. ``None`` for ``grants`` or ``wants`` stands for everything that is implemented.
    It may speak for users of its domain, and of those in ``relay_for``.
    """

    domain: str = field(converter=_folded_name)
    urls: tuple[str, ...] = ()
    tls: TLSMode = TLSMode.REQUIRED
    profile: Profile = Profile.OURS
    cert_names: tuple[str, ...] = field(default=(), converter=_folded)
    allow_in: bool = True
    allow_out: bool = True
    grants: frozenset[str] | None = None
    wants: frozenset[str] | None = None
    relay_for: tuple[str, ...] = field(default=(), converter=_folded)
    version_max: Version = V13

    def __attrs_post_init__(self) -> None:
        for name in (self.domain, *self.relay_for):
            if not _is_domain(name):
                raise ValueError(f"{name!r} is not a domain name")
        for name in self.cert_names:
            if not _HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a host")
        for url in self.urls:
            self._check(url)

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_url = False
        if not is_url or parts.username is not None or parts.fragment:
            raise ValueError(f"{url!r} is no http or https URL")
        if parts.scheme == "http" and self.tls is TLSMode.REQUIRED:
            raise ValueError(f"{url!r} is not secure: it needs --tls off or opportunistic")
        if parts.scheme == "https" and self.tls is TLSMode.OFF:
            raise ValueError(f"{url!r} is secure, but --tls is off")

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its certificate may be for."""
        return (self.domain, *self.cert_names)

    def grants_function(self, function: str) -> bool:
        """Whether it may ask us for this."""
        return self.grants is None or function in self.grants

    def wants_function(self, function: str) -> bool:
        """Whether we ask it for this."""
        return self.wants is None or function in self.wants

    def speaks_for(self, domain: str) -> bool:
        """Whether it may speak for the users of a domain."""
        return domain.casefold() in (self.domain, *self.relay_for)
