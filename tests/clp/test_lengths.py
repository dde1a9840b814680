"""Answers take one SMS each, whatever there is to say."""

from typing import ClassVar

from imps.model.short_message import how_many
from tests.clp.phones import WRITES_LATIN_1
from tests.clp.test_dialogue import DialogueTestCase


class LengthsTestCase(DialogueTestCase):
    within_latin_1 = False

    async def one(self, text):
        (said,) = await self.amy.text(text)
        self.assertEqual(how_many(said, within_latin_1=self.within_latin_1), 1, said)
        return said

    async def all_of(self, text):
        said = await self.one(text)
        while said.endswith(" MORE"):
            said = said.removesuffix(" MORE") + await self.one("more")
        return said


class LengthTests(LengthsTestCase):
    """What is said takes one SMS; what has more to it goes on when that is asked for."""

    async def test_friends_with_long_names_are_on_line(self):
        for name in ("ann", "cy", "bob"):
            await self.amy.text(f"add {name} as {name}{'x' * 40}")
        await self.signed_on(self.cy)
        said = await self.one("on")
        bob, ann, cy = (f"{name}{'x' * 20}"[:20] for name in ("bob", "ann", "cy"))
        self.assertIn(f" 3 friends online: 1 {bob}, 2 {ann}, 3 {cy}. Waiting: 0.", said)
        await self.amy.text("nick ann \u0410\u043d\u043d\u0430")
        self.assertIn(f" 3 friends online: 1 {bob}... Waiting: 0.", await self.one("on"))

    async def test_texts_in_another_script_are_cut(self):
        text = "\u0436" * 200
        for command, begin in (("busy", "You are now busy: \u0436"), ("status", "Status: \u0436")):
            said = await self.one(f"{command} {text}")
            self.assertTrue(said.startswith(begin), said)
            self.assertTrue(said.endswith("\u0436..."), said)

    async def test_what_there_is_to_say_of_oneself_goes_on(self):
        await self.amy.text("status " + "\u0436" * 200)
        said = await self.all_of("me")
        shown = "\u0436" * 60
        self.assertIn(f'"{shown}". Online since 0:00. Lang EN. Reports off.', said)

    async def test_those_who_could_be_meant_are_named_one_sms_at_a_time(self):
        for number in range(40):
            await self.amy.text(f"/add person{number}@elsewhere.org")
            self.clock.advance(30)
        said = await self.all_of("get person")
        self.assertTrue(said.startswith("Which? 2 person0@elsewhere.or 3 person1@"), said)
        self.assertTrue(said.endswith("person39@elsewhere.o. Use the number."), said)

    async def test_too_many_names_are_told_so_and_said_to_nobody(self):
        await self.amy.says("s bob hi")
        names = ",".join(f"person{number}@elsewhere.org" for number in range(21))
        await self.amy.says(f"s {names} my secret", "No more than 20 names at once.")
        self.assertEqual(await self.heard_by(self.bob), [("amy", "hi")])


class WithinLatin1Tests(LengthsTestCase):
    """So it does for an SMSC to which a capital of Greek, or a euro sign, is UCS-2."""

    overrides: ClassVar = {
        **DialogueTestCase.overrides,
        "sms": {**WRITES_LATIN_1, "max_parts": 1},
        "provider": {"text": "\u20ac 1 an hour " * 20, "url": "https://x.org/"},
    }
    within_latin_1 = True

    async def test_nothing_of_a_list_is_lost(self):
        names = {
            name: f"\u03a9mega{'x' * 12}{number}"
            for number, name in enumerate(("ann", "cy", "bob", "eve@elsewhere.org"))
        }
        for name, nickname in names.items():
            await self.amy.text(f"add {name} as {nickname}")
        said = await self.all_of("list")
        for nickname in names.values():
            self.assertIn(nickname, said)

    async def test_friends_who_are_on_line(self):
        for name in ("ann", "cy", "bob"):
            await self.amy.text(f"add {name} as \u03a9{name}{'x' * 20}")
        await self.signed_on(self.cy)
        self.assertRegex(await self.one("on"), r" 3 friends online: .*\.\. Waiting: 0\.")

    async def test_what_is_cut(self):
        for command in ("busy " + "\u20ac" * 100, "status " + "\u20ac" * 100):
            self.assertTrue((await self.one(command)).endswith("\u20ac..."))
        self.assertTrue((await self.one("info")).endswith("... https://x.org/"))

    async def test_what_there_is_to_say_of_oneself(self):
        await self.amy.text("status " + "\u20ac" * 60)
        self.assertIn("\u20ac" * 60, await self.all_of("me"))

    async def test_hint_stands_where_there_is_room_for_it(self):
        await self.ann.send("amy", text="\u20ac" + "x" * 60)
        await self.amy.gets("ann: \u20ac" + "x" * 60)
        await self.ann.send("amy", text="\u20ac")
        (said,) = await self.coming()
        self.assertIn("/A ann@localhost adds", said)

    async def coming(self):
        await self.later()
        return self.amy.new()
