"""Reactive authorization until 1.2: PresenceAuth, CancelAuth and GetReactiveAuthStatus, to and from
the model."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define

from imps.csp.notices import contact_list_id_list, takes, user_id_list
from imps.csp.presence_values import named_in, sub_list_naming
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.notices import NotificationRequest
from imps.csp.primitives.presence import (
    CancelAuthRequest,
    GetReactiveAuthStatusRequest,
    GetReactiveAuthStatusResponse,
    PresenceAuthRequest,
    PresenceAuthUser,
    ReactiveAuthStatus,
    ReactiveAuthStatusList,
)
from imps.csp.results import status
from imps.csp.transactions import Context, Transactions
from imps.elements.authorization import Question
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.model.address import Address
from imps.model.events import AuthorizationAsked
from imps.model.notice import NotificationType
from imps.model.presence import EVERY_ATTRIBUTE, ReactiveAuthState
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13, Version
from imps.sap.routed_presence import RoutedPresence
from imps.sap.sessions import Session
from imps.store.reactive_authorization import Answered

_BY_DEFAULT = NotificationType.AUTHORIZATION_NEEDED_FOR_THE_DEFAULT_LIST


@define(eq=False)
class PresenceAuthorization:
    """The transactions of reactive authorization."""

    _element: ReactiveAuthorization
    _presence: RoutedPresence

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of reactive authorization."""
        transactions.serve(PresenceAuthUser, self.answer)
        transactions.serve(CancelAuthRequest, self.cancel)
        transactions.serve(GetReactiveAuthStatusRequest, self.get_status)
        transactions.send(PresenceAuthRequest)

    async def answer(self, context: Context, request: PresenceAuthUser) -> Primitive:
        """Let somebody see attributes, or not; all that were asked for where none are named."""
        attributes = named_in(request.presence_sub_list, context.version) or None
        caller = context.open_session.caller()
        await self._element.answer(caller, request.user_id, request.acceptance, attributes)
        return status(StatusCode.OK, context.version)

    async def cancel(self, context: Context, request: CancelAuthRequest) -> Primitive:
        """Forget what was said of somebody."""
        await self._element.cancel(context.open_session.caller(), request.user_id)
        return status(StatusCode.OK, context.version)

    async def get_status(
        self, context: Context, request: GetReactiveAuthStatusRequest
    ) -> Primitive:
        """Say what was asked and answered: an entry for each of granted, denied and pending. 1.3
        has given that up, and has no words for the answer."""
        if context.version is V13:
            raise Refusal(StatusCode.SERVICE_NOT_SUPPORTED, "CSP 1.3 has no such request")
        caller = context.open_session.caller()
        found = await self._element.answers(caller, request.user_ids)
        unanswered = [watcher for watcher, answered in found.items() if answered.pending]
        questions = await self._presence.questions(caller.user, unanswered)
        statuses = tuple(
            status
            for watcher, answered in found.items()
            for status in _statuses(watcher, answered, questions.get(watcher), context.version)
        )
        return GetReactiveAuthStatusResponse(
            reactive_auth_status_list=ReactiveAuthStatusList(reactive_auth_status=statuses)
        )

    async def question_of(
        self, session: Session, asked: AuthorizationAsked
    ) -> PresenceAuthRequest | NotificationRequest | None:
        """What a client asks its user, or tells it, as far as that is still so; None if it is not,
        or if the client cannot ask. 1.3 has a notification for it, whose answer is an attribute
        list."""
        watcher, version = asked.watcher, Version(session.door["version"])
        question = (await self._presence.questions(session.user, [watcher])).get(watcher)
        if question is None:
            return None
        if version is V13:
            return _notification(question, watcher) if takes(session, question.reason) else None
        if not question.is_open or not session.has("REACT"):
            return None
        attributes = question.attributes
        sub_list = None if attributes == EVERY_ATTRIBUTE else sub_list_naming(attributes, version)
        return PresenceAuthRequest(user_id=watcher, presence_sub_list=sub_list)


def _notification(question: Question, watcher: Address) -> NotificationRequest:
    """That somebody wants to see more than is allowed; it is said of whom in any case."""
    return NotificationRequest(
        notification_type=question.reason,
        presence_sub_list=sub_list_naming(question.attributes, V13),
        user_id_list=user_id_list((watcher,)),
        contact_list_id_list=contact_list_id_list(question.contact_lists),
        default_list=question.reason is _BY_DEFAULT or None,
    )


def _statuses(
    watcher: Address, answered: Answered, question: Question | None, version: Version
) -> Iterator[ReactiveAuthStatus]:
    is_open = question is not None and question.is_open
    states = {
        ReactiveAuthState.GRANTED: answered.granted,
        ReactiveAuthState.DENIED: answered.denied,
        # Nobody waits for an answer where a list has given it.
        ReactiveAuthState.PENDING: answered.pending if is_open else frozenset(),
    }
    for state, attributes in states.items():
        if attributes:
            yield ReactiveAuthStatus(
                user_id=watcher,
                reactive_auth_state=state,
                presence_sub_list=sub_list_naming(attributes, version),
            )
