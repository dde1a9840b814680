"""Phones that can only text, and handsets on the other side; what goes between them goes through
processes that others have written: Kannel, or an SMSC that speaks SMPP."""

import re

from twisted.trial.unittest import TestCase

from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.presence import Attribute
from imps.model.version import V12
from imps.store.accounts import Accounts
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.domains import Domains
from imps.testing.kannel import SERVICE
from imps.testing.process import reactor, until
from imps.testing.programs import required_program
from imps.testing.service import PASSWORD, Services, settings_file, store_of
from tests.acceptance.networks import KannelNetwork, SMPPNetwork

AMY, CY = "+358401111111", "+358403333333"
SHOWN = ["OnlineStatus", "UserAvailability", "StatusText", "ClientInfo", "CommCap"]
STRANGERS = "This phone is not registered. Send LINK name password."


SETTINGS = """
[session]
requests_per_second = 1000
[provider]
name = "Chatter"
[clp]
texts_per_minute = 10000
replies_per_minute = 10000
replies_per_hour = 100000
"""


class PhonesTestCase(TestCase):
    """Services behind a gateway; amy and cy have phones that can only text, bob a handset."""

    network: type = KannelNetwork
    processes = 1
    timeout = 180

    async def setUp(self):
        self.phones = self.network(self)
        await self.phones.start()
        await self.start_services(SETTINGS + self.phones.settings)
        await self.add("amy", AMY)
        await self.add("cy", CY)
        await self.add("bob")
        self.heard = {AMY: 0, CY: 0}

    async def start_services(self, settings):
        """Start the processes, with these settings."""
        file = settings_file(self, settings)
        self.services = Services(self, self.processes, ("--config", file))
        await self.services.start()

    async def add(self, name, msisdn=None):
        async with store_of(self.services.data) as store:
            accounts = Accounts(store.client, store.buckets)
            shown = frozenset(map(Attribute, SHOWN))
            directory = Directory(accounts, store.secrets, store.domains, reactor, shown)
            await directory.add(Address(name), PASSWORD, msisdn)

    async def handset(self, user):
        handset = Android(self, self.services.urls, f"wv:{user}@localhost", V12, "wbxml")
        await handset.sign_on()
        return handset

    async def gets(self, phone, *texts):
        """See that a phone gets these next."""
        seen = self.heard[phone]
        await until(
            lambda: len(self.phones.texts_of(phone)) >= seen + len(texts),
            lambda: f"only {self.phones.texts_of(phone)[seen:]} of {texts}",
        )
        self.assertEqual(self.phones.texts_of(phone)[seen : seen + len(texts)], list(texts))
        self.heard[phone] = seen + len(texts)

    async def says(self, phone, text, *answers):
        """Have a phone text, and see what it gets."""
        self.phones.text(phone, text)
        await self.gets(phone, *answers)

    def hears_nothing_more(self):
        """See that phones have got nothing but what was expected."""
        for phone, count in self.heard.items():
            self.assertEqual(self.phones.texts_of(phone)[count:], [])

    async def signed_on(self, phone, name):
        self.phones.text(phone, "on")
        await until(lambda: len(self.phones.texts_of(phone)) >= self.heard[phone] + 2)
        self.assertIn(f"You are online as {name}.", str(self.phones.texts_of(phone)))
        self.heard[phone] = len(self.phones.texts_of(phone))

    async def hears(self, handset, *texts):
        """See that a handset gets these messages, and no more."""
        await self.hears_all(handset, len(texts))
        self.assertEqual(handset.texts, list(texts))

    async def hears_all(self, handset, count):
        """Have a handset poll until it has heard so many different messages."""

        async def has_polled():
            await handset.poll()
            return len(set(handset.texts)) >= count

        await until(has_polled, lambda: f"only {handset.texts}")

    async def nothing_is_being_submitted(self):
        """Wait until it is noted that the gateway has all texts."""
        async with store_of(self.services.data) as store:

            async def nothing_is_left():
                return not await store.client.execute("KEYS", "*:outgoing:*")

            await until(nothing_is_left)

    async def writes(self, handset, user, text):
        """See that what a handset sends is accepted."""
        sent = await handset.send(user, text=text)
        self.assertEqual(sent.code, 200)


