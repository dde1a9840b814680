"""Dialogues with phones: signing on, commands, conversations, prompts."""

from imps.clp.changes import arrived
from imps.csp.primitives.access import LogoutRequest
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import Attribute
from imps.model.status import StatusCode
from imps.model.text import IncomingText
from imps.testing.conformance import shows_feature
from imps.testing.door import message_to
from tests.clp.phones import AMY, CY, Phone, PhoneTestCase
from tests.sms.scripted import ACCEPTED, LATER

SHOWN = ["OnlineStatus", "UserAvailability", "StatusText", "ClientInfo", "CommCap"]
HELP = "HELP word=more"


class DialogueTestCase(PhoneTestCase):
    """Everybody shows whether they are there; bob is amy's first friend."""

    overrides = {"presence": {"default_attributes": SHOWN}}

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy, "add bob", "end")


class SigningOnTests(PhoneTestCase):
    async def test_whoever_signs_on_is_told_who_is_there_and_the_first_time_what_to_do(self):
        first, help = await self.amy.text("on")
        self.assertEqual(
            first,
            "You are online as amy. No friends online. Waiting: 0. Send HELP for commands.",
        )
        self.assertIn(HELP, help)
        await self.amy.says("On", first)

    @shows_feature("CLP: signing on", "on and off")
    async def test_signing_off(self):
        await self.signed_on(self.amy)
        said = "You are offline. Messages will still come by SMS. Send ON to return."
        await self.amy.says("off", said)
        await self.amy.says("OFF", said)
        self.assertEqual(await self.parts.stored_sessions.of(Address.parse("wv:amy@localhost")), [])

    @shows_feature("CLP: signing on", "by any command")
    async def test_any_command_signs_on(self):
        await self.amy.text("list")
        await self.amy.says("list", "*friends is empty. ADD name puts somebody in.")
        sessions = await self.parts.stored_sessions.of(Address.parse("wv:amy@localhost"))
        self.assertEqual(len(sessions), 1)

    async def test_session_lasts_a_day_after_the_last_text(self):
        await self.signed_on(self.amy)
        amy = Address.parse("wv:amy@localhost")
        await self.later(86_000)
        await self.amy.text("lists")
        await self.later(86_000)
        self.assertEqual(len(await self.parts.stored_sessions.of(amy)), 1)
        await self.later(86_500)
        self.assertEqual(await self.parts.stored_sessions.of(amy), [])
        self.assertEqual(self.amy.new(), [])

    async def test_suspended_user_is_refused(self):
        await self.directory.suspend(Address("amy"))
        await self.amy.says("on", "You may not do that.")

    async def test_account_without_a_service_is_told_so(self):
        await self.directory.change(Address("amy"), services=frozenset({"PresenceFeat"}))
        await self.amy.text("who")
        await self.amy.says("s bob hi", "This service does not offer S.")
        await self.amy.says("block bob", "This service does not offer BLOCK.")
        await self.amy.says("lists", "Lists: *friends (0, main)")


