"""Presence from the network: what may be posted, and what the page answers."""

import contextlib
import json
import os
import re
import signal

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from imps.admin.network_presence import Malformed, NetworkPresence, Told, told_in
from imps.csp.presence_values import presence_element, values_in
from imps.elements.interfaces import Caller
from imps.model.address import Address
from imps.model.presence import EVERY_ATTRIBUTE, Attribute, Presence, PresenceValue, Published
from imps.model.version import V11, V12, V13
from tests.admin.test_door import AdminDoorTestCase

ANN = Address.parse("wv:ann@localhost")
KEY = "0123456789abcdef"
WITH_KEY = (b"authorization", f"Bearer {KEY}".encode())
JSON = (b"content-type", b"application/json")

WHOLE_LOCATION = {"latitude": 60.1706, "longitude": -24.9414, "altitude": 12, "accuracy": 200}
WHOLE_ADDRESS = {
    "country": "fi",
    "city": "Helsinki",
    "street": "Mannerheimintie",
    "crossing1": "Postikatu",
    "crossing2": "Salomonkatu",
    "building": "10 A",
    "named_area": "Kamppi",
    "accuracy": 50,
}


def body(**said):
    return json.dumps({"user": "ann", **said}).encode()


def told(**said):
    return told_in(body(**said)).values


def simple(what):
    return PresenceValue(content=(("PresenceValue", what),))


