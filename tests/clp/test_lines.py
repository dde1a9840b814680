"""The dialogue on lines: a user who has logged in on a connection, over real sockets."""

from twisted.internet import reactor
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from imps.clp.line_port import LOGIN_SECONDS
from imps.clp.lines import as_line
from imps.model.address import Address
from imps.parts import Parts
from imps.store.lines import KEPT_SECONDS
from imps.testing.process import until
from imps.testing.telnet import Telnet
from tests.clp.phones import PhoneTestCase
from tests.clp.test_dialogue import SHOWN

AMY = Address.parse("wv:amy@localhost")
DORA = Address.parse("wv:dora@localhost")
ONLINE = "You are online as dora. No friends online. Waiting: 0. Send HELP for commands."
WHO = "First say who you are: LOGIN name password"
BUSY = "The service is busy. Please try later."


class AsLineTests(SynchronousTestCase):
    def test_break_is_a_slash(self):
        for each in ("a\nb", "a\r\nb", "a \n\n b", "a\x85b", "a\u2028b", "a\x0bb", "\na\rb\n"):
            self.assertEqual(as_line(each), "a / b")

    def test_what_a_terminal_would_do_is_a_blank(self):
        self.assertEqual(as_line("a\x1b[2Jb\x9bc\x00d\te"), "a [2Jb c d e")

    def test_text_in_one_line_is_as_it_was(self):
        text = "grüße, \u05e9\u05dc\u05d5\u05dd \U0001f600"
        self.assertEqual(as_line(text), text)


class LineTestCase(PhoneTestCase):
    """Dora has no phone, amy has one; both may write on a line."""

    overrides = {"presence": {"default_attributes": SHOWN}}

    async def setUp(self):
        await super().setUp()
        await self.directory.add(Address("dora"), "secret word")
        self.port = await self.listening(self.parts)

    async def listening(self, parts):
        """The number of a line port."""
        port = reactor.listenTCP(0, parts.line_port, interface="127.0.0.1")
        parts.line_port.lines.wakeups.start()
        self.addCleanup(parts.line_port.finish)
        self.addCleanup(port.stopListening)
        return port.getHost().port

    async def line(self, port=None):
        return await Telnet.to(self, port or self.port)

    async def dora(self, port=None):
        """Dora on a line, who knows the help."""
        line = await self.line(port)
        line.say("LOGIN dora secret word")
        await line.has(1)
        await until(lambda: "online" in str(line.lines))
        if not (await self.state_of(DORA)).is_known:
            await line.has(2)
        await self.later(3)
        line.new()
        return line

    async def state_of(self, user):
        return await self.parts.clp_services.states.get(user)

    async def is_on_line(self, user):
        return bool(await self.parts.stored_sessions.of(user))


class LoginTests(LineTestCase):
    async def test_login_is_answered_as_on_is(self):
        line = await self.line()
        line.say("login dora secret word")
        await line.has(2)
        first, help = line.new()
        self.assertEqual(first, ONLINE)
        self.assertIn("HELP word=more", help)
        self.assertTrue(await self.is_on_line(DORA))
        await line.says("on", ONLINE)

    async def test_wrong_password_and_unknown_account_are_answered_alike(self):
        answers = []
        for name in ("dora", "nobody", "dora@elsewhere.example"):
            line = await self.line()
            for _ in range(3):
                line.say(f"LOGIN {name} wrong")
            await line.is_closed()
            answers.append(line.new())
        self.assertEqual(len(answers[0]), 3)
        self.assertEqual(answers[0][0], "Wrong name or password. 2 tries left.")
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        self.assertFalse(await self.is_on_line(DORA))

    async def test_who_goes_on_guessing_has_to_wait_even_with_the_right_password(self):
        for _ in range(4):
            line = await self.line()
            for _ in range(3):
                line.say("LOGIN dora wrong")
            await line.is_closed()
        line = await self.line()
        await line.says("LOGIN dora secret word", BUSY)
        self.assertFalse(await self.is_on_line(DORA))

    async def test_suspended_user_does_not_get_in(self):
        await self.directory.suspend(Address("dora"))
        line = await self.line()
        await line.says("LOGIN dora secret word", "You may not do that.")

    async def test_without_login_nothing_is_done(self):
        line = await self.line()
        await line.says("s bob hi", WHO)
        await line.says("LOGIN dora", WHO)
        await line.says("who", WHO)
        await line.is_closed()
        self.assertEqual(await self.heard_by(self.bob), [])

    async def test_another_login_on_the_line_is_said_to_nobody(self):
        line = await self.dora()
        line.say("s bob hi")
        await line.says("login amy secret", "This line is dora's until it is closed.")
        await line.says("LOGIN dora secret word", "This line is dora's until it is closed.")
        self.assertEqual(await self.heard_by(self.bob), [("dora", "hi")])

    async def test_account_that_is_deleted_meanwhile(self):
        line = await self.dora()
        await self.directory.delete(Address("dora"))
        await line.says("who", "You may not do that.")
        await line.is_closed()


