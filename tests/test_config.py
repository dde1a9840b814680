import tomllib
from pathlib import Path

from cattrs import Converter
from twisted.trial.unittest import SynchronousTestCase

from imps.config import Settings, SettingsError
from imps.model.partner import Partner, Profile
from imps.model.version import V12

EXPLAINED = Path(__file__).parent.parent / "etc" / "imps.toml"


class SettingsTestCase(SynchronousTestCase):
    def read(self, text: str = "", **overrides: object) -> Settings:
        file = Path(self.mktemp())
        file.write_text(text)
        return Settings.read(file, overrides)

    def refused(self, text: str = "", **overrides: object) -> str:
        return str(self.assertRaises(SettingsError, self.read, text, **overrides))


class SettingsTests(SettingsTestCase):
    def test_explained_file_lists_every_setting_with_its_default(self):
        explained = tomllib.loads(EXPLAINED.read_text())
        defaults = Converter(unstruct_collection_overrides={tuple: list}).unstructure(Settings())
        # A partner is a table of its own, and there is none by default.
        self.assertEqual(defaults.pop("partner"), [])
        self.assertEqual(explained, defaults)
        self.assertEqual(Settings.read(EXPLAINED), Settings())

    def test_partners_are_tables_with_the_options_of_the_command(self):
        settings = self.read(
            '[[partner]]\ndomain = "South.example"\n'
            '[[partner]]\ndomain = "east.example"\nurl = ["http://10.0.0.1/"]\ntls = "off"\n'
            'profile = "baraza"\ngrant = ["IMFeat"]\nrelay_for = ["west.example"]\n'
            'version_max = "1.2"\n'
        )
        south, east = (each.partner for each in settings.partner)
        self.assertEqual(south, Partner(domain="south.example"))
        self.assertEqual((east.urls, east.profile), (("http://10.0.0.1/",), Profile.BARAZA))
        self.assertTrue(east.grants_function("SendFunc"))
        self.assertFalse(east.grants_function("SubscribeFunc"))
        self.assertEqual((east.relay_for, east.version_max), (("west.example",), V12))

    def test_a_partner_that_cannot_be_is_refused(self):
        for line in ('domain = ""', 'tls = "maybe"', 'url = ["http://a.example/"]', "port = 1"):
            domain = "" if line.startswith("domain") else 'domain = "a.example"\n'
            said = self.refused(f"[[partner]]\n{domain}{line}\n")
            self.assertIn("partner", said)

    def test_defaults_need_no_file(self):
        self.assertEqual(Settings.read(), Settings())
        self.assertEqual(Settings().domain, ("localhost",))

    def test_file_overrides_defaults(self):
        settings = self.read('domain = ["a.example"]\n[store]\ntimeout_seconds = 2\n')
        self.assertEqual(settings.domain, ("a.example",))
        self.assertEqual(settings.store.timeout_seconds, 2.0)
        self.assertEqual(settings.store.memory_megabytes, 512)

    def test_command_line_overrides_the_file(self):
        settings = self.read(
            'data = "here"\nredis = "unix:///a"', data="there", domain=["b.example"]
        )
        self.assertEqual((settings.data, settings.redis), ("there", "unix:///a"))
        self.assertEqual(settings.domain, ("b.example",))

    def test_admin_can_be_said_in_short(self):
        table = self.read('[admin]\nendpoint = "tcp:1"\ndrain_seconds = 1\n')
        self.assertEqual(table.admin.endpoint, "tcp:1")
        self.assertEqual(self.read('admin = "tcp:1"').admin.endpoint, "tcp:1")
        option = self.read('[admin]\nendpoint = "tcp:1"\ndrain_seconds = 1\n', admin="tcp:2")
        self.assertEqual((option.admin.endpoint, option.admin.drain_seconds), ("tcp:2", 1.0))
        self.assertEqual(self.read('admin = "tcp:1"', admin="tcp:2").admin.endpoint, "tcp:2")
        self.assertEqual(self.refused("admin = 3"), "admin: must be a table")
        self.assertEqual(
            self.refused("[admin]\ndrain_seconds = 4"),
            "admin.drain_seconds: must be at most 3, not 4.0",
        )

    def test_key_of_the_network_is_long_enough_and_never_shown(self):
        self.assertEqual(Settings().admin.key, "")
        key = "0123456789abcdef"
        settings = self.read(f'[admin]\nkey = "{key}"\n')
        self.assertEqual(settings.admin.key, key)
        self.assertNotIn(key, repr(settings))
        for wrong in ("0123456789abcde", "0123456789 abcdef", "0123456789abcdefé"):
            complaint = "admin.key: must be at least 16 characters, of ASCII, without blanks"
            self.assertEqual(self.refused(f'[admin]\nkey = "{wrong}"\n'), complaint)

    def test_command_line_overrides_one_key_of_a_table(self):
        settings = self.read(
            '[cir]\nendpoint = ["tcp:1"]\naddress = "imps.example"', cir={"endpoint": ["tcp:2"]}
        )
        self.assertEqual(settings.cir.endpoint, ("tcp:2",))
        self.assertEqual(settings.cir.address, "imps.example")

    def test_cir_can_be_said_in_short(self):
        self.assertEqual(self.read('cir = ["tcp:1"]').cir.endpoint, ("tcp:1",))
        option = self.read('[cir]\nendpoint = ["tcp:1"]\naddress = "a.example"', cir=["tcp:2"])
        self.assertEqual((option.cir.endpoint, option.cir.address), (("tcp:2",), "a.example"))

    def test_address_for_clients_names_a_host_and_perhaps_a_port(self):
        for address, place in [
            ("", ("", None)),
            ("imps.example", ("imps.example", None)),
            ("imps.example:3171", ("imps.example", 3171)),
            ("192.0.2.1:3171", ("192.0.2.1", 3171)),
            ("[2001:db8::1]:3171", ("2001:db8::1", 3171)),
            ("[2001:db8::1]", ("2001:db8::1", None)),
            ("2001:db8::1", ("2001:db8::1", None)),
        ]:
            self.assertEqual(self.read(f'[cir]\naddress = "{address}"').cir.place, place)
        for address in ("imps.example:x", "imps.example:70000", ":3171", "a/b", "a@b", "[a", "a b"):
            complaint = f"cir.address: {address!r} is neither host nor host:port"
            self.assertEqual(self.refused(f'[cir]\naddress = "{address}"'), complaint)

    def test_place_of_content_is_a_short_url(self):
        for url in ("", "http://imps.example:8080", "https://imps.example/wv/", "http://[::1]:80"):
            self.assertEqual(self.read(f'messages.content_url = "{url}"').messages.content_url, url)
        for url in (
            "imps.example",
            "ftp://a",
            "https://a?b",
            "https://a/b c",
            f"https://{'a' * 60}",
        ):
            complaint = self.refused(f'messages.content_url = "{url}"')
            self.assertIn("messages.content_url: ", complaint)

    def test_unknown_keys_are_named(self):
        self.assertEqual(self.refused("prot = 1"), "prot: there is no such setting")
        self.assertEqual(
            self.refused("[http]\nmax_bod = 1"), "http.max_bod: there is no such setting"
        )

    def test_wrong_types_are_named(self):
        for text, complaint in [
            ('[http]\nmax_body_octets = "1"', "http.max_body_octets: must be a whole number"),
            ("[http]\nmax_body_octets = true", "http.max_body_octets: must be a whole number"),
            ("[store]\ntimeout_seconds = false", "store.timeout_seconds: must be a number"),
            ("data = 1", "data: must be a string"),
            ('csp = "tcp:8080"', "csp: must be a list of strings"),
            ("csp = [8080]", "csp: must be a list of strings"),
            (
                "[session]\nreveal_unknown_users = 1",
                "session.reveal_unknown_users: must be true or false",
            ),
            ("http = 1", "http: must be a table"),
        ]:
            self.assertEqual(self.refused(text), complaint)

    def test_values_out_of_range_are_named(self):
        for text, start in [
            ("[http]\nmax_body_octets = 0", "http.max_body_octets: must be at least 1, not 0"),
            ('[store]\ndurability = "never"', "store.durability: must be one of everysec, always"),
            ("[session]\ntime_to_live_seconds = 5", "session.time_to_live_seconds: must lie "),
            ("[messages]\nvalidity_seconds = 604801", "messages.validity_seconds: must be at most"),
            ("domain = []", "domain: at least one is needed"),
            (
                '[presence]\ndefault_attributes = ["Mood"]',
                "presence.default_attributes: there is no presence attribute 'Mood'",
            ),
            ('domain = ["a b"]', "domain: 'a b' is not a domain name"),
        ]:
            self.assertTrue(self.refused(text).startswith(start), self.refused(text))

    def test_line_port_is_on_this_machine(self):
        for endpoint in (
            "",
            "tcp:4664:interface=127.0.0.1",
            "tcp:0:interface=localhost",
            "reuse:4664:interface=127.0.0.2",
            r"tcp6:4664:interface=\:\:1",
            "unix:/run/imps/line",
            "unix:/run/imps/line:mode=660",
        ):
            self.assertEqual(self.read(f"[clp]\nline = '{endpoint}'").clp.line, endpoint)
        for endpoint in (
            "tcp:4664",
            "tcp:4664:interface=0.0.0.0",
            "tcp:4664:0.0.0.0",
            "tcp:4664:interface=127.0.0.1:interface=0.0.0.0",
            "tcp:4664:interface=127.0.0.1.example.org",
            "tcp:4664:interface=192.0.2.1",
            "tcp6:4664",
            r"tcp6:4664:interface=\:\:",
            "ssl:4664:interface=127.0.0.1",
            "systemd:domain=INET:index=0",
            "4664",
        ):
            refused = self.refused(f"[clp]\nline = '{endpoint}'")
            self.assertTrue(
                refused.startswith(f"clp.line: {endpoint!r} is not on the loop"), refused
            )

    def test_unreadable_files_are_named(self):
        absent = Path(self.mktemp())
        error = self.assertRaises(SettingsError, Settings.read, absent)
        self.assertEqual(str(error), f"cannot read {absent}: No such file or directory")
        self.assertIn("line 2", self.refused("data = 'here'\nredis = here"))


