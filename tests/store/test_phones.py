"""Phones: how messages come to sessions that are told by text, and what is kept of a phone."""

from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.deliveries import Acknowledgement
from imps.store.phones import NoSuchOwner, Phones
from tests.store.test_messages import ANN, BOB, MessagesTestCase

NUMBER = "+358401234567"
HANDED = Acknowledgement.HANDED


class PhonesTestCase(MessagesTestCase):
    async def setUp(self):
        await super().setUp()
        self.phones = Phones(self.store.client, self.store.buckets)

    async def phone(self, name="p", texted="last", **options):
        return await self.session(name, fields={"texted": texted}, **options)

    async def session(self, name, user=BOB, seconds=1000, client="", fields=()):
        session_id = f"{self.store.buckets.of(user):02}{name}"
        await self.sessions.open(
            session_id,
            user,
            client or name,
            b"record",
            now=self.clock.seconds(),
            lifetime_seconds=seconds,
            remember_seconds=1000,
            fields={"messaging": "0 SERVERLOGIC", "takes_reports": "1", **dict(fields)},
        )
        return session_id

    async def phones_to_tell(self):
        """The users whose phones are to be told something, each once; that is done then."""
        work = [each for each in await self.run_timers() if each.kind == "phone"]
        for each in work:
            await self.parts.work.finish(each)
        return [each.details[0] for each in work]


class TextedSessionTests(PhonesTestCase):
    async def test_what_waits_for_a_phone_is_work(self):
        await self.phone()
        self.assertEqual(await self.phones_to_tell(), [])
        await self.store_message("one")
        await self.store_message("two")
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])
        self.assertEqual(await self.phones_to_tell(), [])

    async def test_what_comes_while_a_phone_is_told_is_not_missed(self):
        await self.phone()
        await self.store_message("one")
        (work,) = await self.run_timers()
        await self.store_message("two")
        await self.parts.work.finish(work)
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])

    async def test_phone_gets_what_no_other_session_takes(self):
        phone, handset = await self.phone(), await self.session("h")
        await self.store_message("one")
        self.assertEqual(await self.phones_to_tell(), [])
        self.assertIsNone(await self.next(phone))
        self.assertEqual(await self.take(handset), ["one"])
        self.assertIsNone(await self.next(phone))
        await self.sessions.end(handset, now=self.clock.seconds())
        await self.store_message("two")
        self.assertEqual(await self.take(phone), ["two"])

    async def test_phone_gets_what_others_have_left(self):
        phone, handset = await self.phone(), await self.session("h")
        await self.store_message("one")
        self.assertIsNone(await self.next(phone))
        self.assertEqual((await self.next(handset))[0], "one")
        await self.sessions.end(handset, now=self.clock.seconds())
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])
        self.assertEqual(await self.take(phone), ["one"])

    async def test_phone_gets_what_two_others_have_left_only_when_both_are_gone(self):
        phone = await self.phone()
        first, second = await self.session("h1"), await self.session("h2")
        await self.store_message("one")
        await self.sessions.end(first, now=self.clock.seconds())
        self.assertIsNone(await self.next(phone))
        await self.sessions.end(second, now=self.clock.seconds())
        self.assertEqual(await self.take(phone), ["one"])

    async def test_phone_that_wants_copies_gets_all(self):
        phone, handset = await self.phone(texted="copies"), await self.session("h")
        await self.store_message("one")
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])
        self.assertEqual(await self.take(phone), ["one"])
        self.assertEqual(await self.take(handset), ["one"])

    async def test_two_phones_leave_nothing_to_each_other_for_good(self):
        one, other = await self.phone("p1"), await self.phone("p2")
        await self.store_message("one")
        self.assertEqual(await self.take(one), ["one"])
        self.assertEqual(await self.take(other), ["one"])


class HandedMessageTests(PhonesTestCase):
    async def handed(self, report):
        phone = await self.phone()
        await self.store_message("one", report=report)
        await self.next(phone)
        taken = await self.deliver(phone, HANDED, "m-one", wanted=False)
        self.assertTrue(taken.acknowledged)
        return taken

    async def settle(self, code):
        now = self.clock.seconds()
        return await self.phones.settle(BOB, "m-one", code, at=now, now=now)

    async def test_what_became_of_it_is_reported_later_and_once(self):
        taken = await self.handed(report=True)
        self.assertIsNone(taken.work)
        self.assertIsNone(taken.ending)
        self.assertEqual((await self.next(await self.phone("p2"))), None)
        work, ending = await self.settle(StatusCode.OK)
        self.assertEqual(work.kind, "report")
        self.assertEqual((work.details[0], work.details[4]), ("m-one", 200))
        self.assertEqual((ending.sender, ending.recipient), (ANN.canonical, BOB.canonical))
        self.assertIsNone(await self.settle(StatusCode.MESSAGE_EXPIRED))

    async def test_nobody_is_told_who_does_not_want_to_know(self):
        taken = await self.handed(report=False)
        self.assertIs(taken.ending.code, StatusCode.OK)
        self.assertIsNone(taken.work)
        self.assertIsNone(await self.settle(StatusCode.OK))

    async def test_another_session_that_has_it_is_the_one_that_reports(self):
        phone, handset = await self.phone(texted="copies"), await self.session("h")
        await self.store_message("one", report=True)
        _, transaction = await self.next(handset)
        taken = await self.deliver(handset, Acknowledgement.TRANSACTION, transaction)
        self.assertIsNotNone(taken.work)
        await self.next(phone)
        taken = await self.deliver(phone, HANDED, "m-one", wanted=False)
        self.assertTrue(taken.acknowledged)
        self.assertIsNone(await self.settle(StatusCode.OK))

    async def test_handed_to_a_phone_it_is_not_for_sessions_that_come_later(self):
        await self.handed(report=True)
        self.assertEqual(await self.take(await self.session("h")), [])


