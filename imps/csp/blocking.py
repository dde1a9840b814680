"""Block and grant lists: GetBlockedList and BlockEntity, to and from the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define

from imps.csp.primitives.blocking import (
    AddList,
    BlockEntityRequest,
    BlockList,
    EntityList,
    GetBlockedListRequest,
    GetBlockedListResponse,
    GrantList,
    RemoveList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.identity import ScreenName
from imps.csp.results import status_of
from imps.csp.transactions import Context, Transactions
from imps.elements.access import AccessControl
from imps.model.access import AccessChange, Entity, EntityKind
from imps.model.address import Address

_Entities = EntityList | AddList | RemoveList


@define(eq=False)
class Blocking:
    """The transactions of block and grant lists."""

    _element: AccessControl

    def register(self, transactions: Transactions) -> None:
        """Serve the transactions of block and grant lists."""
        transactions.serve(GetBlockedListRequest, self.get)
        transactions.serve(BlockEntityRequest, self.block)

    async def get(self, context: Context, request: GetBlockedListRequest) -> Primitive:
        """Say who is in both lists, also when nobody is; whether a list is in use stands within it
        until 1.2, and beside it from then on."""
        both = await self._element.lists(context.open_session.caller())
        block, grant = both.block, both.grant
        return GetBlockedListResponse(
            block_list=BlockList(in_use=block.is_in_use, entity_list=_entity_list(block.entities)),
            block_list_in_use=block.is_in_use,
            grant_list=GrantList(in_use=grant.is_in_use, entity_list=_entity_list(grant.entities)),
            grant_list_in_use=grant.is_in_use,
        )

    async def block(self, context: Context, request: BlockEntityRequest) -> Primitive:
        """Change both lists, or one of them."""
        outcome = await self._element.change(
            context.open_session.caller(),
            _change(request.block_list, request.block_list_in_use),
            _change(request.grant_list, request.grant_list_in_use),
        )
        return status_of(outcome, context.version)


def _change(said: BlockList | GrantList | None, is_in_use: bool | None) -> AccessChange:
    """What is to become of a list, in the form of any version."""
    if said is None:
        return AccessChange(is_in_use=is_in_use)
    replaced = None if said.entity_list is None else tuple(_entities(said.entity_list))
    return AccessChange(
        is_in_use=is_in_use if said.in_use is None else said.in_use,
        replaced=replaced,
        added=tuple(_entities(said.add_list)),
        removed=tuple(_entities(said.remove_list)),
    )


def _entities(named: _Entities | None) -> Iterator[Entity]:
    if named is None:
        return
    yield from (Entity(EntityKind.USER, each) for each in named.user_ids)
    yield from (
        Entity(EntityKind.SCREEN_NAME, each.group_id, each.s_name) for each in named.screen_names
    )
    yield from (Entity(EntityKind.GROUP, each) for each in named.group_ids)
    yield from (Entity(EntityKind.CONTACT_LIST, each) for each in named.contact_lists)
    yield from (Entity(EntityKind.APPLICATION, name=each) for each in named.application_ids)


def _entity_list(entities: Sequence[Entity]) -> EntityList:
    def spelled(kind: EntityKind) -> tuple[Address, ...]:
        return tuple(each.spelled for each in entities if each.kind is kind)

    return EntityList(
        user_ids=spelled(EntityKind.USER),
        screen_names=tuple(
            ScreenName(s_name=each.name, group_id=each.spelled)
            for each in entities
            if each.kind is EntityKind.SCREEN_NAME
        ),
        group_ids=spelled(EntityKind.GROUP),
        contact_lists=spelled(EntityKind.CONTACT_LIST),
        application_ids=tuple(
            each.name for each in entities if each.kind is EntityKind.APPLICATION
        ),
    )