class GuessingTests(LineTestCase):
    overrides = {"session": {"login_failures_per_source": 3}}

    async def test_who_guesses_on_lines_keeps_nobody_out_who_comes_by_another_door(self):
        line = await self.line()
        for name in ("dora", "amy", "nobody"):
            line.say(f"LOGIN {name} wrong")
        await line.is_closed()
        line = await self.line()
        await line.says("LOGIN dora secret word", BUSY)
        await self.parts.authentication.by_password(DORA, "127.0.0.1", "secret word")


class HurryTests(LineTestCase):
    overrides = {"clp": {"texts_per_minute": 3}}

    async def test_lines_that_come_too_fast_wait(self):
        line = await self.dora()
        texts = [f"number {number}" for number in range(6)]
        for text in texts:
            line.say(f"s bob {text}")
        heard = []
        while len(heard) < len(texts):
            heard += await self.heard_by(self.bob)
            await self.later(5)
        self.assertEqual(heard, [("dora", text) for text in texts])
        self.assertEqual(line.new(), [])

    async def test_what_a_lost_line_has_yet_to_say_is_not_said(self):
        line = await self.dora()
        for number in range(6):
            line.say(f"s bob number {number}")
        heard = []
        while len(heard) < 2:
            heard += await self.heard_by(self.bob)
        line.transport.abortConnection()
        await until(self.is_gone)
        await self.later(120)
        heard += await self.heard_by(self.bob)
        self.assertLess(len(heard), 6)

    async def test_message_that_was_read_too_late_waits(self):
        line = await self.dora()
        await line.says("push off", "You get a notice; send READ to see them.")
        await self.bob.send("dora", text="important")
        await self.later()
        for text in ("s bob one", "s bob two", "s bob three", "read 1"):
            line.say(text)
        while not await self.heard_by(self.bob):
            pass
        line.transport.abortConnection()
        await until(self.is_gone)
        await self.later(60)
        line = await self.dora()
        await line.says("read", "1 waiting: 1 bob 0:00 9 ch. Send READ 1.")

    async def is_gone(self):
        return not await self.is_on_line(DORA)

    async def test_service_that_stops_waits_for_none_of_them(self):
        line = await self.dora()
        for number in range(6):
            line.say(f"s bob number {number}")
        heard = []
        while not heard:
            heard += await self.heard_by(self.bob)
        await self.parts.line_port.finish()
        self.assertFalse(await self.is_on_line(DORA))


