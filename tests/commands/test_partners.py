from attrs import fields

from imps.config import PartnerSettings
from imps.model.partner import Partner, Profile, TLSMode, functions_named
from imps.model.version import V12, V13
from imps.store.partner_sessions import PartnerSession, PartnerSessions
from imps.store.partners import Partners
from imps.testing.commands import CommandLineTestCase


class PartnerCommandsTests(CommandLineTestCase):
    async def setUp(self):
        await super().setUp()
        self.partners = Partners(self.store.client)

    async def test_a_partner_is_added_listed_and_shown(self):
        said = self.imps(
            *("partner", "add", "South.example", "--url", "http://a.south.example/"),
            *("--url", "http://b.south.example/", "--tls", "off", "--profile", "baraza"),
            *("--cert-name", "im.south.example", "--grant", "IMFeat", "--want", "SubscribeFunc"),
            *("--relay-for", "east.example", "--no-allow-in", "--no-allow-out"),
            *("--version-max", "1.2", *self.place),
        )
        self.assertEqual(said, "south.example added\n")
        south = Partner(
            domain="south.example",
            urls=("http://a.south.example/", "http://b.south.example/"),
            tls=TLSMode.OFF,
            profile=Profile.BARAZA,
            cert_names=("im.south.example",),
            grants=functions_named(("IMFeat",)),
            wants=frozenset(("SubscribeFunc",)),
            relay_for=("east.example",),
            allow_in=False,
            allow_out=False,
            version_max=V12,
        )
        self.assertEqual(await self.partners.all(), (south,))
        self.assertEqual(self.imps("partner", "list", *self.place), "south.example\n")
        self.assertEqual(
            self.imps("partner", "show", "SOUTH.example", *self.place),
            "domain: south.example\n"
            "urls: http://a.south.example/, http://b.south.example/\n"
            "tls: off\n"
            "profile: baraza\n"
            "granted: SendFunc, ReceiveFunc, ReportFunc, ForwardFunc, OfflineFunc, BlockFunc\n"
            "wanted: SubscribeFunc\n"
            "relays for: east.example\n"
            "begins sessions: no\n"
            "sessions begun by us: no\n"
            "newest version: 1.2\n"
            "sessions: 0\n"
            "messages waiting: 0\n",
        )

    async def test_little_needs_to_be_said(self):
        self.imps("partner", "add", "south.example", *self.place)
        self.assertEqual(await self.partners.all(), (Partner(domain="south.example"),))
        self.assertIn(
            "urls: as the DNS says", self.imps("partner", "show", "south.example", *self.place)
        )

    async def test_a_partner_is_changed_and_removed(self):
        self.imps("partner", "add", "south.example", *self.place)
        said = self.imps("partner", "add", "south.example", "--tls", "opportunistic", *self.place)
        self.assertEqual(said, "south.example replaced: what was said of it before holds no more\n")
        self.assertEqual(
            await self.partners.all(), (Partner(domain="south.example", tls=TLSMode.OPPORTUNISTIC),)
        )
        self.assertEqual(
            self.imps("partner", "remove", "south.example", *self.place), "south.example removed\n"
        )
        self.assertEqual(await self.partners.all(), ())

    async def test_all_that_can_be_said_in_the_settings_can_be_said_here(self):
        options = self.imps("partner", "add", "--help")
        for each in fields(PartnerSettings):
            if each.init and each.name != "domain":
                self.assertIn("--" + each.name.replace("_", "-"), options)

    async def test_who_is_a_partner_anew_has_no_session_of_earlier_times(self):
        sessions = PartnerSessions(self.store.client, self.store.buckets)
        session = PartnerSession(
            own_id="a@localhost",
            peer_id="b@south.example",
            own_domain="localhost",
            peer_domain="south.example",
            url="https://south.example/",
            identity=("south.example",),
            version=V13,
            time_to_live=1000,
            established_at=self.clock.seconds(),
            heard_at=self.clock.seconds(),
            is_initiator=True,
        )
        for left in (0, 1):
            await sessions.put(session)
            self.imps("partner", "add", "south.example", *self.place)
            self.assertEqual(len(await sessions.all("south.example")), left)

    async def test_errors_are_one_line(self):
        for arguments, said in (
            (("add", "no domain"), "imps: 'no domain' is not a domain name"),
            (("add", "localhost"), "imps: localhost is a domain of our own"),
            (("add", "a.example", "--grant", "Fly"), "imps: there is no function 'Fly'"),
            (("show", "a.example"), "imps: a.example is no partner"),
            (("remove", "a.example"), "imps: a.example is no partner"),
            (("test", "a.example"), "imps: a.example is no partner"),
        ):
            self.assertEqual(self.refused("partner", *arguments, *self.place), said)

    async def test_a_partner_that_is_not_there_is_found_out(self):
        self.imps(
            *("partner", "add", "a.example", "--tls", "off", "--url", "http://127.0.0.1:1/"),
            *self.place,
        )
        from imps.testing.commands import run

        done = run("partner", "test", "a.example", *self.place)
        self.assertEqual(done.returncode, 1)
        self.assertIn("configured: http://127.0.0.1:1/", done.stdout)
        self.assertIn("connection: http://127.0.0.1:1/: ", done.stdout)
        self.assertEqual(done.stderr, "imps: a.example cannot be reached\n")
