"""Users see each other come, change and go, whatever clients they have."""

from twisted.trial.unittest import TestCase

from imps.csp.primitives.presence import (
    GetPresenceRequest,
    PresenceNotificationRequest,
    SubscribePresenceRequest,
    UpdatePresenceRequest,
)
from imps.model.version import V12
from imps.testing.android import Android
from imps.testing.conformance import ALL, shows
from imps.testing.nokia import Nokia
from imps.testing.presence import attribute
from imps.testing.service import CIR, Services, add_users, settings_file
from imps.testing.sms2 import SMS2
from tests.acceptance.test_handsets import ANDROIDS, NOKIAS

# A client may agree on a second in which it has to say something.
SETTINGS = """
[session]
min_time_to_live_seconds = 1
grace_seconds = 0
requests_per_second = 1000
"""

KINDS = (
    *((Android, *each) for each in ANDROIDS),
    *((Nokia, *each) for each in NOKIAS),
    (SMS2, V12, "xml"),
)
"""Every client, in every version and encoding that it speaks."""

SHOWN = "OnlineStatus ClientInfo CommCap UserAvailability StatusText StatusMood"


async def signs_off(client):
    assert await client.sign_off() == 200


async def falls_silent(client):
    answer = await client.ask("<KeepAlive-Request><TimeToLive>1</TimeToLive></KeepAlive-Request>")
    assert answer.code == 200


async def is_cut_off(client):
    await falls_silent(client)
    client.cut_off()


WAYS_TO_GO = (signs_off, falls_silent, is_cut_off)


class ComingAndGoing:
    async def start(self):
        options = (*CIR, "--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()

    async def clients(self, role):
        """One of each kind, each of a user of its own."""
        names = [f"{role}-{number}" for number in range(len(KINDS))]
        await add_users(self.services.data, *names)
        return [
            kind(
                self,
                self.services.urls,
                f"wv:{name}@localhost",
                version=version,
                encoding=encoding,
            )
            for name, (kind, version, encoding) in zip(names, KINDS, strict=True)
        ]

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
