"""What phones are told that they have not asked for, and what becomes of messages to them."""

import json

from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from imps.clp.changes import handed_in
from imps.clp.state import Out
from imps.csp.primitives.access import LogoutRequest
from imps.csp.primitives.common import Result, Status
from imps.csp.primitives.identity import User
from imps.csp.primitives.im import DeliveryReportRequest
from imps.csp.primitives.presence import (
    PresenceNotificationRequest,
    SubscribePresenceRequest,
)
from imps.model.address import Address
from imps.model.text import TextOutcome, TextState
from imps.parts import Parts
from imps.sms.gateway import Answer
from imps.store.outgoing_texts import Reported, Said
from imps.store.work import Work
from imps.testing.conformance import shows_feature
from imps.testing.door import message_to
from tests.clp.phones import AMY, PhoneTestCase
from tests.clp.test_dialogue import SHOWN
from tests.sms.scripted import ACCEPTED, LATER

USER = Address.parse("wv:amy@localhost")


class EventsTestCase(PhoneTestCase):
    overrides = {"presence": {"default_attributes": SHOWN}}

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob", "end")

    async def waiting(self):
        """How many messages wait for amy."""
        key = f"{self.store.buckets.prefix_of(USER)}queue:{USER.canonical}"
        return await self.store.client.execute("ZCARD", key)

    async def reports_to(self, speaker):
        """The codes of the delivery reports that a handset gets."""
        codes = []
        transaction = await speaker.poll()
        while transaction is not None:
            assert isinstance(transaction.content, DeliveryReportRequest), transaction.content
            codes.append(transaction.content.result.code)
            transaction = await speaker.say(Status(result=Result(code=200)), transaction)
        return codes

    async def settled_reports(self):
        await self.quiet()
        await self.parts.timers.do_all()

    async def cannot_be_delivered(self):
        """The gateway reports that the phone did not get the last text."""
        sent = self.gateway.submitted[-1]
        await self.parts.outbox.report(
            "scripted", AMY, Reported.UNDELIVERED, text_id=sent.text_id, part=0
        )
        await self.settled_reports()

    def answers(self, *answers):
        self.gateway.answers = list(answers)