class ConversationTests(DialogueTestCase):
    async def test_conversation_with_a_handset(self):
        await self.amy.says("s bob lunch?")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "lunch?")])
        await self.bob.send("amy", text="yes at 12")
        await self.amy.gets("bob: yes at 12")
        await self.amy.says("on my way")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "on my way")])

    async def test_password_is_said_to_nobody_and_not_kept(self):
        await self.amy.says("s bob lunch?")
        kept = (
            "This phone belongs to amy. It may hold a password, so I sent it to nobody; "
            "//LINK says it."
        )
        await self.amy.says("link ann swordfish", kept)
        await self.amy.says("LINK amy swordfish", self.linked())
        await self.amy.says("login amy swordfish", "Use: LOGIN")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "lunch?")])
        kept = await self.parts.phones.get(Address.parse("wv:amy@localhost"))
        self.assertNotIn(b"swordfish", kept)
        await self.amy.says("//link ann swordfish")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "/link ann swordfish")])

    def linked(self):
        said = self.parts.clp_services.catalogues.get("en").say("linked", name="amy")
        self.assertIn("delete your last message", said)
        return said

    async def test_what_is_for_a_group_goes_to_nobody_else(self):
        await self.amy.says("s bob lunch?")
        await self.amy.says("g #chess your move", "This service does not offer G #.")
        await self.amy.says("s #chess your move", "This service does not offer S #.")
        await self.amy.says("end", "Closed.")
        await self.amy.says("g #chess your move", "This service does not offer G.")
        await self.amy.says("s #chess your move", "This service does not offer S #.")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "lunch?")])

    async def test_text_to_nobody(self):
        said = "Nobody to send to. Write: S name text. HELP for more."
        await self.amy.says("the usual place", said)

    async def test_text_goes_to_the_one_who_has_written_last(self):
        await self.amy.says("s bob hi")
        await self.ann.send("amy", text="psst")
        (said,) = await self.told()
        self.assertTrue(said.startswith("ann: psst"))
        await self.amy.says("yes?")
        self.assertEqual(await self.heard_by(self.ann), [("amy", "yes?")])
        await self.amy.says("still there?")
        self.assertEqual(await self.heard_by(self.ann), [("amy", "still there?")])

    async def told(self):
        await self.later()
        return self.amy.new()

    async def test_where_several_have_written_it_is_asked_to_whom(self):
        await self.bob.send("amy", text="where?")
        await self.ann.send("amy", text="psst")
        for _ in range(3):
            await self.later()
        self.amy.new()
        await self.amy.says(
            "the usual place", "To whom? 1 bob 2 ann. Answer 1 or 2, or 0 to drop it."
        )
        await self.amy.says("1")
        self.assertEqual(await self.heard_by(self.bob), [*[], ("amy", "the usual place")])
        self.assertEqual(await self.heard_by(self.ann), [])

    async def test_held_text_is_dropped_by_another_one_by_zero_and_by_time(self):
        for number, wait in ((None, 0), ("0", 0), ("1", 700)):
            await self.bob.send("amy", text="where?")
            await self.ann.send("amy", text="psst")
            for _ in range(3):
                await self.later()
            self.amy.new()
            (asked,) = await self.amy.text("the usual place, at eight o'clock")
            self.assertTrue(asked.startswith("To whom?"))
            self.clock.advance(wait)
            if number is None:
                said = 'Not sent: "the usual place, at ..."'
                self.assertEqual((await self.amy.text("/end"))[0], "Closed.")
                self.assertEqual((await self.amy.text("well"))[0], said)
            elif wait:
                await self.amy.text(number)
            else:
                await self.amy.says(number, "Not sent.")
            heard = await self.heard_by(self.bob) + await self.heard_by(self.ann)
            self.assertNotIn("usual", str(heard))

    async def test_what_looks_like_a_command_is_said(self):
        await self.amy.says("s bob hi")
        for text in ("busy today", "get well soon", "to tell you the truth", "help me", "hi"):
            await self.amy.says(text)
        await self.amy.says("//on fire")
        heard = [text for _, text in await self.heard_by(self.bob)]
        self.assertEqual(
            heard[1:],
            ["busy today", "get well soon", "to tell you the truth", "help me", "hi", "/on fire"],
        )

    async def test_command_about_nobody_known_is_asked_about(self):
        await self.amy.says("s bob hi")
        asked = 'I do not know "party". Send "block party" to bob? YES 1 or NO 1'
        await self.amy.says("block party", asked)
        await self.amy.says("no", "Not sent.")
        await self.amy.says("block party", asked.replace("1", "2"))
        await self.amy.says("yes")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi"), ("amy", "block party")])

    async def test_chat_and_end(self):
        await self.amy.says("chat bob", "You now write to bob. Just type. END to finish.")
        await self.amy.says("hello")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hello")])
        await self.amy.says("end", "Closed.")
        await self.amy.says("hello", "Nobody to send to. Write: S name text. HELP for more.")

    async def test_conversation_is_over_after_half_a_day(self):
        await self.amy.says("s bob hi")
        self.clock.advance(13 * 3600)
        await self.amy.says("hello", "Nobody to send to. Write: S name text. HELP for more.")


