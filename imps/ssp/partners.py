"""What elements ask and tell partners, and who learns what they answer.

What cannot wait is asked at once, and answered or given up. What must not be lost is queued in the
store: in each lane one message is said at a time, again and again under the same transaction id,
until the partner has answered it or its time is over.
"""

from __future__ import annotations

import random
from hashlib import sha256
from secrets import token_hex
from typing import Any, cast

import attrs
from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.logger import Logger

from imps.model.address import Address
from imps.model.partner import Partner, Profile
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13
from imps.ssp.client import Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.known import KnownPartners
from imps.ssp.messages.blocks import MetaInfo, Request, Status
from imps.ssp.messages.declaration import Message, Unknown, Unreadable
from imps.ssp.messages.envelope import InSession, Mode, Transaction
from imps.ssp.messages.presence import PresenceNotification
from imps.ssp.post import NotAccepted, NotNow, Posting, Posts
from imps.ssp.results import status
from imps.ssp.served import Served
from imps.ssp.sessions import Sessions
from imps.store.errors import StoreError
from imps.store.partner_queues import PartnerQueues, Queued
from imps.store.partner_sessions import PartnerSession
from imps.store.partner_transactions import PartnerTransactions
from imps.store.wakeups import Wakeups

ANSWER_SECONDS = 15
"""How long a queued message waits for its answer until it is said again."""
LEASE_SECONDS = 90
"""How long a process has for one post, with all that it may take to make a session."""
SESSION_SECONDS = 40
BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 600
UNANSWERED_SECONDS = 60
_PLACE = "-"

_NOTICES = (PresenceNotification,)
"""What only our own kind answers."""

_TRANSIENT = frozenset((StatusCode.SERVICE_UNAVAILABLE, StatusCode.MESSAGE_QUEUE_FULL))
_NO_SESSION = frozenset(
    (StatusCode.SESSION_EXPIRED, StatusCode.FORCED_LOGOUT, StatusCode.INVALID_SESSION)
)


