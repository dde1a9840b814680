"""Users see each other come, change and go, whatever clients they have."""

from twisted.trial.unittest import TestCase

from imps.csp.primitives.presence import (
    GetPresenceRequest,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.testing.clients import KINDS, SHORT_LIVES, WAYS_TO_GO, is_cut_off, one_of_each
from imps.testing.conformance import ALL, shows
from imps.testing.presence import attribute
from imps.testing.service import CIR, Services, add_users, settings_file

SHOWN = "OnlineStatus ClientInfo CommCap UserAvailability StatusText StatusMood"


class ComingAndGoing:
    async def start(self):
        options = (*CIR, "--config", settings_file(self, SHORT_LIVES))
        self.services = Services(self, self.processes, options)
        await self.services.start()

    async def clients(self, role):
        """One of each kind, each of a user of its own."""
        names = [f"{role}-{number}" for number in range(len(KINDS))]
        await add_users(self.services.data, *names)
        return one_of_each(self, self.services.urls, [f"wv:{name}@localhost" for name in names])

    @shows(GetPresenceRequest, UpdatePresenceRequest, SubscribePresenceRequest, *ALL)
    @shows(PresenceNotificationRequest, *ALL)
    async def test_every_client_sees_every_other_come_change_and_go(self):
        await self.start()
        goes = {client: way for way in WAYS_TO_GO for client in await self.clients(way.__name__)}
        watchers = await self.clients("watcher")
        for watcher in watchers:
            await watcher.sign_on()
            await watcher.watch(*(publisher.user for publisher in goes))
        for publisher in goes:
            await publisher.sign_on()
            await publisher.allow(SHOWN)
        await self.all_see(watchers, goes, OnlineStatus="T", CommCap="IM OPEN")
        for publisher in goes:
            said = attribute("StatusText", "new & old") + attribute("StatusMood", "HAPPY")
            self.assertEqual(await publisher.publish(said.replace("&", "&amp;")), 200)
        status = {"StatusText": "new & old", "StatusMood": "HAPPY"}
        await self.all_see(watchers, goes, UserAvailability="AVAILABLE", **status)
        for publisher, goes_away in goes.items():
            await goes_away(publisher)
        # What was of the client goes with it, what was of the user stays.
        gone = {"OnlineStatus": "F", "CommCap": None, "ClientInfo": None}
        await self.all_see(watchers, goes, **gone, **status)
        back = [publisher for publisher, way in goes.items() if way is is_cut_off]
        for publisher in back:
            await publisher.sign_on()
        await self.all_see(watchers, back, OnlineStatus="T")
        await self.services.stop()
        self.assertNotIn("Traceback", self.services.output)

    async def all_see(self, watchers, publishers, **seen):
        for watcher in watchers:
            for publisher in publishers:
                await watcher.sees(publisher.user, **seen)


class OneProcessTests(ComingAndGoing, TestCase):
    processes = 1


class TwoProcessTests(ComingAndGoing, TestCase):
    """The same with each request going to the other process than the last."""

    processes = 2
