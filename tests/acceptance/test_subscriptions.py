"""Subscriptions last as long as their sessions, through restarts and kills."""

from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from imps.csp.primitives.presence import GetWatcherListRequest
from imps.model.version import V11, V13
from imps.testing.android import Android
from imps.testing.careful import a_moment
from imps.testing.clients import KINDS, SHORT_LIVES, WAYS_TO_GO, one_of_each
from imps.testing.conformance import ALL, shows
from imps.testing.contacts import list_of
from imps.testing.nokia import Nokia
from imps.testing.presence import attribute
from imps.testing.process import reactor
from imps.testing.service import Services, add_users, end_leases, settings_file
from tests.acceptance.test_handsets import ENCODINGS, NOKIAS
from tests.acceptance.test_kill import STORE, KillTestCase

ANN = "wv:ann@localhost"
FRIENDS = list_of(ANN, "friends")
WATCHERS = [f"watcher-{number}" for number in range(len(KINDS))]
MOST_SECONDS_TO_KILL = 0.03


def known_as(names):
    return [f"wv:{name}@localhost" for name in names]


class Kills:
    """A publisher of whom her friends may see everything, and others her text."""

    timeout = 300

    async def watched(self):
        await add_users(self.services.data, *WATCHERS)
        self.ann, self.random = self.handset(ANN), Random(self.processes)
        await self.ann.sign_on()
        urls = self.services.urls
        self.watchers = one_of_each(self, urls, known_as(WATCHERS), wait=a_moment)
        self.friends = self.watchers[::2]
        named = "".join(f"<UserID>{each.user}</UserID>" for each in self.friends)
        await self.ann.manage_list(FRIENDS, f"<AddNickList>{named}</AddNickList>")
        await self.ann.allow("OnlineStatus StatusText StatusMood", FRIENDS)
        await self.ann.allow("OnlineStatus StatusText")
        for each in self.watchers:
            await each.sign_on()
            await each.watch(ANN)

    async def says(self, text, mood="SAD"):
        said = attribute("StatusText", text) + attribute("StatusMood", mood)
        self.assertEqual(await self.ann.publish(said), 200)

    async def brought_back(self):
        """Start what was killed, and have its work left to nobody."""
        await self.revive()
        await end_leases(self.services.data)

    async def test_every_watcher_learns_what_is_and_nothing_hidden_after_every_kill(self):
        await self.watched()
        for number, victims in enumerate(self.victims):
            await self.ann.allow("OnlineStatus StatusText")
            saying = Deferred.fromCoroutine(self.says_much(number))
            await deferLater(reactor, self.random.uniform(0, MOST_SECONDS_TO_KILL))
            await self.kill(victims)
            await saying
            await self.brought_back()
            await self.all_see(self.watchers, StatusText=f"{number} and last")
            await self.all_see(self.friends, StatusMood="SAD")
            await self.ann.allow("OnlineStatus")
            await self.says(f"{number} for friends", "HAPPY")
            await self.kill(victims)
            await self.brought_back()
            seen = {"StatusText": f"{number} for friends", "StatusMood": "HAPPY"}
            await self.all_see(self.friends, **seen)
            for each in self.others:
                await each.poll()
                self.assertEqual(each.shown(ANN, "StatusText"), f"{number} and last")
                self.assertIsNone(each.shown(ANN, "StatusMood"))
        await self.services.stop()
        self.assertNotIn("Traceback", self.services.output)

    async def says_much(self, number):
        for each in range(10):
            await self.says(f"{number} and {each}", "HAPPY")
        await self.says(f"{number} and last")

    @property
    def others(self):
        return [each for each in self.watchers if each not in self.friends]

    async def all_see(self, watchers, **seen):
        for each in watchers:
            await each.sees(ANN, **seen)


class OneProcessKillTests(Kills, KillTestCase):
    processes = 1
    victims = ({0}, {0, STORE})


class TwoProcessKillTests(Kills, KillTestCase):
    """One of them is killed, then all, with each request sent to the other than
    the last."""

    processes = 2
    victims = ({1}, {0, 1, STORE})


class Subscriptions:
    async def start(self):
        options = ("--config", settings_file(self, SHORT_LIVES))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        await add_users(self.services.data, "ann", *WATCHERS)
        self.ann = Nokia(self, self.services.urls, ANN)
        await self.ann.sign_on()
        self.watchers = one_of_each(self, self.services.urls, known_as(WATCHERS), wait=a_moment)
        for each in self.watchers:
            await each.sign_on()
            await each.watch(ANN)

    async def test_watchers_are_told_after_a_restart_without_a_word(self):
        await self.start()
        await self.ann.allow("OnlineStatus StatusText")
        await self.services.stop()
        await self.services.start()
        await self.ann.publish(attribute("StatusText", "here again"))
        for each in self.watchers:
            await each.sees(ANN, OnlineStatus="T", StatusText="here again")
        await self.services.stop()

    @shows(GetWatcherListRequest, *ALL)
    async def test_who_is_gone_watches_no_more(self):
        await self.start()
        clients = [Nokia(self, self.services.urls, ANN, *each) for each in NOKIAS]
        clients += [Android(self, self.services.urls, ANN, V13, each) for each in ENCODINGS]
        current = dict.fromkeys(known_as(WATCHERS), "CURRENT_SUBSCRIBER")
        while await self.ann.watchers() != current:
            await a_moment()
        for number, watcher in enumerate(self.watchers):
            await WAYS_TO_GO[number % len(WAYS_TO_GO)](watcher)
        while await self.ann.watchers():
            await a_moment()
        former = dict.fromkeys(known_as(WATCHERS), "FORMER_SUBSCRIBER")
        for client in clients:
            await client.sign_on()
            self.assertEqual(await client.watchers(), {})
            self.assertEqual(await client.watchers(3600), {} if client.version is V11 else former)
        await self.services.stop()


class OneProcessTests(Subscriptions, TestCase):
    processes = 1


class TwoProcessTests(Subscriptions, TestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
