"""What the server sends on its own account, one request in a message; and the answers to that."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from imps.csp.im import Messaging, Way, request, said_by
from imps.csp.notices import Notices
from imps.csp.presence import PresenceDelivery
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.im import MessageDelivered
from imps.csp.primitives.presence import PresenceAuthUser
from imps.csp.reactive_authorization import PresenceAuthorization
from imps.model.events import AuthorizationAsked, Notification
from imps.sap.delivery import Delivery
from imps.sap.sessions import Present, Session
from imps.store.deliveries import Acknowledgement, InFlight, Said, Taken

_NOTHING = Said()


@frozen
class Outgoing:
    """What goes out to a session: its next transaction, if any, and whether more wait."""

    transaction: Transaction | None
    has_more: bool


@define(eq=False)
class Outbox:
    """The requests of the server to its clients."""

    _delivery: Delivery
    _messaging: Messaging
    _presence: PresenceDelivery
    _authorization: PresenceAuthorization
    _notices: Notices

    async def poll(
        self, session_id: str, responses: Sequence[Transaction], *, polls: bool
    ) -> tuple[Present, Taken] | None:
        """The session of a message that holds polls and responses alone, and what is taken from
        and for it, in one step; None where it takes several. Refused without a session."""
        said = said_by(responses[0]) if responses else _NOTHING
        if said is None or len(responses) > 1:
            return None
        return await self._delivery.poll(session_id, said, polls=polls)

    async def take(
        self,
        session: Session,
        responses: Sequence[Transaction],
        way: Way,
        wanted: bool,
        polled: Taken | None = None,
    ) -> tuple[Outgoing, list[Transaction]]:
        """Take what a client says to our requests and, if wanted, what is to be sent next; unless
        that was ``polled`` before.

        Also returns those of the responses that need an answer of their own: acknowledgements of
        messages that are not in flight under that id, but were fetched.
        """
        taken = polled
        others: list[Transaction] = []
        for number, response in enumerate(responses, start=1):
            is_wanted = wanted and number == len(responses) and not others
            said = said_by(response)
            if said is None:
                taken = None
            elif polled is None:
                taken = await self._delivery.take(
                    session.id,
                    said.acknowledgement,
                    said.transaction_id,
                    said.message_id,
                    wanted=is_wanted,
                )
            is_acknowledged = taken is not None and taken.acknowledged
            if isinstance(response.content, MessageDelivered) and not is_acknowledged:
                others.append(response)
            elif isinstance(response.content, PresenceAuthUser):
                # An answer to a question, which older documents print as a response.
                others.append(response)
        if taken is None:
            taken = await self._delivery.take(session.id, wanted=wanted and not others)
        return await self._outgoing(session, taken, way), others

    async def instead_of(self, session: Session, unreadable: Transaction, way: Way) -> Outgoing:
        """What is sent instead of a message that its client could not read, as if that had said
        so: a notification of it, if the client agreed to that."""
        says, transaction_id = Acknowledgement.REFUSED, unreadable.descriptor.transaction_id or ""
        taken = await self._delivery.take(session.id, says, transaction_id)
        return await self._outgoing(session, taken, way)

    async def _outgoing(self, session: Session, taken: Taken, way: Way) -> Outgoing:
        """The first of what waits that this session can be told, and agreed to be."""
        while (flight := taken.in_flight) is not None:
            transaction, has_more = await self._request(session, flight, way)
            if transaction is not None:
                return Outgoing(transaction, taken.has_more or has_more)
            says = Acknowledgement.REFUSED
            taken = await self._delivery.take(session.id, says, flight.transaction_id)
        return Outgoing(None, taken.has_more)

    async def _request(
        self, session: Session, flight: InFlight, way: Way
    ) -> tuple[Transaction | None, bool]:
        """What is in flight, as it is sent; None for what this session is not to be sent. And
        whether a part of it is left for later."""
        content: Primitive | None
        has_more = False
        if isinstance(flight.what, tuple):
            content, has_more = await self._presence.notification_of(
                session, flight.what, flight.msisdn
            )
        elif isinstance(flight.what, AuthorizationAsked):
            content = await self._authorization.question_of(session, flight.what)
        elif isinstance(flight.what, Notification):
            content = self._notices.notification_of(session, flight.what)
        else:
            return await self._messaging.request_of(session, flight, way), False
        return None if content is None else request(flight.transaction_id, content), has_more
