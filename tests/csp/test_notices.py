"""Notifications of 1.3 at the edge of the door: what a client asked for, and nothing else."""

from __future__ import annotations

from typing import Any

from imps.csp.primitives.attributes import (
    InfoLink,
    PreferredLanguage,
    PresenceSubList,
    StatusMood,
    StatusText,
)
from imps.csp.primitives.common import Property, Status
from imps.csp.primitives.contacts import (
    AddNickList,
    ContactListProperties,
    CreateListRequest,
    DeleteListRequest,
    ListManageRequest,
    RemoveNickList,
)
from imps.csp.primitives.identity import (
    ContactListIDList,
    NickName,
    User,
    UserIDList,
    UserList,
)
from imps.csp.primitives.notices import (
    NotificationRequest,
    NotificationTypeList,
    SubscribeNotificationRequest,
    UnsubscribeNotificationRequest,
)
from imps.csp.primitives.presence import (
    CancelAuthRequest,
    CreateAttributeListRequest,
    DeleteAttributeListRequest,
    PresenceAuthRequest,
    PresenceAuthUser,
)
from imps.model.address import Address
from imps.model.notice import NotificationType
from imps.model.version import V12, V13
from imps.testing.conformance import WBXML, XML, shows, shows_feature
from imps.testing.door import OK, Speaker
from tests.csp.test_presence import ANN, BOB, PresenceTestCase, text

KINDS = tuple(each.value for each in NotificationType)
FRIENDS = ANN.resource_named("friends")
FOES = ANN.resource_named("foes")
TEXT = PresenceSubList(status_text=StatusText())
MOOD = PresenceSubList(status_mood=StatusMood())
LANGUAGE = PresenceSubList(preferred_language=PreferredLanguage())
LINK = PresenceSubList(info_link=InfoLink())


def lists_named(*contact_lists: Address) -> ContactListIDList:
    return ContactListIDList(contact_lists=contact_lists)


def users_named(*users: Address) -> UserIDList:
    return UserIDList(user_ids=users)


def kinds_of(notifications: list[NotificationRequest]) -> list[str]:
    kinds = [each.notification_type for each in notifications]
    return [each.value for each in kinds if each is not None]


class NoticeTestCase(PresenceTestCase):
    async def annes(self) -> Any:
        """Ann, in either encoding of 1.3, with nothing said of whom she allows what."""
        for encoding in ("xml", "wbxml"):
            self.ann = self.speaker("ann", "phone", V13, encoding)
            await self.ann.sign_on()
            await self.parts.timers.do_all()
            await self.settled()
            yield self.ann
            self.bob = self.speaker("bob")
            await self.bob.sign_on()
            await self.bob.ask(CancelAuthRequest(user_id=ANN))
            old = self.speaker("ann", "old phone")
            await old.sign_on()
            await old.ask(CancelAuthRequest(user_id=BOB))
            await self.parts.timers.do_all()
            await self.take_back(everything=True)

    async def take_back(self, everything: bool = False) -> None:
        request = DeleteAttributeListRequest(
            user_id_list=users_named(BOB),
            contact_list_id_list=lists_named(FRIENDS) if everything else None,
            default_list=everything,
        )
        await self.ann.ask(request)
        await self.settled()

    async def want(self, speaker: Speaker, *kinds: str) -> int:
        """Ask for notifications; with which code that is answered."""
        named = NotificationTypeList(notification_types=kinds)
        answer = await speaker.ask(SubscribeNotificationRequest(notification_type_list=named))
        assert isinstance(answer, Status), answer
        return answer.result.code

    async def notified(self, speaker: Speaker) -> list[NotificationRequest]:
        """All that a client is notified of, which acknowledges it."""
        notifications: list[NotificationRequest] = []
        transaction = await speaker.poll()
        while transaction is not None:
            assert isinstance(transaction.content, NotificationRequest), transaction
            notifications.append(transaction.content)
            transaction = await speaker.say(OK, transaction)
        return notifications

    async def permit(self, sub_list: PresenceSubList, **targets: Any) -> None:
        request = CreateAttributeListRequest(
            presence_sub_list=sub_list, **{"default_list": False, **targets}
        )
        self.assertEqual(await self.ann.ask(request), OK)
        await self.settled()

    async def add_bob(self, **said: Any) -> None:
        added = AddNickList(user_ids=(BOB,))
        await self.ann.ask(
            ListManageRequest(contact_list=FRIENDS, add_nick_list=added, receive_list=False, **said)
        )
        await self.settled()


