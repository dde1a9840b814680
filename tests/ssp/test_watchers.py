"""What partners' users see of ours: by the same rules as everybody, decided at hand-over."""

from attrs import evolve

from imps.elements.interfaces import Caller
from imps.elements.presence import ABROAD_SECONDS
from imps.model.address import Address
from imps.model.contacts import Contact
from imps.model.partner import Profile
from imps.model.presence import (
    DEFAULT,
    Attribute,
    AttributeList,
    PresenceValue,
    Target,
    TargetKind,
    WatcherStatus,
)
from imps.ssp.messages.blocks import AttributeList as AskedAttributes
from imps.ssp.messages.blocks import MetaInfo, Status
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.testing.conformance import shows_feature
from tests.ssp.partners import ABE, ANN, BEA, BO, SOUTH, WES, PartnersTestCase

TEXT, MOOD, ON_LINE = Attribute.STATUS_TEXT, Attribute.STATUS_MOOD, Attribute.ONLINE_STATUS
NOBODY = Address.parse("wv:nobody@north.example")
CONTACT = Target(TargetKind.USER, BO)


def value(text):
    return PresenceValue(content=(("PresenceValue", text),))


class WatchersTestCase(PartnersTestCase):
    async def setUp(self):
        await super().setUp()
        self.ann = await self.session()

    async def hear(self, kind, *users, to=(TEXT,), user=BO, **fields):
        domain = user.domain
        asked = AskedAttributes(attributes=frozenset(to)) if to else None
        more = {} if kind is UnsubscribeRequest else {"attribute_list": asked}
        meta_info = MetaInfo.of_user(user, domain)
        request = kind(meta_info=meta_info, user_ids=users, **more, **fields)
        answer = await self.exchange.hear(domain, request)
        await self.settled()
        return answer

    async def allow(self, *attributes, target=DEFAULT, publisher=ANN):
        lists = self.parts.attribute_lists
        allowed = AttributeList(frozenset(attributes))
        await lists.create(Caller(publisher, ""), {target: allowed})
        await self.settled()

    async def publish(self, attribute, text, session_id=None):
        caller = Caller(ANN, session_id or self.ann)
        await self.parts.presence.publish(caller, {attribute: value(text)})
        await self.settled()

    def told(self, *watchers):
        """What partners' users were told, each by attribute."""
        said, self.exchange.said = self.exchange.said, []
        seen = []
        for each in said:
            assert isinstance(each.message, PresenceNotification)
            [told] = each.message.presence_values
            [user] = each.message.users
            shown = {
                each.attribute: each.value.first("PresenceValue") if each.value.is_valid else None
                for each in told.published
            }
            seen.append((user.user_id, told.user_id, shown))
        return seen