class ToldTests(SynchronousTestCase):
    def test_users_are_named_by_address_name_or_number(self):
        for text in ("ann", "wv:ann", "ann@localhost", "+358401234567", "Wv:Ann@Localhost"):
            self.assertEqual(told_in(json.dumps({"user": text}).encode()).user, Address.parse(text))

    def test_everything_that_can_be_told_is_read(self):
        location = (
            ("Longitude", "24 56 29.04W"),
            ("Latitude", "60 10 14.16N"),
            ("Altitude", 12),
            ("Accuracy", 200),
        )
        address = (
            ("Country", "FI"),
            ("City", "Helsinki"),
            ("Street", "Mannerheimintie"),
            ("Crossing1", "Postikatu"),
            ("Crossing2", "Salomonkatu"),
            ("Building", "10 A"),
            ("NamedArea", "Kamppi"),
            ("Accuracy", 50),
        )
        self.assertEqual(
            told(registration=False, plmn="Sonera", location=WHOLE_LOCATION, address=WHOLE_ADDRESS),
            {
                Attribute.REGISTRATION: simple(False),
                Attribute.PLMN: simple("Sonera"),
                Attribute.GEO_LOCATION: PresenceValue(content=location),
                Attribute.ADDRESS: PresenceValue(content=address),
            },
        )

    def test_every_version_has_words_for_all_of_it(self):
        values = told(
            registration=True, plmn="24491", location=WHOLE_LOCATION, address=WHOLE_ADDRESS
        )
        published = tuple(Published(*each) for each in values.items())
        for version in (V11, V12, V13):
            element = presence_element(Presence(ANN, published), version)
            self.assertEqual(dict(values_in(element.presence_sub_lists[0], version)), values)

    def test_order_of_fields_means_nothing(self):
        turned = dict(reversed(WHOLE_LOCATION.items()))
        self.assertEqual(told(location=turned), told(location=WHOLE_LOCATION))

    def test_null_is_known_no_more_and_what_is_not_there_is_not_told(self):
        self.assertEqual(told(), {})
        self.assertEqual(told(plmn=None), {Attribute.PLMN: None})
        self.assertEqual(
            told(address={"city": "Oulu", "street": None}), told(address={"city": "Oulu"})
        )

    def test_degrees_have_minutes_and_seconds(self):
        for degrees, written in {
            0: "0 0 0",
            35.404348: "35 24 15.653",
            12.60625: "12 36 22.5",
            59.99999999: "60 0 0",
            1e-7: "0 0 0",
            90: "90 0 0",
            1.5: "1 30 0",
            0.0000003: "0 0 0.001",
        }.items():
            for sign, letters in ((1, "NE"), (-1, "SW")):
                values = told(location={"latitude": sign * degrees, "longitude": sign * degrees})
                location = values[Attribute.GEO_LOCATION]
                if not written.strip("0 "):
                    letters = "NE"
                self.assertEqual(location.first("Latitude"), written + letters[0])
                self.assertEqual(location.first("Longitude"), written + letters[1])

    @given(st.floats(-90, 90), st.floats(-180, 180))
    def test_degrees_can_be_read_back(self, latitude, longitude):
        values = told(location={"latitude": latitude, "longitude": longitude})
        location = values[Attribute.GEO_LOCATION]
        for name, degrees in (("Latitude", latitude), ("Longitude", longitude)):
            found = re.fullmatch(r"(\d+) (\d+) (\d+(?:\.\d{1,3})?)([NESW])", location.first(name))
            whole, minutes, seconds = float(found[1]), float(found[2]), float(found[3])
            self.assertLess(max(minutes, seconds), 60)
            read = (whole + minutes / 60 + seconds / 3600) * (-1 if found[4] in "SW" else 1)
            self.assertLess(abs(read - degrees), 0.0006 / 3600)

    def test_what_cannot_be_meant_is_refused_and_named(self):
        anywhere = {"latitude": 1, "longitude": 1}
        for said, complaint in [
            ({"user": 5}, "user: must be a text of "),
            ({"user": ""}, "user: must be a text of "),
            ({"user": None}, "user: is needed"),
            ({"user": "a b"}, "user: must be the address, the name or the number "),
            ({"user": "ann/friends"}, "user: must be the address, the name or the number "),
            ({"user": "a" * 501}, "user: must be a text of "),
            ({"mood": "HAPPY"}, "mood: there is no such field"),
            ({"registration": "T"}, "registration: must be true or false"),
            ({"registration": 1}, "registration: must be true or false"),
            ({"plmn": 24491}, "plmn: must be a text of 1 to 200 "),
            ({"plmn": ""}, "plmn: must be a text of 1 to 200 "),
            ({"plmn": "a\0b"}, "plmn: must be a text of 1 to 200 "),
            ({"plmn": "\ud800"}, "plmn: must be a text of 1 to 200 "),
            ({"plmn": "x" * 201}, "plmn: must be a text of 1 to 200 "),
            ({"location": "here"}, "location: must be a JSON object"),
            ({"location": []}, "location: must be a JSON object"),
            ({"location": {"latitude": 1}}, "location: longitude: is needed"),
            ({"location": {**anywhere, "latitude": None}}, "location: latitude: is needed"),
            ({"location": {**anywhere, "latitude": 90.1}}, "location: latitude: must be a number "),
            ({"location": {**anywhere, "latitude": "1"}}, "location: latitude: must be a number "),
            ({"location": {**anywhere, "longitude": -181}}, "location: longitude: must be a "),
            ({"location": {**anywhere, "longitude": True}}, "location: longitude: must be a "),
            ({"location": {**anywhere, "longitude": 10**4000}}, "location: longitude: must be a "),
            ({"location": {**anywhere, "altitude": 1.5}}, "location: altitude: must be a whole "),
            ({"location": {**anywhere, "accuracy": -1}}, "location: accuracy: must be a whole "),
            ({"location": {**anywhere, "speed": 1}}, "location: speed: there is no such field"),
            ({"address": {}}, "address: is empty; "),
            ({"address": {"city": None}}, "address: is empty; "),
            ({"address": {"country": "Finland"}}, "address: country: must be the two letters "),
            ({"address": {"country": "ÅÄ"}}, "address: country: must be the two letters "),
            ({"address": {"city": 1}}, "address: city: must be a text "),
            ({"address": {"zip": "00100"}}, "address: zip: there is no such field"),
        ]:
            error = self.assertRaises(Malformed, told, **said)
            self.assertTrue(str(error).startswith(complaint), f"{error}, and not {complaint}")

    def test_what_is_no_json_object_is_refused(self):
        for octets, complaint in [
            (b"", "the body must be JSON"),
            (b"user=ann", "the body must be JSON"),
            (b"\xff\xfe", "the body must be JSON"),
            ("{}".encode("utf-16"), "the body must be JSON"),
            (b'{"user": "ann"} {}', "the body must be JSON"),
            (b'{"user": NaN}', "the body must be JSON"),
            (b'{"user": "ann", "plmn": %s}' % (b"9" * 60_000), "the body must be JSON"),
            (b"[" * 60_000, "the body must be JSON"),
            (b'{"user":' * 8_000, "the body must be JSON"),
            (b"[]", "must be a JSON object"),
            (b"null", "must be a JSON object"),
            (b"{}", "user: is needed"),
            (b'{"user": "ann", "user": "bob"}', "user: is there twice"),
            (b'{"user": "a", "address": {"city": "b", "city": "c"}}', "city: is there twice"),
            (
                b'{"user": "a", "location": {"latitude": 1e999, "longitude": 0}}',
                "location: latitude: must be a number from -90 to 90",
            ),
        ]:
            error = self.assertRaises(Malformed, told_in, octets)
            self.assertEqual(str(error), complaint)

    @given(
        st.binary()
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda said: json.dumps(said).encode())
        | st.fixed_dictionaries(
            {"user": st.text()},
            optional={
                name: st.none() | st.booleans() | st.text() | st.just(WHOLE_LOCATION)
                for name in ("registration", "plmn", "location", "address")
            },
        ).map(lambda said: json.dumps(said).encode())
    )
    @example(b'{"user": "ann", "plmn": "\\udfff"}')
    def test_any_octets_are_understood_or_refused(self, octets):
        with contextlib.suppress(Malformed):
            self.assertIsInstance(told_in(octets), Told)

    def test_where_somebody_is_is_not_shown_by_accident(self):
        self.assertNotIn("Sonera", repr(told_in(body(plmn="Sonera"))))


