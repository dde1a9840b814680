"""What is in the log of a service, in which form, and what never is."""

import json
import signal
from itertools import product

from twisted.trial.unittest import TestCase

from imps.testing.http import Line
from imps.testing.nokia import Nokia
from imps.testing.process import Program, installed
from imps.testing.service import PASSWORD, Service, Services, add_users, settings_file
from imps.testing.store import private_directory

TEXT = "meet me at the harbour"


class LogTests(TestCase):
    def objects(self, text):
        """The lines of a log, each an object with what every line has."""
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            self.assertEqual(list(line)[:4], ["time", "level", "namespace", "message"])
        return lines

    async def test_log_that_no_terminal_shows_is_json_from_the_first_line_to_the_last(self):
        service = Service(self)
        await service.start()
        await service.stop()
        messages = [line["message"] for line in self.objects(service.program.output)]
        self.assertRegex(messages[0], "^twistd .* starting up")
        self.assertIn("imps is ready", messages)
        self.assertEqual(messages[-1], "Server Shut Down.")

    async def test_log_on_a_terminal_is_text(self):
        service = Service(self)
        service.launch(terminal=True)
        await service.program.says(r"\[imps\.tap\.IMPSService#info\] imps is ready")
        service.program.signal(signal.SIGTERM)
        await service.program.ends()

    async def test_form_can_be_chosen(self):
        service = Service(self, ("--config", settings_file(self, 'log = "text"')))
        await service.start()
        await service.stop()
        self.assertIn("#info] imps is ready\n", service.program.output)
        service = Service(self, ("--config", settings_file(self, 'log = "json"')))
        service.launch(terminal=True)
        await service.program.says('"message": "imps is ready"')
        service.program.signal(signal.SIGTERM)
        await service.program.ends()

    async def test_log_in_a_file_is_json(self):
        directory = private_directory(self)
        file = directory / "imps.log"
        twistd = (installed("twistd"), "-n", "--pidfile=", "--logfile", str(file), "imps")
        endpoint = ("--csp", "tcp:0:interface=127.0.0.1", "--csp", "carrier pigeon")
        data = ("--data", str(directory / "data"))
        program = Program.start(self, [*twistd, *data, *endpoint], directory=directory)
        self.assertEqual(await program.ends(), 1)
        messages = [line["message"] for line in self.objects(file.read_text())]
        self.assertTrue(any("imps cannot start: csp" in message for message in messages))

    async def test_what_becomes_of_a_message_is_an_object_each(self):
        await self.becomes_of_a_message(processes=1)

    async def test_what_becomes_of_a_message_is_written_down_once_by_two_processes(self):
        await self.becomes_of_a_message(processes=2)

    async def becomes_of_a_message(self, processes):
        """Ann sends one by the first process, and Bob acknowledges it to the last."""
        services = Services(self, processes)
        await services.start()
        await add_users(services.data, "ann", "bob")
        ann = Nokia(self, services.urls[:1], "wv:ann@localhost")
        bob = Nokia(self, services.urls[-1:], "wv:bob@localhost")
        for client in (ann, bob):
            await client.sign_on()
        sent = await ann.send(bob.user, text=TEXT)
        await bob.poll()
        await services.stop()
        lines = [line for each in services.each for line in self.objects(each.program.output)]
        records = [each for each in lines if each["namespace"] == "imps.messages"]
        self.assertEqual([each["event"] for each in records], ["accepted", "delivered"])
        for record in records:
            self.assertEqual(record["message"], f"Message {record['event']}: {sent.message_id}")
            said = {name: record[name] for name in list(record)[5:]}
            self.assertEqual(
                said,
                {
                    "message_id": sent.message_id,
                    "sender": ann.user,
                    "recipient": bob.user,
                    "content_type": "text/plain",
                    "size": len(TEXT),
                    "code": 200,
                },
            )

    async def test_no_secret_and_no_message_is_in_it(self):
        file = settings_file(self, 'log_level = "debug"\n')
        services = Services(self, 2, ("--admin", "tcp:0", "--config", file))
        await services.start()
        await add_users(services.data, "ann", "bob")
        urls = services.urls
        ann, bob = (Nokia(self, urls, f"wv:{name}@localhost") for name in ("ann", "bob"))
        for client in (ann, bob):
            await client.sign_on()
        await ann.send("wv:bob@localhost", text=TEXT)
        await bob.poll()
        self.assertEqual(bob.texts, [TEXT])
        session_ids = [client.session_id for client in (ann, bob)]
        # What goes wrong is logged most.
        await services.kill_store()
        for _ in urls:
            await ann.send("wv:bob@localhost", text=TEXT)
            await ann.login()
        await services.each[0].program.says("The embedded store is gone, and is started again")
        bodies = (b"<?xml", f"<WV-CSP-Message>{TEXT}<Password>{PASSWORD}".encode())
        for url, body in product(urls, bodies):
            await self.say_nonsense(url, body)
        await services.stop()
        for service in services.each:
            self.assertIn("Not CSP from", service.program.output)
            for secret in (PASSWORD, TEXT, *session_ids):
                self.assertNotIn(secret, service.program.output)

    async def say_nonsense(self, url, body):
        line = await Line.to(url)
        answer = await line.post(body, {"Content-Type": "application/vnd.wv.csp.xml"})
        self.assertEqual(answer.status, 400)
        line.close()
