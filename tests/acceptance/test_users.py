"""A running service follows what an operator does to users."""

from imps.csp.primitives.access import Disconnect
from imps.model.version import V12
from imps.testing.commands import run
from imps.testing.conformance import WBXML, shows, shows_feature
from imps.testing.nokia import Nokia
from imps.testing.service import ServiceTestCase, add_users

POLL = "<Polling-Request/>"


class Operating:
    def operate(self, *arguments, password=None):
        done = run("user", *arguments, "--data", str(self.data), password=password)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    async def clients(self, *names):
        """Clients of new users, which have signed on."""
        clients = [Nokia(self, self.urls, user) for user in await self.known(*names)]
        for client in clients:
            self.assertEqual(await client.login(), 200)
        return clients

    async def assert_ended(self, client):
        """See that a client is told that its session was ended, and then that there is none."""
        message = await self.polled(client, "Disconnect", 601)
        (answer,) = client.responses(message)
        self.assertIsNone(await client.exchange(answer))
        await self.polled(client, "Status", 604)

    async def polled(self, client, name, code):
        message = await client.exchange(client.written(POLL, None))
        transaction = message.transactions[0]
        self.assertEqual((transaction.primitive.tag, transaction.code), (name, code))
        return message

    @shows_feature("profiles of users: services, and whether active", "suspended and resumed")
    async def test_suspended_user_is_signed_off_and_kept_out(self):
        ann, bob = await self.clients("ann", "bob")
        self.operate("suspend", ann.user)
        await self.assert_ended(ann)
        self.assertEqual(await ann.login(), 403)
        self.assertEqual((await bob.send(ann.user, text="hello")).code, 200)
        self.operate("resume", ann.user)
        await ann.sign_on()
        await ann.poll()
        self.assertEqual(ann.texts, ["hello"])

    @shows(Disconnect, V12, WBXML)
    async def test_new_password_is_asked_for_at_once(self):
        (ann,) = await self.clients("ann")
        self.operate("passwd", ann.user, "--password-stdin", password="another")
        await self.assert_ended(ann)
        self.assertEqual(await ann.login(), 409)
        ann.password = "another"
        self.assertEqual(await ann.login(), 200)

    async def test_deleted_user_is_unknown_and_leaves_nothing_to_the_next_of_that_name(self):
        ann, bob = await self.clients("ann", "bob")
        self.assertEqual((await bob.send(ann.user, text="hello")).code, 200)
        self.operate("delete", ann.user, "--yes")
        await self.assert_ended(ann)
        self.assertEqual(await ann.login(), 409)
        self.assertEqual((await bob.send(ann.user, text="hello")).code, 531)
        await add_users(self.data, ann.user)
        await ann.sign_on()
        await ann.poll()
        self.assertEqual(ann.texts, [])


class OneProcessTests(Operating, ServiceTestCase):
    pass


class TwoProcessTests(Operating, ServiceTestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