class SendingTests(DialogueTestCase):
    @shows_feature("CLP: messages", "to several")
    async def test_several_recipients_and_lists(self):
        await self.amy.text("newlist work")
        await self.amy.text("add ann *work")
        await self.amy.says("s bob,*work meeting 3pm")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "meeting 3pm")])
        self.assertEqual(await self.heard_by(self.ann), [("amy", "meeting 3pm")])
        await self.amy.says("s bob,nobody@localhost hi", "Not delivered to: nobody.")
        await self.amy.says("s eve@elsewhere.org hi", "I cannot reach elsewhere.org now.")
        await self.amy.says("/s nobody hi", 'I do not know "nobody".')
        await self.amy.says("s *nowhere hi", "No list *nowhere.")
        await self.amy.says("s bob", "Use: S name text")

    async def test_who_is_blocked_is_told_so(self):
        await self.cy.text("block amy")
        await self.amy.says("s cy hi", "cy does not take messages from you.")

    @shows_feature("CLP: messages", "reports")
    async def test_reports(self):
        await self.amy.says("report on", "Delivery reports on.")
        await self.amy.says("s bob hi", "Sent to bob 0:00.")
        await self.heard_by(self.bob)
        await self.amy.gets("bob got it 0:00.")
        await self.amy.says("report off", "Delivery reports off.")
        await self.amy.says("s bob hi")
        await self.heard_by(self.bob)
        await self.amy.gets()

    async def test_between_two_phones(self):
        await self.signed_on(self.cy)
        await self.amy.says("s cy are you there?")
        await self.cy.gets("amy: are you there? (/A amy@localhost adds, /B amy@localhost blocks)")
        await self.cy.says("yes \u263a")
        await self.amy.gets("cy: yes \u263a (/A cy@localhost adds, /B cy@localhost blocks)")

    async def test_long_text_is_sent_as_a_whole(self):
        long = "word " * 1000
        await self.amy.says(f"s bob {long}end")
        self.assertEqual(await self.heard_by(self.bob), [("amy", f"{long}end")])


class ContactsTests(DialogueTestCase):
    @shows_feature("CLP: contacts", "added and named by number")
    async def test_adding_and_numbers(self):
        await self.amy.says("add ann@localhost as annie", "annie is friend no. 2.")
        await self.amy.says("add annie", "annie is friend no. 2.")
        await self.amy.says("add nobody@localhost", 'I do not know "nobody".')
        await self.amy.says("add eve@elsewhere.org", "eve@elsewhere.org is friend no. 3.")
        await self.amy.says("list", "friends: 1 bob 2 annie 3 eve@elsewhere.org")
        await self.amy.says("nick 2 Ann_B", "2 is now Ann_B.")
        await self.amy.says("s 2 hi")
        self.assertEqual(await self.heard_by(self.ann), [("amy", "hi")])

    async def test_numbers_are_not_given_again_for_a_while(self):
        await self.amy.text("add ann")
        await self.amy.says("remove ann", "Remove ann from all your lists? YES 1 or NO 1")
        await self.amy.says("y 1", "ann removed.")
        await self.amy.says("add cy", "cy is friend no. 3.")
        await self.amy.says("add ann", "ann is friend no. 2.")
        await self.amy.text("remove ann")
        await self.amy.text("yes")
        self.clock.advance(91 * 86_400)
        await self.directory.add(Address("eve"), "secret")
        await self.amy.says("/add eve", "eve is friend no. 2.")

    @shows_feature("CLP: contacts", "lists")
    async def test_lists(self):
        await self.amy.says("newlist work", "List *work made.")
        await self.amy.says("newlist *work", "List *work already exists.")
        await self.amy.says("add ann *work", "ann is friend no. 2.")
        await self.amy.says("add bob *work", "bob is friend no. 1.")
        await self.amy.says("lists", "Lists: *friends (1, main), *work (2)")
        await self.amy.says("main *work", "*work is now your main list.")
        await self.amy.says("list *work", "work: 2 ann 1 bob")
        await self.amy.says("remove bob *friends", "bob removed.")
        await self.amy.says("remove bob", "Remove bob from all your lists? YES 1 or NO 1")
        await self.amy.says("no", "Kept.")
        await self.amy.says("dellist work", "Delete *work with 2 people? YES 2 or NO 2")
        await self.amy.says("yes", "List *work deleted.")
        await self.amy.says("yes", "Nothing to answer.")
        await self.amy.says("list *work", "No list *work.")
        await self.amy.says("lists", "Lists: *friends (0, main)")

    async def test_default_list_is_made_again(self):
        await self.amy.text("dellist friends")
        await self.amy.says("yes", "List *friends deleted.")
        await self.amy.says("lists", "You have no lists. ADD name makes one.")
        await self.amy.says("add bob", "bob is friend no. 1.")
        await self.amy.says("lists", "Lists: *friends (1, main)")

    async def test_long_list_is_told_in_parts(self):
        for number in range(12):
            await self.amy.text(f"add friend-{number:02}@elsewhere.org")
            self.clock.advance(60)
        (page,) = await self.amy.text("list")
        self.assertLessEqual(len(page), 160)
        self.assertTrue(page.endswith(" MORE"))
        pages = [page]
        while pages[-1].endswith(" MORE"):
            pages += await self.amy.text("more")
        told = " ".join(each.removesuffix(" MORE") for each in pages)
        for number in range(12):
            self.assertIn(f"{number + 2} friend-{number:02}", told)
        await self.amy.says("more", "There is no more.")

    async def test_two_of_one_name_are_told_apart(self):
        await self.amy.text("add ann as bob")
        await self.amy.says("get bob", "Which? 1 bob 2 bob. Use the number.")