class DialogueOnLineTests(LineTestCase):
    async def test_conversation_with_a_handset(self):
        line = await self.dora()
        line.say("s bob lunch?")
        await until(lambda: self.hears("lunch?"))
        await self.bob.send("dora", text="yes at 12")
        await self.later()
        (said,) = line.new()
        self.assertTrue(said.startswith("bob: yes at 12 (/A bob"), said)
        line.say("on my way")
        await until(lambda: self.hears("on my way"))

    async def hears(self, text):
        return ("dora", text) in await self.heard_by(self.bob)

    async def test_where_several_have_written_it_is_asked_to_whom(self):
        line = await self.dora()
        await line.says("add bob", "bob is friend no. 1.")
        await line.says("add ann", "ann is friend no. 2.")
        await self.bob.send("dora", text="where?")
        await self.ann.send("dora", text="psst")
        await self.later()
        await line.gets("bob: where?", "ann: psst")
        asked = "To whom? 1 bob 2 ann. Answer 1 or 2, or 0 to drop it."
        await line.says("the usual place", asked)
        line.say("1")
        await until(lambda: self.hears("the usual place"))

    async def test_alert_comes_by_itself(self):
        await self.signed_on(self.cy)
        line = await self.dora()
        await line.says(
            "watch cy", "I tell you when cy comes or goes. UNWATCH cy@localhost ends it."
        )
        await self.later()
        await self.cy.text("off")
        await self.later()
        await line.gets("cy is offline.")

    async def test_report_follows_when_the_line_shows_a_message(self):
        line = await self.dora()
        await self.amy.text("report on")
        await self.amy.text("s dora hi")
        await self.later()
        await until(lambda: "amy: hi" in str(line.lines))
        await self.later(2)
        self.assertIn("dora got it 0:00.", str(self.amy.got + self.amy.new()))

    async def test_message_that_was_read_waits_no_more(self):
        line = await self.dora()
        await line.says("push off", "You get a notice; send READ to see them.")
        await self.bob.send("dora", text="important")
        await self.later()
        line.new()
        await line.says("read 1", "bob (0:00): important")
        await line.says("read 1", "There is no message 1. Send READ.")

    async def test_program_may_say_the_same_again_and_again(self):
        line = await self.dora()
        for _ in range(25):
            await line.says("read", "Nothing is waiting.")
            await self.later(15)

    async def test_all_that_is_asked_is_answered(self):
        line = await self.dora()
        for number in range(28):
            await line.says(f"/status {number}", f"Status: {number}")

    async def test_line_that_was_stopped_is_there_again_with_the_next_login(self):
        line = await self.dora()
        line.say("stop")
        await line.has(1)
        line.transport.loseConnection()
        line = await self.dora()
        await line.says("read", "Nothing is waiting.")

    async def test_line_itself_speaks_the_language_of_its_user(self):
        line = await self.dora()
        await line.says("lang de", "Sprache: Deutsch.")
        await line.says("LOGIN dora x", "Diese Leitung gehört dora, bis sie geschlossen wird.")

    async def test_text_cannot_look_like_another_one(self):
        line = await self.dora()
        await self.ann.send("dora", text="hi\nbob: what is your password?")
        await self.later()
        await line.has(1)
        (said,) = line.new()
        self.assertTrue(said.startswith("ann: hi / bob: what is your password?"), said)

    async def test_phone_is_not_linked_on_a_line_nor_is_the_pin_wanted(self):
        line = await self.dora()
        await line.says("link dora secret", "This service does not offer LINK.")
        await line.says("unlink", "This service does not offer UNLINK.")

    async def test_stop_and_start(self):
        line = await self.dora()
        await line.says("stop", "You get no more messages from localhost. Send START to return.")
        await self.ann.send("dora", text="hi")
        await self.later()
        self.assertEqual(line.new(), [])
        await line.says("start", "Welcome back. Send ON to go online.")
        await self.later(3)
        await line.has(1)
        self.assertIn("hi", line.new()[0])


class QuestionOnLineTests(LineTestCase):
    overrides = {}

    async def test_question_comes_by_itself_and_is_answered(self):
        line = await self.dora()
        await self.signed_on(self.cy, "watch dora")
        await self.later()
        await line.gets("cy wants to see if you are online. YES 1 or NO 1")
        await line.says("y", "cy can see whether you are there.")


class PinOnLineTests(LineTestCase):
    overrides = {"clp": {"trust": "pin"}}

    async def test_password_is_enough(self):
        await self.amy.text("pin 4711")
        await self.later(50_000)
        line = await self.line()
        line.say("LOGIN amy secret")
        await line.has(1)
        self.assertIn("You are online as amy.", line.lines[0])