class GatewaySettingsTests(SettingsTestCase):
    KANNEL = """
        [[sms.gateway]]
        kind = "kannel"
        key = "a-key-of-a-gateway"
        send_url = "http://127.0.0.1:13013/cgi-bin/sendsms"
    """

    def test_endpoint_can_be_said_in_short(self):
        self.assertEqual(self.read('sms = "tcp:1"').sms.endpoint, "tcp:1")
        settings = self.read(self.KANNEL, sms="tcp:2")
        self.assertEqual((settings.sms.endpoint, len(settings.sms.gateway)), ("tcp:2", 1))

    def test_gateway_is_what_its_kind_says(self):
        (gateway,) = self.read(self.KANNEL).sms.gateway
        self.assertEqual((gateway.name, gateway.allow), ("kannel", ("127.0.0.1", "::1")))
        self.assertNotIn("a-key-of-a-gateway", repr(gateway))

    def test_gateway_that_cannot_be_is_refused(self):
        for changed, complaint in (
            (('kind = "kannel"', ""), "sms.gateway: kind: must be one of kannel, smpp"),
            (('"kannel"', '"pigeon"'), "sms.gateway: kind: must be one of kannel, smpp"),
            (("a-key-of-a-gateway", "short"), "at least 16 letters"),
            (("a-key-of-a-gateway", "a-key-with-%-in-it-and-&"), "at least 16 letters"),
            (("http:", "gopher:"), "is no http URL"),
            (("key =", 'allow = ["nowhere"]\nkey ='), "'nowhere' is no address or network"),
            (("key =", 'name = "a b"\nkey ='), "name: must be"),
            (("key =", "kay = 1\nkey ="), "kay: there is no such setting"),
        ):
            self.assertIn(complaint, self.refused(self.KANNEL.replace(*changed)))
        self.assertIn("two have the same name", self.refused(self.KANNEL * 2))
        self.assertIn("must be tables", self.refused('[sms]\ngateway = "kannel"'))
        self.assertIn("no telephone number", self.refused('[sms]\nnumber = "IMPS"'))
        self.assertIn("no country code", self.refused('[sms]\ncountry_code = "+358"'))
