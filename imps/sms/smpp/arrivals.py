"""What an SMSC delivers: texts from phones, and receipts for those that it was given.

It has no ids for texts from phones. What it does not know that we have it says again, in another
session; so each is remembered by what it is, until an answer to a later question shows that ours
was read.
"""

from __future__ import annotations

from collections import defaultdict, deque
from secrets import token_hex

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from imps.config import SMPPSettings
from imps.metrics import Metrics
from imps.sms.inbox import Arrival, Inbox
from imps.sms.numbers import phone_of
from imps.sms.outbox import Outbox
from imps.sms.smpp.mapping import (
    Receipt,
    Unreadable,
    delivered,
    digest_of,
    number_of,
    receipt,
    sender_of,
)
from imps.sms.smpp.pdu import PDU, ShortMessagePDU, Status
from imps.store.errors import StoreError
from imps.store.incoming_texts import Hearing, Received


@define(eq=False)
class Arrivals:
    """Takes what an SMSC delivers, and says how that is answered."""

    _settings: SMPPSettings
    _own_numbers: frozenset[str]
    _country_code: str
    _inbox: Inbox
    _outbox: Outbox
    _metrics: Metrics
    _log = Logger()

    def hearings(self) -> Hearings:
        """What is heard in a new session."""
        return Hearings(self._inbox)

    async def take(self, hearings: Hearings, pdu: PDU, body: ShortMessagePDU) -> Taken:
        """Take a text or a receipt."""
        name = self._settings.name
        try:
            report = receipt(pdu, body, self._settings)
            sender = phone_of(sender_of(body), self._country_code)
            if report is not None:
                return await self._noted(report, sender)
            # What nobody sends, or we ourselves, is not worth an answer.
            if sender is None or {sender, body.source} & self._own_numbers:
                self._metrics.text_received("no phone")
                return Taken(Status.OK)
            return await self._received(hearings, pdu, body, sender)
        except Unreadable as problem:
            self._metrics.texts_malformed.count()
            self._log.warn(
                "{name} said what cannot be meant: {problem}", name=name, problem=problem
            )
            return Taken(Status.PERMANENT_ERROR)
        except StoreError as problem:
            self._log.info("{name} is to come again: {problem}", name=name, problem=problem)
            return Taken(Status.TEMPORARY_ERROR)

    async def _noted(self, report: Receipt, phone: str | None) -> Taken:
        if phone is not None:
            await self._outbox.report(
                self._settings.name,
                phone,
                report.reported,
                reference=report.message_id,
                reason=report.reason,
            )
        return Taken(Status.OK)

    async def _received(
        self, hearings: Hearings, pdu: PDU, body: ShortMessagePDU, sender: str
    ) -> Taken:
        message = delivered(pdu, body, self._settings)
        hearing = hearings.of(sender, digest_of(pdu, body))
        arrival = Arrival(
            gateway=self._settings.name,
            id=f"{hearing.session}.{pdu.sequence}",
            sender=sender,
            number=number_of(body),
            message=message,
            hearing=hearing,
        )
        try:
            received = await self._inbox.receive(arrival)
        except StoreError:
            hearings.doubt(sender, hearing)
            raise
        if received is Received.TOO_MANY:
            return Taken(Status.TEMPORARY_ERROR)
        return Taken(Status.OK, sender, hearing)


@frozen
class Taken:
    """How what was delivered is answered; and what was heard of which phone, if it was a text."""

    status: int
    phone: str = ""
    hearing: Hearing | None = None


@define(eq=False)
class Hearings:
    """What was heard in a session, until it is known that the SMSC knows."""

    _inbox: Inbox
    _session: str = field(factory=lambda: token_hex(6))
    _answered: deque[tuple[int, str, Hearing]] = field(factory=deque)
    _doubtful: set[tuple[str, str]] = field(factory=set)
    _log = Logger()

    def of(self, phone: str, digest: str) -> Hearing:
        """The hearing of what is delivered. What may have been stored although that was not known
        comes again in this session as if it were another one."""
        if (phone, digest) in self._doubtful:
            self._doubtful.discard((phone, digest))
            return Hearing(token_hex(6), digest)
        return Hearing(self._session, digest)

    def doubt(self, phone: str, hearing: Hearing) -> None:
        """It is not known whether this was stored."""
        self._doubtful.add((phone, hearing.digest))

    def answered(self, number: int, taken: Taken) -> None:
        """This is what the answer of this number in the session is about."""
        if taken.hearing is not None:
            self._answered.append((number, taken.phone, taken.hearing))

    def confirmed(self, count: int) -> None:
        """The SMSC has read as many answers."""
        by_phone: defaultdict[str, list[Hearing]] = defaultdict(list)
        while self._answered and self._answered[0][0] <= count:
            _, phone, hearing = self._answered.popleft()
            by_phone[phone].append(hearing)
        for phone, hearings in by_phone.items():
            confirming = Deferred.fromCoroutine(self._inbox.confirm(phone, hearings))
            confirming.addErrback(self._not_confirmed)

    def _not_confirmed(self, failure: Failure) -> None:
        # A later text that says the same may be taken for one of these; no more than that.
        self._log.debug("Not confirmed: {reason}", reason=failure.getErrorMessage())
