"""Two servers, partners of each other: their users do not notice where the other one lives."""

from __future__ import annotations

from twisted.trial.unittest import TestCase

from imps.model.version import V11, V12, V13
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.correspondence import reported
from imps.testing.domains import Domains
from imps.testing.nokia import Nokia
from imps.testing.presence import attribute
from imps.testing.process import PATIENCE_SECONDS, reactor
from imps.testing.sms2 import SMS2


async def polls_until(client, condition):
    """Poll until something is so."""
    give_up_at = reactor.seconds() + PATIENCE_SECONDS
    while not condition():
        client.expect(reactor.seconds() < give_up_at, "it did not come")
        await client.poll()


class DomainsTestCase(TestCase):
    processes = 1
    versions = ("1.3", "1.3")

    async def setUp(self):
        domains = Domains(self, self.processes, versions=self.versions)
        self.north, self.south = await domains.start()

    async def client(self, kind, domain, name, version=V12, encoding="wbxml", **more):
        user = await domain.user(name)
        client = kind(self, domain.urls, user, version=version, encoding=encoding, **more)
        await client.sign_on()
        return client

    async def check(self):
        for domain in (self.north, self.south):
            self.assertNotIn("Traceback", domain.services.output)
            await domain.services.stop()


class MessagesTests(DomainsTestCase):
    @shows_feature("partner servers, from IM alone to all services", "IM with another domain")
    @shows_feature("CSP and CLP turned into SSP, and back", "CSP")
    async def test_users_of_two_domains_chat_in_any_version_with_reports(self):
        ann = await self.client(Nokia, self.north, "ann", V11, "xml", wants_reports=True)
        bo = await self.client(Android, self.south, "bo", V13, "wbxml")
        abe = await self.client(Android, self.north, "abe", V12, "xml")
        sent = await ann.send(bo.user, abe.user, text="grüße 😀")
        self.assertEqual((sent.code, sent.failures), (200, {}))
        for each in (bo, abe):
            await polls_until(each, lambda each=each: each.received)
            self.assertEqual(each.texts, ["grüße 😀"])
            self.assertEqual(each.received[0].sender, ann.user)
        await polls_until(ann, lambda: len(ann.reports) == 2)
        self.assertEqual([reported(each) for each in ann.reports], [(sent.message_id, 200)] * 2)
        for number in range(10):
            self.assertEqual((await bo.send(ann.user, text=f"answer {number}")).code, 200)
        await polls_until(ann, lambda: len(ann.received) == 10)
        self.assertEqual(ann.texts, [f"answer {number}" for number in range(10)])
        await self.check()

    async def test_who_is_not_there_and_who_does_not_want_it_is_told(self):
        ann = await self.client(Nokia, self.north, "ann")
        south = await self.south.user("bo")
        sent = await ann.send(south, "wv:nobody@south.example", "wv:x@west.example", text="hi")
        self.assertEqual(sent.code, 201)
        self.assertEqual(sent.failures[531], ["wv:nobody@south.example"])
        self.assertIn("wv:x@west.example", sent.failures[516])
        await self.check()


class PresenceTests(DomainsTestCase):
    async def test_they_see_of_each_other_what_is_allowed_and_nothing_else(self):
        ann = await self.client(Nokia, self.north, "ann", V11, "xml")
        bo = await self.client(Android, self.south, "bo", V13, "wbxml")
        await bo.allow("OnlineStatus StatusText")
        await bo.publish(attribute("StatusText", "here and there"))
        await ann.watch(bo.user)
        await ann.sees(bo.user, OnlineStatus="T", StatusText="here and there")
        self.assertIn(ann.user, await bo.watchers())
        await ann.allow("OnlineStatus UserAvailability StatusMood")
        await bo.add_contact("friends", ann.user, "Ann")
        await bo.sees(ann.user, OnlineStatus="T", UserAvailability="AVAILABLE")
        await ann.publish(attribute("StatusMood", "HAPPY") + attribute("StatusText", "secret"))
        await bo.sees(ann.user, StatusMood="HAPPY")
        self.assertNotIn("StatusText", bo.presence[ann.user])
        # What is withdrawn holds at once, and what others still see goes on.
        await bo.allow("OnlineStatus")
        await bo.publish(attribute("StatusText", "not for you"))
        self.assertEqual(await bo.sign_off(), 200)
        await ann.sees(bo.user, OnlineStatus="F", StatusText="here and there")
        await self.check()

    async def test_who_is_asked_decides(self):
        ann = await self.client(Android, self.north, "ann", V12, "wbxml")
        bo = await self.client(SMS2, self.south, "bo", V12, "xml")
        await ann.add_contact("friends", bo.user, "Bo")
        await bo.is_asked(ann.user)
        self.assertEqual(await bo.accept(ann.user), 200)
        await ann.sees(bo.user, OnlineStatus="T")
        await self.check()


class OlderVersionTests(MessagesTests, PresenceTests):
    """One of the servers knows the oldest version alone."""

    versions = ("1.3", "1.1")


class MessagesInTwoProcessesTests(MessagesTests):
    processes = 2


class PresenceInTwoProcessesTests(PresenceTests):
    processes = 2