class MessagesTests(EventsTestCase):
    async def test_message_waits_until_the_gateway_has_it(self):
        self.answers(LATER)
        await self.bob.send("amy", text="hello")
        await self.later()
        self.assertEqual(await self.waiting(), 1)
        self.assertEqual(self.amy.new(), [])
        self.answers(ACCEPTED)
        await self.later(5)
        await self.later()
        self.assertEqual(await self.waiting(), 0)
        self.assertEqual(self.amy.new()[-1], "bob: hello")

    async def test_messages_are_told_one_after_the_other(self):
        self.answers(LATER)
        self.before = len(self.gateway.submitted)
        for text in ("one", "two", "three"):
            await self.bob.send("amy", text=text)
        for _ in range(5):
            await self.later()
        # Only the first has left the store, however long the gateway is away.
        tried = {each.message.text for each in self.gateway.submitted[self.before :]}
        self.assertEqual(tried, {"bob: one"})
        self.assertEqual(await self.waiting(), 3)
        self.answers(ACCEPTED)
        for _ in range(8):
            await self.later(2)
        self.assertEqual(self.amy.new(), ["bob: one", "bob: two", "bob: three"])
        self.assertEqual(await self.waiting(), 0)

    async def test_report_follows_that_of_the_gateway(self):
        self.reports = False
        await self.bob.send("amy", text="hello", report=True)
        await self.later()
        self.assertEqual(await self.waiting(), 0)
        self.assertEqual(await self.reports_to(self.bob), [])
        self.reports = True
        await self.later()
        await self.settled_reports()
        self.assertEqual(await self.reports_to(self.bob), [200])

    async def test_failure_is_reported(self):
        self.answers(Answer(said=Said.FAILED, reason="no such phone"))
        await self.bob.send("amy", text="hello", report=True)
        await self.later()
        await self.settled_reports()
        self.assertEqual(await self.reports_to(self.bob), [410])
        self.assertEqual(await self.waiting(), 0)

    async def test_what_the_phone_cannot_get_is_reported(self):
        self.reports = False
        await self.bob.send("amy", text="hello", report=True)
        await self.later()
        await self.cannot_be_delivered()
        self.assertEqual(await self.reports_to(self.bob), [410])

    async def test_silence_of_the_gateway_is_expiry(self):
        self.reports = False
        await self.bob.send("amy", text="hello", report=True)
        await self.later()
        await self.later(86_500)
        await self.settled_reports()
        await self.bob.sign_on()
        self.assertEqual(await self.reports_to(self.bob), [542])

    async def test_stranger_is_shown_how_to_be_added_once_a_day(self):
        await self.ann.send("amy", text="hello")
        await self.amy.gets("ann: hello (/A ann@localhost adds, /B ann@localhost blocks)")
        await self.ann.send("amy", text="hello?")
        await self.amy.gets("ann: hello?")
        await self.amy.says("/a ann@localhost", "ann is friend no. 2.")

    async def test_long_message_is_told_in_part_and_read_as_a_whole(self):
        long = " ".join(f"word{number:03}" for number in range(100))
        await self.bob.send("amy", text=long, report=True)
        await self.later()
        first = "".join(self.amy.new())
        self.assertTrue(first.startswith("bob: word000"), first)
        self.assertRegex(first, r" \(\+\d SMS: READ 1\)$")
        self.assertEqual(await self.waiting(), 1)
        told = "".join(await self.amy.text("read 1"))
        while told.endswith(" MORE"):
            told = told.removesuffix(" MORE") + "".join(await self.amy.text("more"))
        self.assertTrue(told.endswith(long), told[-50:])
        self.assertEqual(await self.waiting(), 0)
        await self.amy.says("read 1", "There is no message 1. Send READ.")
        self.assertEqual(await self.reports_to(self.bob), [200])

    async def test_picture_is_announced_and_thrown_away(self):
        await self.send_picture()
        await self.amy.gets("bob sent a picture (2 kB); your phone cannot show it.")
        await self.amy.says("read", "1 waiting: 1 bob 0:00 a picture (2 kB). Send READ 1.")
        await self.amy.says("drop 1", "Message 1 thrown away.")
        await self.amy.says("read", "Nothing is waiting.")

    async def send_picture(self):
        request = message_to(self.bob.user, "amy", text="x" * 2000)
        info = evolve(request.message_info, content_type="image/jpeg", content_size=2000)
        await self.bob.ask(evolve(request, message_info=info))

    @shows_feature("CLP: messages", "that wait")
    async def test_notices_instead_of_messages(self):
        await self.amy.says("push off", "You get a notice; send READ to see them.")
        await self.bob.send("amy", text="hello")
        await self.amy.gets("Message 1 from bob, 5 ch. READ 1 / DROP 1")
        await self.amy.says("read", "1 waiting: 1 bob 0:00 5 ch. Send READ 1.")
        await self.amy.says("fwd 1 ann")
        self.assertEqual(await self.heard_by(self.ann), [("amy", "hello")])
        await self.bob.send("amy", text="hello again")
        await self.amy.gets("Message 2 from bob, 11 ch. READ 2 / DROP 2")
        await self.amy.says("read 2", "bob (0:00): hello again")
        await self.amy.says("push on", "Messages come in full.")
        await self.bob.send("amy", text="and again")
        await self.amy.gets("bob: and again")

    async def test_late_message_says_when_it_was_sent(self):
        await self.amy.text("off")
        self.answers(LATER)
        await self.amy.text("quiet 0-1")
        await self.bob.send("amy", text="hello")
        self.answers(ACCEPTED)
        await self.later(3700)
        self.assertEqual(self.amy.new()[-1], "bob (0:00): hello")