class PresenceTests(DialogueTestCase):
    @shows_feature("CLP: presence", "that of others")
    async def test_who_and_get(self):
        await self.amy.text("add cy")
        await self.amy.says("who", "Online: 1 bob. Offline: 1 (WHO ALL)")
        await self.amy.says("get bob", "bob: online")
        await self.amy.says("get cy", "cy: offline")
        await self.signed_on(self.cy, "busy in class")
        await self.amy.says("who", 'Online: 1 bob, 2 cy busy "in class".')
        await self.amy.says("get cy", 'cy: busy, "in class", SMS')
        await self.amy.says("get nobody@localhost", 'I do not know "nobody".')
        await self.amy.says("get eve@elsewhere.org", "I cannot reach elsewhere.org now.")

    async def test_who_is_there_and_who_is_not(self):
        for name in ("cy", "ann", "eve@elsewhere.org"):
            await self.amy.text(f"add {name}")
        await self.signed_on(self.cy, "busy in class")
        said = 'Online: 1 bob, 2 cy busy "in class", 3 ann. Offline: 4 eve@elsewhere.org.'
        await self.amy.says("who all", said)
        await self.cy.text("off")
        await self.amy.says("who all", "Online: 1 bob, 3 ann. Offline: 2 cy, 4 eve@elsewhere.org.")
        await self.amy.text("/del bob")
        await self.amy.text("yes")
        await self.amy.says("who all", "Online: 3 ann. Offline: 2 cy, 4 eve@elsewhere.org.")
        await self.ann.ask(LogoutRequest())
        await self.amy.says("who all", "Offline: 2 cy, 3 ann, 4 eve@elsewhere.org.")

    @shows_feature("CLP: presence", "one's own")
    async def test_own_presence(self):
        await self.amy.says("free", "You are now free.")
        await self.amy.says("away till Monday", "You are now away: till Monday")
        await self.amy.says("status", "Status: till Monday")
        await self.amy.says("status back soon", "Status: back soon")
        await self.amy.says("mood inlove", "Mood: in love")
        (usage,) = await self.amy.text("mood grey")
        self.assertTrue(usage.startswith("Use: MOOD HAPPY/SAD/"), usage)
        (said,) = await self.amy.text("me")
        self.assertEqual(
            said,
            'amy (amy), away "back soon". Online since 0:00. Lang EN. Reports off.',
        )
        await self.amy.says("set name Amy B", "Saved.")
        await self.amy.says("set tz +2", "Saved.")
        self.assertIn("since 2:00", (await self.amy.text("me"))[0])
        await self.amy.says("set tz nowhere", "Use: SET TZ +2")

    async def test_who_shows_nothing(self):
        await self.cy.text("deny amy")
        await self.amy.says("get cy", "cy does not share presence with you.")

    async def test_allowing_and_showing(self):
        await self.signed_on(self.cy)
        await self.cy.says("deny amy", "amy cannot see your presence.")
        await self.amy.says("get cy", "cy does not share presence with you.")
        await self.cy.says("allow amy", "amy can see whether you are there.")
        await self.amy.says("get cy", "cy: online")
        await self.cy.says("forget amy", "Done. I ask you next time.")
        await self.cy.text("add amy")
        await self.cy.says("show *friends none", "*friends sees: nothing.")
        await self.amy.says("get cy", "cy does not share presence with you.")
        await self.cy.says("show *friends all", "*friends sees: all.")
        await self.amy.says("get cy", "cy: online, SMS")

    async def test_watching(self):
        said = "I tell you when cy comes or goes. UNWATCH cy@localhost ends it."
        await self.signed_on(self.cy)
        await self.amy.says("watch cy", said)
        await self.amy.gets()
        await self.cy.says("watchers", "Watching you: amy.")

    async def test_watchers(self):
        await self.amy.says("watchers", "Nobody watches you.")