class SubscribeTests(NoticeTestCase):
    async def test_kinds_that_there_are_not_are_told(self) -> None:
        async for ann in self.annes():
            self.assertEqual(await self.want(ann, "CLC", "anu"), 200)
            self.assertEqual(await self.want(ann, "CLC", "NEWS"), 201)
            self.assertEqual(await self.want(ann, "NEWS"), 402)
            self.assertEqual(await self.want(ann, *KINDS), 200)

    @shows(SubscribeNotificationRequest, UnsubscribeNotificationRequest, V13, XML, WBXML)
    @shows(NotificationRequest, V13, XML, WBXML)
    async def test_client_is_told_of_what_it_asked_for_until_it_asks_no_more(self) -> None:
        async for ann in self.annes():
            other = self.speaker("ann", "tablet", V13)
            await other.sign_on()
            await other.ask(CreateListRequest(contact_list=FOES))
            self.assertEqual(await self.notified(ann), [])
            await self.want(ann, "CLD")
            await self.want(ann, "CLCR")
            await other.ask(DeleteListRequest(contact_list=FOES))
            deleted = NotificationRequest(
                notification_type=NotificationType.CONTACT_LIST_DELETED,
                contact_list_id_list=lists_named(FOES),
            )
            self.assertEqual(await self.notified(ann), [deleted])
            await other.ask(CreateListRequest(contact_list=FOES))
            unwanted = NotificationTypeList(notification_types=("CLCR", "BLC"))
            request = UnsubscribeNotificationRequest(notification_type_list=unwanted)
            self.assertEqual(await ann.ask(request), OK)
            # What waited is not wanted any more either.
            self.assertEqual(await self.notified(ann), [])
            await other.ask(DeleteListRequest(contact_list=FOES))
            self.assertEqual(await self.notified(ann), [deleted])


class ContactListTests(NoticeTestCase):
    async def test_other_sessions_learn_what_became_of_a_list(self) -> None:
        async for ann in self.annes():
            other = self.speaker("ann", "tablet", V13)
            await other.sign_on()
            for each in (ann, other):
                await self.want(each, "CLC", "CLCR", "CLD")
            await ann.ask(CreateListRequest(contact_list=FOES))
            renaming = ContactListProperties(properties=(Property(name="DisplayName", value="F"),))
            for change in (
                {"add_nick_list": AddNickList(user_ids=(BOB,))},
                {"contact_list_properties": renaming},
                {"remove_nick_list": RemoveNickList(user_ids=(BOB,))},
                {},
            ):
                request = ListManageRequest(contact_list=FOES, receive_list=True, **change)
                await ann.ask(request)
                notified = kinds_of(await self.notified(other))
                # To look at a list changes nothing.
                self.assertIn(notified, [["CLC"], ["CLCR", "CLC"]] if change else [[]])
            await ann.ask(DeleteListRequest(contact_list=FOES))
            (deleted,) = await self.notified(other)
            self.assertEqual(deleted.contact_list_id_list, lists_named(FOES))
            self.assertEqual(await self.notified(ann), [])

    @shows_feature("notifications", "added to a contact list")
    async def test_user_learns_who_added_them(self) -> None:
        self.bob = self.speaker("bob", "phone", V13, "wbxml")
        await self.bob.sign_on()
        await self.want(self.bob, "ATCL")
        await self.directory.change(ANN, alias="Annie")
        self.ann = self.speaker("ann", "phone", V13)
        await self.ann.sign_on()
        added = NotificationRequest(
            notification_type=NotificationType.SOMEBODY_ADDED_THE_USER_TO_A_CONTACT_LIST,
            user_list=UserList(users=(User(user_id=ANN, friendly_name="Annie"),)),
        )
        await self.add_bob()
        self.assertEqual(await self.notified(self.bob), [added])
        nickname = AddNickList(nick_names=(NickName(name="Bobby", user_id=BOB),))
        request = ListManageRequest(
            contact_list=FRIENDS, add_nick_list=nickname, receive_list=False
        )
        await self.ann.ask(request)
        self.assertEqual(await self.notified(self.bob), [])


