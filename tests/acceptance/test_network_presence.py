"""What the mobile network tells of a phone, as others come to see it."""

import json

from twisted.trial.unittest import TestCase

from imps.model.version import V13
from imps.testing.android import Android
from imps.testing.conformance import shows_feature
from imps.testing.http import Line
from imps.testing.service import Services, add_users, settings_file
from tests.acceptance.test_handsets import ANDROIDS

KEY = "the-key-of-the-network"
HELSINKI = {"latitude": 60.1706, "longitude": 24.9414, "accuracy": 200}
OULU = {"latitude": 65.0121, "longitude": 25.4651}
SETTINGS = f"""
log_level = "debug"
[admin]
key = "{KEY}"
"""


class NetworkPresence:
    async def start(self):
        options = ("--admin", "tcp:0", "--config", settings_file(self, SETTINGS))
        self.services = Services(self, self.processes, options)
        await self.services.start()
        programs = [service.program for service in self.services.each]
        self.admins = [f"http://{program.said('Admin on (.+)')}" for program in programs]

    async def signed_on(self, version, encoding, *names):
        """Clients of users who are new, in a version and an encoding."""
        names = [f"{name}-in-{version}-{encoding}" for name in names]
        await add_users(self.services.data, *names)
        urls = self.services.urls
        users = [f"wv:{name}@localhost" for name in names]
        clients = [Android(self, urls, user, version, encoding) for user in users]
        for client in clients:
            await client.sign_on()
        return clients

    async def tell(self, user, key=KEY, **said):
        """Tell of a user, to the other process than the last time; the status of the answer."""
        self.admins.append(self.admins.pop(0))
        line = await Line.to(self.admins[0])
        body = json.dumps({"user": user, **said})
        head = [
            "POST /presence HTTP/1.1",
            "Host: a",
            "Content-Type: application/json",
            f"Authorization: Bearer {key}",
            f"Content-Length: {len(body)}",
        ]
        answer = await line.say("\r\n".join([*head, "", body]).encode())
        line.close()
        return answer.status

    @shows_feature("presence and location from the network", "registration", "roaming", "location")
    async def test_phone_is_seen_to_be_switched_on_to_travel_and_to_be_lost(self):
        await self.start()
        for version, encoding in ANDROIDS:
            ann, bob, eve = await self.signed_on(version, encoding, "ann", "bob", "eve")
            await ann.allow("OnlineStatus Registration PLMN GeoLocation")
            self.assertEqual(await self.allow_one(ann, eve.user, "Registration"), 200)
            await ann.sign_off()
            for watcher in (bob, eve):
                await watcher.add_contact("friends", ann.user, "Ann")
            await bob.sees(ann.user, OnlineStatus="F")

            told = {"registration": True, "plmn": "Sonera", "location": HELSINKI}
            self.assertEqual(await self.tell(ann.user, **told), 200)
            place = "24 56 29.04E 60 10 14.16N 200"
            await bob.sees(ann.user, Registration="T", PLMN="Sonera", GeoLocation=place)
            await eve.sees(ann.user, Registration="T")

            self.assertEqual(await self.tell(ann.user, key="another-key", plmn="Elisa"), 401)
            self.assertEqual(await self.tell(ann.user, plmn="Telia", location=OULU), 200)
            place = "25 27 54.36E 65 0 43.56N"
            await bob.sees(ann.user, Registration="T", PLMN="Telia", GeoLocation=place)

            gone = {"registration": False, "plmn": None, "location": None}
            self.assertEqual(await self.tell(ann.user, **gone), 200)
            await bob.sees(ann.user, Registration="F", PLMN=None, GeoLocation=None)
            await eve.sees(ann.user, Registration="F")
            self.assertEqual(eve.presence[ann.user], {"Registration": "F"})
        await self.services.stop()
        self.check_log()

    async def allow_one(self, publisher, user, name):
        """Allow one user to see an attribute, and no other; the code of the answer."""
        users = f"<UserID>{user}</UserID>"
        answer = await publisher.ask(
            f"<CreateAttributeList-Request>{publisher.sub_list(f'<{name}/>')}"
            f"{f'<UserIDList>{users}</UserIDList>' if publisher.version is V13 else users}"
            "<DefaultList>F</DefaultList></CreateAttributeList-Request>"
        )
        return answer.code

    def check_log(self):
        """Neither the key nor where somebody is may be in it, however much is logged."""
        log = self.services.output
        self.assertIn("The network told", log)
        for secret in (KEY, "another-key", "Sonera", "60 10 14", "60.17", "Traceback"):
            self.assertNotIn(secret, log)


class OneProcessTests(NetworkPresence, TestCase):
    processes = 1


class TwoProcessTests(NetworkPresence, TestCase):
    """The same with the network and each client going to the other process than the last time."""

    processes = 2