class PromptTests(PhoneTestCase):
    """Nobody shows anything unless they are asked."""

    async def setUp(self):
        await super().setUp()
        await self.signed_on(self.amy)
        await self.signed_on(self.cy)

    @shows_feature("CLP: presence", "asked for")
    async def test_question_who_may_see_is_answered_by_text(self):
        await self.amy.says("get cy", "cy does not share presence with you.")
        await self.cy.gets("amy wants to see if you are online. YES 1 or NO 1")
        await self.cy.says("y", "amy can see whether you are there.")
        await self.amy.says("get cy", "cy: online, SMS")

    async def test_question_may_be_denied(self):
        await self.amy.text("get cy")
        await self.later()
        await self.cy.says(
            "no 1",
            "amy wants to see if you are online. YES 1 or NO 1",
            "amy cannot see your presence.",
        )
        await self.amy.says("get cy", "cy does not share presence with you.")
        await self.cy.says("no 1", "Nothing to answer.")

    async def test_of_several_questions_one_is_named(self):
        await self.directory.add(Address("eve"), "secret", "+358404444444")
        await self.amy.text("get cy")
        await self.phone_of_eve.text("get cy")
        await self.later()
        await self.later()
        self.cy.new()
        await self.cy.says("yes", "Which one? YES or NO with its number: 1, 2.")
        await self.cy.says("yes 2", "eve can see whether you are there.")

    @property
    def phone_of_eve(self):
        return Phone(self, "+358404444444")


class AccessTests(DialogueTestCase):
    @shows_feature("CLP: access lists")
    async def test_blocking_and_granting(self):
        await self.amy.says("block bob", "bob is blocked. UNBLOCK bob undoes it.")
        await self.amy.says("blocked", "Blocked: bob. In use: yes")
        await self.bob.send("amy", text="hello?")
        await self.amy.gets()
        await self.amy.says("unblock bob", "bob is not blocked any more.")
        await self.amy.says("grant ann", "ann may always write to you.")
        await self.amy.says("granted", "Granted: ann. In use: no")
        await self.amy.says("onlygranted on", "Only people you GRANT can write to you.")
        await self.bob.send("amy", text="hello?")
        await self.amy.gets()
        await self.ann.send("amy", text="hello!")
        await self.amy.gets("ann: hello! (/A ann@localhost adds, /B ann@localhost blocks)")
        await self.amy.says("/onlygranted off", "Everybody you do not BLOCK can write to you.")
        await self.amy.says("ungrant ann@localhost", "ann is not granted any more.")
        await self.amy.says("granted", "Granted: nobody. In use: no")


