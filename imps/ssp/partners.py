"""What elements ask and tell partners, and who learns what they answer.

What cannot wait is asked at once, and answered or given up. What must not be lost is queued in the
store: in each lane one message is said at a time, again and again under the same transaction id,
until the partner has answered it or its time is over.
"""

from __future__ import annotations

import random
from collections import Counter
from hashlib import sha256
from math import inf
from typing import Any, cast

import attrs
from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.logger import Logger

from imps.model.address import Address
from imps.model.partner import Partner, Profile
from imps.model.status import Refusal, StatusCode
from imps.ssp.client import Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import NotListed
from imps.ssp.functions import check_agreed
from imps.ssp.known import KnownPartners
from imps.ssp.messages.blocks import MetaInfo, Request, Status
from imps.ssp.messages.declaration import Message, Unknown, Unreadable
from imps.ssp.messages.envelope import Mode, Transaction
from imps.ssp.messages.presence import PresenceNotification
from imps.ssp.post import NotAccepted, NotNow, Posting, Posts
from imps.ssp.questions import Questions
from imps.ssp.results import says_no_session, status, status_of
from imps.ssp.served import Served
from imps.ssp.sessions import Sessions
from imps.ssp.transactions import read, transaction_id, written
from imps.store.errors import StoreError
from imps.store.partner_queues import PartnerQueues, Queued
from imps.store.partner_sessions import PartnerSession

ANSWER_SECONDS = 15
"""How long a queued message waits for its answer until it is said again."""
LEASE_SECONDS = 90
"""How long a process has for one post, with all that it may take to make a session."""
SESSION_SECONDS = 40
MOST_AT_ONCE = 32
"""How much is said to one partner at once: as many connections as there may be."""
BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 600
HASTEN_SECONDS = 1
"""How often at most it is looked what waits for a partner that was away and is there."""
UNANSWERED_SECONDS = 60

_NOTICES = (PresenceNotification,)
"""What only our own kind answers."""

_TRANSIENT = frozenset((StatusCode.SERVICE_UNAVAILABLE, StatusCode.MESSAGE_QUEUE_FULL))


