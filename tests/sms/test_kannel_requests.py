import contextlib
from urllib.parse import parse_qs, urlencode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.gsm7 import Coding
from imps.model.short_message import Header, ShortMessage, short_messages
from imps.model.text import OutgoingText
from imps.sms.gateway import Outgoing
from imps.sms.kannel_requests import (
    Malformed,
    Report,
    answer,
    arrived,
    parameters,
    report,
    report_url,
    submission,
)
from imps.store.outgoing_texts import Reported, Said

ANN = "+358401234567"
KEY = "a-key-of-a-gateway"
HOLD = {"from": ANN, "to": "4664", "id": "7f", "text": "hello"}


def asked(**changes):
    return parameters(urlencode({**HOLD, **changes}).encode())


def outgoing(body="hello", part=0, **changes):
    text = OutgoingText(id="1", to=ANN, body=body, **changes)
    return Outgoing(
        text_id="im 1%d&é",
        part=part,
        to=ANN,
        number="4664",
        message=short_messages(text)[part],
        validity_seconds=90,
    )


class ArrivedTests(SynchronousTestCase):
    def test_text_is_read(self):
        told = arrived(asked(text="h€llo [wv:a_b@c]\n  x", coding="0", charset="UTF-8", ts="17"))
        self.assertEqual((told.id, told.sender, told.number), ("7f", ANN, "4664"))
        self.assertEqual(told.message, ShortMessage(Coding.GSM, "h€llo [wv:a_b@c]\n  x"))
        self.assertEqual(told.sent_at, 17)

    def test_ucs2_is_read_recoded_or_not(self):
        for charset, octets in (("UTF-8", "Жди 😀".encode()), ("", "Жди 😀".encode("utf-16-be"))):
            told = arrived(asked(text=octets, coding="2", charset=charset))
            self.assertEqual(told.message.text, "Жди 😀")

    def test_halves_of_a_character_stay_for_parts_to_be_joined(self):
        for text in (b"\xd8\x3d", b"\xed\xa0\xbd"):
            charset = "UTF-8" if len(text) == 3 else ""
            told = arrived(asked(text=text, coding="2", charset=charset))
            self.assertEqual(told.message.text, "\ud83d")

    def test_octets_are_read_with_their_port(self):
        octets = bytes(range(256))
        header = Header(port=3590)
        told = arrived(asked(text=octets, coding="1", charset="8-BIT", udh=header.octets))
        self.assertEqual((told.message.octets, told.message.header.port), (octets, 3590))

    def test_empty_text_is_a_text(self):
        self.assertEqual(arrived(asked(text="")).message.text, "")

    def test_what_cannot_be_meant_is_said(self):
        for name in HOLD:
            said = {key: value for key, value in HOLD.items() if key != name}
            self.assertRaises(Malformed, arrived, parameters(urlencode(said).encode()))
        for wrong in (
            {"from": ""},
            {"coding": "3"},
            {"coding": "x"},
            {"charset": "utf-7"},
            {"charset": "rot13"},
            {"text": b"\xff"},
            {"id": b"\xff"},
            {"text": b"\x04", "coding": "2"},
            {"ts": "-1"},
            {"ts": "9" * 40},
        ):
            self.assertRaises(Malformed, arrived, asked(**wrong))
        self.assertRaises(Malformed, parameters, b"&".join([b"a=1"] * 60))

    @given(st.binary())
    def test_any_query_is_read_or_malformed(self, query):
        for read in (arrived, report):
            with contextlib.suppress(Malformed):
                read(parameters(query))

    @given(st.dictionaries(st.sampled_from([*HOLD, "coding", "charset", "udh", "ts"]), st.binary()))
    def test_any_parameters_are_read_or_malformed(self, changes):
        with contextlib.suppress(Malformed):
            arrived({**asked(), **changes})


class SubmissionTests(SynchronousTestCase):
    def said(self, sent):
        query = submission(sent, "imps", "pass word&", report_url("http://h:1", KEY, sent))
        return {
            name: values[0].encode("latin-1")
            for name, values in parse_qs(query, encoding="latin-1", strict_parsing=True).items()
        }

    def test_text_is_in_the_alphabet_that_has_its_characters(self):
        for body, coding in (("h€llo @_", b"0"), ("???", b"0"), ("Привет", b"2"), ("ç", b"2")):
            said = self.said(outgoing(body))
            self.assertEqual(said["text"].decode(), body)
            self.assertEqual((said["coding"], said["charset"]), (coding, b"UTF-8"))
        self.assertEqual((said["from"], said["to"].decode()), (b"4664", ANN))
        self.assertEqual(said["validity"], b"2")
        self.assertEqual((said["username"], said["password"]), (b"imps", b"pass word&"))
        self.assertNotIn("udh", said)

    def test_part_has_its_header(self):
        said = self.said(outgoing("x" * 200, part=1))
        place = Header.read(said["udh"]).place
        self.assertEqual((place.number, place.total), (2, 2))
        self.assertEqual(said["text"], b"x" * 47)

    def test_octets_go_to_their_port(self):
        said = self.said(outgoing("", octets=b"\x00\xff", port=2948))
        self.assertEqual(said["udh"], Header(port=2948).octets)
        self.assertEqual((said["text"], said["coding"]), (b"\x00\xff", b"1"))
        self.assertNotIn("charset", said)

    def test_report_says_what_it_is_about(self):
        url = self.said(outgoing("x" * 200, part=1))["dlr-url"].decode()
        self.assertTrue(url.startswith("http://h:1/sms/dlr?key=" + KEY))
        # What stands after a percent sign is put in, and nothing else may be mistaken for that.
        self.assertEqual(url.count("%"), 2)
        query = url.partition("?")[2].replace("%d", "8").replace("%A", "no+way%21")
        self.assertEqual(
            report(parameters(query.encode())),
            Report("im 1%d&é", 1, ANN, Reported.ACCEPTED, "no way!"),
        )

    def test_reports_are_what_kannel_means(self):
        reference = parameters(report_url("", KEY, outgoing()).partition("?")[2].encode())["ref"]
        for number, reported in (
            (1, Reported.DELIVERED),
            (2, Reported.UNDELIVERED),
            (4, Reported.ACCEPTED),
            (8, Reported.ACCEPTED),
            (16, Reported.UNDELIVERED),
        ):
            told = report({"ref": reference, "d": str(number).encode()})
            self.assertIs(told.reported, reported)
        for wrong in ({"d": b"3"}, {"d": b""}, {"ref": b"%"}, {"ref": b"YQ"}, {"ref": b""}):
            self.assertRaises(Malformed, report, {"ref": reference, "d": b"1", **wrong})


class AnswerTests(SynchronousTestCase):
    def test_answers_are_what_kannel_means(self):
        for status, body, said in (
            (202, b"0: Accepted for delivery", Said.ACCEPTED),
            (202, b"3: Queued for later delivery", Said.ACCEPTED),
            (400, b"Missing receiver number, rejected", Said.FAILED),
            (404, b"Unknown request.", Said.LATER),
            (503, b"Temporal failure, try again later.", Said.LATER),
            (500, b"", Said.LATER),
            (403, b"Authorization failed for sendsms", Said.LATER),
        ):
            told = answer(status, body)
            self.assertIs(told.said, said, status)
            self.assertEqual(told.after_seconds > 0, said is Said.LATER)
            self.assertFalse(told.in_vain)
