"""The access service element: whom users take messages and invitations from."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, frozen

from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IDelivery
from imps.model.access import AS_IT_IS, AccessChange, AccessList, Entity, EntityKind
from imps.model.events import Notification
from imps.model.notice import NotificationType
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.store.access_lists import AccessLists, Changed, Listed, NoSuchOwner, TooManyEntities

LONGEST_NAME = 200

_CHANGED = {
    Listed.BLOCK: NotificationType.BLOCK_LIST_CHANGED,
    Listed.GRANT: NotificationType.GRANT_LIST_CHANGED,
}
_SWITCHED = {
    Listed.BLOCK: NotificationType.BLOCK_LIST_SWITCHED_ON_OR_OFF,
    Listed.GRANT: NotificationType.GRANT_LIST_SWITCHED_ON_OR_OFF,
}


@frozen
class BothLists:
    """The block list and the grant list of a user."""

    block: AccessList
    grant: AccessList


@define(eq=False)
class AccessControl:
    """Block lists and grant lists, each its owner's alone.

    Who is blocked, or is not in a grant list that is in use, does not reach the owner; to block
    somebody counts more than to grant.
    """

    _lists: AccessLists
    _contacts: Contacts
    _directory: Directory
    _delivery: IDelivery

    async def lists(self, caller: Caller) -> BothLists:
        """The caller's lists (CSP, GetBlockedList)."""
        return BothLists(
            await self._lists.get(caller.user, Listed.BLOCK),
            await self._lists.get(caller.user, Listed.GRANT),
        )

    async def change(
        self, caller: Caller, block: AccessChange = AS_IT_IS, grant: AccessChange = AS_IT_IS
    ) -> Outcome:
        """Change the caller's lists (CSP, BlockEntity).

        Entities that do not exist are not added, which is in the outcome; those that are not in a
        list need not be removed. Refused with 402 if a list would become too long.
        """
        failures: list[Detail] = []
        served = 0
        for listed, change in ((Listed.BLOCK, block), (Listed.GRANT, grant)):
            if change != AS_IT_IS:
                known, unknown = await self._known(caller, change)
                await self._changed(caller, listed, known)
                failures += unknown
                served += 1 if known != AS_IT_IS else 0
        return Outcome(served, tuple(failures))

    async def _changed(self, caller: Caller, listed: Listed, change: AccessChange) -> None:
        try:
            changed = await self._lists.change(caller.user, listed, change)
        except TooManyEntities:
            raise Refusal(StatusCode.BAD_PARAMETER, "too many are blocked or granted") from None
        except NoSuchOwner:
            raise Refusal(StatusCode.UNKNOWN_USER, "there is no such user any more") from None
        for kind in _kinds_of(listed, changed):
            notification = Notification(type=kind, is_in_use=changed.is_in_use)
            await self._delivery.notify([caller.user], notification, but=caller.session_id)

    async def _known(
        self, caller: Caller, change: AccessChange
    ) -> tuple[AccessChange, list[Detail]]:
        """A change with entities as the store names them, and of those that come only the ones that
        there are; and what is wrong with the others."""
        failures: list[Detail] = []

        async def known(entities: Iterable[Entity]) -> tuple[Entity, ...]:
            found = []
            for each in entities:
                named, failure = await self._named(caller, each)
                if failure is None:
                    found.append(named)
                else:
                    failures.append(failure)
            return tuple(found)

        removed = [(await self._named(caller, each))[0] for each in change.removed]
        changed = evolve(
            change,
            replaced=None if change.replaced is None else await known(change.replaced),
            added=await known(change.added),
            removed=tuple(removed),
        )
        return changed, failures

    async def _named(self, caller: Caller, entity: Entity) -> tuple[Entity, Detail | None]:
        """An entity as the store names it, and what is wrong with it, if anything."""
        if len(entity.name) > LONGEST_NAME:
            raise Refusal(StatusCode.BAD_PARAMETER, "a name is too long")
        address = self._directory.at_home(entity.spelled)
        failure = None
        match entity.kind:
            case EntityKind.APPLICATION:
                return entity, None
            case EntityKind.USER:
                account = await self._directory.named(address)
                if account is not None:
                    address = account.address
                elif not address.is_user or self._directory.is_home(address):
                    failure = Detail(StatusCode.UNKNOWN_USER, users=(entity.spelled,))
            case EntityKind.CONTACT_LIST:
                own = await self._contacts.own(caller.user, entity.spelled)
                if own is None or await self._contacts.members(caller.user, own) is None:
                    lists = (entity.spelled,)
                    failure = Detail(StatusCode.NO_SUCH_CONTACT_LIST, contact_lists=lists)
                address = own or address
            case EntityKind.GROUP | EntityKind.SCREEN_NAME:
                # There are none here, and others are not asked.
                if not address.is_resource or self._directory.is_home(address):
                    failure = Detail(StatusCode.NO_SUCH_GROUP, groups=(entity.spelled,))
        return Entity(entity.kind, address, entity.name, entity.spelled), failure


def _kinds_of(listed: Listed, changed: Changed) -> Iterable[NotificationType]:
    if changed.entities:
        yield _CHANGED[listed]
    if changed.switch:
        yield _SWITCHED[listed]
