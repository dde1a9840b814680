"""Texts: what goes between the service and a phone that can only text (SMS)."""

from __future__ import annotations

import re
from enum import Enum

from attrs import field, frozen

PHONE = re.compile(r"\+\d{7,15}", re.ASCII)
"""A phone as it is written throughout: E.164, digits after a plus sign."""


@frozen(kw_only=True)
class IncomingText:
    """A text from a phone (MO). Times are seconds since the epoch.

    ``id`` is the gateway's name and what that calls the text: one that comes again has the same.
    ``number`` is the one that it was sent to. What is text has a ``body``; what is not, ``octets``.
    ``port`` is the application port that it is for, if it names one. ``sent_at`` is when the SMSC
    got it, as far as the gateway tells.
    """

    id: str
    gateway: str
    sender: str
    number: str
    received_at: float
    body: str = field(default="", repr=False)
    octets: bytes | None = field(default=None, repr=False)
    port: int | None = None
    sent_at: float | None = None


@frozen(kw_only=True)
class OutgoingText:
    """A text to a phone (MT): ``body``, or ``octets`` for an application ``port``.

    ``id`` is the caller's: a text is handed in once under an id, however often that is tried, until
    24 hours after its end. ``answer`` tells what somebody waits for from what nobody asked for.
    ``number`` is whom it is from, the service's own where it is empty. ``watcher`` names who is
    told what becomes of it (``Texts.on_outcome``), and gets ``about`` back. ``despite_stop`` is for
    the answer to whoever wants no more texts; others are not sent to such a phone.
    ``within_latin_1`` says that a gateway writes Latin-1 where others write the alphabet of GSM.
    """

    id: str
    to: str
    body: str = field(default="", repr=False)
    octets: bytes | None = field(default=None, repr=False)
    port: int | None = None
    number: str = ""
    validity_seconds: int = 86_400
    answer: bool = False
    despite_stop: bool = False
    within_latin_1: bool = False
    watcher: str = ""
    about: str = field(default="", repr=False)


class TextState(Enum):
    """What has become of an outgoing text.

    The last five are ends: what a phone has; what it cannot get; what the gateway does not take, or
    what perhaps it never took; what it has not taken, or not reported on, in its time; and what was
    not sent because the phone wants to hear nothing, or is its user's no longer, of which the id is
    free again.
    """

    NEW = "new"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    STOPPED = "stopped"

    @property
    def is_end(self) -> bool:
        """Whether nothing more becomes of it."""
        return self in _ENDS


_ENDS = (
    TextState.DELIVERED,
    TextState.UNDELIVERED,
    TextState.FAILED,
    TextState.EXPIRED,
    TextState.STOPPED,
)


@frozen(kw_only=True)
class TextOutcome:
    """What has become of an outgoing text, for whoever watches it: ``ACCEPTED`` or an end.

    ``id`` is that of this news; it is the same when it is told again. An end may be told before, or
    without, the acceptance. ``reason`` is for the log.
    """

    id: str
    text_id: str
    to: str
    state: TextState
    at: float
    about: str = field(default="", repr=False)
    reason: str = ""
