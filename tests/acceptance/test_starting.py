"""How the service starts, stops, and says why it does not."""

import re
import signal
import socket

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.trial.unittest import TestCase

from imps.testing.certificates import certificate
from imps.testing.conformance import shows_feature
from imps.testing.nokia import Nokia
from imps.testing.process import Program, installed, is_alive
from imps.testing.service import Service, add_users, settings_file
from imps.testing.store import private_directory

TWISTD = (installed("twistd"), "-n", "--pidfile=", "imps")


class StartingTestCase(TestCase):
    async def refusal(self, program):
        """The one line of a program that cannot start, and how it ends."""
        status = await program.ends()
        self.assertNotIn("Traceback", program.output)
        reasons = re.findall("imps cannot start: (.*)", program.logged)
        self.assertEqual(len(reasons), 1, program.output)
        self.assertGreater(status, 0)
        return reasons[0].strip()


class StartingTests(StartingTestCase):
    async def test_service_starts_anywhere_with_nothing_said(self):
        directory = private_directory(self)
        file = settings_file(self, "csp = ['tcp:0:interface=127.0.0.1']\n")
        program = Program.start(self, [*TWISTD, "--config", file], directory=directory)
        await program.says("imps is ready")
        self.assertTrue((directory / "imps-data" / "key").exists())
        self.assertFalse((directory / "twistd.pid").exists())
        store = int((directory / "imps-data" / "store.pid").read_text())
        program.signal(signal.SIGTERM)
        await program.ends()
        self.assertFalse(is_alive(store))

    async def test_options_come_before_the_file(self):
        file = settings_file(self, "domain = ['file.example']\n[provider]\nname = 'Ann & Sons'\n")
        service = Service(self, ("--config", file, "--domain", "option.example"))
        url = await service.start()
        await add_users(service.data, "ann@option.example")
        nokia = Nokia(self, (url,), "wv:ann@option.example")
        await nokia.sign_on()
        answer = await nokia.ask("<GetSPInfo-Request/>")
        self.assertEqual(answer.primitive.findtext("Name"), "Ann & Sons")

    async def test_any_number_of_doors_is_opened(self):
        service = Service(self, ("--csp", "tcp:0:interface=127.0.0.1"))
        urls = [await service.start()]
        found = service.program.logged.partition("CSP on ")[2].partition("CSP on ")[2]
        urls.append(f"http://{found.split()[0]}/")
        self.assertNotEqual(*urls)
        for url in urls:
            handset = Nokia(self, (url,), "wv:ann@localhost")
            self.assertEqual((await handset.ask("<GetSPInfo-Request/>")).code, 0)

    @shows_feature("CSP over TLS")
    async def test_clients_chat_over_tls(self):
        directory = private_directory(self)
        key, server = certificate("localhost")
        (directory / "key.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (directory / "server.pem").write_bytes(server.public_bytes(Encoding.PEM))
        files = f"privateKey={directory}/key.pem:certKey={directory}/server.pem"
        service = Service(self, ("--csp", f"ssl:0:interface=127.0.0.1:{files}"))
        await service.start()
        await add_users(service.data, "ann", "bob")
        place = service.program.logged.partition("CSP on ")[2].partition("CSP on ")[2].split()[0]
        ann, bob = (
            Nokia(self, (f"https://{place}/",), f"wv:{name}@localhost") for name in ("ann", "bob")
        )
        await ann.sign_on()
        await bob.sign_on()
        await ann.send(bob.user, text="in private")
        await bob.poll()
        self.assertEqual(bob.texts, ["in private"])

    async def test_second_service_on_the_same_data_is_refused(self):
        first = Service(self)
        url = await first.start()
        second = Service(self, data=first.data)
        second.launch()
        self.assertEqual(
            await self.refusal(second.program),
            f"another service (process {first.program.process_id}) uses the data directory "
            f"{first.data}; to share it, give both the same redis",
        )
        handset = Nokia(self, (url,), "wv:ann@localhost")
        self.assertEqual((await handset.ask("<GetSPInfo-Request/>")).code, 0)
        await first.stop()

    async def test_setting_that_is_wrong_is_named(self):
        for text, complaint in {
            "[session]\ntime_to_live_seconds = 'long'\n": "session.time_to_live_seconds: must be",
            "[http]\nspeed = 3\n": "http.speed: there is no such setting",
            "not toml\n": "",
        }.items():
            file = settings_file(self, text)
            program = Program.start(
                self, [*TWISTD, "--config", file], directory=private_directory(self)
            )
            self.assertGreater(await program.ends(), 0)
            self.assertIn(complaint or file, program.output)
            self.assertNotIn("Traceback", program.output)

    async def test_what_makes_it_impossible_to_start_is_said_with_its_setting(self):
        for text, complaint in {
            "csp = ['tcp:99999:interface=127.0.0.1']\n": "csp: tcp:99999:interface=127.0.0.1: ",
            "csp = ['carrier pigeon']\n": "csp: carrier pigeon: ",
            "csp = ['tcp:0:speed=3']\n": "csp: tcp:0:speed=3: ",
            "csp = ['systemd:domain=INET:name=csp']\n": "csp: systemd:domain=INET:name=csp: ",
            "admin = 'carrier pigeon'\n": "admin.endpoint: carrier pigeon: ",
            "[provider]\nlogo_file = '/nowhere/logo.png'\n": "provider.logo_file: ",
        }.items():
            file = settings_file(self, text)
            program = Program.start(
                self, [*TWISTD, "--config", file], directory=private_directory(self)
            )
            self.assertTrue((await self.refusal(program)).startswith(complaint), program.output)

    async def test_port_in_use_is_said_so_and_leaves_no_store(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = taken.getsockname()[1]
        service = Service(self, ("--csp", f"tcp:{port}:interface=127.0.0.1"))
        service.launch()
        refusal = await self.refusal(service.program)
        self.assertIn(f"127.0.0.1:{port}", refusal)
        self.assertFalse((service.data / "store.sock").exists())
        self.assertIsNone(service.store_process_id)


class StoppingTests(StartingTestCase):
    async def test_terminating_stops_it_with_its_store(self):
        service = Service(self)
        await service.start()
        await service.stop()

    async def test_interrupt_from_the_terminal_stops_it_with_its_store(self):
        service = Service(self)
        service.launch(terminal=True)
        await service.program.says("imps is ready")
        store = service.store_process_id
        service.program.type("\x03")
        self.assertEqual(await service.program.ends(), -signal.SIGINT)
        service.check_nothing_stays(store)

    async def test_it_can_be_stopped_while_it_starts(self):
        service = Service(self)
        service.launch()
        await service.program.says("starting up")
        service.program.signal(signal.SIGTERM)
        await service.program.ends()
        self.assertFalse((service.data / "store.sock").exists())
        await service.start()
        await service.stop()

    async def test_clients_that_are_connected_do_not_hold_it_up(self):
        service = Service(self)
        url = await service.start()
        await add_users(service.data, "ann")
        handset = Nokia(self, (url,), "wv:ann@localhost")
        await handset.sign_on()
        session_id = handset.session_id
        await service.stop()
        handset.urls = (await service.start(),)
        self.assertEqual((await handset.keep_alive(), handset.session_id), (200, session_id))
        await service.stop()