class SubscribingTests(WatchersTestCase):
    async def test_a_watcher_is_told_what_there_is_what_changes_and_nothing_after_the_end(self):
        await self.allow(TEXT, MOOD)
        await self.publish(TEXT, "here")
        self.assertEqual((await self.hear(SubscribeRequest, ANN)).code, 200)
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "here"})])
        await self.publish(TEXT, "there")
        await self.publish(MOOD, "HAPPY")
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "there"})])
        self.assertEqual((await self.hear(UnsubscribeRequest, ANN)).code, 200)
        await self.publish(TEXT, "nowhere")
        self.assertEqual(self.told(), [])

    async def test_all_attributes_are_meant_where_none_are_named(self):
        await self.allow(TEXT, MOOD)
        await self.hear(SubscribeRequest, ANN, to=())
        self.told()
        await self.publish(MOOD, "HAPPY")
        self.assertEqual(self.told(), [(BO, ANN, {MOOD: "HAPPY"})])

    async def test_whoever_is_unknown_or_not_ours_is_in_the_details(self):
        answer = await self.hear(SubscribeRequest, ANN, NOBODY, WES, Address.parse("ann"))
        failed = {each.code: set(each.user_ids) for each in answer.detailed_results}
        elsewhere = {WES, Address.parse("wv:ann@south.example")}
        self.assertEqual((answer.code, failed), (201, {531: {NOBODY}, 516: elsewhere}))

    async def test_nothing_shows_where_nothing_is_allowed(self):
        self.assertEqual((await self.hear(SubscribeRequest, ANN)).code, 200)
        await self.publish(TEXT, "here")
        self.assertEqual(self.told(), [])

    async def test_who_is_in_a_contact_list_sees_what_its_members_do(self):
        pals = ANN.resource_named("pals")
        caller = Caller(ANN, self.ann, "list")
        await self.parts.contacts.create(caller, pals, [Contact(BO)])
        await self.allow(TEXT, target=Target(TargetKind.CONTACT_LIST, pals))
        await self.allow(target=DEFAULT)
        await self.publish(TEXT, "here")
        await self.hear(SubscribeRequest, ANN)
        await self.hear(SubscribeRequest, ANN, user=BEA)
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "here"})])

    async def test_who_comes_and_goes_is_seen(self):
        await self.allow(ON_LINE)
        await self.hear(SubscribeRequest, ANN, to=(ON_LINE,))
        self.assertEqual(self.told(), [(BO, ANN, {ON_LINE: True})])
        present = await self.parts.sessions.check(self.ann)
        await self.parts.sessions.close(present.session)
        await self.settled()
        self.assertEqual(self.told(), [(BO, ANN, {ON_LINE: False})])

    async def test_a_subscription_lasts_a_day_unless_it_is_made_again(self):
        await self.allow(TEXT)
        await self.hear(SubscribeRequest, ANN)
        await self.hear(SubscribeRequest, ANN, user=BEA)
        self.told()
        self.clock.advance(ABROAD_SECONDS / 2)
        await self.hear(SubscribeRequest, ANN)
        self.told()
        self.clock.advance(ABROAD_SECONDS / 2)
        self.ann = await self.session()
        await self.publish(TEXT, "here")
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "here"})])
        watchers = await self.parts.presence.watchers(Caller(ANN, self.ann))
        self.assertEqual(watchers, {BO: WatcherStatus.CURRENT_SUBSCRIBER})

    async def test_watchers_abroad_are_in_the_watcher_list(self):
        await self.hear(SubscribeRequest, ANN)
        await self.hear(GetPresenceRequest, ANN, user=BEA)
        caller = Caller(ANN, self.ann)
        now = WatcherStatus.CURRENT_SUBSCRIBER
        self.assertEqual(await self.parts.presence.watchers(caller), {BO: now})
        history = await self.parts.presence.watchers(caller, 3600)
        self.assertEqual(history, {BO: now, BEA: WatcherStatus.PRESENCE_ACCESS})
        await self.hear(UnsubscribeRequest, ANN)
        history = await self.parts.presence.watchers(caller, 3600)
        self.assertEqual(history[BO], WatcherStatus.FORMER_SUBSCRIBER)

    async def test_that_a_publisher_is_gone_is_told(self):
        await self.allow(ON_LINE)
        await self.hear(SubscribeRequest, ANN, to=(ON_LINE,))
        self.told()
        self.exchange.is_away = True
        await self.parts.directory.delete(ANN)
        await self.parts.timers.do_all()
        await self.settled()
        self.exchange.is_away = False
        await self.exchange.hand_over()
        self.assertEqual(self.told(), [(BO, ANN, {ON_LINE: False})])

    async def test_nobody_abroad_subscribes_without_end(self):
        many = [Address.parse(f"wv:user{number}@north.example") for number in range(1001)]
        self.assertEqual((await self.hear(SubscribeRequest, *many)).code, 402)
        key = f"{self.store.buckets.prefix_of(ANN)}subscribers:{ANN.canonical}"
        fields = [part for number in range(10_000) for part in (f"wv:{number}@x.example", "{}")]
        await self.store.client.execute("HSET", key, *fields)
        self.assertEqual((await self.hear(SubscribeRequest, ANN)).code, 402)
        outcome = await self.parts.presence.subscribe(
            Caller(ANN, self.ann), [ANN], [], frozenset({TEXT})
        )
        self.assertEqual(outcome.code, 200)

    @shows_feature("servers trusted no further than their domain")
    async def test_a_partner_asks_for_its_own_users_and_what_it_may(self):
        self.assertEqual((await self.forged(SubscribeRequest)).code, 901)
        self.assertEqual((await self.forged(GetPresenceRequest)).code, 901)
        nobody = SubscribeRequest(user_ids=(ANN,))
        self.assertEqual((await self.exchange.hear("south.example", nobody)).code, 402)
        self.exchange.known.add(evolve(SOUTH, grants=frozenset(("SendFunc",))))
        self.assertEqual((await self.hear(SubscribeRequest, ANN)).code, 506)
        self.assertEqual((await self.hear(GetPresenceRequest, ANN)).code, 506)
        self.assertEqual(await self.parts.presence.watchers(Caller(ANN, self.ann)), {})

    async def forged(self, kind):
        request = kind(meta_info=MetaInfo.of_user(WES, "south.example"), user_ids=(ANN,))
        return await self.exchange.hear("south.example", request)


