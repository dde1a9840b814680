"""Delivery: what the elements have to tell a user reaches the user, whatever the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import define
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.interfaces import IDelivery, IWork
from imps.elements.message_log import message_ended
from imps.metrics import Metrics
from imps.model.address import Address
from imps.model.events import MessageReported, Notification
from imps.model.status import StatusCode
from imps.sap.service_table import nobody
from imps.sap.sessions import Present, absence, session_of
from imps.store.deliveries import Acknowledgement, Deliveries, Said, Taken
from imps.store.outboxes import Outboxes

_HAS_IT = (Acknowledgement.TRANSACTION, Acknowledgement.MESSAGE)


@implementer(IDelivery)
@define(eq=False)
class Delivery:
    """Puts events where the doors find them, into the outboxes of a user's sessions; and gives the
    doors what is to be sent to a session next."""

    _outboxes: Outboxes
    _deliveries: Deliveries
    _work: IWork
    _clock: IReactorTime
    _lifetime_seconds: float
    _metrics: Metrics
    _abroad: Callable[[str], IDelivery | None] = nobody

    async def deliver(self, to: Address, event: MessageReported, work_id: str) -> None:
        """Tell a user, now or at the next sign-on; once for each ``work_id``. Who serves another
        domain tells its users."""
        abroad = self._abroad(to.domain)
        if abroad is not None:
            await abroad.deliver(to, event, work_id)
            return
        now = self._clock.seconds()
        expires_at = now + self._lifetime_seconds
        await self._outboxes.put(to, event, work_id, now=now, expires_at=expires_at)

    async def notify(
        self, to: Iterable[Address], notification: Notification, but: str = ""
    ) -> None:
        """Tell those sessions of users that asked to be told such things, but for that of one
        session id: the one that knows."""
        now = self._clock.seconds()
        expires_at = now + self._lifetime_seconds
        await self._outboxes.notify(to, notification, but=but, now=now, expires_at=expires_at)

    async def take(
        self,
        session_id: str,
        acknowledgement: Acknowledgement = Acknowledgement.NONE,
        acknowledged: str = "",
        message_id: str = "",
        wanted: bool = True,
    ) -> Taken:
        """Take what a session says of what it was sent, and give it what comes next."""
        taken = await self._deliveries.take(
            session_id,
            now=self._clock.seconds(),
            acknowledgement=acknowledgement,
            acknowledged=acknowledged,
            message_id=message_id,
            wanted=wanted,
        )
        self._has_taken(taken, acknowledgement)
        return taken

    async def poll(self, session_id: str, said: Said, *, polls: bool) -> tuple[Present, Taken]:
        """The session of a request that wants what comes next and nothing else, whose life this
        prolongs; take what it says, and give it what comes next. Refused as where sessions are
        looked up for other requests."""
        now = self._clock.seconds()
        polled = await self._deliveries.poll(session_id, said, now=now, polls=polls)
        if isinstance(polled, StatusCode):
            raise absence(polled)
        record, taken = polled
        self._has_taken(taken, said.acknowledgement)
        return Present(session_of(session_id, record), has_waiting=taken.has_more), taken

    def _has_taken(self, taken: Taken, acknowledgement: Acknowledgement) -> None:
        if taken.acknowledged and acknowledgement in _HAS_IT:
            self._metrics.messages_acknowledged.count()
        if taken.ending is not None:
            message_ended(taken.ending)
        if taken.work is not None:
            self._work.begin(taken.work)
