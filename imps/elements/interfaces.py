"""What the doors and the elements say to each other."""

from __future__ import annotations

from attrs import frozen
from zope.interface import Interface

from imps.model.address import Address
from imps.model.events import Event


class IDelivery(Interface):
    """How an element tells a user something; implemented by the service access point."""

    async def deliver(to: Address, event: Event, work_id: str) -> None:
        """Tell a user, now or at the next sign-on; once for each ``work_id``."""


@frozen
class Caller:
    """Who asks for an operation: a user, in a session.

    ``operation_id`` is that of the request; a repeated request has the same one.
    """

    user: Address
    session_id: str
    operation_id: str = ""