class InterruptedTests(EventsTestCase):
    async def test_text_that_was_noted_but_not_handed_in_is_sent(self):
        out = Out(id="noted", body="ann: psst", validity_seconds=600)
        await self.parts.clp_services.states.change(USER, handed_in(out))
        await self.parts.phones.tell_at(USER, self.clock.seconds())
        await self.amy.gets("ann: psst")

    async def test_message_is_told_once_by_several_processes(self):
        other = Parts(self.settings, self.store, self.clock)
        assert other.clp
        await self.bob.send("amy", text="hello")
        work = Work("phone:x", 0, "phone", (USER.canonical, 1))
        both = [each.working._kinds["phone"](work) for each in (self.parts, other, self.parts)]
        await gatherResults(list(map(Deferred.fromCoroutine, both)))
        await self.quiet()
        await self.amy.gets("bob: hello")
        self.assertEqual(await self.waiting(), 0)

    async def test_report_of_a_phone_that_is_gone_does_no_harm(self):
        self.reports = False
        await self.bob.send("amy", text="hello", report=True)
        await self.later()
        await self.directory.delete(Address("amy"))
        self.reports = True
        await self.later()
        self.assertEqual(await self.reports_to(self.bob), [])

    async def test_outcome_that_is_told_again_changes_nothing(self):
        await self.bob.send("amy", text="hello", report=True)
        await self.amy.gets("bob: hello")
        self.assertEqual(await self.reports_to(self.bob), [200])
        sent = self.gateway.accepted[-1]
        for state in (TextState.ACCEPTED, TextState.DELIVERED, TextState.EXPIRED):
            about = json.dumps([USER.canonical, sent.text_id.rpartition(":")[2]])
            outcome = TextOutcome(
                id="x", text_id=sent.text_id, to=AMY, state=state, at=0.0, about=about
            )
            await self.parts.texts._watchers["clp"](outcome)
        await self.later()
        self.assertEqual(await self.reports_to(self.bob), [])
        self.assertEqual(self.amy.new(), [])


class SeveralClientsTests(EventsTestCase):
    async def test_richer_client_gets_messages_and_the_phone_is_silent(self):
        handset = self.speaker("amy")
        await handset.sign_on()
        await self.bob.send("amy", text="hello")
        await self.amy.gets()
        self.assertEqual(await self.heard_by(handset), [("bob", "hello")])
        await self.amy.gets()

    async def test_phone_gets_copies_if_its_user_wants(self):
        handset = self.speaker("amy")
        await handset.sign_on()
        await self.amy.says("copy on", "Copies by SMS on.")
        await self.bob.send("amy", text="hello")
        await self.amy.gets("bob: hello")
        self.assertEqual(await self.heard_by(handset), [("bob", "hello")])
        await self.amy.says("copy off", "Copies by SMS off.")
        await self.bob.send("amy", text="hello again")
        await self.amy.gets()

    async def test_phone_gets_what_the_richer_client_has_left(self):
        handset = self.speaker("amy")
        await handset.sign_on()
        await self.bob.send("amy", text="hello")
        await self.amy.gets()
        await handset.ask(LogoutRequest())
        await self.amy.gets("bob: hello")


class AwayTests(EventsTestCase):
    async def test_message_comes_while_the_user_is_off_line_and_looks_so(self):
        await self.amy.text("off")
        await self.bob.send("amy", text="hello", report=True)
        await self.amy.gets("bob: hello")
        await self.cy.text("add amy")
        self.cy.new()
        await self.cy.says("get amy", "amy: offline")
        await self.later()
        self.assertEqual(await self.waiting(), 0)

    async def test_message_comes_after_the_session_has_expired(self):
        await self.later(90_000)
        await self.bob.sign_on()
        await self.bob.send("amy", text="hello")
        await self.amy.gets("bob: hello")
        await self.amy.says("hi bob, back")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi bob, back")])

    async def test_message_that_the_gateway_is_given_while_the_session_ends_is_told_once(
        self,
    ):
        self.answers(LATER)
        await self.bob.send("amy", text="hello")
        await self.later()
        await self.amy.text("off")
        self.answers(ACCEPTED)
        for _ in range(5):
            await self.later(2)
        told = [each for each in self.amy.new() if "hello" in each]
        self.assertLessEqual(len(set(told)), 1)
        await self.amy.text("on")
        for _ in range(3):
            await self.later(2)
        self.assertNotIn("hello", str(self.amy.new()))
        self.assertEqual(await self.waiting(), 0)


class StoringTests(EventsTestCase):
    overrides = {**EventsTestCase.overrides, "clp": {"offline": "store"}}

    async def test_message_is_kept_until_the_user_is_back(self):
        await self.amy.says("off", "You are offline. Messages will be stored. Send ON to return.")
        await self.bob.send("amy", text="hello")
        await self.amy.gets(seconds=60)
        await self.amy.text("on")
        await self.amy.gets("bob: hello", seconds=3)


