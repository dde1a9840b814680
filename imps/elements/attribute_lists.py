"""Attribute lists: what publishers allow users, the users of contact lists, or everybody to see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from attrs import define, frozen

from imps.elements.contacts import Contacts
from imps.elements.directory import Directory
from imps.elements.interfaces import Caller, IDelivery
from imps.model.address import Address
from imps.model.events import Notification
from imps.model.notice import NotificationType
from imps.model.presence import (
    DEFAULT,
    EVERY_ATTRIBUTE,
    AttributeList,
    Target,
    TargetKind,
    names_of,
)
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.store.attribute_lists import AttributeLists as StoredAttributeLists
from imps.store.attribute_lists import TooManyAttributeLists
from imps.store.reactive_authorization import ReactiveAuthorizations


@frozen
class FoundAttributeLists:
    """Attribute lists that were asked for, and who of those asked about could not have one."""

    lists: Mapping[Target, AttributeList]
    outcome: Outcome


@define(eq=False)
class AttributeLists:
    """The attribute lists of the users of the home domains."""

    _stored: StoredAttributeLists
    _contacts: Contacts
    _directory: Directory
    _answers: ReactiveAuthorizations
    _delivery: IDelivery
    _at_most: int

    async def create(self, caller: Caller, lists: Mapping[Target, AttributeList]) -> Outcome:
        """Give each target its list, in place of the one that it has (CSP, CreateAttributeList).

        Refused with 402 without targets, and with 755 if these are too many lists. What is wrong
        with single targets is in the outcome.
        """
        if not lists:
            raise Refusal(StatusCode.BAD_PARAMETER, "no user, contact list or default")
        if len(lists) > self._at_most:
            raise self._too_many
        known: dict[Target, AttributeList] = {}
        failures = []
        for target, attribute_list in lists.items():
            named, exists = await self._named(caller, target)
            if exists:
                known[named] = attribute_list
            else:
                failures.append(_unknown(target))
        publisher, done = caller.user, {}
        if known:
            try:
                done = await self._stored.set(publisher, known, at_most=self._at_most)
            except TooManyAttributeLists:
                raise self._too_many from None
        failures += [_unknown(target) for target, exists in done.items() if not exists]
        await self._notify(caller, {each: known[each] for each, exists in done.items() if exists})
        return Outcome(sum(done.values()), tuple(failures))

    async def authorize(self, caller: Caller, users: Collection[Address]) -> Outcome:
        """Let users see what they have asked for, or what everybody may, or else everything; but
        for those of whom that was said already, by themselves or as contacts in a list (CSP 1.3,
        AuthorizeAndGrant)."""
        named = [(await self._named(caller, Target(TargetKind.USER, each)))[0] for each in users]
        answers = await self._answers.of(caller.user)
        there = await self._stored.all(caller.user)
        contacts = await self._contacts_in(caller, there)
        otherwise = there[DEFAULT].attributes if DEFAULT in there else EVERY_ATTRIBUTE
        lists = {
            target: AttributeList((answered and answered.asked) or otherwise)
            for target in named
            if target not in there
            and contacts.isdisjoint(await self._directory.names_of(target.address))
            for answered in (answers.get(target.address),)
        }
        if not lists:
            return Outcome()
        try:
            return await self.create(caller, lists)
        except Refusal as refusal:
            return Outcome(failures=tuple(Detail(refusal.code, users=(each,)) for each in users))

    async def _contacts_in(self, caller: Caller, targets: Iterable[Target]) -> set[Address]:
        """Who is in those contact lists that are among these targets."""
        lists = [each.address for each in targets if each.kind is TargetKind.CONTACT_LIST]
        return {
            contact
            for each in lists
            for contact in await self._contacts.members(caller.user, each) or ()
        }

    async def delete(self, caller: Caller, targets: Collection[Target]) -> Outcome:
        """Take their lists from targets, those that have one (CSP, DeleteAttributeList).

        Refused with 402 without targets. Users and contact lists that there are not are in the
        outcome.
        """
        if not targets:
            raise Refusal(StatusCode.BAD_PARAMETER, "no user, contact list or default")
        named = await self._all_named(caller, targets)
        done = await self._stored.delete(caller.user, list(named))
        had = {target for target, had_list in done.items() if had_list}
        await self._notify(caller, dict.fromkeys(had))
        return await self._outcome(caller, named, had)

    async def get(self, caller: Caller, targets: Collection[Target]) -> FoundAttributeLists:
        """The lists of these targets, or all without any (CSP, GetAttributeList).

        Users and contact lists that there are not are in the outcome.
        """
        if not targets:
            return FoundAttributeLists(await self._stored.all(caller.user), Outcome())
        named = await self._all_named(caller, targets)
        found = await self._stored.some(caller.user, list(named))
        return FoundAttributeLists(found, await self._outcome(caller, named, found))

    @property
    def _too_many(self) -> Refusal:
        return Refusal(
            StatusCode.TOO_MANY_ATTRIBUTE_LISTS, f"more than {self._at_most} attribute lists"
        )

    async def _all_named(self, caller: Caller, targets: Collection[Target]) -> dict[Target, bool]:
        """Targets as the store names them, and whether they are known to exist."""
        if len(targets) > self._at_most:
            raise Refusal(StatusCode.BAD_PARAMETER, f"more than {self._at_most} targets")
        return dict([await self._named(caller, target) for target in targets])

    async def _named(self, caller: Caller, target: Target) -> tuple[Target, bool]:
        """A target as the store names it, and whether it may have a list: a user by the account,
        one of another domain as it stands. Whether a contact list exists is seen later."""
        if target.kind is TargetKind.DEFAULT:
            return target, True
        if target.kind is TargetKind.CONTACT_LIST:
            own = await self._contacts.own(caller.user, target.address)
            return Target(target.kind, own or target.address, target.spelled), own is not None
        address = self._directory.at_home(target.address)
        exists = address.is_user
        if exists and self._directory.is_home(address):
            account = await self._directory.named(address)
            exists = account is not None
            address = address if account is None else account.address
        return Target(target.kind, address, target.spelled), exists

    async def _notify(self, caller: Caller, lists: Mapping[Target, AttributeList | None]) -> None:
        """Tell the caller's other sessions what these targets are allowed from now on."""
        by_list: defaultdict[AttributeList | None, list[Target]] = defaultdict(list)
        for target, attribute_list in lists.items():
            by_list[attribute_list].append(target)
        for attribute_list, targets in by_list.items():
            notification = Notification(
                type=NotificationType.AUTHORIZATION_CHANGED,
                users=_addresses(targets, TargetKind.USER),
                contact_lists=_addresses(targets, TargetKind.CONTACT_LIST),
                is_default=DEFAULT in targets,
                names=names_of(attribute_list.attributes) if attribute_list else None,
            )
            await self._delivery.notify([caller.user], notification, but=caller.session_id)

    async def _outcome(
        self, caller: Caller, named: Mapping[Target, bool], had_lists: Collection[Target]
    ) -> Outcome:
        """How it went with targets of which these had lists; others fail if they do not exist."""
        others = {target: exists for target, exists in named.items() if target not in had_lists}
        if any(target.kind is TargetKind.CONTACT_LIST for target in others):
            own = {each.address for each in await self._contacts.lists(caller)}
            for target in others:
                if target.kind is TargetKind.CONTACT_LIST:
                    others[target] = target.address in own
        failures = tuple(_unknown(target) for target, exists in others.items() if not exists)
        return Outcome(len(named) - len(failures), failures)


def _addresses(targets: Iterable[Target], kind: TargetKind) -> tuple[Address, ...]:
    return tuple(sorted((each.spelled for each in targets if each.kind is kind), key=str))


def _unknown(target: Target) -> Detail:
    if target.kind is TargetKind.USER:
        return Detail(StatusCode.UNKNOWN_USER, users=(target.spelled,))
    return Detail(StatusCode.NO_SUCH_CONTACT_LIST, contact_lists=(target.spelled,))
