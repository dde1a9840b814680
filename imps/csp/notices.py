"""Notifications (CSP 1.3): SubscribeNotification, UnsubscribeNotification and Notification, to and
from the model."""

from __future__ import annotations

from attrs import define

from imps.csp.presence_values import sub_list_naming
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ContactListIDList, User, UserIDList, UserList
from imps.csp.primitives.notices import (
    NotificationRequest,
    NotificationTypeList,
    SubscribeNotificationRequest,
    UnsubscribeNotificationRequest,
)
from imps.csp.results import status
from imps.csp.transactions import Context, Transactions
from imps.model.address import Address
from imps.model.events import Notification
from imps.model.notice import NotificationType
from imps.model.presence import attributes_named
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13, Version
from imps.sap.sessions import Session, Sessions

_OF_BLOCK_LISTS = (
    NotificationType.BLOCK_LIST_CHANGED,
    NotificationType.BLOCK_LIST_SWITCHED_ON_OR_OFF,
)
_OF_GRANT_LISTS = (
    NotificationType.GRANT_LIST_CHANGED,
    NotificationType.GRANT_LIST_SWITCHED_ON_OR_OFF,
)


@define(eq=False)
class Notices:
    """The transactions of notifications."""

    _sessions: Sessions

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of notifications."""
        transactions.serve(SubscribeNotificationRequest, self.subscribe)
        transactions.serve(UnsubscribeNotificationRequest, self.unsubscribe)
        transactions.send(NotificationRequest)

    async def subscribe(self, context: Context, request: SubscribeNotificationRequest) -> Primitive:
        """Have a client told of more kinds of things; partly, where it named some that there are
        not."""
        wanted, all_known = _kinds(request.notification_type_list)
        session = context.open_session
        await self._sessions.agree(session, notifications=session.notifications | wanted)
        code = StatusCode.OK if all_known else StatusCode.PARTLY_DONE
        return status(code, context.version)

    async def unsubscribe(
        self, context: Context, request: UnsubscribeNotificationRequest
    ) -> Primitive:
        """Have a client told of fewer kinds of things; whether it was told of them or not."""
        unwanted, _ = _kinds(request.notification_type_list)
        session = context.open_session
        await self._sessions.agree(session, notifications=session.notifications - unwanted)
        return status(StatusCode.OK, context.version)

    def notification_of(
        self, session: Session, notification: Notification
    ) -> NotificationRequest | None:
        """A notification as a client gets it; None if it does not want that kind any more."""
        if not takes(session, notification.type):
            return None
        is_of_user = notification.type is NotificationType.SOMEBODY_ADDED_THE_USER_TO_A_CONTACT_LIST
        alias = notification.alias or None
        users = tuple(User(user_id=each, friendly_name=alias) for each in notification.users)
        is_in_use = notification.is_in_use
        sub_list = None
        if notification.names is not None:
            sub_list = sub_list_naming(attributes_named(notification.names), V13)
        return NotificationRequest(
            notification_type=notification.type,
            presence_sub_list=sub_list,
            user_id_list=None if is_of_user else user_id_list(notification.users),
            user_list=UserList(users=users) if is_of_user else None,
            contact_list_id_list=contact_list_id_list(notification.contact_lists),
            default_list=notification.is_default or None,
            block_list_in_use=is_in_use if notification.type in _OF_BLOCK_LISTS else None,
            grant_list_in_use=is_in_use if notification.type in _OF_GRANT_LISTS else None,
        )


def takes(session: Session, kind: NotificationType) -> bool:
    """Whether a session is to be told of things of a kind."""
    return Version(session.door["version"]) is V13 and kind in session.notifications


def user_id_list(users: tuple[Address, ...]) -> UserIDList | None:
    """The list that names users; None for nobody."""
    return UserIDList(user_ids=users) if users else None


def contact_list_id_list(contact_lists: tuple[Address, ...]) -> ContactListIDList | None:
    """The list that names contact lists; None for none."""
    return ContactListIDList(contact_lists=contact_lists) if contact_lists else None


def _kinds(named: NotificationTypeList | None) -> tuple[frozenset[NotificationType], bool]:
    """The kinds that a list names, and whether there are all of these; refused with 402 if it names
    none that there is."""
    words = {each.upper() for each in named.notification_types} if named else set()
    known = frozenset(each for each in NotificationType if each.value in words)
    if not known:
        raise Refusal(StatusCode.BAD_PARAMETER, "no NotificationType that there is")
    return known, len(known) == len(words)
