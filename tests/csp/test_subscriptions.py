"""Subscriptions to presence at the edge of the door, in every version and encoding."""

from __future__ import annotations

from itertools import count
from typing import Any

from attrs import evolve

from imps.csp.primitives.access import Functions, LogoutRequest, ServiceRequest
from imps.csp.primitives.attributes import (
    Alias,
    OnlineStatus,
    PresenceSubList,
    StatusText,
    UserAvailability,
)
from imps.csp.primitives.contacts import AddNickList, ListManageRequest, RemoveNickList
from imps.csp.primitives.presence import (
    Presence,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UnsubscribePresenceRequest,
)
from imps.csp.primitives.services import IMFeat, PresenceFeat, WVCSPFeat
from imps.model.address import Address
from imps.model.presence import Availability, CommunicationMeans
from imps.model.version import V12
from imps.parts import Parts
from imps.testing.conformance import ALL, shows
from imps.testing.door import OK
from tests.csp.test_presence import (
    ANN,
    FOES,
    FRIENDS,
    NOBODY,
    STRANGER,
    PresenceTestCase,
    text,
)

CARL = Address.parse("wv:carl@localhost")


class SubscribeTests(PresenceTestCase):
    @shows(SubscribePresenceRequest, UnsubscribePresenceRequest, PresenceNotificationRequest, *ALL)
    async def test_watcher_is_told_what_is_and_then_what_changes(self) -> None:
        await self.allow()
        async for bob in self.watchers():
            await self.publish(text("before"))
            self.assertEqual((await self.subscribe(bob, ANN)).code, 200)
            (presence,) = await self.told(bob)
            self.assertEqual(presence.user_id, ANN)
            (seen,) = presence.presence_sub_lists
            self.assertEqual(seen.status_text, text("before").status_text)
            self.assertTrue(seen.online_status[0].presence_value)
            self.assertEqual(
                [each.cap for each in seen.comm_caps[0].comm_cs], [CommunicationMeans.IM]
            )
            available = UserAvailability(qualifier=True, presence_value=Availability.AVAILABLE)
            alias = Alias(qualifier=True, presence_value="Annie")
            await self.publish(PresenceSubList(user_availability=available, alias=alias))
            (presence,) = await self.told(bob)
            # That she is on line is said each time: a client may take its absence for the contrary.
            expected = PresenceSubList(
                online_status=seen.online_status, user_availability=available
            )
            self.assertEqual(presence.presence_sub_lists, (expected,))
            self.assertEqual((await self.unsubscribe(bob, ANN)).code, 200)
            away = UserAvailability(qualifier=True, presence_value=Availability.DISCREET)
            await self.publish(PresenceSubList(user_availability=away))
            self.assertEqual(await self.told(bob), [])

    async def test_status_is_told_with_every_change_only_if_it_may_be_seen(self) -> None:
        changes = (text(f"change {number}") for number in count())
        async for bob in self.watchers():
            changed = next(changes)
            await self.allow(PresenceSubList(status_text=StatusText()))
            await self.subscribe(bob, ANN)
            await self.told(bob)
            await self.publish(changed)
            (presence,) = await self.told(bob)
            self.assertEqual(presence.presence_sub_lists, (changed,))
            await self.allow()
            await self.told(bob)
            await self.unsubscribe(bob, ANN)
            await self.subscribe(bob, ANN, asked=PresenceSubList(status_text=StatusText()))
            (presence,) = await self.told(bob)
            self.assertEqual(presence.presence_sub_lists, (changed,))

    async def test_notification_is_no_longer_than_its_client_can_read(self) -> None:
        await self.directory.add(Address("carl"), "secret")
        carl = self.speaker("carl")
        await carl.sign_on()
        async for bob in self.watchers():
            await self.offer(bob, parser_size=5000)
            # What Carl says is more than could ever be told.
            for publisher, length in ((self.ann, 3000), (carl, 4000)):
                await self.allow(
                    PresenceSubList(status_text=StatusText(), alias=Alias()), publisher
                )
                said = text("x" * length).status_text
                alias = Alias(qualifier=True, presence_value="&" * 600)
                await self.publish(PresenceSubList(status_text=said, alias=alias), by=publisher)
            await self.subscribe(bob, ANN, CARL)
            told = []
            transaction: Any = await bob.poll()
            while transaction is not None:
                self.assertLessEqual(bob.octets_heard, 5000)
                for each in transaction.content.presences:
                    (sub_list,) = each.presence_sub_lists
                    if sub_list.alias:
                        told.append((each.user_id, "alias"))
                    if sub_list.status_text:
                        told.append((each.user_id, "text"))
                transaction = await bob.say(OK, transaction)
            expected = {(ANN, "alias"), (ANN, "text"), (CARL, "alias")}
            self.assertEqual((set(told), len(told)), (expected, 3))

    async def test_list_is_not_followed_where_the_settings_say_so(self) -> None:
        settings = evolve(self.settings.presence, automatic_subscription=False)
        parts = Parts(evolve(self.settings, presence=settings), self.store, self.clock)
        self.door = parts.csp
        async for bob in self.watchers():
            codes = [
                (await self.subscribe(bob, lists=(FRIENDS,), follows=follows)).code
                for follows in ((True, False) if bob.version is V12 else (None,))
            ]
            self.assertEqual(codes, [760, 200] if bob.version is V12 else [200])

    async def test_list_is_followed_where_nothing_else_is_said(self) -> None:
        await self.allow()
        await self.publish(text("hello"))
        async for bob in self.watchers():
            follows = False if bob.version is V12 else None
            await self.subscribe(bob, lists=(FRIENDS,), follows=follows)
            self.assertEqual(await self.texts(bob), [])
            await bob.ask(
                ListManageRequest(
                    contact_list=FRIENDS,
                    add_nick_list=AddNickList(user_ids=(ANN,)),
                    receive_list=True,
                )
            )
            await self.settled()
            expected = [] if bob.version is V12 else ["hello"]
            self.assertEqual(await self.texts(bob), expected)
            await bob.ask(
                ListManageRequest(
                    contact_list=FRIENDS,
                    remove_nick_list=RemoveNickList(user_ids=(ANN,)),
                    receive_list=True,
                )
            )
            await self.settled()

    async def test_who_is_unknown_is_told(self) -> None:
        async for bob in self.watchers():
            for ask, users in (
                (self.subscribe, {531: {NOBODY}, 516: {STRANGER}}),
                (self.unsubscribe, {531: {NOBODY, STRANGER}}),
            ):
                result = await ask(bob, ANN, NOBODY, STRANGER, lists=(FRIENDS, FOES))
                details = {
                    each.code: {*each.user_ids, *each.contact_lists}
                    for each in result.detailed_results
                }
                lists = set(self.lists_told(bob, FOES))
                self.assertEqual(details, {**users, 700: lists})
                self.assertEqual(result.code, 201)

    async def test_what_is_revoked_before_the_poll_is_not_told(self) -> None:
        """For one publisher, and for twenty in one notification."""
        publishers = [self.ann]
        for number in range(19):
            await self.directory.add(Address(f"user{number}"), "secret")
            publishers.append(self.speaker(f"user{number}"))
            await publishers[-1].sign_on()
        users = tuple(Address(each.user.user, None, "localhost") for each in publishers)
        for some in (users[:1], users):
            async for bob in self.watchers():
                for each in publishers[: len(some)]:
                    await self.allow(by=each)
                await self.subscribe(bob, *some)
                await self.told(bob)
                for each in publishers[: len(some)]:
                    await self.publish(text(f"secret of {bob.version}"), by=each)
                    await self.allow(PresenceSubList(online_status=(OnlineStatus(),)), by=each)
                    await self.publish(text("another secret"), by=each)
                self.assertEqual(await self.told(bob), [])
                for each in publishers[: len(some)]:
                    await self.allow(by=each)
                self.assertEqual(await self.texts(bob), ["another secret"] * len(some))

    async def test_session_that_agrees_on_presence_no_more_is_not_told(self) -> None:
        await self.allow()
        messages_only = Functions(features=WVCSPFeat(im_feat=IMFeat()))
        features = WVCSPFeat(im_feat=IMFeat(), presence_feat=PresenceFeat())
        presence_too = Functions(features=features)
        async for bob in self.watchers():
            await self.publish(text("told"))
            await self.subscribe(bob, ANN)
            self.assertEqual(await self.texts(bob), ["told"])
            await self.publish(text("not told"))
            await bob.ask(ServiceRequest(functions=messages_only, all_functions_request=False))
            self.assertEqual(await self.told(bob), [])
            # Once it does, it is told how things are.
            await self.publish(text("nor that"))
            self.assertEqual(await self.told(bob), [])
            await bob.ask(ServiceRequest(functions=presence_too, all_functions_request=False))
            self.assertEqual(await self.texts(bob), ["nor that"])
            await bob.ask(ServiceRequest(functions=presence_too, all_functions_request=False))
            self.assertEqual(await self.told(bob), [])

    async def test_several_publishers_are_told_of_at_once(self) -> None:
        users = [Address(f"user{number}", None, "localhost") for number in range(20)]
        for each in users:
            await self.directory.add(each, "secret")
            speaker = self.speaker(each.user)
            await speaker.sign_on()
            await self.allow(by=speaker)
        async for bob in self.watchers():
            await self.subscribe(bob, *users)
            transaction = await bob.poll()
            assert transaction is not None
            assert isinstance(transaction.content, PresenceNotificationRequest)
            told = {each.user_id for each in transaction.content.presences}
            self.assertEqual(told, set(users))
            self.assertIsNone(await bob.say(OK, transaction))

    async def test_what_is_not_answered_is_told_anew(self) -> None:
        await self.allow()
        async for bob in self.watchers():
            await self.publish(text("first"))
            await self.subscribe(bob, ANN)
            first = await bob.poll()
            await self.publish(text("second"))
            self.clock.advance(self.settings.messages.resend_seconds + 1)
            second = await bob.poll()
            assert first is not None and second is not None
            self.assertNotEqual(first.descriptor.transaction_id, second.descriptor.transaction_id)
            content: Any = second.content
            (sub_list,) = content.presences[0].presence_sub_lists
            self.assertEqual(sub_list.status_text, text("second").status_text)
            await bob.say(OK, second)

    async def test_watchers_see_a_client_go_and_come(self) -> None:
        await self.allow()
        async for bob in self.watchers():
            await self.subscribe(bob, ANN, asked=PresenceSubList(online_status=(OnlineStatus(),)))
            seen = [self.is_on_line(each) for each in await self.told(bob)]
            self.assertEqual(seen, [True])
            await self.ann.ask(LogoutRequest())
            await self.settled()
            seen = [self.is_on_line(each) for each in await self.told(bob)]
            self.assertEqual(seen, [False])
            await self.ann.sign_on()
            await self.settled()
            seen = [self.is_on_line(each) for each in await self.told(bob)]
            self.assertEqual(seen, [True])

    def is_on_line(self, presence: Presence) -> bool | None:
        (status,) = presence.presence_sub_lists[0].online_status
        self.assertTrue(status.qualifier)
        return status.presence_value