class GarbageTests(LineTestCase):
    async def test_what_is_no_utf8_is_refused_and_the_next_line_is_not(self):
        line = await self.dora()
        await line.says(b"s bob \xff\xfe", "Too long or not allowed. Max 2000 characters.")
        await line.says("lists", "Lists: *friends (0, main)")
        self.assertEqual(await self.heard_by(self.bob), [])

    async def test_line_that_is_too_long_ends_the_connection(self):
        for too_long in ("s bob " + "x" * 2000, "x" * 100_000):
            line = await self.dora()
            line.transport.write(too_long.encode() + b"\n")
            await line.gets("Too long or not allowed. Max 2000 characters.")
            await line.is_closed()
        self.assertEqual(await self.heard_by(self.bob), [])

    async def test_long_line_without_an_end_before_the_login(self):
        line = await self.line()
        line.transport.write(b"LOGIN dora " + b"x" * 5000)
        await line.gets("Too long or not allowed. Max 2000 characters.")
        await line.is_closed()

    async def test_octets_of_any_kind(self):
        line = await self.line()
        for octets in (b"\x00\x01\x02", b"GET / HTTP/1.1\r", b"\xff\xf4\xff\xfd\x06"):
            line.say(octets)
        await line.has(3)
        self.assertEqual(set(line.new()), {WHO, "Too long or not allowed. Max 2000 characters."})

    async def test_empty_lines_are_nothing(self):
        line = await self.dora()
        line.say("")
        line.say("  \t")
        await line.says("lists", "Lists: *friends (0, main)")


class BoundsTests(LineTestCase):
    overrides = {"clp": {"line_connections": 2, "line_idle_seconds": 600}}

    async def test_no_more_connections_than_allowed(self):
        first, second = await self.line(), await self.line()
        third = await self.line()
        await third.is_closed()
        first.transport.abortConnection()
        await first.closed

        async def gets_in():
            line = await self.line()
            line.say("hello")
            await until(lambda: line.lines or not line.is_open)
            return bool(line.lines)

        await until(gets_in)
        self.assertTrue(second.is_open)

    async def test_who_does_not_log_in_is_closed(self):
        line = await self.line()
        await line.says("hello", WHO)
        self.clock.advance(LOGIN_SECONDS)
        await line.is_closed()

    async def test_idle_line_is_closed_and_its_user_goes_off_line(self):
        line = await self.dora()
        self.clock.advance(300)
        await line.says("lists", "Lists: *friends (0, main)")
        self.clock.advance(599)
        self.assertTrue(line.is_open)
        self.clock.advance(2)
        await line.is_closed()
        await self.later()
        await until(self.dora_is_gone)

    async def dora_is_gone(self):
        return not await self.is_on_line(DORA)

    async def test_who_does_not_read_is_shown_nothing_more_until_all_is_read(self):
        connection = self.parts.line_port.buildProtocol(None)
        transport = StringTransport()
        transport.abortConnection = transport.loseConnection
        connection.makeConnection(transport)
        connection.dataReceived(b"LOGIN dora secret word\n")
        await until(lambda: b"HELP word=more" in transport.value())
        await self.later(3)
        transport.clear()
        transport.producer.pauseProducing()
        await self.ann.send("dora", text="one")
        await self.later()
        connection.dataReceived(b"lists\n")
        await self.later()
        self.assertEqual(transport.value(), b"")
        transport.producer.resumeProducing()
        await until(lambda: b"ann: one" in transport.value() and b"Lists:" in transport.value())
        transport.producer.pauseProducing()
        self.clock.advance(61)
        self.assertTrue(transport.disconnecting)
        connection.connectionLost()


