"""What a gateway is to the rest: it takes short messages, and says what became of each."""

from __future__ import annotations

from attrs import field, frozen
from zope.interface import Attribute, Interface

from imps.model.short_message import ShortMessage
from imps.store.outgoing_texts import Said

SUBMIT_SECONDS = 20
"""How long a gateway may take to say what it does with a short message."""

ALARM_SECONDS = 30
"""After how long one is asked again who says that the settings are wrong, here or there."""


@frozen(kw_only=True)
class Outgoing:
    """A short message for a gateway: part ``part``, counted from 0, of the text ``text_id``."""

    text_id: str
    part: int
    to: str
    number: str
    message: ShortMessage = field(repr=False)
    validity_seconds: int


@frozen(kw_only=True)
class Answer:
    """What a gateway says of a short message that it was given.

    ``reference`` is how it will call that in its reports, if by a name of its own. What it wants
    later it is given again after so many seconds; ``in_vain`` if there may be something wrong with
    this message rather than with the gateway.
    """

    said: Said
    reference: str = ""
    reason: str = ""
    after_seconds: float = 0.0
    in_vain: bool = False


class IGateway(Interface):
    """A gateway to phones. What comes from there it hands to the inbox, and its reports to the
    outbox."""

    name: str = Attribute("What the settings call it; ids that it gives are unique with this.")

    def start() -> None:
        """Be there, until ``stop``."""

    async def stop() -> None:
        """Finish what is in hand, within a few seconds, and be gone."""

    async def submit(outgoing: Outgoing) -> Answer:
        """Give it a short message. Within SUBMIT_SECONDS it says what it does with that; if it does
        not, nobody knows, and it is not asked again before a report could have come."""