class StoppingTests(DialogueTestCase):
    @shows_feature("CLP: stopping all texts")
    async def test_stop_stops_everything_until_start(self):
        said = "You get no more messages from localhost. Send START to return."
        await self.amy.says("s bob hi")
        await self.amy.says("stop", said)
        await self.amy.says("stop")
        await self.bob.send("amy", text="are you there?")
        await self.amy.gets(seconds=3600)
        for text in ("on", "help", "who", "hello", "stop"):
            await self.amy.says(text)
        await self.amy.says("start", "Welcome back. Send ON to go online.")
        await self.later(3)
        self.assertEqual(self.amy.new(), ["bob (0:00): are you there?"])

    async def test_answer_to_stop_is_given_whatever_waits(self):
        said = "You get no more messages from localhost. Send START to return."
        await self.amy.says("/stop", said)
        await self.amy.says("start", "Welcome back. Send ON to go online.")
        self.gateway.answers = [LATER]
        await self.amy.says("who")
        await self.amy.says("stop")
        self.gateway.answers = [ACCEPTED]
        await self.later(5)
        self.assertEqual(self.amy.new(), [said])

    async def test_what_was_handed_in_before_stop_is_not_sent_and_a_message_waits(self):
        self.reports = False
        await self.amy.text("who")
        self.amy.new()
        # It waits for the report on the answer.
        await self.bob.send("amy", text="lunch?", report=True)
        await self.later()
        self.assertEqual(self.amy.new(), [])
        await self.amy.says(
            "stop", "You get no more messages from localhost. Send START to return."
        )
        await self.amy.gets(seconds=70)
        self.assertIsNone(await self.bob.poll())
        await self.amy.says("start", "Welcome back. Send ON to go online.")
        await self.later(70)
        self.assertEqual(self.amy.new(), ["bob: lunch?"])

    async def test_stop_works_from_any_phone(self):
        phone = self.stranger()
        await phone.says("stop", "You get no more messages from localhost. Send START to return.")
        await phone.says("help")
        await phone.says("start", "Welcome back. Send ON to go online.")

    def stranger(self):
        return Phone(self, "+358409999999")


class PrivacyTests(DialogueTestCase):
    async def record(self):
        return await self.parts.phones.get(Address.parse("wv:amy@localhost"))

    async def test_what_was_said_is_erased_a_day_later_also_if_the_phone_is_silent(self):
        await self.amy.text("status at the secret place")
        await self.amy.text("get well, secretly")
        await self.later(80_000)
        self.assertIn(b"secret", await self.record())
        await self.later(6_500)
        self.assertNotIn(b"secret", await self.record())
        self.assertNotIn(b"arrival", await self.record())
        await self.amy.says("list", "friends: 1 bob")

    async def test_what_was_said_later_is_erased_later(self):
        await self.amy.text("status secret")
        await self.later(80_000)
        await self.amy.text("status hidden")
        await self.later(6_500)
        self.assertNotIn(b"secret", await self.record())
        self.assertIn(b"hidden", await self.record())
        await self.later(80_000)
        self.assertNotIn(b"hidden", await self.record())

    async def test_nothing_is_erased_of_a_user_who_is_gone(self):
        await self.amy.text("status secret")
        await self.parts.directory.delete(Address.parse("wv:amy@localhost"))
        await self.later(86_500)
        self.assertEqual(await self.record(), b"")


