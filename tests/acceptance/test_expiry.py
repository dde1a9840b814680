"""What becomes due as time passes, also while no service runs."""

from attrs import define, field
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.testing.conformance import shows_feature
from imps.testing.handset import Transaction
from imps.testing.nokia import Nokia
from imps.testing.process import reactor
from imps.testing.service import Service, add_users, settings_file

ANN, BOB = "wv:ann@localhost", "wv:bob@localhost"
LOOK_SECONDS = 0.1


@define(eq=False)
class Reported(Nokia):
    """A client that keeps what it is told of its messages."""

    reports: list[Transaction] = field(factory=list)

    def responses(self, message):
        (request,) = message.transactions
        if request.primitive.tag == "DeliveryReport-Request":
            self.reports.append(request)
        return super().responses(message)

    async def send_for(self, recipient, text, seconds):
        """Send a text that is worth something for a while, and ask for a report; its id."""
        content = self.message([recipient], text)
        content = content.replace("<DeliveryReport>F", "<DeliveryReport>T")
        content = content.replace("</Sender>", f"</Sender><Validity>{seconds}</Validity>")
        return (await self.ask(content)).primitive.findtext("MessageID")

    async def report(self):
        """The next report: the message that it is about, and its code."""
        while not self.reports:
            await self.poll()
            await deferLater(reactor, LOOK_SECONDS)
        report = self.reports.pop()
        return report.primitive.findtext("MessageInfo/MessageID"), report.code


class ExpiryTests(TestCase):
    @shows_feature("messages kept for who is away", "for a bounded time")
    async def test_message_expires_with_its_report_also_while_no_service_runs(self):
        service = Service(self)
        url = await service.start()
        await add_users(service.data, "ann", "bob")
        ann, bob = Reported(self, [url], ANN), Nokia(self, [url], BOB)
        await ann.sign_on()
        for restart in (False, True):
            message_id = await ann.send_for(BOB, "soon over", 1)
            await ann.send(BOB, text=f"stays {restart}")
            if restart:
                await service.stop()
                ann.urls = bob.urls = [await service.start()]
            self.assertEqual(await ann.report(), (message_id, 542))
        await bob.sign_on()
        await bob.poll()
        self.assertEqual(bob.texts, ["stays False", "stays True"])
        self.assertEqual(ann.reports, [])
        await service.stop()

    async def test_session_expires_and_its_client_is_told(self):
        file = settings_file(
            self,
            "[session]\nmin_time_to_live_seconds = 1\ntime_to_live_seconds = 1\n"
            "max_time_to_live_seconds = 1\ngrace_seconds = 0\n",
        )
        service = Service(self, ("--config", file))
        url = await service.start()
        await add_users(service.data, "ann")
        ann = Nokia(self, [url], ANN)
        self.assertEqual(await ann.login(), 200)
        await service.stop()
        ann.urls = [await service.start()]
        session_id = ann.session_id
        while (await ann.exchange(ann.written("<KeepAlive-Request/>", "1"))) and ann.session_id:
            await deferLater(reactor, 1.1)
        self.assertEqual((ann.ended_with, session_id is not None), (600, True))
        await service.stop()
