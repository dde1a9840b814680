"""Questions to partners that cannot wait: asked in whatever session there is, answered in time or
given up. Whichever process gets the answer brings it to the one that asked."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from imps.model.partner import Partner
from imps.ssp.client import Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.envelope import Mode, Transaction
from imps.ssp.post import Posting, Posts
from imps.ssp.results import says_no_session
from imps.ssp.sessions import Sessions
from imps.ssp.transactions import read, transaction_id, written
from imps.store.partner_transactions import PartnerTransactions
from imps.store.wakeups import Wakeups


@define(eq=False)
class Questions:
    """What this process has asked partners and waits for."""

    _sessions: Sessions
    _posts: Posts
    _transactions: PartnerTransactions
    _wakeups: Wakeups
    _codec: XMLCodec
    _reactor: Any
    _waiting: dict[tuple[str, str], Deferred[Message]] = field(factory=dict, init=False)
    _log = Logger()

    async def ask(
        self, partner: Partner, own_domain: str, message: Message, seconds: float
    ) -> Message:
        """What a partner answers; where it says that there is no session, it is asked again.

        Unreachable or NotAccepted if it could not be asked.
        """
        answer = await self._ask_once(partner, own_domain, message, seconds)
        if says_no_session(answer):
            return await self._ask_once(partner, own_domain, message, seconds)
        return answer

    async def answered(self, domain: str, answered: Transaction) -> bool:
        """A partner has answered something; False if it is no question that anybody waits for."""
        id = answered.transaction_id
        waiting = self._waiting.get((domain, id))
        if waiting is not None:
            if not waiting.called:
                waiting.callback(answered.message)
            return True
        document = written(self._codec, domain, answered)
        return await self._transactions.bring(domain, id, document)

    async def _ask_once(
        self, partner: Partner, own_domain: str, message: Message, seconds: float
    ) -> Message:
        id = transaction_id(self._reactor.seconds(), token_hex(16))
        if self._sessions.is_suspended(partner.domain):
            raise Unreachable("it could not be reached of late")
        domain, key = partner.domain, (partner.domain, id)
        answer: Deferred[Message] = Deferred()
        self._waiting[key] = answer
        wait_id = self._transactions.wait_id(domain, id)

        def woken() -> None:
            Deferred.fromCoroutine(self._look(domain, id)).addErrback(
                lambda failure: self._log.failure("An answer could not be read", failure)
            )

        try:
            await self._wakeups.listen(wait_id, woken)
            await self._transactions.wait(domain, id, seconds)
            transaction = Transaction(mode=Mode.REQUEST, transaction_id=id, message=message)
            await self._posts.send(Posting(partner, own_domain, (transaction,)), seconds)
            return await answer
        finally:
            self._wakeups.forget(wait_id, woken)
            self._waiting.pop(key, None)
            await self._transactions.forget(domain, id)

    async def _look(self, domain: str, id: str) -> None:
        """Another process got the answer."""
        document = await self._transactions.take(domain, id)
        waiting = self._waiting.get((domain, id))
        if document and waiting is not None and not waiting.called:
            _, answered = read(self._codec, document)
            waiting.callback(answered.message)
