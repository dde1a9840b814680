from attrs import evolve

from imps.clp.state import Pin, State
from imps.clp.states import States
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.status import StatusCode
from imps.store.accounts import Accounts
from imps.store.phones import Phones
from imps.store.sessions import Sessions
from imps.store.work import WorkRecords
from imps.testing.commands import CommandLineTestCase
from imps.testing.conformance import shows_feature

ANN = Address.parse("wv:ann@localhost")


class UserCommandsTests(CommandLineTestCase):
    async def setUp(self):
        await super().setUp()
        accounts = Accounts(self.store.client, self.store.buckets)
        self.directory = Directory(accounts, self.store.secrets, self.store.domains, self.clock)

    async def test_user_is_added_listed_and_shown(self):
        said = self.imps(
            *("user", "add", "ann", "--password-stdin", "--msisdn", "358 50 1234567"),
            *("--service", "IMFeat", "--service", "SRCH", "--first-name", "Ann"),
            *("--last-name", "de la Tour", "--email", "ann@example.org", "--alias", "a"),
            *self.place,
            password="secret",
        )
        self.assertEqual(said, "wv:ann@localhost added\n")
        self.assertEqual(self.imps("user", "list", *self.place), "wv:ann@localhost\n")
        with_numbers = self.imps("user", "list", "--msisdn", *self.place)
        self.assertEqual(with_numbers, "wv:ann@localhost +358501234567\n")
        shown = self.imps("user", "show", "ann", *self.place)
        self.assertEqual(
            shown,
            "address: wv:ann@localhost\n"
            "msisdn: +358501234567\n"
            "state: active\n"
            "services: IMFeat, SRCH\n"
            "first name: Ann\n"
            "last name: de la Tour\n"
            "email: ann@example.org\n"
            "alias: a\n",
        )
        account = await self.directory.get(ANN)
        self.assertEqual(self.directory.password_of(account), "secret")

    async def test_errors_are_one_line(self):
        add = ("user", "add", "--password-stdin", *self.place)
        for arguments, complaint in [
            (
                (*add, "ann@elsewhere.org"),
                "imps: elsewhere.org is not a home domain; those are localhost",
            ),
            ((*add, "ann", "--service", "chess"), "imps: there is no service chess"),
            (("user", "show", "nobody", *self.place), "imps: there is no user wv:nobody@localhost"),
            (
                ("user", "delete", "nobody", "--yes", *self.place),
                "imps: there is no user wv:nobody@localhost",
            ),
        ]:
            self.assertEqual(self.refused(*arguments, password="secret"), complaint)

    async def test_password_is_asked_for_twice(self):
        add = ("user", "add", *self.place)
        for address, again, said in [
            ("bob", "secret", "wv:bob@localhost added"),
            ("carl", "other", "imps: the passwords differ"),
        ]:
            answers = (("Password: ", "secret"), ("Again: ", again))
            seen = self.typed(*add, address, answers=answers)
            self.assertIn(said, seen)
            self.assertNotIn("secret", seen)
        self.assertEqual(self.imps("user", "list", *self.place), "wv:bob@localhost\n")

    @shows_feature("profiles of users: services, and whether active", "suspended and resumed")
    async def test_new_password_and_suspension_end_sessions(self):
        await self.directory.add(ANN, "first")
        session = await self.opened_session()
        said = self.imps(
            "user", "passwd", "ann", "--password-stdin", *self.place, password="second"
        )
        self.assertEqual(said, "wv:ann@localhost has a new password\n")
        account = await self.directory.get(ANN)
        self.assertEqual(self.directory.password_of(account), "second")
        self.assertIs(await session(), StatusCode.FORCED_LOGOUT)

        session = await self.opened_session()
        said = self.imps("user", "suspend", "ann", *self.place)
        self.assertEqual(said, "wv:ann@localhost suspended\n")
        self.assertIn("state: suspended", self.imps("user", "show", "ann", *self.place))
        self.assertIs(await session(), StatusCode.FORCED_LOGOUT)
        said = self.imps("user", "resume", "ann", *self.place)
        self.assertEqual(said, "wv:ann@localhost resumed\n")
        self.assertFalse((await self.directory.get(ANN)).suspended)

    async def test_phone_that_has_sent_stop_gets_texts_again(self):
        phones = Phones(self.store.client, self.store.buckets)
        unstop = ("user", "unstop", *self.place)
        number = "+358501234567"
        self.assertEqual(self.refused(*unstop, number), f"imps: {number} has not sent STOP")
        self.assertEqual(self.refused(*unstop, "ann"), "imps: ann is no telephone number")
        await self.directory.add(ANN, "secret", number)
        await phones.stop(number)
        self.assertEqual(self.imps(*unstop, "358 50 1234567"), f"{number} gets texts again\n")
        self.assertFalse(await phones.is_stopped(number))
        # What has waited is told.
        bucket = self.store.buckets.of(ANN)
        due = await WorkRecords(self.store.client, self.store.buckets).due(bucket, now=1e10)
        self.assertEqual([each.kind for each in due.work], ["phone"])

    async def test_pin_is_forgotten(self):
        forget = ("user", "forget-pin", "ann", *self.place)
        await self.directory.add(ANN, "secret")
        self.assertEqual(self.refused(*forget), "imps: wv:ann@localhost has no PIN")
        states = States(Phones(self.store.client, self.store.buckets), True)
        await states.change(ANN, lambda state: evolve(state, pin=Pin(secret="x"), zone="+2"))
        self.assertEqual(self.imps(*forget), "wv:ann@localhost may set a new PIN\n")
        self.assertEqual(await states.get(ANN), State(zone="+2"))

    async def test_deletion_is_meant(self):
        await self.directory.add(ANN, "secret")
        delete = ("user", "delete", "ann", *self.place)
        self.assertEqual(self.refused(*delete), "imps: say --yes where nobody can be asked")
        question = "Delete ann and all that is theirs? [y/N] "
        self.assertIn("imps: nothing was deleted", self.typed(*delete, answers=[(question, "")]))
        self.assertIsNotNone(await self.directory.find(ANN))
        session = await self.opened_session()
        seen = self.typed(*delete, answers=[(question, "y")])
        self.assertIn("wv:ann@localhost deleted", seen)
        self.assertIs(await session(), StatusCode.FORCED_LOGOUT)
        await self.directory.add(ANN, "secret")
        self.assertEqual(self.imps(*delete, "--yes"), "wv:ann@localhost deleted\n")
        self.assertIsNone(await self.directory.find(ANN))

    async def opened_session(self):
        """Open a session of Ann's that is live in the time of commands, and return how to find it
        later."""
        sessions = Sessions(self.store.client, self.store.buckets, 30, 50, 20)
        session_id = f"{self.store.buckets.of(ANN):02}session"
        now = 10.0**10
        await sessions.open(
            session_id,
            ANN,
            "phone",
            b"record",
            now=now,
            lifetime_seconds=60,
            remember_seconds=60,
            fields={},
        )
        return lambda: sessions.check(session_id, (), now=now)
