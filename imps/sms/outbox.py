"""The outbox: texts are given to a gateway, and what that says of them is noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from attrs import define, field
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger, LogLevel

from imps.elements.interfaces import IWork
from imps.metrics import Metrics
from imps.model.short_message import short_messages
from imps.model.text import OutgoingText
from imps.sms.gateway import SUBMIT_SECONDS, Answer, IGateway, Outgoing
from imps.sms.turns import Turns
from imps.store.errors import StoreError
from imps.store.outgoing_texts import OutgoingTexts, PartSettled, Reported, Said, Submission
from imps.store.work import Work

INSIST_SECONDS = 60
MOST_TRIES = 8
LONGEST_WAIT_SECONDS = 60


@define(eq=False)
class Outbox:
    """Gives texts to the first gateway that takes them, those of each phone in order."""

    _stored: OutgoingTexts
    _working: IWork
    _clock: IReactorTime
    _metrics: Metrics
    _gateways: list[IGateway] = field(factory=list, init=False)
    turns: Turns = field(init=False)
    _log = Logger()

    @turns.default
    def _make_turns(self) -> Turns:
        return Turns(self._empty, "Texts to a phone are left for later")

    def through(self, gateways: Sequence[IGateway]) -> None:
        """Send what there is through these, the first before the others."""
        self._gateways = list(gateways)

    async def report(
        self,
        gateway: str,
        phone: str,
        reported: Reported,
        *,
        reference: str = "",
        text_id: str = "",
        part: int = 0,
        reason: str = "",
    ) -> bool:
        """Note what a gateway reports on a short message, which it calls by a reference of its own
        or by ours; whether there is such a one. StoreError if that is not noted: then it has to
        say it again."""
        known, work = await self._stored.report(
            phone,
            reported,
            now=self._clock.seconds(),
            reference=_reference(gateway, reference),
            text_id=text_id,
            part=part,
            reason=reason,
        )
        self._metrics.text_reported(reported.value if known else "not known")
        self._begin(work)
        if known:
            self.turns.begin(phone)
        return known

    async def _empty(self, phone: str) -> None:
        while True:
            submission, work = await self._stored.take(phone, now=self._clock.seconds())
            self._begin(work)
            if submission is None:
                return
            await self._submit(submission)

    async def _submit(self, submission: Submission) -> None:
        """Submit what is left of a text, as far as that goes."""
        text = submission.text
        parts = short_messages(text)
        for part in range(submission.done, len(parts)):
            left = submission.expires_at - self._clock.seconds()
            outgoing = Outgoing(
                text_id=text.id,
                part=part,
                to=text.to,
                number=text.number,
                message=parts[part],
                validity_seconds=max(1, ceil(left)),
            )
            gateway, answer = await self._answer_to(outgoing)
            settled = self._settled(gateway, answer, part, submission.tries)
            self._metrics.text_submitted(settled.said.value)
            if not await self._settle(text, settled):
                return

    async def _settle(self, text: OutgoingText, settled: PartSettled) -> bool:
        """Note what a gateway said; whether the rest of the text is to be submitted. While the
        store is away, it is said again: what is forgotten would be sent twice."""
        until = self._clock.seconds() + INSIST_SECONDS
        while True:
            now = self._clock.seconds()
            try:
                goes_on, work = await self._stored.settle(text.to, text.id, settled, now=now)
            except StoreError:
                if now >= until:
                    raise
                await deferLater(self._clock, 1)
            else:
                self._begin(work)
                return goes_on

    async def _answer_to(self, outgoing: Outgoing) -> tuple[str, Answer]:
        """What the first gateway says that is there, or the last. Each may take as long as one may
        have a text in hand, so it is kept for the next one."""
        name, answer = "", Answer(said=Said.LATER, reason="no gateway", after_seconds=1)
        for number, gateway in enumerate(self._gateways):
            if number and not await self._is_kept(outgoing):
                break
            name, answer = gateway.name, await self._submitted(gateway, outgoing)
            if answer.said is not Said.LATER or answer.in_vain:
                break
        return name, answer

    async def _is_kept(self, outgoing: Outgoing) -> bool:
        now = self._clock.seconds()
        try:
            return await self._stored.keep(outgoing.to, outgoing.text_id, now=now)
        except StoreError:
            return False

    async def _submitted(self, gateway: IGateway, outgoing: Outgoing) -> Answer:
        submitting = Deferred.fromCoroutine(gateway.submit(outgoing))
        try:
            return await submitting.addTimeout(SUBMIT_SECONDS, self._clock)
        except TimeoutError:
            return Answer(said=Said.UNKNOWN, reason="no answer in time")
        except Exception:
            self._log.failure("A gateway failed: {name}", name=gateway.name)
            return Answer(said=Said.UNKNOWN, reason="failed")

    def _settled(self, gateway: str, answer: Answer, part: int, tries: int) -> PartSettled:
        said, wait = answer.said, answer.after_seconds
        if said is not Said.ACCEPTED:
            # What waits for a gateway that is away is asked for again and again.
            level = LogLevel.debug if said is Said.LATER else LogLevel.warn
            self._log.emit(
                level,
                "A text was not accepted by {gateway}: {said}: {reason}",
                gateway=gateway,
                said=said.value,
                reason=answer.reason,
            )
        if said is Said.LATER and answer.in_vain:
            wait = max(wait, min(2.0**tries, LONGEST_WAIT_SECONDS))
            if tries + 1 >= MOST_TRIES:
                said = Said.FAILED
        return PartSettled(
            part=part,
            said=said,
            reference=_reference(gateway, answer.reference),
            resume_at=self._clock.seconds() + wait,
            in_vain=answer.in_vain,
            reason=answer.reason,
        )

    def _begin(self, work: Iterable[Work]) -> None:
        for each in work:
            self._working.begin(each)


def _reference(gateway: str, reference: str) -> str:
    """What a gateway calls a short message, told from what others do; nothing where it does not."""
    return f"{gateway}:{reference}" if reference else ""
