"""What our users see of partners' users."""

from attrs import evolve

from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.contacts import Change, Contact
from imps.model.presence import Attribute, PresenceValue, Published
from imps.model.status import StatusCode
from imps.ssp.messages.blocks import DetailedResult, MetaInfo, Status, User
from imps.ssp.messages.blocks import PresenceValue as Told
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
    UnsubscribeRequest,
)
from imps.ssp.renewing import LOST_SECONDS, RENEWED_SECONDS, Renewing
from imps.testing.conformance import shows_feature
from tests.ssp.partners import ABE, ANN, BEA, BO, SOUTH, WES, PartnersTestCase

TEXT, MOOD, ON_LINE = Attribute.STATUS_TEXT, Attribute.STATUS_MOOD, Attribute.ONLINE_STATUS
NOBODY = Address.parse("wv:nobody@south.example")
NOWHERE = Address.parse("wv:x@nowhere.example")
PALS = ANN.resource_named("pals")


def published(**values):
    names = {"text": TEXT, "mood": MOOD, "on_line": ON_LINE}
    return tuple(
        Published(names[name], PresenceValue(content=(("PresenceValue", value),)))
        for name, value in values.items()
    )


class PublishersTestCase(PartnersTestCase):
    async def setUp(self):
        await super().setUp()
        self.presence = self.parts.routed_presence
        self.ann = await self.session()

    def caller(self, session_id=None):
        return Caller(ANN, session_id or self.ann, "op")

    async def subscribe(self, *users, lists=(), to=(TEXT,), follows=False, session_id=None):
        caller = self.caller(session_id)
        outcome = await self.presence.subscribe(
            caller, users, lists, frozenset(to), follows=follows
        )
        await self.settled()
        return outcome

    async def unsubscribe(self, *users, lists=(), session_id=None):
        outcome = await self.presence.unsubscribe(self.caller(session_id), users, lists)
        await self.settled()
        return outcome

    async def notify(self, publisher=BO, *watchers, domain="south.example", **values):
        notification = PresenceNotification(
            meta_info=MetaInfo.of_server(domain),
            users=tuple(User(user_id=each) for each in watchers or (ANN,)),
            presence_values=(Told(user_id=publisher, published=published(**values)),),
        )
        return await self.exchange.hear(domain, notification)

    async def shown(self, session_id=None):
        """What a session is told of whom, in order."""
        session_id = session_id or self.ann
        seen = []
        for news in await self.take(session_id):
            told = await self.presence.told(self.caller(session_id), news, 100_000)
            for each in told.presences:
                seen.append(
                    (
                        each.publisher,
                        {p.attribute: p.value.first("PresenceValue") for p in each.published},
                    )
                )
        return seen

    def asked(self):
        """What partners were asked, each of whom and for what."""
        said, self.exchange.said = self.exchange.said, []
        seen = []
        for each in said:
            request = each.message
            self.assertEqual(request.meta_info, MetaInfo.of_user(ANN, "north.example"))
            attributes = getattr(request, "attribute_list", None)
            names = attributes.attributes if attributes else None
            seen.append((type(request), request.user_ids, names and set(names)))
        return seen


