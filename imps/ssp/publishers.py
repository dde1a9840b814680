"""Presence of partners' users: what ours may see of them, asked and told."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from imps.elements.interfaces import Caller, Got, IRemotePresence
from imps.elements.publishers_abroad import PublishersAbroad
from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE, Attribute, Presence
from imps.model.status import Outcome, Refusal, StatusCode
from imps.ssp.exchange import Exchange
from imps.ssp.messages.blocks import AttributeList, MetaInfo
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.results import outcome_of, status
from imps.ssp.served import Asked, Served
from imps.store.presence_abroad import PresenceAbroad

ANSWER_SECONDS = 10
"""How long a client waits for what a partner says."""

WAITING_SECONDS = 86_400
"""How long a partner that is away is to be told who watches its users, and who does not."""

_AWAY = frozenset((StatusCode.SERVICE_UNAVAILABLE, StatusCode.REQUEST_TIMEOUT))


@implementer(IRemotePresence)
@frozen
class RemotePresence:
    """The presence of the users of one partner's domain."""

    domain: str
    _exchange: Exchange = field(eq=False)
    _watched: PresenceAbroad = field(eq=False)
    _clock: IReactorTime = field(eq=False)

    async def get(
        self, caller: Caller, users: Sequence[Address], attributes: frozenset[Attribute]
    ) -> Got:
        """What a partner's users let the caller see (SSP, GetPresence); nothing of those that were
        not asked for, nor what was not."""
        request = GetPresenceRequest(user_ids=tuple(users), attribute_list=_asking(attributes))
        answer = await self._exchange.ask(self.domain, caller.user, request, ANSWER_SECONDS)
        outcome = outcome_of(answer, users)
        failed = {user for each in outcome.failures for user in each.users}
        told = answer.presence_values if isinstance(answer, GetPresenceResponse) else ()
        found = {each.user_id.at_home(self.domain): each.published for each in told}
        presences = (
            Presence(
                user,
                tuple(each for each in found.get(user, ()) if each.attribute in attributes),
            )
            for user in users
            if user not in failed
        )
        return Got(tuple(presences), outcome)

    async def subscribe(
        self, caller: Caller, users: Sequence[Address], attributes: frozenset[Attribute]
    ) -> Outcome:
        """Have the caller told of a partner's users (SSP, Subscribe). A partner that is away is
        told later, and they count as subscribed."""
        request = SubscribeRequest(user_ids=tuple(users), attribute_list=_asking(attributes))
        try:
            answer = await self._exchange.ask(self.domain, caller.user, request, ANSWER_SECONDS)
        except Refusal as refusal:
            if refusal.code not in _AWAY:
                raise
            asking = SubscribeRequest(
                meta_info=_of(caller.user),
                user_ids=request.user_ids,
                attribute_list=request.attribute_list,
            )
            await self._post(caller.user, asking)
            outcome = Outcome(len(users))
        else:
            outcome = outcome_of(answer, users)
        failed = {user for each in outcome.failures for user in each.users}
        there = [each for each in users if each not in failed]
        await self._watched.note_watched(caller.user, there, at=self._clock.seconds())
        return outcome

    async def unsubscribe(self, watcher: Address, users: Sequence[Address]) -> None:
        """Have a watcher told of a partner's users no more (SSP, Unsubscribe)."""
        await self._watched.forget_watched(watcher, users)
        request = UnsubscribeRequest(meta_info=_of(watcher), user_ids=tuple(users))
        await self._post(watcher, request)

    async def _post(self, watcher: Address, request: SubscribeRequest | UnsubscribeRequest) -> None:
        expires_at = self._clock.seconds() + WAITING_SECONDS
        operation_id = f"watch:{token_hex(16)}"
        await self._exchange.post(self.domain, watcher, request, expires_at, operation_id)


@frozen
class PartnersPublishers:
    """What partners tell our users of theirs."""

    _abroad: PublishersAbroad

    def register(self, served: Served) -> None:
        """Take what partners tell, and say what is still so when they are told something."""
        served.serve(PresenceNotification, self.notified)
        served.renewed(SubscribeRequest, self.subscribing)
        served.renewed(UnsubscribeRequest, self.unsubscribing)

    async def notified(self, asked: Asked, notification: PresenceNotification) -> Message:
        """Publishers of a partner tell users of ours something: kept for those that are
        subscribed, and dropped without a word for others."""
        for told in notification.presence_values:
            publisher = told.user_id.at_home(asked.partner.domain)
            if not publisher.is_user or not asked.partner.speaks_for(publisher.domain):
                continue
            presence = Presence(publisher, told.published)
            for user in notification.users:
                await self._abroad.tell(user.user_id, presence)
        return status(StatusCode.OK)

    async def subscribing(self, domain: str, request: SubscribeRequest) -> SubscribeRequest | None:
        """What a partner that was away is asked for: of those who are watched still, all that is
        wanted of any."""
        wanted = await self._asked(request)
        users = tuple(each for each in request.user_ids if wanted[each])
        if not users:
            return None
        attributes = frozenset[Attribute]().union(*(wanted[each] for each in users))
        return SubscribeRequest(
            meta_info=request.meta_info, user_ids=users, attribute_list=_asking(attributes)
        )

    async def unsubscribing(
        self, domain: str, request: UnsubscribeRequest
    ) -> UnsubscribeRequest | None:
        """Whom it is told that nobody watches: those whom nobody has begun to watch again."""
        wanted = await self._asked(request)
        users = tuple(each for each in request.user_ids if not wanted[each])
        if not users:
            return None
        return UnsubscribeRequest(meta_info=request.meta_info, user_ids=users)

    async def _asked(
        self, request: SubscribeRequest | UnsubscribeRequest
    ) -> dict[Address, frozenset[Attribute]]:
        watcher = request.meta_info.user if request.meta_info is not None else None
        assert watcher is not None
        return await self._abroad.asked(watcher, request.user_ids)


def _asking(attributes: frozenset[Attribute]) -> AttributeList | None:
    """How attributes are asked for: all, by naming none."""
    return None if attributes == EVERY_ATTRIBUTE else AttributeList(attributes=attributes)


def _of(user: Address) -> MetaInfo:
    return MetaInfo.of_user(user, user.domain)
