"""Presence: UpdatePresence, GetPresence, SubscribePresence, UnsubscribePresence,
PresenceNotification and GetWatcherList, to and from the model."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from imps.csp.presence_values import presence_element, selected_by, values_in
from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import User
from imps.csp.primitives.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    GetWatcherListRequest,
    GetWatcherListResponse,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UnsubscribePresenceRequest,
    UpdatePresenceRequest,
    Watcher,
)
from imps.csp.results import result_of, status, status_of
from imps.csp.transactions import Context, Transactions, is_agreed
from imps.elements.presence_view import MOST_OCTETS
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.model.version import V11, V12, V13, Version
from imps.sap.routed_presence import RoutedPresence
from imps.sap.sessions import Session
from imps.store.deliveries import News

OCTETS_AROUND_A_MESSAGE = 1500
"""What is written around presence, about."""

_NOTHING = (PresenceSubList(),)


@define(eq=False)
class PresenceDelivery:
    """The transactions of presence."""

    _element: RoutedPresence

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of presence."""
        transactions.serve(
            UpdatePresenceRequest, self.update, unreadable=StatusCode.INVALID_PRESENCE_VALUE
        )
        transactions.serve(GetPresenceRequest, self.get)
        transactions.serve(SubscribePresenceRequest, self.subscribe)
        transactions.serve(UnsubscribePresenceRequest, self.unsubscribe)
        transactions.serve(GetWatcherListRequest, self.get_watchers)
        transactions.send(PresenceNotificationRequest)

    async def update(self, context: Context, request: UpdatePresenceRequest) -> Primitive:
        """Publish what a client says; nothing of it if something is wrong with it."""
        if request.presence_sub_list is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "PresenceSubList missing")
        values = dict(values_in(request.presence_sub_list, context.version))
        await self._element.publish(context.open_session.caller(), values)
        return status(StatusCode.OK, context.version)

    async def get(self, context: Context, request: GetPresenceRequest) -> Primitive:
        """Say what is known of users, as far as the client's may see it."""
        got = await self._element.get(
            context.open_session.caller(),
            *_targets(request),
            selected_by(request.presence_sub_list, context.version),
        )
        return GetPresenceResponse(
            result=result_of(got.outcome, context.version),
            presences=tuple(presence_element(each, context.version) for each in got.presences),
        )

    async def subscribe(self, context: Context, request: SubscribePresenceRequest) -> Primitive:
        """Have a client told of users from now on. Where nothing is said of AutoSubscribe, 1.2
        follows no list, and the others, which lack it, do."""
        follows = request.auto_subscribe
        if follows is None and context.version is V12:
            follows = False
        outcome = await self._element.subscribe(
            context.open_session.caller(),
            *_targets(request),
            selected_by(request.presence_sub_list, context.version),
            follows=follows,
        )
        return status_of(outcome, context.version)

    async def unsubscribe(self, context: Context, request: UnsubscribePresenceRequest) -> Primitive:
        """Have a client told of users no longer."""
        caller = context.open_session.caller()
        outcome = await self._element.unsubscribe(caller, *_targets(request))
        return status_of(outcome, context.version)

    async def get_watchers(self, context: Context, request: GetWatcherListRequest) -> Primitive:
        """Name those who watch the client's user. That somebody asked once is told in 1.3 only; how
        many there are is told even where fewer are wanted."""
        history_seconds = None if context.version is V11 else request.history_period
        watchers = await self._element.watchers(
            context.open_session.caller(), history_seconds, accesses=context.version is V13
        )
        told = list(watchers.items())[: request.max_watcher_list]
        return GetWatcherListResponse(
            users=tuple(User(user_id=watcher) for watcher, _ in told),
            history_period=request.history_period,
            watcher_count=len(watchers),
            watchers=tuple(
                Watcher(user=User(user_id=watcher), user_id=watcher, watcher_status=status)
                for watcher, status in told
            ),
        )

    async def notification_of(
        self, session: Session, news: Sequence[News], msisdn: str | None = None
    ) -> tuple[PresenceNotificationRequest | None, bool]:
        """What a session is told of publishers, as it is now; None if nothing of it may be seen
        any more, or the session does not agree on presence any more. And whether there is more than
        can be told at a time."""
        version = Version(session.door["version"])
        if not is_agreed(session, PresenceNotificationRequest, version):
            return None, False
        most_octets = (session.capabilities.parser_octets or MOST_OCTETS) - OCTETS_AROUND_A_MESSAGE
        told = await self._element.told(session.caller(), news, max(0, most_octets), msisdn)
        elements = (presence_element(each, version) for each in told.presences)
        # There may be nothing that the version has words for.
        presences = tuple(each for each in elements if each.presence_sub_lists != _NOTHING)
        notification = PresenceNotificationRequest(presences=presences) if presences else None
        return notification, told.has_more


def _targets(
    request: GetPresenceRequest | SubscribePresenceRequest | UnsubscribePresenceRequest,
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """The users and contact lists that a request names, in the form of any version."""
    users, contact_lists = request.user_id_list, request.contact_list_id_list
    return (
        tuple(user.user_id for user in request.users) + (users.user_ids if users else ()),
        request.contact_lists + (contact_lists.contact_lists if contact_lists else ()),
    )
