"""What becomes due as time passes, also while no service runs."""

from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.testing.conformance import shows_feature
from imps.testing.correspondence import reported
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Services, add_users, settings_file

ANN, BOB = "wv:ann@localhost", "wv:bob@localhost"
LOOK_SECONDS = 0.1
MESSAGES = 5


class Expiry:
    async def start(self, text=""):
        options = ("--config", settings_file(self, text)) if text else ()
        self.services = Services(self, self.processes, options)
        await self.services.start()
        await add_users(self.services.data, "ann", "bob")

    @shows_feature("messages kept for who is away", "for a bounded time")
    @shows_feature("delivery reports", "failure")
    async def test_message_expires_with_its_report_also_while_no_service_runs(self):
        await self.start()
        ann, bob = (Nokia(self, self.services.urls, user) for user in (ANN, BOB))
        await ann.sign_on()
        for restart in (False, True):
            over = [await self.send_for_a_second(ann, BOB) for _ in range(MESSAGES)]
            await ann.send(BOB, text=f"stays {restart}")
            if restart:
                await self.services.stop()
                await self.services.start()
            reports = await self.reports(ann, MESSAGES)
            self.assertEqual(sorted(reports), sorted((each, 542) for each in over))
        await bob.sign_on()
        await bob.poll()
        self.assertEqual(bob.texts, ["stays False", "stays True"])
        await ann.poll()
        self.assertEqual(ann.reports, [])
        await self.services.stop()

    async def send_for_a_second(self, client, recipient):
        """Send a text that is soon over, and ask for a report; its id."""
        client.wants_reports = True
        content = client.message([recipient], "soon over")
        client.wants_reports = False
        content = content.replace("</Sender>", "</Sender><Validity>1</Validity>")
        return (await client.ask(content)).primitive.findtext("MessageID")

    async def reports(self, client, number):
        """So many reports, and what else has come by then."""
        while len(client.reports) < number:
            await client.poll()
            await deferLater(reactor, LOOK_SECONDS)
        reports, client.reports = client.reports, []
        return map(reported, reports)

    async def test_session_expires_and_its_client_is_told(self):
        await self.start(
            "[session]\nmin_time_to_live_seconds = 1\ntime_to_live_seconds = 1\n"
            "max_time_to_live_seconds = 1\ngrace_seconds = 0\n",
        )
        ann = Nokia(self, self.services.urls, ANN)
        self.assertEqual(await ann.login(), 200)
        await self.services.stop()
        await self.services.start()
        session_id = ann.session_id
        while (await ann.exchange(ann.written("<KeepAlive-Request/>", "1"))) and ann.session_id:
            await deferLater(reactor, 1.1)
        self.assertEqual((ann.ended_with, session_id is not None), (600, True))
        await self.services.stop()


class OneProcessTests(Expiry, TestCase):
    processes = 1


class TwoProcessTests(Expiry, TestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