class SubscribingTests(PublishersTestCase):
    async def test_a_partner_is_asked_and_what_it_tells_is_shown(self):
        outcome = await self.subscribe(BO, to=(TEXT, MOOD))
        self.assertEqual((outcome.code, outcome.served), (200, 1))
        self.assertEqual(self.asked(), [(SubscribeRequest, (BO,), {TEXT, MOOD})])
        answer = await self.notify(text="here", mood="HAPPY")
        self.assertEqual(answer.code, 200)
        self.assertEqual(await self.shown(), [(BO, {TEXT: "here", MOOD: "HAPPY"})])
        await self.notify(mood="SAD")
        self.assertEqual(await self.shown(), [(BO, {MOOD: "SAD"})])
        self.assertEqual((await self.unsubscribe(BO)).code, 200)
        self.assertEqual(self.asked(), [(UnsubscribeRequest, (BO,), None)])
        await self.notify(text="late")
        self.assertEqual(await self.shown(), [])

    async def test_all_attributes_are_asked_for_by_naming_none(self):
        await self.subscribe(BO, to=tuple(Attribute))
        self.assertEqual(self.asked(), [(SubscribeRequest, (BO,), None)])

    async def test_one_outcome_for_users_of_several_domains(self):
        unknown = DetailedResult(code=531, user_ids=(NOBODY,))
        self.exchange.answer = lambda request: (
            Status(code=201, detailed_results=(unknown,))
            if BO in request.user_ids
            else Status(code=506)
        )
        outcome = await self.subscribe(ABE, BO, NOBODY, WES, NOWHERE)
        self.assertEqual((outcome.code, outcome.served), (201, 2))
        failed = {each.code: each.users for each in outcome.details}
        self.assertEqual(failed, {531: (NOBODY,), 506: (WES,), 516: (NOWHERE,)})
        # Whoever is not there is not told of.
        await self.notify(NOBODY, text="boo")
        self.assertEqual(await self.shown(), [])

    async def test_what_two_sessions_ask_for_is_asked_together_and_told_apart(self):
        other = await self.session(client="tablet")
        await self.subscribe(BO, to=(TEXT,))
        await self.subscribe(BO, to=(MOOD,), session_id=other)
        asked = [names for _, _, names in self.asked()]
        self.assertEqual(asked, [{TEXT}, {TEXT, MOOD}])
        await self.notify(text="here", mood="HAPPY")
        self.assertEqual(await self.shown(), [(BO, {TEXT: "here"})])
        self.assertEqual(await self.shown(other), [(BO, {MOOD: "HAPPY"})])
        await self.unsubscribe(BO, session_id=other)
        self.assertEqual(self.asked(), [])
        await self.unsubscribe(BO)
        self.assertEqual(self.asked(), [(UnsubscribeRequest, (BO,), None)])

    async def test_the_end_of_the_last_session_ends_it(self):
        other = await self.session(client="tablet")
        for session_id in (self.ann, other):
            await self.subscribe(BO, session_id=session_id)
        self.asked()
        await self.close(other)
        self.assertEqual(self.asked(), [])
        await self.close(self.ann)
        self.assertEqual(self.asked(), [(UnsubscribeRequest, (BO,), None)])

    async def close(self, session_id):
        present = await self.parts.sessions.check(session_id)
        await self.parts.sessions.close(present.session)
        await self.settled()

    async def test_a_partner_that_is_away_is_asked_later_for_what_is_then_wanted(self):
        self.exchange.is_away, self.exchange.answer = True, lambda _: None
        self.assertEqual((await self.subscribe(BO, BEA)).code, 200)
        await self.subscribe(BO, to=(MOOD,))
        await self.unsubscribe(BEA)
        await self.subscribe(BEA, to=(ON_LINE,))
        await self.unsubscribe(BEA)
        self.exchange.said = []
        self.exchange.is_away, self.exchange.answer = False, lambda _: Status(code=200)
        await self.exchange.hand_over()
        self.assertEqual(
            self.asked(),
            [
                (SubscribeRequest, (BO,), {MOOD}),
                (SubscribeRequest, (BO,), {MOOD}),
                (UnsubscribeRequest, (BEA,), None),
                (UnsubscribeRequest, (BEA,), None),
            ],
        )

    async def test_who_is_watched_again_is_not_given_up_by_what_waited(self):
        await self.subscribe(BO)
        self.exchange.is_away = True
        await self.unsubscribe(BO)
        await self.subscribe(BO)
        self.asked()
        self.exchange.is_away = False
        await self.exchange.hand_over()
        self.assertEqual(self.asked(), [])

    async def test_what_is_not_wanted_of_a_partner_is_not_asked(self):
        self.exchange.known.add(evolve(SOUTH, wants=frozenset(("SendFunc",))))
        self.assertEqual((await self.subscribe(BO)).code, StatusCode.SERVICE_NOT_AGREED)
        got = await self.presence.get(self.caller(), [BO], [], frozenset({TEXT}))
        self.assertEqual(got.outcome.code, StatusCode.SERVICE_NOT_AGREED)
        outcome = await self.subscribe(ABE, BO)
        failed = {each.code: each.users for each in outcome.details}
        self.assertEqual((outcome.code, outcome.served, failed), (201, 1, {506: (BO,)}))
        self.assertEqual(self.asked(), [])