class HandingOverTests(WatchersTestCase):
    async def setUp(self):
        await super().setUp()
        await self.allow(TEXT, MOOD)
        await self.publish(TEXT, "here")
        await self.hear(SubscribeRequest, ANN, to=(TEXT, MOOD))
        self.told()
        self.exchange.is_away = True

    async def back(self):
        self.exchange.is_away = False
        await self.exchange.hand_over()

    async def test_what_waits_for_a_partner_is_told_as_it_is_by_then(self):
        await self.publish(TEXT, "first")
        await self.publish(MOOD, "HAPPY")
        await self.publish(TEXT, "last")
        await self.back()
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "last", MOOD: "HAPPY"})])

    async def test_a_permission_that_was_taken_back_holds_for_what_waits(self):
        await self.publish(TEXT, "secret")
        await self.publish(MOOD, "HAPPY")
        # Nobody has even seen to it by then.
        lists = self.parts.attribute_lists
        await lists.create(Caller(ANN, ""), {DEFAULT: AttributeList(frozenset({MOOD}))})
        await self.back()
        self.assertEqual(self.told(), [(BO, ANN, {MOOD: "HAPPY"})])
        await self.allow(target=CONTACT)
        await self.publish(MOOD, "SAD")
        await self.back()
        self.assertEqual(self.told(), [])

    async def test_who_is_subscribed_no_more_is_told_nothing_that_waits(self):
        await self.publish(TEXT, "late")
        await self.hear(UnsubscribeRequest, ANN)
        await self.back()
        self.assertEqual(self.told(), [])

    async def test_what_is_allowed_anew_is_told(self):
        await self.allow(MOOD)
        await self.publish(TEXT, "hidden")
        await self.back()
        self.assertEqual(self.told(), [])
        await self.allow(TEXT, MOOD)
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "hidden"})])

    async def test_a_repetition_says_what_was_said_as_far_as_it_holds(self):
        """What has changed since comes under an id of its own: who has got the first takes the
        second for the same."""
        self.exchange.is_away, self.exchange.answer = False, lambda _: None
        await self.publish(TEXT, "first")
        [said] = self.exchange.said
        await self.publish(MOOD, "HAPPY")
        domain = "south.example"
        again = await self.served.renew(domain, said.message)
        self.assertEqual([each.attribute for each in again.presence_values[0].published], [TEXT])
        self.exchange.answer = lambda _: Status(code=200)
        self.exchange.said = []
        await self.exchange.answered(said, Status(code=200))
        await self.publish(TEXT, "second")
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "second", MOOD: "HAPPY"})])

    async def test_a_domain_that_is_no_partner_any_more_is_told_nothing(self):
        del self.exchange.known.partners["south.example"]
        await self.publish(TEXT, "gone")
        await self.back()
        self.assertEqual(self.told(), [])


class AskingTests(WatchersTestCase):
    async def test_presence_is_got_as_far_as_it_may_be_seen(self):
        await self.allow(TEXT)
        await self.publish(TEXT, "here")
        await self.publish(MOOD, "HAPPY")
        answer = await self.hear(GetPresenceRequest, ANN, ABE, NOBODY, to=())
        self.assertEqual(answer.status.code, 201)
        self.assertEqual(answer.status.detailed_results[0].user_ids, (NOBODY,))
        shown = {each.user_id: each.published for each in answer.presence_values}
        self.assertEqual([each.attribute for each in shown[ANN]], [TEXT])
        self.assertEqual(shown[ABE], ())

    async def test_a_publisher_is_asked_once_and_the_answer_holds(self):
        reactive, caller = self.parts.reactive_authorization, Caller(ANN, self.ann)
        await self.publish(TEXT, "here")
        await self.hear(SubscribeRequest, ANN)
        await self.hear(SubscribeRequest, ANN)
        self.assertEqual(list(await reactive.answers(caller)), [BO])
        self.assertEqual(self.told(), [])
        await reactive.answer(caller, BO, True, None)
        await self.settled()
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "here"})])
        await reactive.cancel(caller, BO)
        await self.publish(TEXT, "secret")
        self.assertEqual(self.told(), [])

    async def test_that_server_is_told_like_any_other(self):
        self.exchange.known.add(evolve(SOUTH, profile=Profile.BARAZA))
        await self.allow(TEXT)
        await self.publish(TEXT, "here")
        await self.hear(SubscribeRequest, ANN)
        self.assertEqual(self.told(), [(BO, ANN, {TEXT: "here"})])