@define(eq=False)
class Partners:
    """How elements reach the servers of other domains."""

    known: KnownPartners
    _sessions: Sessions
    _posts: Posts
    _questions: Questions
    _queues: PartnerQueues
    _served: Served
    _codec: XMLCodec
    _reactor: Any
    _in_hand: Counter[str] = field(factory=Counter, init=False)
    _looking: dict[str, bool] = field(factory=dict, init=False)
    _heard: set[str] = field(factory=set, init=False)
    _hastened_until: dict[str, float] = field(factory=dict, init=False)
    _saying: set[Deferred[None]] = field(factory=set, init=False)
    _is_stopped: bool = field(default=False, init=False)
    _log = Logger()

    # What cannot wait.

    async def ask(
        self, domain: str, user: Address | None, message: Request, seconds: float
    ) -> Message:
        """What a partner answers to a request on behalf of a user, or of the server.

        The answer may be a Status that says no. Refused with 516 for a domain that is no partner's
        or that nobody serves, 506 for what is not wanted of it, 503 where it cannot be reached, 408
        where it does not answer in time.
        """
        partner = self._partner(domain)
        own_domain = self._own_domain(user)
        asked = self._on_behalf(message, user, own_domain)
        check_agreed(partner, message)
        working = Deferred.fromCoroutine(self._questions.ask(partner, own_domain, asked, seconds))
        try:
            return await working.addTimeout(seconds, self._reactor)
        except (TimeoutError, CancelledError):
            raise Refusal(StatusCode.REQUEST_TIMEOUT, f"{domain} does not answer") from None
        except NotAccepted as problem:
            raise Refusal(problem.code, str(problem)) from None
        except NotListed as problem:
            raise Refusal(StatusCode.DOMAIN_NOT_SUPPORTED, str(problem)) from None
        except Unreachable as problem:
            raise Refusal(StatusCode.SERVICE_UNAVAILABLE, str(problem)) from None

    # What must not be lost.

    async def post(
        self,
        domain: str,
        lane_user: Address,
        message: Message,
        expires_at: float,
        operation_id: str,
        *,
        key: str = "",
        in_answer_to: str = "",
    ) -> None:
        """Have a message said to a partner, after all that was queued for this user before.

        It is queued when this returns, once for each operation; who registered for such messages
        is told the answer. Of two with one ``key``, the newer takes the place of the older if that
        was not said yet. ``in_answer_to`` makes it another response to that transaction. A request
        without MetaInfo is made one of the server. Refused with 516 for a domain that is no
        partner's, 506 for what is not agreed, and 507 where too much waits.
        """
        partner = self._partner(domain)
        check_agreed(partner, message)
        own_domain = self._own_domain(lane_user)
        said = message
        if isinstance(message, Request) and message.meta_info is None and not in_answer_to:
            said = self._on_behalf(message, None, own_domain)
        digest = sha256(f"{operation_id}\n{partner.domain}\n{lane_user}".encode()).hexdigest()
        id = transaction_id(self._reactor.seconds(), digest)
        mode = Mode.RESPONSE if in_answer_to else Mode.REQUEST
        transaction = Transaction(mode=mode, transaction_id=in_answer_to or id, message=said)
        is_queued = await self._queues.put(
            partner.domain,
            lane_user,
            written(self._codec, own_domain, transaction),
            transaction_id=id,
            operation_id=digest,
            key=key,
            now=self._reactor.seconds(),
            expires_at=expires_at,
        )
        if not is_queued:
            raise Refusal(StatusCode.MESSAGE_QUEUE_FULL, f"too much waits for {partner.domain}")
        self.keep_trying(partner)

    async def work(self) -> None:
        """Say what is due to every partner, and report what is in vain; done now and then."""
        for partner in self.known.all():
            await self._report_expired(partner)
            await self._hasten(partner)
            await self._say_due(partner)

    async def is_silent(self, partner: Partner) -> bool:
        """Whether there is something to say to a partner, and no session in which to say it."""
        if await self._sessions.heard_at(partner) is not None:
            return False
        return (await self._queues.waiting(partner.domain)).count > 0

    def keep_trying(self, partner: Partner) -> None:
        """Say what is due to a partner, while nobody waits for it."""
        if not self._is_stopped and self.known.get(partner.domain) is not None:
            self._in_background(self._say_due(partner))

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._is_stopped = True
        for saying in tuple(self._saying):
            await saying

    def is_there(self, domain: str) -> None:
        """A partner has said something, or made a session: what could not be said while it was away
        is said now, and after its back-off only if that fails again."""
        partner = self.known.get(domain)
        if partner is not None and not self._is_stopped:
            self._sessions.posted(domain, reached=True)
            self._heard.add(domain)
            self._in_background(self._hasten(partner))

    async def _hasten(self, partner: Partner) -> None:
        domain, now = partner.domain, self._reactor.seconds()
        if domain not in self._heard or self._hastened_until.get(domain, 0.0) > now:
            return
        self._heard.discard(domain)
        self._hastened_until[domain] = now + HASTEN_SECONDS
        if await self._queues.hasten(domain, now=now):
            # One that talks and does not listen is not tried all the time.
            self._hastened_until[domain] = now + BACKOFF_SECONDS
            await self._say_due(partner)

    async def _say_due(self, partner: Partner) -> None:
        """Begin to say what is due, as much as is said to one partner at once."""
        domain = partner.domain
        if domain in self._looking:
            self._looking[domain] = True
            return
        try:
            is_asked_again = True
            while is_asked_again:
                self._looking[domain] = False
                free = MOST_AT_ONCE - self._in_hand[domain]
                if free > 0:
                    await self._begin(partner, free)
                is_asked_again = self._looking[domain]
        finally:
            del self._looking[domain]

    async def _begin(self, partner: Partner, at_most: int) -> None:
        now = self._reactor.seconds()
        until = now + LEASE_SECONDS
        claimed = await self._queues.claim(partner.domain, now=now, until=until, at_most=at_most)
        for queued in claimed:
            self._in_hand[partner.domain] += 1
            self._in_background(self._say_one(partner, queued))

    async def _say_one(self, partner: Partner, queued: Queued) -> None:
        is_reached = False
        try:
            is_reached = await self._say(partner, queued)
        finally:
            self._in_hand[partner.domain] -= 1
        if is_reached:
            self.keep_trying(partner)

    async def _say(self, partner: Partner, queued: Queued) -> bool:
        """Say something; whether the partner can be reached, for all that is known."""
        if self._is_stopped:
            await self._postpone(partner, queued, 0)
            return False
        own_domain, transaction = self._unqueued(queued)
        try:
            check_agreed(partner, transaction.message)
        except Refusal as refusal:
            # The agreement has changed since.
            await self._finish(partner, queued, status_of(refusal))
            return True
        message = await self._served.renew(partner.domain, transaction.message)
        if message is None:
            await self._finish(partner, queued, status(StatusCode.OK))
            return True
        transaction = attrs.evolve(transaction, message=message)
        try:
            await self._posts.send(Posting(partner, own_domain, (transaction,)), SESSION_SECONDS)
        except NotAccepted as problem:
            await self._finish(partner, queued, status(problem.code, str(problem)))
        except NotListed as problem:
            said = status(StatusCode.DOMAIN_NOT_SUPPORTED, str(problem))
            await self._finish(partner, queued, said)
        except NotNow as problem:
            await self._postpone(partner, queued, wait_asked_for(problem.seconds, queued))
            return False
        except Unreachable as problem:
            self._log.debug(
                "{domain} is told later: {reason}", domain=partner.domain, reason=str(problem)
            )
            await self._postpone(partner, queued, _backoff(queued), is_away=True)
            return False
        else:
            await self._accepted(partner, queued, transaction)
        return True

    async def _accepted(self, partner: Partner, queued: Queued, said: Transaction) -> None:
        """A message was accepted; whether it was understood is in the answer, if there is one."""
        is_notice = isinstance(said.message, _NOTICES) and partner.profile is not Profile.OURS
        if said.mode is Mode.RESPONSE or is_notice:
            await self._finish(partner, queued, status(StatusCode.OK))
        elif partner.profile is Profile.BARAZA:
            # It does everything it is told, twice if it is told twice, and often answers nothing.
            until = self._reactor.seconds() + UNANSWERED_SECONDS
            await self._queues.let_go(
                partner.domain, queued, now=self._reactor.seconds(), until=until
            )
        else:
            await self._postpone(partner, queued, ANSWER_SECONDS)

    async def give_up(self, partner: Partner) -> None:
        """A partner is one no more: whoever waits for what it was to be told learns that."""
        until = self._reactor.seconds() + LEASE_SECONDS
        answer = status(StatusCode.DOMAIN_NOT_SUPPORTED, "it is a partner no more")
        while given_up := await self._queues.expired(partner.domain, now=inf, until=until):
            for queued in given_up:
                await self._finish(partner, queued, answer)

    async def _report_expired(self, partner: Partner) -> None:
        now = self._reactor.seconds()
        expired = await self._queues.expired(partner.domain, now=now, until=now + LEASE_SECONDS)
        for queued in expired:
            code = StatusCode.ACCEPTED if queued.was_let_go else StatusCode.MESSAGE_EXPIRED
            await self._finish(partner, queued, status(code))

    async def _finish(self, partner: Partner, queued: Queued, answer: Message) -> None:
        """Tell who wants to know, and forget it only then: they may be told twice, not never."""
        _, transaction = self._unqueued(queued)
        if transaction.mode is Mode.REQUEST:
            await self._served.tell(partner.domain, transaction.message, answer)
        await self._queues.finish(partner.domain, queued, now=self._reactor.seconds())
        self.keep_trying(partner)

    async def _postpone(
        self, partner: Partner, queued: Queued, seconds: float, *, is_away: bool = False
    ) -> None:
        until = self._reactor.seconds() + seconds
        await self._queues.postpone(partner.domain, queued, until=until, is_away=is_away)

    # Answers.

    async def answered(
        self, partner: Partner, session: PartnerSession, transaction: Transaction
    ) -> bool:
        """A partner has answered something; False if nobody asked that, or not any more."""
        domain = partner.domain
        answer = transaction.message
        if isinstance(answer, Unknown | Unreadable):
            answer = status(StatusCode.INTERNAL_ERROR, "an answer that cannot be read")
        if says_no_session(answer):
            await self._sessions.end(session)
        if await self._questions.answered(domain, attrs.evolve(transaction, message=answer)):
            return True
        queued = await self._queues.find(domain, transaction.transaction_id)
        if queued is None:
            self._log.debug("{domain} answers what nobody asked", domain=domain)
            return False
        code = answer.code if isinstance(answer, Status) else None
        if says_no_session(answer):
            await self._postpone(partner, queued, 0)
            self.keep_trying(partner)
        elif code in _TRANSIENT:
            wait = answer.try_again_seconds if isinstance(answer, Status) else None
            seconds = min(wait, LONGEST_BACKOFF_SECONDS) if wait else _backoff(queued)
            await self._postpone(partner, queued, seconds)
        else:
            await self._finish(partner, queued, answer)
        return True

    # Details.

    def _partner(self, domain: str) -> Partner:
        partner = self.known.get(domain)
        if partner is None:
            raise Refusal(StatusCode.DOMAIN_NOT_SUPPORTED, f"{domain} is no partner")
        return partner

    def _own_domain(self, user: Address | None) -> str:
        domain = "" if user is None else user.domain
        return (domain if self.known.is_home(domain) else self.known.first_home_domain).casefold()

    def _on_behalf(self, message: Request, user: Address | None, own_domain: str) -> Request:
        if message.meta_info is not None:
            return message
        meta_info = (
            MetaInfo.of_server(own_domain) if user is None else MetaInfo.of_user(user, own_domain)
        )
        changed: Request = attrs.evolve(cast(Any, message), meta_info=meta_info)
        return changed

    def _unqueued(self, queued: Queued) -> tuple[str, Transaction]:
        own_domain, transaction = read(self._codec, queued.message)
        if transaction.mode is Mode.REQUEST:
            # What has taken the place of another is said under that one's id, and so answered.
            transaction = attrs.evolve(transaction, transaction_id=queued.transaction_id)
        return own_domain, transaction

    def _in_background(self, work: Any) -> None:
        saying: Deferred[None] = Deferred.fromCoroutine(work)
        self._saying.add(saying)
        saying.addErrback(self._not_said)
        saying.addBoth(lambda _: self._saying.discard(saying))

    def _not_said(self, failure: Any) -> None:
        if failure.check(StoreError):
            self._log.debug("What is due to partners waits: {reason}", reason=str(failure.value))
        else:
            self._log.failure("What is due to a partner was not said", failure)


def wait_asked_for(seconds: float, queued: Queued) -> float:
    """How long to wait after a partner that is busy has asked for that: longer each time."""
    if not seconds:
        return _backoff(queued)
    return max(seconds, min(seconds * (queued.tries + 1), _backoff(queued)))


def _backoff(queued: Queued) -> float:
    """How long to wait after a try failed."""
    wait = min(BACKOFF_SECONDS * (queued.tries + 1), LONGEST_BACKOFF_SECONDS)
    return wait * random.uniform(0.8, 1.2)