class PageTests(AdminDoorTestCase):
    async def setUp(self):
        await super().setUp()
        await self.parts.directory.add(ANN, "secret", "+358401234567")
        self.url = await self.page(KEY)

    async def page(self, key):
        """Serve the page with a key; the URL of its door."""
        page = NetworkPresence(self.parts.presence, key)
        self.assertNotIn(KEY, repr(page))
        return await self.served({"/presence": page.answer})

    async def post(self, octets=None, headers=(WITH_KEY, JSON), method=b"POST"):
        """The status, the headers and what is said to be wrong."""
        octets = body(registration=True) if octets is None else octets
        code, answered, text = await self.ask("/presence", method, octets, headers)
        self.assertEqual(answered.getRawHeaders("content-type"), ["application/json"])
        said = json.loads(text)
        self.assertEqual(set(said), set() if code == 200 else {"error"})
        return code, answered, said.get("error")

    async def known(self):
        """What is known of her."""
        got = await self.parts.presence.get(Caller(ANN, ""), [ANN], [], EVERY_ATTRIBUTE)
        return {each.attribute: each.value for each in got.presences[0].published}

    async def test_what_is_told_is_known_by_name_and_by_number(self):
        self.assertEqual((await self.post())[0], 200)
        self.assertEqual((await self.known())[Attribute.REGISTRATION], simple(True))
        by_number = body(user="+358401234567", registration=None, plmn="Sonera")
        self.assertEqual((await self.post(by_number, headers=(WITH_KEY,)))[0], 200)
        known = await self.known()
        self.assertNotIn(Attribute.REGISTRATION, known)
        self.assertEqual(known[Attribute.PLMN], simple("Sonera"))

    async def test_key_is_needed(self):
        for headers in (
            (),
            ((b"authorization", KEY.encode()),),
            ((b"authorization", f"Basic {KEY}".encode()),),
            ((b"authorization", b"Bearer"),),
            ((b"authorization", f"Bearer {KEY}0".encode()),),
            ((b"authorization", f"Bearer {KEY[:-1]}".encode()),),
            ((b"authorization", b"Bearer \xff\xe9"),),
        ):
            code, answered, error = await self.post(headers=(JSON, *headers))
            self.assertEqual((code, error), (401, "the key is missing or wrong"))
            self.assertEqual(answered.getRawHeaders("www-authenticate"), ["Bearer"])
        self.assertNotIn(Attribute.REGISTRATION, await self.known())
        lower = (b"authorization", f"bearer {KEY}".encode())
        self.assertEqual((await self.post(headers=(lower,)))[0], 200)

    async def test_without_a_key_in_the_settings_it_is_switched_off(self):
        self.url = await self.page("")
        for headers in ((WITH_KEY,), (), ((b"authorization", b"Bearer "),)):
            code, _, error = await self.post(headers=headers)
            self.assertEqual(code, 403)
            self.assertIn("no key of [admin]", error)

    async def test_what_is_wrong_is_said(self):
        form = (b"content-type", b"application/x-www-form-urlencoded")
        charset = (b"content-type", b"Application/JSON; charset=utf-8")
        for octets, headers, expected in [
            (b"{", (WITH_KEY,), (400, "the body must be JSON")),
            (body(plmn=1), (WITH_KEY, charset), (400, "plmn: must be a text of 1 to 200 ")),
            (body(**{"x" * 60_000: 1}), (WITH_KEY,), (400, "x" * 200)),
            (b"x=1", (WITH_KEY, form), (415, "the content type must be application/json")),
            (body(user="eve"), (WITH_KEY,), (404, "there is no such user")),
            (body(user="+15550100"), (WITH_KEY,), (404, "there is no such user")),
            (body(user="ann@elsewhere.example"), (WITH_KEY,), (404, "there is no such user")),
        ]:
            code, _, error = await self.post(octets, headers)
            self.assertEqual((code, error[: len(expected[1])]), expected)
            self.assertLessEqual(len(error), 200)

    async def test_it_is_posted(self):
        for method in (b"GET", b"PUT", b"DELETE"):
            code, answered, _ = await self.post(method=method)
            self.assertEqual((code, answered.getRawHeaders("allow")), (405, ["POST"]))

    async def test_store_that_hangs_is_told_in_time(self):
        said = await self.store.client.execute("INFO", "server")
        server = int(said.split(b"process_id:")[1].split()[0])
        os.kill(server, signal.SIGSTOP)
        try:
            began_at = reactor.seconds()
            code, _, error = await self.post()
            self.assertLess(reactor.seconds() - began_at, 4)
            self.assertEqual((code, error), (503, "the store does not answer; try again later"))
        finally:
            os.kill(server, signal.SIGCONT)

    async def test_store_that_is_full_is_told(self):
        self.addCleanup(self.store.client.execute, "CONFIG", "SET", "maxmemory", "0")
        await self.store.client.execute("CONFIG", "SET", "maxmemory", "1")
        code, _, error = await self.post()
        self.assertEqual((code, error), (503, "the store is full"))
