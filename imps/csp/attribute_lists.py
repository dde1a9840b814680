"""Attribute lists: CreateAttributeList, DeleteAttributeList and GetAttributeList, to and from the
model."""

from __future__ import annotations

from attrs import define

from imps.csp.presence_values import attributes_in, sub_list_naming
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.presence import (
    CreateAttributeListRequest,
    DefaultAttributeList,
    DeleteAttributeListRequest,
    GetAttributeListRequest,
    GetAttributeListResponse,
    Presence,
)
from imps.csp.results import result_of, status_of
from imps.csp.transactions import Context, Transactions
from imps.elements.attribute_lists import AttributeLists
from imps.model.presence import DEFAULT, AttributeList, Target, TargetKind
from imps.model.status import Refusal, StatusCode
from imps.model.version import Version


@define(eq=False)
class AttributeListing:
    """The transactions of attribute lists."""

    _element: AttributeLists

    def register(self, transactions: Transactions) -> None:
        """Serve the transactions of attribute lists."""
        transactions.serve(CreateAttributeListRequest, self.create)
        transactions.serve(DeleteAttributeListRequest, self.delete)
        transactions.serve(GetAttributeListRequest, self.get)

    async def create(self, context: Context, request: CreateAttributeListRequest) -> Primitive:
        """Allow targets to see what a list names: nothing, if it names nothing."""
        if request.presence_sub_list is None:
            raise Refusal(StatusCode.BAD_PARAMETER, "PresenceSubList missing")
        attributes = attributes_in(request.presence_sub_list, context.version)
        notify = {
            TargetKind.USER: request.user_notify,
            TargetKind.CONTACT_LIST: request.contact_list_notify,
            TargetKind.DEFAULT: request.default_notify,
        }
        lists = {
            target: AttributeList(attributes, notify[target.kind] or False)
            for target in _targets(request)
        }
        caller = context.open_session.caller(context.operation_id)
        return status_of(await self._element.create(caller, lists), context.version)

    async def delete(self, context: Context, request: DeleteAttributeListRequest) -> Primitive:
        """Take back what was said of targets."""
        caller = context.open_session.caller(context.operation_id)
        outcome = await self._element.delete(caller, _targets(request))
        return status_of(outcome, context.version)

    async def get(self, context: Context, request: GetAttributeListRequest) -> Primitive:
        """Say what is allowed to targets; to all where no user or contact list is named."""
        caller = context.open_session.caller(context.operation_id)
        targets = _targets(request)
        found = await self._element.get(caller, () if targets == [DEFAULT] else targets)
        default = found.lists.get(DEFAULT)
        others = sorted(found.lists.keys() - {DEFAULT}, key=lambda target: str(target.spelled))
        return GetAttributeListResponse(
            result=result_of(found.outcome, context.version),
            default_attribute_list=None if default is None else _default(default, context.version),
            presences=tuple(_presence(each, found.lists[each], context.version) for each in others),
        )


def _targets(
    request: CreateAttributeListRequest | DeleteAttributeListRequest | GetAttributeListRequest,
) -> list[Target]:
    """Those whom a request names, in the form of any version, each once."""
    users, contact_lists = request.user_id_list, request.contact_list_id_list
    if isinstance(request, GetAttributeListRequest):
        user_ids = tuple(user.user_id for user in request.users)
    else:
        user_ids = request.user_ids
    targets = [
        *(Target(TargetKind.USER, each) for each in user_ids + (users.user_ids if users else ())),
        *(
            Target(TargetKind.CONTACT_LIST, each)
            for each in request.contact_lists
            + (contact_lists.contact_lists if contact_lists else ())
        ),
    ]
    if request.default_list:
        targets.append(DEFAULT)
    return list(dict.fromkeys(targets))


def _default(said: AttributeList, version: Version) -> DefaultAttributeList:
    return DefaultAttributeList(
        default_notify=said.notify,
        presence_sub_lists=(sub_list_naming(said.attributes, version),),
    )


def _presence(target: Target, said: AttributeList, version: Version) -> Presence:
    sub_lists = (sub_list_naming(said.attributes, version),)
    if target.kind is TargetKind.USER:
        return Presence(
            user_id=target.spelled, user_notify=said.notify, presence_sub_lists=sub_lists
        )
    return Presence(
        contact_list=target.spelled, contact_list_notify=said.notify, presence_sub_lists=sub_lists
    )
