"""What goes through the gateways, both ways, while a process serves."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.elements.interfaces import IWork
from imps.sap.rounds import Rounds
from imps.sap.texts import Texts
from imps.sms.gateway import IGateway
from imps.sms.inbox import Inbox
from imps.sms.outbox import Outbox
from imps.store.errors import StoreError, StoreUnavailable
from imps.store.keys import Buckets
from imps.store.outgoing_texts import OutgoingTexts

INTERVAL_SECONDS = 1
_MISSED = "Not all texts of bucket {bucket} were looked for: {problem}"


@define(eq=False)
class Traffic:
    """Keeps texts moving: what is handed in here at once, what others left when it is due."""

    inbox: Inbox
    outbox: Outbox
    _gateways: Sequence[IGateway]
    _texts: Texts
    _stored: OutgoingTexts
    _working: IWork
    _buckets: Buckets
    _clock: IReactorTime
    _rounds: Rounds = field(init=False)
    _log = Logger()

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(self.look, INTERVAL_SECONDS, "Not all texts were looked for", self._clock)

    def start(self) -> None:
        """Begin."""
        self.outbox.through(self._gateways)
        self._texts.on_waiting(self.outbox.turns.begin)
        for gateway in self._gateways:
            gateway.start()
        self._rounds.start()

    async def stop(self) -> None:
        """Take nothing more up; done when what is in hand is done."""
        self._rounds.stop()
        turns = (self.outbox.turns, self.inbox.turns)
        await gatherResults([Deferred.fromCoroutine(each.finish()) for each in turns])
        for gateway in self._gateways:
            await gateway.stop()

    async def look(self) -> None:
        """Do what is due now, and what nobody else has in hand. What goes wrong in one bucket keeps
        nobody in another waiting; StoreUnavailable if the store is."""
        for bucket in range(self._buckets.count):
            try:
                await self._look_into(bucket)
            except StoreUnavailable:
                raise
            except StoreError as problem:
                self._log.debug(_MISSED, bucket=bucket, problem=problem)
            except Exception as problem:
                self._log.failure(_MISSED, bucket=bucket, problem=problem)

    async def _look_into(self, bucket: int) -> None:
        due = await self._stored.due(bucket, now=self._clock.seconds())
        for work in due.work:
            self._working.begin(work)
        for phone in due.outgoing:
            self.outbox.turns.begin(phone)
        for phone in due.incoming:
            self.inbox.turns.begin(phone)
        for parts in due.parts:
            await self.inbox.join(parts)
