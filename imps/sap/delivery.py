"""Delivery: what the elements have to tell a user reaches the user, whatever the door."""

from __future__ import annotations

from attrs import define
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.interfaces import IDelivery
from imps.model.address import Address
from imps.model.events import Event
from imps.store.outboxes import Outboxes


@implementer(IDelivery)
@define(eq=False)
class Delivery:
    """Puts events where the doors find them: into the outboxes of a user's sessions."""

    _outboxes: Outboxes
    _clock: IReactorTime
    _lifetime_seconds: float

    async def deliver(self, to: Address, event: Event, work_id: str) -> None:
        """Tell a user, now or at the next sign-on; once for each ``work_id``."""
        now = self._clock.seconds()
        expires_at = now + self._lifetime_seconds
        await self._outboxes.put(to, event, work_id, now=now, expires_at=expires_at)
