"""One message to a partner, over a session: what every way of saying something has in common."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from attrs import define, frozen
from twisted.logger import Logger

from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.ssp.client import Client, Unreachable
from imps.ssp.codec.xml import XMLCodec
from imps.ssp.discovery import Endpoint
from imps.ssp.messages.blocks import MetaInfo, Status
from imps.ssp.messages.envelope import InSession, Mode, Transaction
from imps.ssp.messages.setup import Disconnect
from imps.ssp.sessions import Sessions
from imps.ssp.transactions import transaction_id
from imps.store.partner_sessions import PartnerSession

_NEVER = frozenset((400, 403, 413, 415))
"""What a partner's server answers to a post that it would never accept."""
LONGEST_WAIT_SECONDS = 600
MOST_IN_ONE = {Profile.OURS: 20}


class NotAccepted(Exception):
    """A partner's server will never accept a message; the code is what its sender is told."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it answers with HTTP {status}")
        self.code = StatusCode.FORBIDDEN if status == 403 else StatusCode.BAD_REQUEST


class NotNow(Unreachable):
    """A partner's server wants to be asked later, after that many seconds."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__(f"it answers with HTTP {status}")
        self.seconds = seconds


@frozen
class Posting:
    """Transactions for a partner, and in whose name they are said."""

    partner: Partner
    own_domain: str
    transactions: tuple[Transaction, ...]


@define(eq=False)
class Posts:
    """Posts transactions over whatever session there is with a partner."""

    _sessions: Sessions
    _client: Client
    _codec: XMLCodec
    _reactor: Any
    _log = Logger()

    async def send(self, posting: Posting, seconds: float) -> None:
        """Have transactions accepted by a partner's server, making a session if there is none.

        Unreachable if they were not, and may be later; NotAccepted if they never will be, or
        NotListed.
        """
        partner, own_domain = posting.partner, posting.own_domain
        session = await self._sessions.between(partner, own_domain, seconds)
        if await self._accepted(session, posting):
            return
        # The partner does not know the session: there is another, or nothing more is to be done.
        await self._sessions.end(session)
        session = await self._sessions.between(partner, own_domain, seconds)
        if not await self._accepted(session, posting):
            await self._sessions.end(session)
            raise Unreachable("it knows no session")

    async def answer(self, session: PartnerSession, posting: Posting) -> None:
        """Post answers over the session that the requests came over, or another if that is over.
        Unreachable if there is none."""
        if await self._accepted(session, posting):
            return
        await self._sessions.end(session)
        other = await self._sessions.usable(posting.partner, posting.own_domain)
        if other is None or not await self._accepted(other, posting):
            raise Unreachable("it knows the session no more")

    async def disconnect(self, partner: Partner, session: PartnerSession, code: StatusCode) -> None:
        """Tell a partner that a session is over, in its last message, if it can be told and is of
        a kind that understands it (SSP, maintenance inside a session)."""
        if partner.profile is not Profile.OURS:
            return
        over = Disconnect(
            meta_info=MetaInfo.of_server(session.own_domain), status=Status(code=int(code))
        )
        id = transaction_id(self._reactor.seconds(), token_hex(16))
        said = Transaction(mode=Mode.REQUEST, transaction_id=id, message=over)
        try:
            await self._accepted(session, Posting(partner, session.own_domain, (said,)))
        except (Unreachable, NotAccepted) as problem:
            self._log.info(
                "{domain} is not told that a session is over: {reason}",
                domain=partner.domain,
                reason=str(problem),
            )

    async def _accepted(self, session: PartnerSession, posting: Posting) -> bool:
        """Whether a post was accepted; False where the session is not known."""
        partner = posting.partner
        most = MOST_IN_ONE.get(partner.profile, 1)
        for start in range(0, len(posting.transactions), most):
            some = posting.transactions[start : start + most]
            content = InSession(session_id=session.own_id, transactions=some)
            document = self._codec.encode(content, session.version, partner.profile)
            headers = {"x-wv-transactionid": some[0].transaction_id}
            if some[0].mode is Mode.REQUEST:
                headers["x-wv-sessionid"] = session.own_id
            if not await self._post(session, partner, document, headers):
                return False
        return True

    async def _post(
        self, session: PartnerSession, partner: Partner, document: bytes, headers: dict[str, str]
    ) -> bool:
        endpoint = Endpoint(session.url, is_configured=session.url in partner.urls)
        try:
            response = await self._client.post(partner, endpoint, document, headers)
        except Unreachable:
            self._sessions.posted(partner.domain, reached=False)
            raise
        self._sessions.posted(partner.domain, reached=True)
        status = response.status
        if 200 <= status < 300:
            return True
        if status == 401:
            return False
        if status in _NEVER:
            self._log.error(
                "{domain} does not accept a message: HTTP {status}",
                domain=partner.domain,
                status=status,
            )
            raise NotAccepted(status)
        raise NotNow(status, _seconds(response.retry_after))


def _seconds(retry_after: str) -> float:
    text = retry_after.strip()[:9]
    seconds = int(text) if text.isascii() and text.isdigit() else 0
    return min(float(seconds), LONGEST_WAIT_SECONDS)
