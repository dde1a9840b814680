"""What is revoked while it waits to be told is not told, in whatever way it was allowed."""

from __future__ import annotations

from typing import Any, cast

from attrs import evolve

from imps.csp.primitives.attributes import OnlineStatus, PresenceSubList, UserAvailability
from imps.csp.primitives.contacts import AddNickList, ListManageRequest, RemoveNickList
from imps.csp.primitives.presence import (
    CancelAuthRequest,
    CreateAttributeListRequest,
    DeleteAttributeListRequest,
    PresenceAuthUser,
    PresenceNotificationRequest,
)
from imps.model.address import Address
from imps.model.presence import Availability
from imps.testing.conformance import shows_feature
from imps.testing.door import OK, Speaker
from tests.csp.test_presence import BOB, SEEN, PresenceTestCase, text

PUBLIC = PresenceSubList(online_status=(OnlineStatus(),), user_availability=UserAvailability())
"""What anybody may see still when the rest is revoked."""

PUBLISHERS = 20


class Way:
    """A way to let Bob see something, and to take that back; whether anything remains."""

    something_remains = True

    async def allow(self, test: RevokingTests, publisher: Speaker) -> None:
        raise NotImplementedError

    async def revoke(self, test: RevokingTests, publisher: Speaker) -> None:
        raise NotImplementedError


class ByDefault(Way):
    async def allow(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.allow(SEEN, by=publisher)

    async def revoke(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.allow(PUBLIC, by=publisher)


class ToTheUser(Way):
    """A list for the user alone is taken away, and the default counts."""

    async def allow(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.allow(PUBLIC, by=publisher)
        await test.done(
            publisher,
            CreateAttributeListRequest(presence_sub_list=SEEN, user_ids=(BOB,), default_list=False),
        )

    async def revoke(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.done(publisher, DeleteAttributeListRequest(user_ids=(BOB,), default_list=False))


class ToAContact(Way):
    """The user is taken out of a contact list with an attribute list."""

    async def allow(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.allow(PUBLIC, by=publisher)
        contact_list = self._friends_of(publisher)
        await test.done(
            publisher,
            CreateAttributeListRequest(
                presence_sub_list=SEEN, contact_lists=(contact_list,), default_list=False
            ),
        )
        await self._manage(test, publisher, add_nick_list=AddNickList(user_ids=(BOB,)))

    async def revoke(self, test: RevokingTests, publisher: Speaker) -> None:
        await self._manage(test, publisher, remove_nick_list=RemoveNickList(user_ids=(BOB,)))

    def _friends_of(self, publisher: Speaker) -> Address:
        return publisher.user.at_home("localhost").resource_named("friends")

    async def _manage(self, test: RevokingTests, publisher: Speaker, **change: Any) -> None:
        contact_list = self._friends_of(publisher)
        request = ListManageRequest(contact_list=contact_list, receive_list=False, **change)
        answer: Any = await publisher.ask(request)
        test.assertEqual(answer.result.code, 200)
        await test.settled()


class Reactively(Way):
    """An answer is taken back, and there is nothing else."""

    something_remains = False

    async def allow(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.done(publisher, PresenceAuthUser(user_id=BOB, acceptance=True))

    async def revoke(self, test: RevokingTests, publisher: Speaker) -> None:
        await test.done(publisher, CancelAuthRequest(user_id=BOB))


WAYS: tuple[Way, ...] = (ByDefault(), ToTheUser(), ToAContact(), Reactively())


class RevokingTests(PresenceTestCase):
    async def publishers(self) -> list[tuple[Speaker, Way]]:
        """Users who each have their own way."""
        found = []
        for number in range(PUBLISHERS):
            await self.directory.add(Address(f"user{number}"), "secret")
            publisher = self.speaker(f"user{number}")
            await publisher.sign_on()
            found.append((publisher, WAYS[number % len(WAYS)]))
        return found

    async def done(self, publisher: Speaker, request: Any) -> None:
        self.assertEqual(await publisher.ask(request), OK)
        await self.settled()

    @shows_feature("subscriptions to presence", "what is not authorized is hidden")
    async def test_one_publisher_revokes_before_the_poll(self) -> None:
        publishers = (await self.publishers())[: len(WAYS)]
        async for bob in self.watchers():
            for each in publishers:
                await self.check([each], bob)

    async def test_twenty_publishers_revoke_before_the_poll(self) -> None:
        publishers = await self.publishers()
        async for bob in self.watchers():
            await self.check(publishers, bob)

    async def check(self, publishers: list[tuple[Speaker, Way]], bob: Speaker) -> None:
        """What is left to be told is told in one notification, and nothing else is in it."""
        names = {each.user.at_home("localhost"): way for each, way in publishers}
        for publisher, way in publishers:
            await self.publish(self.news(Availability.AVAILABLE, "seen"), by=publisher)
            await way.allow(self, publisher)
        await self.subscribe(bob, *names)
        self.assertEqual(await self.texts(bob), ["seen"] * len(names))
        for publisher, _ in publishers:
            await self.publish(self.news(Availability.DISCREET, "a secret"), by=publisher)
        for publisher, way in publishers:
            await way.revoke(self, publisher)
            await self.publish(text("another secret"), by=publisher)
        left = {name for name, way in names.items() if way.something_remains}
        transaction = await bob.poll()
        if not left:
            self.assertIsNone(transaction)
            return
        assert transaction is not None
        assert isinstance(transaction.content, PresenceNotificationRequest), transaction
        self.assertEqual({each.user_id for each in transaction.content.presences}, left)
        for each in transaction.content.presences:
            (told,) = each.presence_sub_lists
            # That somebody is on line may be seen, and is told with whatever has changed.
            changed = evolve(cast(Any, told), online_status=())
            self.assertEqual(changed, self.news(Availability.DISCREET))
        self.assertIsNone(await bob.say(OK, transaction))

    def news(self, availability: Availability, status_text: str | None = None) -> PresenceSubList:
        said = None if status_text is None else text(status_text).status_text
        return PresenceSubList(
            user_availability=UserAvailability(qualifier=True, presence_value=availability),
            status_text=said,
        )
