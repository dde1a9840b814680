"""Presence at the edge of the door, in every version and encoding."""

from __future__ import annotations

from typing import Any

from imps.csp.codec.document import NAMESPACES
from imps.csp.presence_values import values_in
from imps.csp.primitives.attributes import (
    PLMN,
    ClientInfo,
    InfoLink,
    OnlineStatus,
    PresenceSubList,
    StatusMood,
    StatusText,
    UserAvailability,
)
from imps.csp.primitives.common import Status
from imps.csp.primitives.envelope import Transaction
from imps.csp.primitives.identity import ContactListIDList, User, UserIDList
from imps.csp.primitives.presence import (
    CreateAttributeListRequest,
    GetPresenceRequest,
    GetPresenceResponse,
    GetWatcherListRequest,
    GetWatcherListResponse,
    Presence,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UnsubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.address import Address
from imps.model.presence import Attribute, PresenceValue
from imps.model.version import V11, V12, V13, Version
from imps.testing.conformance import ALL, shows, shows_feature
from imps.testing.door import EVERY, OK, DoorTestCase, Speaker
from imps.testing.samples import samples

ANN = Address.parse("wv:ann@localhost")
BOB = Address.parse("wv:bob@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
STRANGER = Address.parse("wv:eve@elsewhere.example")
FRIENDS = Address.parse("wv:bob/friends@localhost")
FOES = Address.parse("wv:bob/foes@localhost")

SEEN = PresenceSubList(
    online_status=(OnlineStatus(),),
    user_availability=UserAvailability(),
    status_text=StatusText(),
)

REQUEST = """
<WV-CSP-Message xmlns="{WV-CSP-Message}"><Session><SessionDescriptor>
<SessionType>Inband</SessionType><SessionID>{session_id}</SessionID></SessionDescriptor>
<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>
<TransactionID>x</TransactionID></TransactionDescriptor>
<TransactionContent xmlns="{TransactionContent}"><UpdatePresence-Request>
<PresenceSubList xmlns="{PresenceSubList}">{content}</PresenceSubList></UpdatePresence-Request>
</TransactionContent></Transaction></Session></WV-CSP-Message>
""".strip()


def meant(
    version: Version, users: tuple[Address, ...], lists: tuple[Address, ...]
) -> dict[str, Any]:
    """Who is meant, in the shape of a version."""
    if version is V13:
        return {
            "user_id_list": UserIDList(user_ids=users) if users else None,
            "contact_list_id_list": ContactListIDList(contact_lists=lists) if lists else None,
        }
    return {"users": tuple(User(user_id=each) for each in users), "contact_lists": lists}


def text(value: str) -> PresenceSubList:
    return PresenceSubList(status_text=StatusText(qualifier=True, presence_value=value))


class PresenceTestCase(DoorTestCase):
    async def watchers(self) -> Any:
        """Bob, in every version and encoding, with a session of his own each time."""
        for version, encoding in EVERY:
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            # The session before this one has ended, and so do its subscriptions.
            await self.parts.timers.do_all()
            await self.settled()
            yield bob

    async def allow(self, sub_list: PresenceSubList = SEEN, by: Speaker | None = None) -> None:
        request = CreateAttributeListRequest(presence_sub_list=sub_list, default_list=True)
        self.assertEqual(await (by or self.ann).ask(request), OK)
        await self.settled()

    async def publish(self, sub_list: PresenceSubList, by: Speaker | None = None) -> None:
        request = UpdatePresenceRequest(presence_sub_list=sub_list)
        self.assertEqual(await (by or self.ann).ask(request), OK)
        await self.settled()

    async def get(
        self,
        speaker: Speaker,
        *users: Address,
        lists: tuple[Address, ...] = (),
        asked: PresenceSubList | None = None,
    ) -> GetPresenceResponse:
        targets = meant(speaker.version, users, lists)
        answer = await speaker.ask(GetPresenceRequest(presence_sub_list=asked, **targets))
        assert isinstance(answer, GetPresenceResponse), answer
        return answer

    async def subscribe(
        self,
        speaker: Speaker,
        *users: Address,
        lists: tuple[Address, ...] = (),
        asked: PresenceSubList | None = None,
        follows: bool | None = False,
    ) -> Any:
        request = SubscribePresenceRequest(
            presence_sub_list=asked,
            auto_subscribe=follows,
            **meant(speaker.version, users, lists),
        )
        answer = await speaker.ask(request)
        assert isinstance(answer, Status), answer
        return answer.result

    async def unsubscribe(
        self, speaker: Speaker, *users: Address, lists: tuple[Address, ...] = ()
    ) -> Any:
        request = UnsubscribePresenceRequest(**meant(speaker.version, users, lists))
        answer = await speaker.ask(request)
        assert isinstance(answer, Status), answer
        return answer.result

    def lists_told(self, speaker: Speaker, *lists: Address) -> tuple[Address, ...]:
        """Contact lists as a result names them; 1.1 does not."""
        return () if speaker.version is V11 else lists

    async def told(self, speaker: Speaker) -> list[Presence]:
        """All that waits for a client, which acknowledges it."""
        presences: list[Presence] = []
        transaction: Transaction | None = await speaker.poll()
        while transaction is not None:
            assert isinstance(transaction.content, PresenceNotificationRequest), transaction
            presences += transaction.content.presences
            transaction = await speaker.say(OK, transaction)
        return presences

    async def texts(self, speaker: Speaker) -> list[str | None]:
        """The status texts that a client is told."""
        sub_lists = [each.presence_sub_lists[0] for each in await self.told(speaker)]
        return [each.status_text.presence_value for each in sub_lists if each.status_text]


class UpdateTests(PresenceTestCase):
    @shows(UpdatePresenceRequest, GetPresenceRequest, *ALL)
    async def test_what_is_published_is_there_attribute_by_attribute(self) -> None:
        async for bob in self.watchers():
            mood = StatusMood(qualifier=True, presence_value="HAPPY")
            await self.publish(PresenceSubList(status_mood=mood), by=bob)
            await self.publish(text("Grüße & 日本"), by=bob)
            answer = await self.get(bob, BOB)
            self.assertEqual(answer.result.code, 200)
            (presence,) = answer.presences
            self.assertEqual(presence.user_id, BOB)
            (own,) = presence.presence_sub_lists
            self.assertEqual(own.status_mood, mood)
            self.assertEqual(own.status_text, text("Grüße & 日本").status_text)
            self.assertEqual(
                [(each.qualifier, each.presence_value) for each in own.online_status],
                [(True, True)],
            )
            withdrawn = StatusMood(qualifier=False)
            await self.publish(PresenceSubList(status_mood=withdrawn), by=bob)
            asked = PresenceSubList(status_mood=StatusMood())
            answer = await self.get(bob, BOB, asked=asked)
            (own,) = answer.presences[0].presence_sub_lists
            self.assertEqual(own, PresenceSubList(status_mood=withdrawn))

    async def test_client_status_is_of_clients_in_13_and_of_the_last_before(self) -> None:
        other = self.speaker("bob", "other", V12)
        await other.sign_on()
        self.clock.advance(1)
        for version, encoding in EVERY:
            bob = self.speaker("bob", "phone", version, encoding)
            await bob.sign_on()
            info = ClientInfo(qualifier=True, model=str(version))
            await self.publish(PresenceSubList(client_infos=(info,)), by=bob)
            asked = PresenceSubList(client_infos=(ClientInfo(),), online_status=(OnlineStatus(),))
            answer = await self.get(bob, BOB, asked=asked)
            (own,) = answer.presences[0].presence_sub_lists
            models = [each.model for each in own.client_infos]
            self.assertEqual(models, [str(version)])
            clients = [each.client_id and each.client_id.url for each in own.online_status]
            self.assertEqual(clients, ["other", "phone"] if version is V13 else [None])

    async def test_of_a_client_and_the_network_the_network_is_believed_before_13(self) -> None:
        abroad = PresenceValue(content=(("PresenceValue", "abroad"),))
        await self.parts.presence.publish_from_network(BOB, {Attribute.PLMN: abroad})
        async for bob in self.watchers():
            home = PLMN(qualifier=True, presence_value="home")
            await self.publish(PresenceSubList(plmns=(home,)), by=bob)
            answer = await self.get(bob, BOB, asked=PresenceSubList(plmns=(PLMN(),)))
            (own,) = answer.presences[0].presence_sub_lists
            told = [
                (each.presence_value, each.client_id and each.client_id.url) for each in own.plmns
            ]
            clients = [("home", "phone")] if bob.version is V13 else []
            self.assertEqual(told, [*clients, ("abroad", None)])

    @shows_feature("user status", "every attribute of its version")
    async def test_every_attribute_comes_back_as_it_was_published(self) -> None:
        async for bob in self.watchers():
            published: set[Attribute] = set()
            for message in samples(UpdatePresenceRequest, bob.version):
                request: Any = message.session.transactions[0].content
                said = dict(values_in(request.presence_sub_list, bob.version))
                self.assertEqual(await bob.ask(request), OK)
                answer = await self.get(bob, BOB)
                got = dict(values_in(answer.presences[0].presence_sub_lists[0], bob.version))
                for attribute in said.keys() - {Attribute.ONLINE_STATUS}:
                    self.assertEqual(got.get(attribute), said[attribute], attribute)
                published |= said.keys()
            names = set(Attribute) - ({Attribute.INFO_LINK} if bob.version is V11 else set())
            self.assertEqual(published, names)

    async def test_what_a_version_has_no_words_for_is_left_out(self) -> None:
        link = PresenceSubList(info_link=InfoLink(qualifier=True))
        await self.allow(PresenceSubList(info_link=InfoLink()))
        old = self.speaker("bob", "old", V11)
        await old.sign_on()
        await self.subscribe(old, ANN, follows=None)
        await self.publish(link)
        self.assertEqual(await self.told(old), [])
        answer = await self.get(old, ANN)
        self.assertEqual(answer.presences[0].presence_sub_lists, (PresenceSubList(),))

    async def test_value_that_cannot_be_is_751_and_attribute_that_is_not_750(self) -> None:
        mood = "<StatusMood><PresenceValue>SAD</PresenceValue></StatusMood>"
        wrong = "<UserAvailability><PresenceValue>PERHAPS</PresenceValue></UserAvailability>"
        link = "<InfoLink><Qualifier>T</Qualifier></InfoLink>"
        gone = wrong.replace("><", "><Qualifier>F</Qualifier><", 1)
        on_line = "<OnlineStatus><PresenceValue>perhaps</PresenceValue></OnlineStatus>"
        large = f"<StatusContent><DirectContent>{'x' * 16_385}</DirectContent></StatusContent>"
        foreign = '<Weather xmlns="http://example.com/"><Sky>blue</Sky></Weather>'
        for version in (V11, V12, V13):
            bob = self.speaker("bob", "phone", version)
            await bob.sign_on()
            expected = {
                mood + wrong: 751,
                mood + large: 751,
                mood + "<Weather><Sky>blue</Sky></Weather>": 750,
                "<Weather/>": 750,
                mood + link: 750 if version is V11 else 200,
                gone: 200,
                on_line: 200,
            }
            for content, code in expected.items():
                self.assertEqual(await self.update(bob, content), code, content)
            answer = await self.get(bob, BOB)
            (own,) = answer.presences[0].presence_sub_lists
            self.assertEqual(own.status_mood is None, version is V11)
            self.assertEqual(
                await self.update(bob, f"<!-- {wrong} -->{foreign}{mood}{foreign}"), 200
            )
            await self.publish(PresenceSubList(status_mood=StatusMood(qualifier=False)), by=bob)

    async def update(self, speaker: Speaker, content: str) -> int:
        """Publish what stands in XML; with which code that is answered."""
        names = NAMESPACES[speaker.version]
        octets = REQUEST.format(session_id=speaker.session_id, content=content, **names)
        answer: Any = await speaker.post_octets(octets.encode())
        code: int = answer.session.transactions[0].content.result.code
        return code

    async def test_who_names_nothing_that_is_known_does_not_mean_everything(self) -> None:
        foreign = '<Weather xmlns="http://example.com/"/>'
        for version in (V11, V12, V13):
            bob = self.speaker("bob", "phone", version)
            await bob.sign_on()
            named = PresenceSubList(status_text=StatusText())
            request = GetPresenceRequest(presence_sub_list=named, **meant(version, (BOB,), ()))
            octets = bob.octets_of(bob.request(request, "x"))
            self.assertEqual(octets.count(b"<StatusText></StatusText>"), 1)
            octets = octets.replace(b"<StatusText></StatusText>", foreign.encode())
            answer: Any = await bob.post_octets(octets)
            self.assertEqual(answer.session.transactions[0].content.result.code, 750)

    async def test_token_that_stands_for_nothing_is_750(self) -> None:
        for version in (V11, V12, V13):
            bob = self.speaker("bob", "phone", version, "wbxml")
            await bob.sign_on()
            named = PresenceSubList(status_text=StatusText())
            request = bob.request(
                GetPresenceRequest(presence_sub_list=named, **meant(version, (BOB,), ())), "x"
            )
            octets = bob.octets_of(request)
            tag = bytes((0x6B, 0x01))
            self.assertEqual(octets.count(tag), 1)
            answer: Any = await bob.post_octets(octets.replace(tag, bytes((0x7F, 0x01))))
            self.assertEqual(answer.session.transactions[0].content.result.code, 750)


class GetTests(PresenceTestCase):
    async def test_what_is_not_allowed_is_not_told_and_its_place_is_empty(self) -> None:
        await self.publish(text("hello"))
        await self.allow(PresenceSubList())
        async for bob in self.watchers():
            (presence,) = (await self.get(bob, ANN)).presences
            self.assertEqual(
                presence, Presence(user_id=ANN, presence_sub_lists=(PresenceSubList(),))
            )

    async def test_users_and_lists_are_asked_about(self) -> None:
        await self.publish(text("hello"))
        await self.allow()
        async for bob in self.watchers():
            answer = await self.get(bob, ANN, NOBODY, STRANGER)
            details = {each.code: each.user_ids for each in answer.result.detailed_results}
            self.assertEqual(details, {531: (NOBODY,), 516: (STRANGER,)})
            self.assertEqual(answer.result.code, 201)
            (presence,) = answer.presences
            self.assertEqual(presence.presence_sub_lists[0].status_text, text("hello").status_text)
            answer = await self.get(bob, lists=(FRIENDS, FOES))
            details = {each.code: each.contact_lists for each in answer.result.detailed_results}
            self.assertEqual(
                (answer.result.code, details), (201, {700: self.lists_told(bob, FOES)})
            )
            self.assertEqual(answer.presences, ())

    async def test_nobody_named_is_402(self) -> None:
        async for bob in self.watchers():
            for request in (
                SubscribePresenceRequest(auto_subscribe=False),
                UnsubscribePresenceRequest(),
            ):
                answer: Any = await bob.ask(request)
                self.assertEqual(answer.result.code, 402)


class WatcherTests(PresenceTestCase):
    @shows(GetWatcherListRequest, *ALL)
    @shows_feature("watcher lists", "not who asked once")
    async def test_watchers_are_named_in_the_form_of_each_version(self) -> None:
        for name in ("carl", "dan"):
            await self.directory.add(Address(name), "secret")
        carl, dan = self.speaker("carl"), self.speaker("dan")
        await carl.sign_on()
        await dan.sign_on()
        await self.get(carl, ANN)
        self.clock.advance(1)
        await self.subscribe(dan, ANN)
        await self.unsubscribe(dan, ANN)
        await self.subscribe(self.bob, ANN)
        for version, encoding in EVERY:
            ann = self.speaker("ann", "phone", version, encoding)
            await ann.sign_on()
            history = None if version is V11 else 600
            named = await self.named(ann)
            self.assertEqual(named, {"bob": None if version is V11 else "CURRENT_SUBSCRIBER"})
            if version is V12:
                expected = {"bob": "CURRENT_SUBSCRIBER", "dan": "FORMER_SUBSCRIBER"}
                self.assertEqual(await self.named(ann, history_period=history), expected)
            if version is V13:
                expected = {
                    "bob": "CURRENT_SUBSCRIBER",
                    "dan": "FORMER_SUBSCRIBER",
                    "carl": "PRESENCE_ACCESS",
                }
                self.assertEqual(await self.named(ann, history_period=history), expected)
                some = await self.named(ann, history_period=history, max_watcher_list=2)
                self.assertEqual(list(some), ["bob", "dan"])

    async def test_former_subscriber_who_asks_once_is_known_as_that_in_1_3_only(self) -> None:
        await self.subscribe(self.bob, ANN)
        await self.unsubscribe(self.bob, ANN)
        self.clock.advance(1)
        await self.get(self.bob, ANN)
        for version, status in {V12: "FORMER_SUBSCRIBER", V13: "PRESENCE_ACCESS"}.items():
            ann = self.speaker("ann", "phone", version)
            await ann.sign_on()
            self.assertEqual(await self.named(ann, history_period=600), {"bob": status})

    async def named(self, speaker: Speaker, **asked: int | None) -> dict[str, str | None]:
        answer = await speaker.ask(GetWatcherListRequest(**asked))
        assert isinstance(answer, GetWatcherListResponse), answer
        self.assertEqual(answer.history_period, asked.get("history_period"))
        named: dict[str, str | None] = {each.user_id.user: None for each in answer.users}
        for each in answer.watchers:
            user = each.user.user_id if each.user else each.user_id
            assert user is not None and each.watcher_status is not None
            named[user.user] = each.watcher_status.value
        return named