class ThroughKannelTests(PhonesTestCase):
    """What depends on the gateway, or the server's end of it."""

    @shows_feature("CLP: messages", "with handsets")
    async def test_phone_and_handset_talk(self):
        bob = await self.handset("bob")
        await self.signed_on(AMY, "amy")
        await self.says(AMY, "add bob", "bob is friend no. 1.")
        await self.says(AMY, "who", "Online: 1 bob free.")
        self.phones.text(AMY, "s bob lunch?")
        await self.hears(bob, "lunch?")
        await self.writes(bob, "wv:amy@localhost", "yes at 12")
        await self.gets(AMY, "bob: yes at 12")
        self.phones.text(AMY, "on my way \u263a")
        await self.hears(bob, "lunch?", "on my way \u263a")
        await self.says(
            AMY,
            "block party",
            'I do not know "party". Send "block party" to bob? YES 1 or NO 1',
        )
        await self.says(AMY, "no", "Not sent.")
        await self.says(AMY, "/busy today", "You are now busy: today")
        await self.says(AMY, "stop", "You get no more messages from Chatter. Send START to return.")
        await self.writes(bob, "wv:amy@localhost", "hello?")
        await self.says(AMY, "start", "Welcome back. Send ON to go online.")
        await self.gets(AMY, "bob: hello?")
        self.hears_nothing_more()

    async def writes_while_the_gateway_is_away(self):
        """Bob's handset has sent amy three messages, which wait."""
        bob = await self.handset("bob")
        await self.signed_on(AMY, "amy")
        await self.says(AMY, "add bob", "bob is friend no. 1.")
        await self.phones.away()
        for text in ("one", "two", "three"):
            await self.writes(bob, "wv:amy@localhost", text)
        return bob

    async def test_messages_come_as_texts_once_the_gateway_is_back(self):
        await self.writes_while_the_gateway_is_away()
        await self.phones.back()
        await self.gets(AMY, "bob: one", "bob: two", "bob: three")
        self.hears_nothing_more()

    async def test_nothing_is_lost_or_doubled_when_the_service_is_killed_meanwhile(self):
        bob = await self.writes_while_the_gateway_is_away()
        await self.services.kill(*range(self.processes))
        await self.services.start()
        await self.phones.back()
        await self.gets(AMY, "bob: one", "bob: two", "bob: three")
        # What became of a text cannot be asked over SMPP, if that was not noted before the end.
        await self.nothing_is_being_submitted()
        await self.services.kill(*range(self.processes))
        # The gateway has this, and tries again and again to bring it.
        self.phones.text(AMY, "still there?")
        await self.phones.keeps("still there?")
        await self.services.start()
        await self.hears(bob, "still there?")
        await self.says(AMY, "get bob", "bob: free, mobile phone")
        self.hears_nothing_more()


class ThroughSMPPTests(ThroughKannelTests):
    """The same through an SMSC."""

    network = SMPPNetwork


class TwoProcessesThroughKannelTests(ThroughKannelTests):
    """The same with two processes on one store."""

    processes = 2


class TwoProcessesThroughSMPPTests(ThroughSMPPTests):
    """The same through an SMSC, to which each of two processes is bound."""

    processes = 2