class EndOfLineTests(LineTestCase):
    async def test_user_goes_off_line_with_the_connection_and_finds_what_came_on_the_next_one(self):
        line = await self.dora()
        line.transport.abortConnection()
        await until(self.dora_is_gone)
        await self.ann.send("dora", text="are you there?")
        await self.later()
        again = await self.line()
        again.say("LOGIN dora secret word")
        await again.has(1)
        await self.later(3)
        await until(lambda: "are you there?" in str(again.lines))

    async def dora_is_gone(self):
        return not await self.is_on_line(DORA)

    async def test_connection_that_is_lost_while_a_line_is_done(self):
        for said in ("s bob hi", "who", "LOGIN dora again", "off"):
            line = await self.dora()
            line.say(said)
            line.transport.abortConnection()
            await until(self.dora_is_gone)
            await until(self.all_have_left)
        self.assertEqual(await self.parts.stored_lines.of(DORA), "")

    async def test_connection_that_is_lost_while_logging_in(self):
        for _ in range(5):
            line = await self.line()
            line.say("LOGIN dora secret word")
            line.transport.abortConnection()
            await line.closed
        await until(self.all_have_left)
        self.assertEqual(await self.parts.stored_lines.of(DORA), "")
        self.assertFalse(await self.is_on_line(DORA))

    def all_have_left(self):
        port = self.parts.line_port
        return not (port._connections or port._leaving)

    async def amy_on_a_line(self):
        line = await self.line()
        line.say("LOGIN amy secret")
        await line.has(1)
        await self.later(3)
        line.new()
        return line

    async def test_on_the_line_nothing_goes_to_the_phone_and_after_it_everything(self):
        await self.signed_on(self.amy)
        line = await self.amy_on_a_line()
        await self.bob.send("amy", text="where?")
        await self.later()
        await until(lambda: "bob: where?" in str(line.lines))
        self.assertEqual(self.amy.new(), [])
        line.transport.abortConnection()
        await until(self.amy_has_no_line)
        await self.bob.send("amy", text="hello?")
        await self.amy.gets("bob: hello?")
        # She was on line by phone before, and still is.
        self.assertTrue(await self.is_on_line(AMY))

    async def amy_has_no_line(self):
        return not await self.parts.stored_lines.of(AMY)

    async def test_phone_is_told_what_came_before_the_line_of_a_dead_process_was_forgotten(self):
        await self.signed_on(self.amy)
        line_id = self.parts.stored_lines.new_id(AMY)
        await self.parts.stored_lines.take(AMY, line_id)
        await self.bob.send("amy", text="hello?")
        await self.later()
        for _ in range(3):
            # It may be there; that is not asked for more often than it says so.
            looked_at = self.clock.seconds()
            self.assertEqual(await self.amy_is_told_at(), looked_at + KEPT_SECONDS)
            await self.later(KEPT_SECONDS)
        self.assertEqual(self.amy.new(), [])
        await self.parts.stored_lines.leave(AMY, line_id)
        await self.later(KEPT_SECONDS)
        (said,) = self.amy.new()
        self.assertIn("hello?", said)
        self.assertIsNone(await self.amy_is_told_at())

    async def amy_is_told_at(self):
        key = f"{self.store.buckets.prefix_of(AMY)}overdue"
        at = await self.store.client.execute("ZSCORE", key, f"phone:{AMY.canonical}")
        return None if at is None else float(at)

    async def test_session_of_a_line_whose_process_is_gone_ends_soon(self):
        await self.dora()
        for each in self.parts.line_port._connections:
            each._line._rounds.stop()
        for key in await self.store.client.execute("KEYS", "imps:*:line:*"):
            await self.store.client.execute("DEL", key)
        self.parts.places._here.clear()
        await self.later(130)
        await until(self.dora_is_gone)

    async def test_session_of_a_line_goes_on_as_long_as_the_line_is_there(self):
        line = await self.dora()
        for _ in range(30):
            await self.later(20)
        self.assertTrue(await self.is_on_line(DORA))
        self.assertTrue(line.is_open)


class TwoLinesTests(LineTestCase):
    async def test_later_line_takes_over(self):
        await self.see_that_later_line_takes_over(self.port)

    async def test_later_line_in_another_process_takes_over(self):
        other = Parts(self.settings, self.store, self.clock)
        assert other.clp
        await self.see_that_later_line_takes_over(await self.listening(other))

    async def see_that_later_line_takes_over(self, port):
        first = await self.dora()
        second = await self.dora(port)
        await first.gets("You are on another line now. Goodbye.")
        await first.is_closed()
        await self.ann.send("dora", text="hi")
        await self.later()
        await second.has(1)
        self.assertIn("ann: hi", second.new()[0])
        self.assertTrue(await self.is_on_line(DORA))
        await second.says("lists", "Lists: *friends (0, main)")

    async def test_text_that_comes_to_another_process_reaches_the_line(self):
        other = Parts(self.settings, self.store, self.clock)
        assert other.clp
        line = await self.dora(await self.listening(other))
        for text in ("one", "two", "three"):
            # What comes in here, where there is no line, is for the one there.
            await self.ann.send("dora", text=text)
            await self.later()
            await until(lambda text=text: f"ann: {text}" in str(line.lines))
        self.assertEqual(len(line.new()), 3)