class AuthorizationNeededTests(NoticeTestCase):
    @shows(NotificationRequest, V13, XML, WBXML)
    @shows_feature("authorization on request", "granted")
    async def test_question_is_a_notification_and_its_answer_an_attribute_list(self) -> None:
        async for ann in self.annes():
            await self.publish(text("hello"), by=ann)
            await self.subscribe(self.bob, ANN, asked=TEXT)
            self.assertEqual(await self.notified(ann), [])
            # The question has waited.
            await self.want(ann, "ANU")
            needed = NotificationRequest(
                notification_type=NotificationType.AUTHORIZATION_NEEDED_FOR_A_USER,
                presence_sub_list=TEXT,
                user_id_list=users_named(BOB),
            )
            self.assertEqual(await self.notified(ann), [needed])
            self.assertEqual(await self.told(self.bob), [])
            await self.permit(TEXT, user_id_list=users_named(BOB))
            self.assertEqual(await self.texts(self.bob), ["hello"])
            await self.get(self.bob, ANN)
            self.assertEqual(await self.notified(ann), [])

    async def test_clients_of_both_kinds_are_asked_and_the_first_answer_counts(self) -> None:
        async for ann in self.annes():
            await self.want(ann, "ANU", "AC")
            old = self.speaker("ann", "old phone", V12)
            await old.sign_on()
            await self.subscribe(self.bob, ANN, asked=TEXT)
            question = await old.poll()
            assert question is not None
            self.assertEqual(
                question.content, PresenceAuthRequest(user_id=BOB, presence_sub_list=TEXT)
            )
            await old.say(OK, question)
            self.assertEqual(await old.ask(PresenceAuthUser(user_id=BOB, acceptance=True)), OK)
            changed = NotificationRequest(
                notification_type=NotificationType.AUTHORIZATION_CHANGED,
                presence_sub_list=TEXT,
                user_id_list=users_named(BOB),
            )
            self.assertEqual(await self.notified(ann), [changed])
            await old.ask(CancelAuthRequest(user_id=BOB))
            await self.notified(ann)
            await self.get(self.bob, ANN, asked=MOOD)
            await self.permit(MOOD, user_id_list=users_named(BOB))
            self.assertIsNone(await old.poll())

    async def test_whoever_asks_for_more_than_a_list_allows_is_told_of_once(self) -> None:
        async for ann in self.annes():
            await self.want(ann, "ANU", "ANC", "AND")
            await self.add_bob()
            targets: dict[str, dict[str, Any]] = {
                "AND": {"default_list": True, "default_notify": True},
                "ANC": {"contact_list_id_list": lists_named(FRIENDS), "contact_list_notify": True},
                "ANU": {"user_id_list": users_named(BOB), "user_notify": True},
            }
            for kind, target in targets.items():
                await self.permit(TEXT, **target)
                await self.get(self.bob, ANN, asked=TEXT)
                self.assertEqual(await self.notified(ann), [])
                # Each is told of what was not told of before.
                asked = {"AND": MOOD, "ANC": LINK, "ANU": LANGUAGE}[kind]
                await self.get(self.bob, ANN, asked=asked)
                (needed,) = await self.notified(ann)
                self.assertEqual(kinds_of([needed]), [kind])
                self.assertEqual(needed.user_id_list, users_named(BOB))
                wanted = lists_named(FRIENDS) if kind == "ANC" else None
                self.assertEqual(needed.contact_list_id_list, wanted)
                self.assertEqual(needed.default_list, True if kind == "AND" else None)
                await self.get(self.bob, ANN, asked=asked)
                self.assertEqual(await self.notified(ann), [])

    async def test_new_list_tells_again_of_whoever_asks_for_more(self) -> None:
        by_default = {"default_list": True, "default_notify": True}
        for_bob = {"user_id_list": users_named(BOB), "user_notify": True}
        async for ann in self.annes():
            await self.want(ann, "ANU", "AND")
            for target, kind in ((by_default, "AND"), (for_bob, "ANU"), (for_bob, "ANU")):
                await self.permit(TEXT, **target)
                await self.get(self.bob, ANN, asked=MOOD)
                self.assertEqual(kinds_of(await self.notified(ann)), [kind])
                await self.get(self.bob, ANN, asked=MOOD)
                self.assertEqual(await self.notified(ann), [])

    async def test_list_without_the_flag_keeps_quiet(self) -> None:
        async for ann in self.annes():
            await self.want(ann, "ANU", "ANC", "AND")
            await self.permit(TEXT, default_list=True, default_notify=False)
            await self.subscribe(self.bob, ANN)
            self.assertEqual(await self.notified(ann), [])


