"""Routing: doors ask here; whoever renders a service for the targets of an operation is asked."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve
from twisted.internet.defer import Deferred, TimeoutError, gatherResults
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.contacts import Contacts
from imps.elements.interfaces import (
    Caller,
    IInstantMessaging,
    IMessageSending,
    MessageLimits,
    Sent,
    Waiting,
)
from imps.model.address import Address
from imps.model.message import Draft, Message, OneClient
from imps.model.status import Detail, Outcome, Refusal, StatusCode, merge
from imps.sap.service_table import ServiceTable

MESSAGE_SECONDS = 10
"""How long others may take to accept a message: clients give up after 40 seconds."""


@implementer(IInstantMessaging)
@define(eq=False)
class RoutedInstantMessaging:
    """Instant messaging for the doors, whoever renders it for the recipients."""

    _local: IInstantMessaging
    _table: ServiceTable[IMessageSending]
    _contacts: Contacts
    _limits: MessageLimits
    _clock: IReactorTime

    async def send(self, caller: Caller, draft: Draft) -> Sent:
        """Have a message stored for each recipient, by whoever serves their domain.

        A contact list stands for its contacts, none of whom gets the message twice. All are asked
        at once. Refused where the message itself is at fault; recipients of a domain that nobody
        serves get 516, those of one that does not answer in time 408.
        """
        self._limits.check(draft)
        draft, missing = await self._expanded(caller, draft)
        parts, unserved = self._parts(draft)
        unserved += missing
        if not unserved and [element for element, _ in parts] == [self._table.local]:
            element, part = parts[0]
            sent: Sent = await element.send(caller, part)
            return sent
        asked = [
            Deferred.fromCoroutine(self._asked(element, caller, part)) for element, part in parts
        ]
        answers: list[Sent] = await gatherResults(asked)
        outcome = merge([*(each.outcome for each in answers), Outcome(0, tuple(unserved))])
        message_ids = (each.message_id for each in answers if each.message_id is not None)
        return Sent(next(message_ids, None), outcome)

    async def fetch(self, session_id: str, message_id: str, with_large: bool = True) -> Message:
        """What a session is notified of waits here, whoever sent it."""
        message: Message = await self._local.fetch(session_id, message_id, with_large)
        return message

    async def link(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        """What waits for a user of ours waits here, whoever sent it."""
        tokens: dict[str, str] = await self._local.link(session_id, message_ids)
        return tokens

    async def linked(self, token: str) -> Message:
        """Tokens are ours."""
        message: Message = await self._local.linked(token)
        return message

    async def waiting(self, session_id: str, at_most: int | None = None) -> Waiting:
        """What waits for a user of ours waits here, whoever sent it."""
        waiting: Waiting = await self._local.waiting(session_id, at_most)
        return waiting

    async def reject(self, caller: Caller, message_ids: Sequence[str]) -> Outcome:
        """What is rejected waits here, whoever sent it."""
        outcome: Outcome = await self._local.reject(caller, message_ids)
        return outcome

    async def forward(
        self,
        caller: Caller,
        message_id: str,
        draft: Draft,
        through: IMessageSending | None = None,
    ) -> Sent:
        """What waits here is sent on to whoever serves the recipients."""
        sent: Sent = await self._local.forward(caller, message_id, draft, through or self)
        return sent

    async def _expanded(self, caller: Caller, draft: Draft) -> tuple[Draft, list[Detail]]:
        """The message with the contacts of its contact lists in their place, and the lists that
        the sender does not have."""
        users = dict.fromkeys(draft.users)
        missing = []
        for contact_list in dict.fromkeys(draft.contact_lists):
            members = await self._contacts.members(caller.user, contact_list)
            if members is None:
                lists = (contact_list,)
                missing.append(Detail(StatusCode.NO_SUCH_CONTACT_LIST, contact_lists=lists))
            else:
                users.update(dict.fromkeys(members))
        return evolve(draft, users=tuple(users), contact_lists=()), missing

    def _parts(self, draft: Draft) -> tuple[list[tuple[IMessageSending, Draft]], list[Detail]]:
        """Which element gets which recipients, and those that none serves.

        Groups go with the first part, the local one.
        """
        local = self._table.local
        parts = {local: evolve(draft, users=(), clients=())}
        unserved = []
        recipients: tuple[Address | OneClient, ...] = (*draft.users, *draft.clients)
        for each in recipients:
            user = each.user if isinstance(each, OneClient) else each
            element = self._table.element_of(user.domain)
            if element is None:
                code, domains = StatusCode.DOMAIN_NOT_SUPPORTED, (user.domain,)
                unserved.append(Detail(code, users=(user,), domains=domains))
                continue
            part = parts.setdefault(element, evolve(draft, users=(), clients=(), groups=()))
            if isinstance(each, OneClient):
                parts[element] = evolve(part, clients=(*part.clients, each))
            else:
                parts[element] = evolve(part, users=(*part.users, each))
        return [each for each in parts.items() if each[1].recipients], unserved

    async def _asked(self, element: IMessageSending, caller: Caller, part: Draft) -> Sent:
        """What becomes of a part, within the time; a refusal is that of each of its recipients."""
        asked = Deferred.fromCoroutine(element.send(caller, part))
        try:
            sent: Sent = await asked.addTimeout(MESSAGE_SECONDS, self._clock)
        except TimeoutError:
            return Sent(None, _failed(part, StatusCode.REQUEST_TIMEOUT))
        except Refusal as refusal:
            return Sent(None, _failed(part, refusal.code))
        return sent


def _failed(part: Draft, code: StatusCode) -> Outcome:
    users = part.users + tuple(each.user for each in part.clients)
    return Outcome(0, tuple(Detail(code, users=(user,)) for user in users))