class ContactListTests(PublishersTestCase):
    async def setUp(self):
        await super().setUp()
        caller = Caller(ANN, self.ann, "list")
        await self.parts.contacts.create(caller, PALS, [Contact(ABE), Contact(BO), Contact(WES)])

    async def change(self, **change):
        await self.parts.contacts.change(
            Caller(ANN, self.ann), PALS, Change(**change), with_contacts=False
        )
        await self.settled()

    async def test_contacts_of_partners_are_watched_with_their_list(self):
        outcome = await self.subscribe(lists=[PALS])
        self.assertEqual((outcome.code, outcome.served), (200, 1))
        asked = {(users, kind) for kind, users, _ in self.asked()}
        self.assertEqual(asked, {((BO,), SubscribeRequest), ((WES,), SubscribeRequest)})
        await self.notify(text="here")
        self.assertIn((BO, {TEXT: "here"}), await self.shown())
        await self.unsubscribe(lists=[PALS])
        asked = {(users, kind) for kind, users, _ in self.asked()}
        self.assertEqual(asked, {((BO,), UnsubscribeRequest), ((WES,), UnsubscribeRequest)})

    async def test_what_is_wrong_with_a_contact_is_no_error(self):
        self.exchange.answer = lambda _: Status(code=531)
        self.assertEqual((await self.subscribe(lists=[PALS])).code, 200)
        got = await self.presence.get(self.caller(), [], [PALS], frozenset({TEXT}))
        self.assertEqual(got.outcome.code, 200)
        got = await self.presence.get(self.caller(), [BO], [PALS], frozenset({TEXT}))
        self.assertEqual(got.outcome.code, 201)

    async def test_who_comes_into_a_followed_list_is_watched_and_who_goes_no_more(self):
        await self.subscribe(lists=[PALS], follows=True)
        self.asked()
        await self.change(added=(Contact(BEA),), removed=(WES,))
        self.assertEqual(
            sorted(self.asked(), key=str),
            sorted(
                [(SubscribeRequest, (BEA,), {TEXT}), (UnsubscribeRequest, (WES,), None)], key=str
            ),
        )
        await self.notify(BEA, text="new")
        self.assertIn((BEA, {TEXT: "new"}), await self.shown())

    async def test_who_is_given_up_by_name_stays_so_while_in_the_list(self):
        await self.subscribe(lists=[PALS], follows=True)
        await self.unsubscribe(BO)
        self.asked()
        await self.change(added=(Contact(BEA),))
        self.assertEqual(self.asked(), [(SubscribeRequest, (BEA,), {TEXT})])
        await self.notify(text="unseen")
        self.assertEqual(await self.shown(), [])

    async def test_the_list_that_goes_takes_them_with_it(self):
        await self.subscribe(lists=[PALS], follows=True)
        self.asked()
        await self.parts.contacts.delete(Caller(ANN, self.ann), PALS)
        await self.settled()
        self.assertEqual({kind for kind, _, _ in self.asked()}, {UnsubscribeRequest})
        await self.notify(text="unseen")
        self.assertEqual(await self.shown(), [])


class ClaimsTests(PublishersTestCase):
    """What a partner may say of whom (SSP, what a partner may claim)."""

    @shows_feature("servers trusted no further than their domain")
    async def test_a_partner_tells_of_its_own_users_only(self):
        await self.subscribe(BO, WES, ABE)
        for publisher, domain in ((WES, "south.example"), (BO, "west.example")):
            self.assertEqual((await self.notify(publisher, text="lie", domain=domain)).code, 200)
        await self.notify(ABE, text="lie")
        shown = await self.shown()
        self.assertNotIn("lie", str(shown))

    async def test_a_partner_tells_of_those_whom_it_relays_for(self):
        fay = Address.parse("wv:fay@far.example")
        self.exchange.known.partners["far.example"] = SOUTH
        await self.subscribe(fay)
        await self.notify(fay, text="here")
        self.assertEqual(await self.shown(), [(fay, {TEXT: "here"})])

    async def test_whoever_did_not_ask_is_told_nothing_and_nothing_is_kept(self):
        await self.subscribe(BO)
        abe = await self.session(ABE)
        answer = await self.notify(BO, ABE, Address.parse("wv:no@north.example"), text="here")
        self.assertEqual(answer.code, 200)
        await self.notify(BEA, text="here")
        self.assertEqual(await self.shown(), [])
        self.assertEqual(await self.take(abe), [])
        self.assertEqual(await self.store.client.execute("KEYS", "*told-abroad*"), [])

    async def test_a_notification_may_do_without_meta_info(self):
        await self.subscribe(BO)
        notification = PresenceNotification(
            users=(User(user_id=ANN),),
            presence_values=(Told(user_id=BO, published=published(text="here")),),
        )
        await self.exchange.hear("south.example", notification)
        self.assertEqual(await self.shown(), [(BO, {TEXT: "here"})])

    async def test_what_one_watcher_may_see_is_not_shown_to_another(self):
        abe = await self.session(ABE)
        await self.subscribe(BO)
        caller = Caller(ABE, abe, "op")
        await self.presence.subscribe(caller, [BO], [], frozenset({TEXT}))
        await self.notify(BO, ANN, text="for ann")
        self.assertEqual(await self.take(abe), [])
        self.assertEqual(await self.shown(), [(BO, {TEXT: "for ann"})])

    async def test_values_that_are_too_large_are_not_kept(self):
        await self.subscribe(BO, to=(TEXT, MOOD))
        large = "x" * (self.settings.presence.max_value_octets + 1)
        await self.notify(text=large, mood="HAPPY")
        self.assertEqual(await self.shown(), [(BO, {MOOD: "HAPPY"})])