class DialogueTests(PhonesTestCase):
    """What is the same whichever the gateway is, as it knows nothing of it."""

    async def test_two_phones_talk_while_one_is_off_line(self):
        await self.signed_on(AMY, "amy")
        self.phones.text(AMY, "s cy good morning")
        await self.says(AMY, "/get cy", "cy: offline")
        self.hears_nothing_more()
        # Cy has never used the service from this phone.
        await self.signed_on(CY, "cy")
        await self.gets(CY, "amy: good morning (/A amy@localhost adds, /B amy@localhost blocks)")
        await self.says(
            CY, "off", "You are offline. Messages will still come by SMS. Send ON to return."
        )
        self.phones.text(AMY, "s cy sleep well")
        await self.gets(CY, "amy: sleep well")
        await self.says(AMY, "/get cy", "cy: offline")

    async def test_handset_sees_a_phone_come_and_go(self):
        bob = await self.handset("bob")
        await bob.watch("wv:amy@localhost")
        await bob.sees("wv:amy@localhost", OnlineStatus="F")
        await self.signed_on(AMY, "amy")
        await bob.sees(
            "wv:amy@localhost", OnlineStatus="T", ClientInfo="CLI", CommCap="IM OPEN SMS OPEN"
        )
        await self.says(AMY, "busy in class", "You are now busy: in class")
        await bob.sees("wv:amy@localhost", UserAvailability="DISCREET")
        self.phones.text(AMY, "off")
        await bob.sees("wv:amy@localhost", OnlineStatus="F")

    async def test_stranger_is_linked(self):
        await self.add("dan")
        dan = "+358404444444"
        self.heard[dan] = 0
        await self.says(dan, "hello", STRANGERS)
        await self.says(
            dan,
            f"link dan {PASSWORD}",
            "This phone now belongs to dan. Please delete your last message, it shows your "
            "password.",
        )
        await self.signed_on(dan, "dan")
        self.assertNotIn(PASSWORD, self.services.output)

    async def test_phone_of_the_fake_network_of_kannel_texts_and_is_answered(self):
        required_program("fakesmsc")
        bob = await self.handset("bob")
        await self.signed_on(AMY, "amy")
        await self.says(AMY, "add bob", "bob is friend no. 1.")
        network = await self.phones.kannel.fake_smsc(AMY, "who")
        await network.says(re.escape(f"<{SERVICE} {AMY} text Online: 1 bob free.>"))
        await self.writes(bob, "wv:amy@localhost", "hello, amy")
        await network.says(re.escape(f"<{SERVICE} {AMY} text bob: hello, amy>"))
        self.assertEqual(network.output.count(f"<{SERVICE} {AMY} "), 2)


class TwoProcessesDialogueTests(DialogueTests):
    """The same with two processes on one store."""

    processes = 2


class KillTests(PhonesTestCase):
    """One process of two is killed after the other while phone and handset write to each other."""

    processes = 2

    async def test_nothing_is_lost_or_doubled(self):
        bob = await self.handset("bob")
        await self.signed_on(AMY, "amy")
        await self.says(AMY, "add bob", "bob is friend no. 1.")
        from_bob = [f"to amy {number}" for number in range(9)]
        from_amy = [f"to bob {number}" for number in range(9)]
        for number, (there, back) in enumerate(zip(from_bob, from_amy, strict=True)):
            await self.writes(bob, "wv:amy@localhost", there)
            self.phones.text(AMY, f"s bob {back}")
            if number % 3 == 1:
                killed = number // 3 % 2
                await self.services.kill(killed)
                await self.services.start(killed)
        await self.gets(AMY, *(f"bob: {text}" for text in from_bob))
        await self.hears_all(bob, len(from_amy))
        self.assertEqual(sorted(bob.texts), sorted(from_amy))
        await self.says(AMY, "get bob", "bob: free, mobile phone")
        self.hears_nothing_more()


class PartnersTests(PhonesTestCase):
    """Bob is a user of a partner's domain."""

    async def start_services(self, settings):
        domains = Domains(self, self.processes, of_each=(settings, SETTINGS))
        self.north, self.south = await domains.start()
        self.services = self.north.services

    @shows_feature("CLP: messages", "with users of other domains")
    @shows_feature("CSP and CLP turned into SSP, and back", "CLP")
    async def test_phone_and_handset_of_a_partner_talk(self):
        user = await self.south.user("bo")
        bo = Android(self, self.south.urls, user, V12, "wbxml")
        await bo.sign_on()
        await bo.allow("OnlineStatus UserAvailability")
        await self.signed_on(AMY, "amy")
        await self.says(AMY, "add bo@south.example", "bo@south.example is friend no. 1.")
        await self.says(AMY, "get 1", "bo@south.example: free")
        self.phones.text(AMY, "s 1 hello")
        await self.hears(bo, "hello")
        await self.writes(bo, "wv:amy@north.example", "hello amy")
        await self.gets(AMY, "bo@south.example: hello amy")
        self.phones.text(AMY, "how are you?")
        await self.hears(bo, "hello", "how are you?")
        self.hears_nothing_more()


class TwoProcessesPartnersTests(PartnersTests):
    """The same where each domain has two processes on one store."""

    processes = 2
