"""What the server sends on its own account, one request in a message; and the answers to that."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from imps.csp.im import OWN_TRANSACTION_ID, request_of
from imps.csp.primitives.common import Status
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.im import MessageDelivered
from imps.elements.im import InstantMessaging
from imps.model.status import StatusCode
from imps.sap.sessions import Session
from imps.store.messages import Acknowledgement


@frozen
class Outgoing:
    """What goes out to a session: its next transaction, if any, and whether more wait."""

    transaction: Transaction | None
    has_more: bool


@define(eq=False)
class Outbox:
    """The requests of the server to its clients."""

    _im: InstantMessaging

    async def take(
        self, session: Session, responses: Sequence[Transaction], encoding: str, wanted: bool
    ) -> tuple[Outgoing, list[Transaction]]:
        """Take what a client says to our requests and, if wanted, what is to be sent next.

        Also returns those of the responses that need an answer of their own: the acknowledgement of
        a message that was fetched, which some clients send as a response.
        """
        known: list[tuple[Acknowledgement, str]] = []
        others: list[Transaction] = []
        for response in responses:
            transaction_id = response.descriptor.transaction_id or ""
            content = response.content
            if isinstance(content, Status):
                accepted = content.result.code == StatusCode.OK
                says = Acknowledgement.TRANSACTION if accepted else Acknowledgement.REFUSED
                known.append((says, transaction_id))
            elif isinstance(content, MessageDelivered):
                if OWN_TRANSACTION_ID.fullmatch(transaction_id):
                    known.append((Acknowledgement.TRANSACTION, transaction_id))
                else:
                    others.append(response)
        known = known or [(Acknowledgement.NONE, "")]
        for says, transaction_id in known[:-1]:
            await self._im.deliver(session.id, says, transaction_id, wanted=False)
        says, transaction_id = known[-1]
        delivery = await self._im.deliver(
            session.id, says, transaction_id, wanted=wanted and not others
        )
        while (flight := delivery.in_flight) is not None:
            transaction = request_of(session, flight, encoding)
            if transaction is not None:
                return Outgoing(transaction, delivery.has_more), others
            says = Acknowledgement.TRANSACTION
            delivery = await self._im.deliver(session.id, says, flight.transaction_id)
        return Outgoing(None, delivery.has_more), others
