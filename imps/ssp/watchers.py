"""Presence for partners: what their users may see of ours, asked and told."""

from __future__ import annotations

from secrets import token_hex

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from imps.elements.interfaces import Caller, IPresenceAbroad
from imps.elements.presence import ABROAD_SECONDS, PresenceService
from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE, Attribute
from imps.model.status import Refusal
from imps.ssp.exchange import Exchange
from imps.ssp.functions import GET_FUNCTION, SUBSCRIBE_FUNCTION
from imps.ssp.messages.blocks import AttributeList, MetaInfo, PresenceValue, User
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.results import status_of_outcome
from imps.ssp.served import Asked, Served


@implementer(IPresenceAbroad)
@define(eq=False)
class PartnersNews:
    """Has partners' users told of publishers of ours.

    What is queued names the publisher and the watcher alone; ``PartnersWatchers.renewed`` says what
    they are told, when it is handed over.
    """

    _exchange: Exchange
    _clock: IReactorTime
    _log = Logger()

    async def bring_news(self, publisher: Address, watcher: Address) -> None:
        """Have a partner's user told of a publisher; not of a domain that is no partner's any more.
        Where too much waits for the partner, it is told with the next news."""
        if self._exchange.known.get(watcher.domain) is None:
            return
        notification = PresenceNotification(
            meta_info=MetaInfo.of_server(publisher.domain),
            users=(User(user_id=watcher),),
            presence_values=(PresenceValue(user_id=publisher),),
        )
        try:
            await self._exchange.post(
                watcher.domain,
                publisher,
                notification,
                self._clock.seconds() + ABROAD_SECONDS,
                f"news:{token_hex(16)}",
                key=f"news:{publisher.canonical} {watcher.canonical}",
            )
        except Refusal as refusal:
            reason = refusal.description
            self._log.info("News of a publisher waits: {reason}", reason=reason)


@define(eq=False)
class PartnersWatchers:
    """What partners ask about publishers of ours, on behalf of their users."""

    _local: PresenceService

    def register(self, served: Served) -> None:
        """Serve what partners ask, and say what is handed over to them."""
        function = SUBSCRIBE_FUNCTION
        served.serve(SubscribeRequest, self.subscribe, function=function, needs_user=True)
        served.serve(UnsubscribeRequest, self.unsubscribe, function=function, needs_user=True)
        served.serve(GetPresenceRequest, self.get, function=GET_FUNCTION, needs_user=True)
        served.renewed(PresenceNotification, self.renewed)
        served.answered(PresenceNotification, self.was_told)

    async def subscribe(self, asked: Asked, request: SubscribeRequest) -> Message:
        """Have a partner's user told of users of ours, at once and from now on."""
        users = _users(asked, request.user_ids)
        attributes = attributes_in(request.attribute_list)
        outcome = await self._local.subscribe(_caller(asked), users, (), attributes)
        return status_of_outcome(outcome)

    async def unsubscribe(self, asked: Asked, request: UnsubscribeRequest) -> Message:
        """Have a partner's user told of users of ours no more."""
        users = _users(asked, request.user_ids)
        return status_of_outcome(await self._local.unsubscribe(_caller(asked), users, ()))

    async def get(self, asked: Asked, request: GetPresenceRequest) -> Message:
        """Say what a partner's user may see of users of ours."""
        users = _users(asked, request.user_ids)
        attributes = attributes_in(request.attribute_list)
        got = await self._local.get(_caller(asked), users, (), attributes)
        return GetPresenceResponse(
            status=status_of_outcome(got.outcome),
            presence_values=tuple(
                PresenceValue(user_id=each.publisher, published=each.published)
                for each in got.presences
            ),
        )

    async def renewed(
        self, domain: str, notification: PresenceNotification
    ) -> PresenceNotification | None:
        """What a partner's user is told of a publisher, at the moment at which it is handed over;
        None if nothing of it may be seen, or it is subscribed no more."""
        publisher, watcher = _about(notification)
        presence = await self._local.told_abroad(publisher, watcher)
        if presence is None:
            return None
        value = PresenceValue(user_id=publisher, published=presence.published)
        return PresenceNotification(
            meta_info=notification.meta_info,
            users=notification.users,
            presence_values=(value,),
        )

    async def was_told(
        self, domain: str, notification: PresenceNotification, answer: Message
    ) -> None:
        """A partner has taken a notification, or nobody can tell it any more."""
        publisher, watcher = _about(notification)
        await self._local.was_told_abroad(publisher, watcher)


def _about(notification: PresenceNotification) -> tuple[Address, Address]:
    """The publisher and the watcher of a notification of ours."""
    return notification.presence_values[0].user_id, notification.users[0].user_id


def _caller(asked: Asked) -> Caller:
    return Caller(asked.on_behalf_of, "", asked.operation_id)


def _users(asked: Asked, named: tuple[Address, ...]) -> list[Address]:
    """Who is meant: what names no domain is the partner's."""
    return [each.at_home(asked.partner.domain) for each in named]


def attributes_in(named: AttributeList | None) -> frozenset[Attribute]:
    """The attributes that are asked for: all, where none are named."""
    return (named.attributes if named else frozenset()) or EVERY_ATTRIBUTE