class AbsentTests(PhonesTestCase):
    async def test_message_for_who_is_off_line_is_told_by_text_if_wanted(self):
        await self.store_message("one")
        self.assertEqual(await self.phones_to_tell(), [])
        await self.phones.change(BOB, b"", b"state", tells_absent=True)
        await self.store_message("two")
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])

    async def test_what_a_session_leaves_is_told_by_text(self):
        await self.phones.change(BOB, b"", b"state", tells_absent=True)
        handset = await self.session("h")
        await self.store_message("one")
        self.assertEqual(await self.phones_to_tell(), [])
        await self.sessions.end(handset, now=self.clock.seconds())
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])

    async def test_absent_session_leaves_its_user_off_line(self):
        user = Address.parse("wv:eve@localhost")
        await self.parts.directory.add(user, "secret")
        await self.session("a", user=user, fields={"absent": "1", "texted": "last"})
        presences = self.parts.presence._presences
        known = await presences.read([user], [ANN], now=self.clock.seconds())
        self.assertEqual(known[user].clients, ())


class PhoneStateTests(PhonesTestCase):
    async def test_state_is_changed_by_whoever_knows_it(self):
        self.assertEqual(await self.phones.get(BOB), b"")
        self.assertIsNone(await self.phones.change(BOB, b"", b"one", tells_absent=False))
        self.assertEqual(await self.phones.change(BOB, b"", b"two", tells_absent=False), b"one")
        self.assertIsNone(await self.phones.change(BOB, b"one", b"two", tells_absent=False))
        self.assertEqual(await self.phones.get(BOB), b"two")
        self.assertIsNone(await self.phones.change(BOB, b"two", b"", tells_absent=False))
        self.assertEqual(await self.phones.get(BOB), b"")

    async def test_some_of_a_state_is_to_be_erased_at_the_time_that_was_said_last(self):
        async def erasable():
            work = [each for each in await self.run_timers() if each.kind == "erase-phone"]
            for each in work:
                await self.parts.work.finish(each)
            return [each.details[0] for each in work]

        now = self.clock.seconds()
        await self.phones.change(BOB, b"", b"one", tells_absent=False, erase_at=now + 10)
        self.assertEqual(await erasable(), [])
        await self.phones.change(BOB, b"one", b"two", tells_absent=False, erase_at=now + 20)
        self.clock.advance(15)
        self.assertEqual(await erasable(), [])
        self.clock.advance(15)
        self.assertEqual(await erasable(), [BOB.canonical])
        await self.phones.change(BOB, b"two", b"one", tells_absent=False, erase_at=now + 40)
        await self.phones.change(BOB, b"one", b"two", tells_absent=False)
        self.clock.advance(60)
        self.assertEqual(await erasable(), [])

    async def test_what_is_to_be_erased_later_is_not_forgotten_with_what_is_erased_now(self):
        now = self.clock.seconds()
        await self.phones.change(BOB, b"", b"one", tells_absent=False, erase_at=now)
        (work,) = await self.run_timers()
        await self.phones.change(BOB, b"one", b"two", tells_absent=False, erase_at=now + 60)
        await self.parts.work.finish(work)
        self.clock.advance(61)
        self.assertEqual([each.kind for each in await self.run_timers()], ["erase-phone"])

    async def test_state_goes_with_its_user(self):
        user = Address.parse("wv:eve@localhost")
        await self.parts.directory.add(user, "secret")
        await self.phones.change(user, b"", b"one", tells_absent=True)
        await self.parts.directory.delete(user)
        self.assertEqual(await self.phones.get(user), b"")
        with self.assertRaises(NoSuchOwner):
            await self.phones.change(user, b"", b"two", tells_absent=True)

    async def test_phone_may_be_told_something_later(self):
        await self.phones.tell_at(BOB, self.clock.seconds() + 60)
        self.assertEqual(await self.phones_to_tell(), [])
        self.clock.advance(60)
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])

    async def test_what_is_wanted_sooner_is_not_put_off(self):
        now = self.clock.seconds()
        await self.phones.tell_at(BOB, now)
        await self.phones.tell_at(BOB, now + 60)
        self.assertEqual(await self.phones_to_tell(), [BOB.canonical])

    async def test_whoever_comes_too_early_puts_it_off_unless_more_has_come(self):
        now = self.clock.seconds()
        for has_come in (False, True):
            await self.phones.tell_at(BOB, now)
            (work,) = await self.run_timers()
            if has_come:
                await self.phone()
                await self.store_message("more")
            await self.phones.tell_at(BOB, now + 60, work.record)
            await self.parts.work.finish(work)
            self.assertEqual(await self.phones_to_tell(), [BOB.canonical] if has_come else [])
            self.clock.advance(61)
            self.assertEqual(await self.phones_to_tell(), [] if has_come else [BOB.canonical])
            now = self.clock.seconds()

    async def test_phone_that_is_nobodys_is_remembered_for_a_while_and_its_wish_for_good(self):
        self.assertEqual(await self.phones.stranger(NUMBER), b"")
        await self.phones.remember_stranger(NUMBER, b"told")
        self.assertEqual(await self.phones.stranger(NUMBER), b"told")
        self.assertFalse(await self.phones.is_stopped(NUMBER))
        self.assertTrue(await self.phones.stop(NUMBER))
        self.assertFalse(await self.phones.stop(NUMBER))
        self.assertTrue(await self.phones.is_stopped(NUMBER))
        self.assertTrue(await self.phones.start(NUMBER))
        self.assertFalse(await self.phones.is_stopped(NUMBER))