class GettingTests(PublishersTestCase):
    async def get(self, *users, lists=(), to=(TEXT,)):
        return await self.presence.get(self.caller(), users, lists, frozenset(to))

    async def test_presence_is_asked_of_whoever_has_it(self):
        def answer(request):
            values = (
                Told(user_id=BO, published=published(text="here", mood="HAPPY")),
                Told(user_id=BEA, published=published(text="not asked for")),
            )
            return GetPresenceResponse(presence_values=values)

        self.exchange.answer = answer
        got = await self.get(ABE, BO, NOBODY)
        self.assertEqual(self.asked(), [(GetPresenceRequest, (BO, NOBODY), {TEXT})])
        self.assertEqual((got.outcome.code, got.outcome.served), (200, 3))
        shown = {each.publisher: each.published for each in got.presences}
        self.assertEqual(shown.keys(), {ABE, BO, NOBODY})
        self.assertEqual(shown[BO], published(text="here"))
        self.assertEqual(shown[NOBODY], ())

    async def test_what_cannot_be_had_is_in_the_outcome(self):
        self.exchange.answer = lambda request: None if WES in request.user_ids else Status(code=531)
        got = await self.get(ABE, BO, WES, NOWHERE)
        failed = {each.code: each.users for each in got.outcome.details}
        self.assertEqual(failed, {531: (BO,), 408: (WES,), 516: (NOWHERE,)})
        self.assertEqual([each.publisher for each in got.presences], [ABE])


class RenewingTests(PublishersTestCase):
    async def setUp(self):
        await super().setUp()
        self.renewing = Renewing(
            self.exchange, self.exchange, self.watched, self.parts.publishers_abroad, self.clock
        )
        await self.subscribe(BO, WES, to=(ON_LINE,))
        await self.notify(on_line=True)
        self.assertEqual(await self.shown(), [(BO, {ON_LINE: True})])
        self.asked()

    async def go_on(self, seconds):
        """Let time go by, with a client that says something every hour."""
        for _ in range(int(seconds // 3600)):
            self.clock.advance(3600)
            await self.parts.sessions.check(self.ann)
            await self.renewing.go_round()

    async def test_partners_are_asked_again_every_half_day(self):
        await self.go_on(RENEWED_SECONDS)
        self.assertEqual(self.asked(), [])
        await self.go_on(3600)
        asked = [(SubscribeRequest, (user,), {ON_LINE}) for user in (BO, WES)]
        self.assertEqual(self.asked(), asked)
        await self.unsubscribe(WES)
        self.asked()
        await self.go_on(RENEWED_SECONDS + 3600)
        self.assertEqual(self.asked(), asked[:1])

    async def test_who_is_watched_by_no_session_is_not_asked_for(self):
        # The session ended without a word, and nobody has seen to it.
        self.clock.advance(RENEWED_SECONDS + 3600)
        await self.renewing.go_round()
        self.assertEqual(self.asked(), [])
        await self.renewing.go_round()
        self.assertEqual(await self.watched.watched("south.example", before=1e12), [])

    async def test_users_of_a_partner_that_is_lost_are_off_line_until_it_is_back(self):
        self.exchange.is_away = True
        await self.go_on(RENEWED_SECONDS + 3600)
        await self.renewing.go_round()
        self.clock.advance(LOST_SECONDS)
        await self.renewing.go_round()
        await self.renewing.go_round()
        shown = await self.shown()
        self.assertEqual(
            set(map(str, shown)), {str((each, {ON_LINE: False})) for each in (BO, WES)}
        )
        self.exchange.is_away = False
        await self.exchange.hand_over()
        self.asked()
        await self.renewing.go_round()
        asked = [(SubscribeRequest, (user,), {ON_LINE}) for user in (BO, WES)]
        self.assertEqual(self.asked(), asked)
        await self.notify(on_line=True)
        self.assertEqual(await self.shown(), [(BO, {ON_LINE: True})])
        await self.renewing.go_round()
        self.assertEqual(self.asked(), [])
