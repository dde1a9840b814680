"""What services need of the side that speaks to partners, and how they wait for what was queued."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from imps.model.address import Address
from imps.model.partner import Partner
from imps.ssp.messages.blocks import Request
from imps.ssp.messages.declaration import Message
from imps.store.partner_transactions import PartnerTransactions
from imps.store.wakeups import Wakeups


class Known(Protocol):
    """Who the partners are."""

    def get(self, domain: str) -> Partner | None:
        """The partner that serves a domain."""

    def all(self) -> tuple[Partner, ...]:
        """Every partner."""

    def is_home(self, domain: str) -> bool:
        """Whether a domain is one of ours."""

    @property
    def first_home_domain(self) -> str:
        """The domain in whose name we speak where nobody's is meant."""


class Exchange(Protocol):
    """Says things to partners, in whatever session there is."""

    @property
    def known(self) -> Known:
        """Who they are."""

    async def ask(
        self, domain: str, user: Address | None, message: Request, seconds: float
    ) -> Message:
        """What a partner answers to a request on behalf of a user, or of the server; may be a
        Status that says no. Refused with 516, 503 or 408 where it does not answer."""

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
        """Have a message said to a partner, after all that was queued for this user before; it is
        queued when this returns. Refused with 516 or 507."""


@define(eq=False)
class Answers:
    """Lets whoever has queued something wait for what becomes of it, a while and in any process.

    What is brought to somebody who waits is said by that one; what comes later, by whoever has it.
    """

    _transactions: PartnerTransactions
    _wakeups: Wakeups
    _clock: IReactorTime
    _waiting: dict[tuple[str, str], list[Deferred[bytes]]] = field(factory=dict, init=False)
    _log = Logger()

    async def wait(
        self, domain: str, what: str, post: Callable[[], Awaitable[None]], seconds: float
    ) -> bytes | None:
        """Queue something for a partner, and wait for what is brought of it; None if that takes
        longer."""
        waiting: Deferred[bytes] = Deferred()
        wait_id = self._transactions.wait_id(domain, what)

        def woken() -> None:
            looking = Deferred.fromCoroutine(self._look(domain, what, waiting))
            looking.addErrback(lambda failure: self._log.failure("No answer was read", failure))

        # A request that is repeated may wait beside the one that it repeats.
        self._waiting.setdefault((domain, what), []).append(waiting)
        try:
            await self._wakeups.listen(wait_id, woken)
            await self._transactions.wait(domain, what, 2 * seconds)
            await post()
            return await waiting.addTimeout(seconds, self._clock)
        except (TimeoutError, CancelledError):
            return await self._transactions.leave(domain, what)
        finally:
            self._wakeups.forget(wait_id, woken)
            self._waiting[domain, what].remove(waiting)
            if not self._waiting[domain, what]:
                del self._waiting[domain, what]
                await self._transactions.forget(domain, what)

    async def bring(self, domain: str, what: str, answer: bytes) -> bool:
        """Bring something to whoever waits for it; False if nobody does any more."""
        waiting = [each for each in self._waiting.get((domain, what), ()) if not each.called]
        for each in waiting:
            each.callback(answer)
        if waiting:
            return True
        return await self._transactions.bring(domain, what, answer)

    async def _look(self, domain: str, what: str, waiting: Deferred[bytes]) -> None:
        """Another process has brought it."""
        answer = await self._transactions.take(domain, what)
        if answer and not waiting.called:
            waiting.callback(answer)
