from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.primitives.access import LoginRequest
from imps.csp.primitives.declaration import Unknown
from imps.csp.primitives.identity import ClientID
from imps.csp.transactions import Context, Transactions
from imps.metrics import Metrics
from imps.model.version import V12
from imps.store.client import connect
from imps.store.errors import StoreUnavailable
from imps.testing.door import OK, DoorTestCase


def value(metrics, name, **labels):
    """What a metric says; 0 before it says anything."""
    return metrics.registry.get_sample_value(name, labels) or 0


class CountingTests(DoorTestCase):
    async def test_chat_is_counted(self):
        metrics = self.parts.metrics
        self.assertEqual(value(metrics, "imps_logins_total", code="200"), 2)
        await self.ann.send("bob")
        self.assertEqual(value(metrics, "imps_messages_accepted_total"), 1)
        waiting = await self.bob.poll()
        await self.bob.say(OK, waiting)
        sent = {"transaction": "SendMessage-Request", "class": "2"}
        self.assertEqual(value(metrics, "imps_transactions_total", **sent), 1)
        self.assertEqual(
            value(metrics, "imps_transaction_seconds_count", transaction="SendMessage-Request"), 1
        )
        self.assertEqual(value(metrics, "imps_messages_acknowledged_total"), 1)

    async def test_who_cannot_sign_on_is_counted(self):
        login = LoginRequest(
            user_id=self.ann.user, client_id=ClientID(), password="wrong", session_cookie="c"
        )
        await self.speaker("ann", "tablet").ask(login)
        self.assertEqual(value(self.parts.metrics, "imps_logins_total", code="409"), 1)

    async def test_calls_of_the_store_are_timed(self):
        metrics = Metrics()
        client = connect(reactor, self.settings.redis, 1, metrics=metrics)
        self.addCleanup(client.close)
        await client.execute("PING")
        await client.run("list_accounts", ["imps:{00}:"], "", 1)
        for script in ("command", "list_accounts"):
            self.assertEqual(value(metrics, "imps_store_seconds_count", script=script), 1)
        await client.close()
        with self.assertRaises(StoreUnavailable):
            await client.execute("PING")
        failed = value(metrics, "imps_store_failures_total", reason="StoreUnavailable")
        self.assertEqual(failed, 1)


class LabelTests(SynchronousTestCase):
    def test_what_is_unknown_is_counted_as_one_thing(self):
        metrics = Metrics()
        transactions = Transactions(metrics)
        context = Context(version=V12, encoding="xml", source="", transaction_id="1")
        for name in ("Made-Up", "wv:ann@localhost"):
            self.successResultOf(
                Deferred.fromCoroutine(transactions.answer(context, Unknown(name)))
            )
        self.successResultOf(Deferred.fromCoroutine(transactions.answer(context, LoginRequest())))
        text = metrics.exposition().decode()
        self.assertIn('imps_transactions_total{class="4",transaction="unknown"} 2.0', text)
        self.assertIn('imps_transactions_total{class="5",transaction="Login-Request"} 1.0', text)
        self.assertNotIn("ann", text)

    def test_processes_of_a_run_count_for_themselves(self):
        first, second = Metrics(), Metrics(CollectorRegistry())
        first.login_tried(409)
        self.assertEqual(value(first, "imps_logins_total", code="409"), 1)
        self.assertEqual(value(second, "imps_logins_total", code="409"), 0)
