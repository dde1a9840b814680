"""What the server sends on its own account, one request in a message; and the answers to that."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from imps.csp.im import acknowledgement_of, in_flight_as, request_of
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.im import MessageDelivered
from imps.sap.delivery import Delivery
from imps.sap.sessions import Session
from imps.store.deliveries import Acknowledgement


@frozen
class Outgoing:
    """What goes out to a session: its next transaction, if any, and whether more wait."""

    transaction: Transaction | None
    has_more: bool


@define(eq=False)
class Outbox:
    """The requests of the server to its clients."""

    _delivery: Delivery

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
            says = acknowledgement_of(response)
            if says is not None:
                transaction_id = response.descriptor.transaction_id or ""
                known.append((says, in_flight_as(transaction_id) or transaction_id))
            elif isinstance(response.content, MessageDelivered):
                others.append(response)
        known = known or [(Acknowledgement.NONE, "")]
        for says, transaction_id in known[:-1]:
            await self._delivery.take(session.id, says, transaction_id, wanted=False)
        says, transaction_id = known[-1]
        taken = await self._delivery.take(
            session.id, says, transaction_id, wanted=wanted and not others
        )
        while (flight := taken.in_flight) is not None:
            transaction = request_of(session, flight, encoding)
            if transaction is not None:
                return Outgoing(transaction, taken.has_more), others
            says = Acknowledgement.REFUSED
            taken = await self._delivery.take(session.id, says, flight.transaction_id)
        return Outgoing(None, taken.has_more), others