class NotifyingTests(EventsTestCase):
    overrides = {**EventsTestCase.overrides, "clp": {"offline": "notify"}}

    async def test_message_is_announced_while_the_user_is_away(self):
        await self.amy.text("off")
        await self.bob.send("amy", text="hello")
        await self.amy.gets("Message 1 from bob, 5 ch. READ 1 / DROP 1")
        self.assertEqual((await self.amy.text("read 1"))[0], "bob (0:00): hello")


class AlertsTests(EventsTestCase):
    async def watched(self):
        await self.signed_on(self.cy)
        await self.amy.text("add cy")
        await self.amy.text("watch cy")
        await self.amy.gets(*self.amy.new())

    @shows_feature("CLP: presence", "told when it changes")
    async def test_changes_are_told_and_not_more_often_than_they_may(self):
        await self.watched()
        await self.cy.text("busy in class")
        await self.amy.gets('cy: busy "in class"')
        await self.cy.text("free")
        await self.amy.gets()
        await self.cy.text("away")
        await self.amy.gets()
        await self.later(15 * 60)
        self.assertEqual(self.amy.new(), ["cy: away"])
        await self.later(15 * 60)
        self.assertEqual(self.amy.new(), [])

    async def test_coming_and_going(self):
        await self.watched()
        await self.cy.text("off")
        await self.amy.gets("cy is offline.")
        await self.later(1000)
        await self.cy.text("on")
        await self.amy.gets("cy is online.")

    async def test_what_has_been_undone_meanwhile_is_not_told(self):
        await self.watched()
        await self.cy.text("busy")
        await self.amy.gets("cy: busy")
        await self.cy.text("free")
        await self.cy.text("busy")
        await self.later(15 * 60)
        self.assertEqual(self.amy.new(), [])

    async def test_no_more_once_that_is_said(self):
        await self.watched()
        await self.amy.says("unwatch cy", "No more alerts about cy.")
        await self.cy.text("busy")
        await self.amy.gets()
        await self.amy.says("unwatch all", "No more alerts.")

    async def test_who_is_watched_under_one_spelling_is_watched_no_more_under_another(self):
        await self.signed_on(self.cy)
        await self.amy.text("watch CY@LOCALHOST")
        await self.amy.says("unwatch cy", "No more alerts about cy.")
        await self.amy.text("off")
        await self.amy.text("on")
        await self.amy.gets(seconds=3)
        await self.cy.text("busy")
        await self.amy.gets()
        self.assertEqual(await self.alerts(), ((), {}))

    async def alerts(self):
        """Whom amy watches by her dialogue."""
        state = await self.parts.clp_services.states.get(USER)
        return state.watches, state.watched

    async def test_list_is_watched_and_watched_again_in_the_next_session(self):
        await self.amy.says(
            "watch *friends",
            "I tell you when *friends comes or goes. UNWATCH *friends ends it.",
        )
        await self.signed_on(self.cy)
        await self.amy.says("add cy", "cy is friend no. 2.")
        await self.amy.gets()
        await self.cy.text("busy")
        await self.amy.gets("cy: busy")
        await self.amy.text("off")
        self.amy.new()
        await self.later(1000)
        await self.amy.text("on")
        await self.amy.gets(seconds=3)
        await self.cy.text("free")
        await self.amy.gets("cy: free")


class OthersTests(EventsTestCase):
    async def test_handset_is_told_that_a_phone_comes(self):
        await self.amy.text("off")
        users = (User(user_id=Address("amy")),)
        await self.bob.ask(SubscribePresenceRequest(users=users, auto_subscribe=False))
        while (told := await self.bob.poll()) is not None:
            await self.bob.say(Status(result=Result(code=200)), told)
        await self.amy.text("on")
        await self.later()
        told = await self.bob.poll()
        self.assertIsInstance(told.content, PresenceNotificationRequest)
        (sub_list,) = told.content.presences[0].presence_sub_lists
        self.assertEqual(sub_list.online_status[0].presence_value, True)
        self.assertEqual(sub_list.client_infos[0].client_type.value, "CLI")