class SettingsTests(DialogueTestCase):
    @shows_feature("CLP: the language, and quiet hours", "language")
    async def test_language(self):
        await self.amy.says("lang", "Language: English.", "Languages: DE, EN. LANG xx")
        await self.amy.says("lang de", "Sprache: Deutsch.")
        await self.amy.says("wer", "Online: 1 bob.")
        await self.amy.says("who", "Online: 1 bob.")
        await self.amy.says("lang fi", "Sprachen: DE, EN. LANG xx")

    @shows_feature("CLP: the language, and quiet hours", "quiet hours")
    async def test_quiet_hours(self):
        await self.amy.says("quiet 22-7", "Quiet 22-7. I keep messages until 7:00.")
        await self.bob.send("amy", text="are you awake?")
        await self.amy.gets(seconds=60)
        await self.amy.says("get bob", "bob: online")
        await self.later(7 * 3600)
        self.assertEqual(self.amy.new(), ["bob (0:00): are you awake?"])
        await self.amy.says("quiet off", "No quiet hours.")
        await self.amy.says("quiet 25-7", "Use: QUIET 22-7")

    async def test_what_is_not_offered_is_said_to_be_so(self):
        await self.amy.says("groups", "This service does not offer GROUPS.")
        await self.amy.says("find bob", "This service does not offer FIND.")
        await self.amy.says("ask bob", "This service does not offer ASK.")
        await self.amy.says("j #chess", "This service does not offer J.")

    async def test_who_does_not_want_to_be_found_by_number(self):
        await self.signed_on(self.cy)
        await self.cy.says("set phone off", "Saved.")
        unknown = f'I do not know "{CY}".'
        nobody = unknown.replace(CY, "+358409999999")
        for command in ("/s {} hello", "/get {}", "/block {}", "/watch {}"):
            await self.amy.says(command.format(CY), unknown)
            await self.amy.says(command.format("+358409999999"), nobody)
        await self.amy.says(f"/s bob,{CY} hello", f"Not delivered to: {CY}.")
        await self.amy.says(f"/s {CY}@localhost hello", unknown)
        await self.cy.gets()
        await self.amy.says("/s cy hello")
        await self.later()
        self.assertTrue(self.cy.new()[-1].startswith("amy: hello"))
        await self.cy.says("/set phone on", "Saved.")
        await self.amy.says(f"/s {CY} hello again")
        await self.later()
        self.assertTrue(self.cy.new()[-1].startswith("amy: hello again"))

    async def test_handset_finds_by_number_only_who_wants_that(self):
        await self.signed_on(self.cy)
        await self.bob.send(CY, text="hello")
        await self.cy.text("set phone off")
        for number in (CY, "+358409999999"):
            answer = await self.bob.ask(message_to(self.bob.user, number))
            self.assertEqual(answer.result.code, 531)
        await self.bob.send("cy", text="hello")

    async def test_what_else_is_said_of_the_number_is_a_mistake(self):
        await self.signed_on(self.cy)
        await self.cy.says("/set phone maybe", "Use: SET PHONE ON")

    async def test_who_runs_it(self):
        await self.amy.says("info", "localhost: IMPS")


class ProviderTests(PhoneTestCase):
    overrides = {"provider": {"name": "Chatter", "text": "we chat " * 40, "url": "https://x.org/"}}

    async def test_who_runs_it_is_told_in_one_sms_with_the_address(self):
        await self.signed_on(self.amy)
        (said,) = await self.amy.text("info")
        self.assertTrue(said.startswith("Chatter: we chat we chat"), said)
        self.assertTrue(said.endswith("we ch... https://x.org/"), said)


class MistakesTests(DialogueTestCase):
    async def test_less_and_less_is_said_to_who_goes_on_with_what_means_nothing(self):
        await self.amy.says("/blok bob", 'I do not know "blok". BLOCK / UNBLOCK? Send HELP.')
        await self.amy.says("/xyzzy", 'I do not know "xyzzy". Send HELP.')
        (help,) = await self.amy.text("/plugh")
        self.assertIn(HELP, help)
        await self.amy.says("/plugh")
        await self.amy.says("get bob", "bob: online")
        self.clock.advance(601)
        await self.amy.says("/xyzzy", 'I do not know "xyzzy". Send HELP.')

    async def test_our_own_texts_are_not_answered(self):
        (said,) = await self.amy.text("get bob")
        await self.amy.says(said)

    async def test_machine_that_always_says_the_same_is_left_alone(self):
        for _ in range(11):
            await self.amy.says("away till Monday", "You are now away: till Monday")
            self.clock.advance(30)
        await self.amy.says("away till Monday", "Too many messages. Please wait a minute.")
        for _ in range(3):
            self.clock.advance(90)
            await self.amy.says("away till Monday")
        await self.amy.says("get bob", "bob: online")
        await self.amy.says("away till Monday", "You are now away: till Monday")

    async def test_machines_that_write_to_each_other_are_left_alone(self):
        await self.signed_on(self.amy, "chat bob")
        for _ in range(20):
            await self.amy.text("I am driving")
            self.clock.advance(30)
        self.assertEqual(self.amy.got[-1], "Too many messages. Please wait a minute.")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "I am driving")] * 11)

    async def test_whoever_asks_again_later_is_answered(self):
        for _ in range(15):
            await self.amy.says("get bob", "bob: online")
            self.clock.advance(121)

    async def test_text_that_the_network_has_doubled_is_done_once(self):
        sent_at = self.clock.seconds() - 1
        await self.amy.says("s bob hi", sent_at=sent_at)
        await self.amy.says("s bob hi", sent_at=sent_at)
        await self.amy.says("s bob hi", sent_at=sent_at + 1)
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi")] * 2)

    async def test_texts_that_come_too_fast_are_done_later_in_order(self):
        texts = [f"line {number}" for number in range(36)]
        await self.amy.text("chat bob")
        for each in texts:
            await self.amy.says(each)
        heard = await self.heard_by(self.bob)
        self.assertEqual(len(heard), 26)
        await self.amy.says("who")
        for _ in range(12):
            await self.later(2)
        heard += await self.heard_by(self.bob)
        self.assertEqual([text for _, text in heard], texts)
        self.assertEqual(self.amy.new(), ["Online: 1 bob."])

    async def test_those_that_have_waited_for_long_are_dropped_and_that_is_said_once(self):
        await self.amy.text("chat bob")
        for number in range(95):
            await self.amy.says(f"line {number}")
        for _ in range(65):
            await self.later(2)
        heard = [text for _, text in await self.heard_by(self.bob)]
        self.assertEqual(heard, [f"line {number}" for number in range(len(heard))])
        self.assertIn(len(heard), range(85, 91))
        self.assertEqual(self.amy.new(), ["Too many messages. Please wait a minute."])
        await self.later(10)
        await self.amy.says("/get bob", "bob: online")

    async def test_stop_does_not_wait(self):
        for number in range(27):
            await self.amy.says(f"s bob hi {number}")
        said = "You get no more messages from localhost. Send START to return."
        await self.amy.says("stop", said)

    async def test_too_many_answers_are_not_given(self):
        for _ in range(25):
            await self.amy.text("get bob")
        self.assertLessEqual(len(self.amy.got), 24)
        self.assertEqual(self.amy.got[-1], "Too many messages. Please wait a minute.")
        await self.amy.says(
            "stop", "You get no more messages from localhost. Send START to return."
        )


