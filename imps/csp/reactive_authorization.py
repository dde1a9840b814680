"""Reactive authorization until 1.2: PresenceAuth, CancelAuth and GetReactiveAuthStatus, to and from
the model."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define

from imps.csp.presence_values import attributes_in, sub_list_naming
from imps.csp.primitives.declaration import Primitive
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
from imps.elements.reactive_authorization import ReactiveAuthorization
from imps.model.address import Address
from imps.model.events import AuthorizationAsked
from imps.model.presence import EVERY_ATTRIBUTE, ReactiveAuthState
from imps.model.status import StatusCode
from imps.model.version import V13, Version
from imps.sap.sessions import Session
from imps.store.reactive_authorization import Answered


@define(eq=False)
class PresenceAuthorization:
    """The transactions of reactive authorization."""

    _element: ReactiveAuthorization

    def register(self, transactions: Transactions) -> None:
        """Serve and send the transactions of reactive authorization."""
        transactions.serve(PresenceAuthUser, self.answer)
        transactions.serve(CancelAuthRequest, self.cancel)
        transactions.serve(GetReactiveAuthStatusRequest, self.get_status)
        transactions.send(PresenceAuthRequest)

    async def answer(self, context: Context, request: PresenceAuthUser) -> Primitive:
        """Let somebody see attributes, or not; all that were asked for where none are named."""
        sub_list = request.presence_sub_list
        attributes = (sub_list and attributes_in(sub_list, context.version)) or None
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
        """Say what was asked and answered: an entry for each of granted, denied and pending."""
        found = await self._element.answers(context.open_session.caller(), request.user_ids)
        statuses = tuple(
            status
            for watcher, answered in found.items()
            for status in _statuses(watcher, answered, context.version)
        )
        return GetReactiveAuthStatusResponse(
            reactive_auth_status_list=ReactiveAuthStatusList(reactive_auth_status=statuses)
        )

    async def question_of(
        self, session: Session, asked: AuthorizationAsked
    ) -> PresenceAuthRequest | None:
        """What a client asks its user, as far as that is still to be answered; None if it is not,
        or if the client cannot ask."""
        version = Version(session.door["version"])
        if version is V13 or not session.has("REACT"):
            return None
        pending = await self._element.pending(session.user, asked.watcher)
        if not pending:
            return None
        sub_list = None if pending == EVERY_ATTRIBUTE else sub_list_naming(pending, version)
        return PresenceAuthRequest(user_id=asked.watcher, presence_sub_list=sub_list)


def _statuses(
    watcher: Address, answered: Answered, version: Version
) -> Iterator[ReactiveAuthStatus]:
    states = {
        ReactiveAuthState.GRANTED: answered.granted,
        ReactiveAuthState.DENIED: answered.denied,
        ReactiveAuthState.PENDING: answered.pending,
    }
    for state, attributes in states.items():
        if attributes:
            yield ReactiveAuthStatus(
                user_id=watcher,
                reactive_auth_state=state,
                presence_sub_list=sub_list_naming(attributes, version),
            )