@define(eq=False)
class Partners:
    """How elements reach the servers of other domains."""

    known: KnownPartners
    _sessions: Sessions
    _posts: Posts
    _queues: PartnerQueues
    _transactions: PartnerTransactions
    _wakeups: Wakeups
    _served: Served
    _codec: XMLCodec
    _reactor: Any
    _waiting: dict[tuple[str, str], Deferred[Message]] = field(factory=dict, init=False)
    _saying: set[Deferred[None]] = field(factory=set, init=False)
    _is_stopped: bool = field(default=False, init=False)
    _log = Logger()

    # What cannot wait.

    async def ask(
        self, domain: str, user: Address | None, message: Request, seconds: float
    ) -> Message:
        """What a partner answers to a request on behalf of a user, or of the server.

        The answer may be a Status that says no. Refused with 516 for a domain that is no partner's,
        503 where it cannot be reached, 408 where it does not answer in time.
        """
        partner = self._partner(domain)
        own_domain = self._own_domain(user)
        asked = self._on_behalf(message, user, own_domain)
        working = Deferred.fromCoroutine(self._asked(partner, own_domain, asked, seconds))
        try:
            return await working.addTimeout(seconds, self._reactor)
        except (TimeoutError, CancelledError):
            raise Refusal(StatusCode.REQUEST_TIMEOUT, f"{domain} does not answer") from None
        except NotAccepted as problem:
            raise Refusal(problem.code, str(problem)) from None
        except Unreachable as problem:
            raise Refusal(StatusCode.SERVICE_UNAVAILABLE, str(problem)) from None

    async def _asked(
        self, partner: Partner, own_domain: str, message: Request, seconds: float
    ) -> Message:
        """What a partner answers; where it says that there is no session, it is asked again."""
        answer = await self._asked_once(partner, own_domain, message, seconds)
        if _says_no_session(answer):
            return await self._asked_once(partner, own_domain, message, seconds)
        return answer

    async def _asked_once(
        self, partner: Partner, own_domain: str, message: Request, seconds: float
    ) -> Message:
        transaction_id = self._new_id(token_hex(16))
        if self._sessions.is_suspended(partner.domain):
            raise Unreachable("it could not be reached of late")
        domain, key = partner.domain, (partner.domain, transaction_id)
        answer: Deferred[Message] = Deferred()
        self._waiting[key] = answer
        wait_id = self._transactions.wait_id(domain, transaction_id)

        def woken() -> None:
            Deferred.fromCoroutine(self._look(domain, transaction_id)).addErrback(
                lambda failure: self._log.failure("An answer could not be read", failure)
            )

        try:
            await self._wakeups.listen(wait_id, woken)
            await self._transactions.wait(domain, transaction_id, seconds)
            transaction = Transaction(
                mode=Mode.REQUEST, transaction_id=transaction_id, message=message
            )
            await self._posts.send(Posting(partner, own_domain, (transaction,)), seconds)
            return await answer
        finally:
            self._wakeups.forget(wait_id, woken)
            self._waiting.pop(key, None)
            await self._transactions.forget(domain, transaction_id)

    async def _look(self, domain: str, transaction_id: str) -> None:
        """Another process got the answer."""
        document = await self._transactions.take(domain, transaction_id)
        waiting = self._waiting.get((domain, transaction_id))
        if document and waiting is not None and not waiting.called:
            waiting.callback(self._read(document).message)

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
        partner's, and with 507 where too much waits.
        """
        partner = self._partner(domain)
        own_domain = self._own_domain(lane_user)
        said = message
        if isinstance(message, Request) and message.meta_info is None and not in_answer_to:
            said = self._on_behalf(message, None, own_domain)
        digest = sha256(f"{operation_id}\n{partner.domain}\n{lane_user}".encode()).hexdigest()
        transaction_id = self._new_id(digest)
        mode = Mode.RESPONSE if in_answer_to else Mode.REQUEST
        transaction = Transaction(
            mode=mode, transaction_id=in_answer_to or transaction_id, message=said
        )
        is_queued = await self._queues.put(
            partner.domain,
            lane_user,
            self._written(own_domain, transaction),
            transaction_id=transaction_id,
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
            await self._say_due(partner)

    async def is_silent(self, partner: Partner) -> bool:
        """Whether there is something to say to a partner, and no session in which to say it."""
        if await self._sessions.heard_at(partner) is not None:
            return False
        return (await self._queues.waiting(partner.domain)).count > 0

    def keep_trying(self, partner: Partner) -> None:
        """Say what is due to a partner, while nobody waits for it."""
        if not self._is_stopped:
            self._in_background(self._say_due(partner))

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._is_stopped = True
        for saying in tuple(self._saying):
            await saying

    async def _say_due(self, partner: Partner) -> None:
        now = self._reactor.seconds()
        until = now + LEASE_SECONDS
        for queued in await self._queues.claim(partner.domain, now=now, until=until):
            self._in_background(self._say(partner, queued))

    async def _say(self, partner: Partner, queued: Queued) -> None:
        if self._is_stopped:
            await self._postpone(partner, queued, 0)
            return
        own_domain, transaction = self._unqueued(queued)
        message = await self._served.renew(partner.domain, transaction.message)
        if message is None:
            await self._finish(partner, queued, status(StatusCode.OK))
            return
        transaction = attrs.evolve(transaction, message=message)
        try:
            await self._posts.send(Posting(partner, own_domain, (transaction,)), SESSION_SECONDS)
        except NotAccepted as problem:
            await self._finish(partner, queued, status(problem.code, str(problem)))
        except NotNow as problem:
            await self._postpone(partner, queued, max(problem.seconds, _backoff(queued)))
        except Unreachable as problem:
            self._log.debug(
                "{domain} is told later: {reason}", domain=partner.domain, reason=str(problem)
            )
            await self._postpone(partner, queued, _backoff(queued))
        else:
            await self._accepted(partner, queued, transaction)

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
            self.keep_trying(partner)
        else:
            await self._postpone(partner, queued, ANSWER_SECONDS)

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

    async def _postpone(self, partner: Partner, queued: Queued, seconds: float) -> None:
        until = self._reactor.seconds() + seconds
        await self._queues.postpone(partner.domain, queued, until=until)

    # Answers.

    async def answered(
        self, partner: Partner, session: PartnerSession, transaction: Transaction
    ) -> None:
        """A partner has answered something."""
        domain, transaction_id = partner.domain, transaction.transaction_id
        answer = transaction.message
        if isinstance(answer, Unknown | Unreadable):
            answer = status(StatusCode.INTERNAL_ERROR, "an answer that cannot be read")
        if _says_no_session(answer):
            await self._sessions.end(session)
        waiting = self._waiting.get((domain, transaction_id))
        if waiting is not None:
            if not waiting.called:
                waiting.callback(answer)
            return
        kept = attrs.evolve(transaction, message=answer)
        if await self._transactions.bring(domain, transaction_id, self._written(domain, kept)):
            return
        queued = await self._queues.find(domain, transaction_id)
        if queued is None:
            self._log.debug("{domain} answers what nobody asked", domain=domain)
            return
        code = answer.code if isinstance(answer, Status) else None
        if _says_no_session(answer):
            await self._postpone(partner, queued, 0)
            self.keep_trying(partner)
        elif code in _TRANSIENT:
            wait = float(answer.try_again_seconds or 0) if isinstance(answer, Status) else 0.0
            wait = min(wait, LONGEST_BACKOFF_SECONDS)
            await self._postpone(partner, queued, max(wait, _backoff(queued)))
        else:
            await self._finish(partner, queued, answer)

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

    def _new_id(self, digest: str) -> str:
        return f"{int(self._reactor.seconds()) % 10**10:010}-{digest[:32]}"

    def _written(self, own_domain: str, transaction: Transaction) -> bytes:
        """A transaction as it is kept: as our own kind would say it."""
        session_id = f"{_PLACE}@{own_domain}"
        return self._codec.encode(
            InSession(session_id=session_id, transactions=(transaction,)), V13, Profile.OURS
        )

    def _unqueued(self, queued: Queued) -> tuple[str, Transaction]:
        content = self._codec.decode(queued.message).content
        assert isinstance(content, InSession)
        transaction = content.transactions[0]
        if transaction.mode is Mode.REQUEST:
            # What has taken the place of another is said under that one's id, and so answered.
            transaction = attrs.evolve(transaction, transaction_id=queued.transaction_id)
        return content.session_id.partition("@")[2], transaction

    def _read(self, document: bytes) -> Transaction:
        content = self._codec.decode(document).content
        assert isinstance(content, InSession)
        return content.transactions[0]

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


def _says_no_session(answer: Message) -> bool:
    return isinstance(answer, Status) and answer.code in _NO_SESSION


def _backoff(queued: Queued) -> float:
    """How long to wait after a try failed."""
    wait = min(BACKOFF_SECONDS * (queued.tries + 1), LONGEST_BACKOFF_SECONDS)
    return wait * random.uniform(0.8, 1.2)