class RepetitionTests(DialogueTestCase):
    """A text that is done again does nothing twice."""

    async def again(self, text_id, body):
        """The same text once more, as after a crash at the end of its doing."""
        text = IncomingText(
            id=text_id,
            gateway="s",
            sender=AMY,
            number="4664",
            received_at=self.clock.seconds(),
            body=body,
        )
        self.assertTrue(await self.parts.clp.take(text))
        await self.quiet()

    async def test_message_and_answer_are_sent_once(self):
        await self.amy.text("report on")
        await self.amy.says("s bob hi", "Sent to bob 0:00.", id="s:once")
        await self.again("s:once", "s bob hi")
        self.assertEqual(self.amy.new(), [])
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi")])

    async def test_text_that_was_interrupted_meets_what_it_met_before(self):
        await self.amy.says("s bob hi")
        state = await self.parts.clp_services.states.get(Address.parse("wv:amy@localhost"))
        # It came, and was not done.
        user = Address.parse("wv:amy@localhost")
        states = self.parts.clp_services.states
        await states.change(user, arrived("s:twice", "and then?", None, self.clock.seconds()))
        await self.ann.send("amy", text="psst")
        await self.later()
        await self.again("s:twice", "and then?")
        self.assertEqual(state.target, "wv:bob@localhost")
        self.assertIn(("amy", "and then?"), await self.heard_by(self.bob))
        self.assertEqual(await self.heard_by(self.ann), [])


class OthersSeeTests(DialogueTestCase):
    async def test_others_see_a_phone_that_is_on_line(self):
        presence = await self.parts.presence.get(
            self.caller_of("ann"), [Address.parse("wv:amy@localhost")], (), frozenset(Attribute)
        )
        seen = {each.attribute: each.value.content for each in presence.presences[0].published}
        self.assertEqual(seen[Attribute.ONLINE_STATUS], (("PresenceValue", True),))
        self.assertEqual(seen[Attribute.CLIENT_INFO], (("ClientType", "CLI"),))
        self.assertEqual(
            seen[Attribute.COMM_CAP],
            (
                ("CommC", (("Cap", "IM"), ("Status", "OPEN"))),
                ("CommC", (("Cap", "SMS"), ("Status", "OPEN"))),
            ),
        )
        self.assertIs(presence.outcome.code, StatusCode.OK)

    def caller_of(self, user):
        return Caller(Address.parse(f"wv:{user}@localhost"), "", "")
