"""Instant messages."""

from __future__ import annotations

import re
from enum import Enum

from attrs import Factory, field, frozen

from imps.model.address import Address
from imps.model.extension import Extension

CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)\"?", re.IGNORECASE)
"""The charset that a content type names."""


def media_type(content_type: str) -> str:
    """A content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().casefold()


class FontSize(Enum):
    """The size of a text (1.3)."""

    TINY = "Tiny"
    SMALL = "Small"
    MEDIUM = "Medium"
    BIG = "Big"
    HUGE = "Huge"


class FontStyle(Enum):
    """The style of a text (1.3)."""

    BOLD = "Bold"
    ITALIC = "Italic"
    UNDERLINE = "Underline"


class Color(Enum):
    """The color of a text: the sixteen names of HTML (1.3)."""

    AQUA = "Aqua"
    BLACK = "Black"
    BLUE = "Blue"
    FUCHSIA = "Fuchsia"
    GRAY = "Gray"
    GREEN = "Green"
    LIME = "Lime"
    MAROON = "Maroon"
    NAVY = "Navy"
    OLIVE = "Olive"
    PURPLE = "Purple"
    RED = "Red"
    SILVER = "Silver"
    TEAL = "Teal"
    WHITE = "White"
    YELLOW = "Yellow"


@frozen(kw_only=True)
class Font:
    """How a text looks (1.3)."""

    size: FontSize | None = None
    styles: tuple[FontStyle, ...] = ()
    color: Color | None = None


@frozen(kw_only=True)
class Content:
    """What a message says: octets of a MIME type, text always in UTF-8.

    ``size`` in octets is that of the content itself, however it is wrapped for transfer; of large
    content, the octets may not have been read yet. ``uri`` is where the sender says that it can be
    had as well.
    """

    octets: bytes = b""
    type: str = "text/plain"
    name: str | None = None
    font: Font | None = None
    uri: str | None = None
    size: int = field(default=Factory(lambda self: len(self.octets), takes_self=True))

    @property
    def is_here(self) -> bool:
        """Whether the octets have been read."""
        return len(self.octets) == self.size

    @property
    def text(self) -> str | None:
        """The content as text, if it is text; what names a charset is in one that is not known."""
        if not media_type(self.type).startswith("text/") or CHARSET.search(self.type):
            return None
        try:
            return self.octets.decode()
        except UnicodeDecodeError:
            return None


@frozen
class OneClient:
    """One particular client of a user: by the URL and the number of its ClientID, and by its
    application; any, where one of these is empty."""

    user: Address
    url: str = ""
    msisdn: str = ""
    application: str = ""


@frozen(kw_only=True)
class Draft:
    """A message as its sender hands it in; ``validity_seconds`` is None for the default.

    One that comes from another domain may say when it was sent, in seconds since the epoch, and
    have an id already; and it has a ``reference``, by which that domain knows it again when it is
    told what became of it.
    """

    content: Content
    users: tuple[Address, ...] = ()
    clients: tuple[OneClient, ...] = ()
    groups: tuple[Address, ...] = ()
    contact_lists: tuple[Address, ...] = ()
    validity_seconds: int | None = None
    wants_report: bool = False
    extensions: tuple[Extension, ...] = ()
    sent_at: float | None = None
    message_id: str = ""
    reference: str = ""

    @property
    def recipients(self) -> tuple[Address, ...]:
        """All that it is for: users, of some a client alone, groups and contact lists."""
        users = self.users + tuple(each.user for each in self.clients)
        return users + self.groups + self.contact_lists


@frozen(kw_only=True)
class Message:
    """A message on its way to one recipient. Times are seconds since the epoch; the ``reference``
    is that of the draft."""

    message_id: str
    sender: Address
    content: Content
    sent_at: float
    expires_at: float
    wants_report: bool = False
    extensions: tuple[Extension, ...] = ()
    reference: str = ""