class AuthorizationChangedTests(NoticeTestCase):
    async def test_other_sessions_learn_who_may_see_what(self) -> None:
        async for ann in self.annes():
            other = self.speaker("ann", "tablet", V13)
            await other.sign_on()
            for each in (ann, other):
                await self.want(each, "AC")
            targets: dict[str, Any] = {
                "user_id_list": users_named(BOB),
                "contact_list_id_list": lists_named(FRIENDS),
                "default_list": True,
            }
            await self.permit(TEXT, **targets)
            changed = NotificationRequest(
                notification_type=NotificationType.AUTHORIZATION_CHANGED,
                presence_sub_list=TEXT,
                **targets,
            )
            self.assertEqual(await self.notified(other), [changed])
            await self.take_back()
            (taken_back,) = await self.notified(other)
            self.assertIsNone(taken_back.presence_sub_list)
            self.assertEqual(taken_back.user_id_list, users_named(BOB))
            self.assertEqual(await self.notified(ann), [])


class AuthorizeAndGrantTests(NoticeTestCase):
    @shows_feature("a contact added by user id", "with authorization")
    async def test_contacts_who_are_added_may_see_what_they_asked_for(self) -> None:
        async for ann in self.annes():
            await self.publish(text("hello"), by=ann)
            await self.subscribe(self.bob, ANN, asked=TEXT)
            await self.add_bob(authorize_and_grant=False)
            self.assertEqual(await self.told(self.bob), [])
            await self.add_bob(authorize_and_grant=True)
            self.assertEqual(await self.texts(self.bob), ["hello"])
            answer = await self.get(self.bob, ANN)
            (sub_list,) = answer.presences[0].presence_sub_lists
            self.assertEqual(sub_list, text("hello"))

    async def test_number_that_nobody_has_yet_is_no_mistake(self) -> None:
        async for ann in self.annes():
            added = AddNickList(user_ids=(Address.parse("wv:+358509999999@localhost"),))
            answer: Any = await ann.ask(
                ListManageRequest(
                    contact_list=FRIENDS,
                    add_nick_list=added,
                    receive_list=False,
                    authorize_and_grant=True,
                )
            )
            self.assertEqual(answer.result.code, 200)

    async def test_what_was_said_of_somebody_stays(self) -> None:
        async for ann in self.annes():
            await self.publish(text("hello"), by=ann)
            await self.permit(MOOD, user_id_list=users_named(BOB))
            await self.add_bob(authorize_and_grant=True)
            await self.subscribe(self.bob, ANN)
            self.assertEqual(await self.told(self.bob), [])

    async def test_contact_sees_no_more_than_the_list_that_it_is_added_to_allows(self) -> None:
        async for ann in self.annes():
            await self.publish(text("hello"), by=ann)
            await self.permit(MOOD, contact_list_id_list=lists_named(FRIENDS))
            await self.add_bob(authorize_and_grant=True)
            await self.subscribe(self.bob, ANN)
            self.assertEqual(await self.told(self.bob), [])
