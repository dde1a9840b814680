import json

from twisted.logger import Logger
from twisted.python import log
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from imps.logs import as_json_line


class JSONLineTests(SynchronousTestCase):
    def setUp(self):
        self.events = []
        self.log = Logger("imps.test", observer=self.events.append)

    def line(self):
        """What is written of the last event."""
        line = as_json_line(self.events.pop())
        self.assertEqual(line.count("\n"), 1)
        self.assertTrue(line.endswith("\n"))
        return json.loads(line)

    def test_event_is_an_object_with_its_plain_fields(self):
        self.log.warn("{door} on\n{port}: {what}", door="CSP", port=8080, what=object, ok=True)
        self.events[0]["log_time"] = 1_767_225_600.5
        line = self.line()
        self.assertIn("CSP on\n8080: <class", line.pop("message"))
        self.assertEqual(
            line,
            {
                "time": "2026-01-01T00:00:00.500Z",
                "level": "warn",
                "namespace": "imps.test",
                "door": "CSP",
                "port": 8080,
                "ok": True,
            },
        )

    def test_braces_are_written_as_twisted_has_them(self):
        for text, message in {
            "{{x}} {y}": "{x} 1",
            "plain": "plain",
            "}": "Unable to format",
        }.items():
            self.log.info(text, y=1)
            self.assertIn(message, self.line()["message"])

    def test_failure_has_its_traceback_in_a_field(self):
        try:
            raise ValueError("for the operator")
        except ValueError:
            self.log.failure("It failed", Failure())
        line = self.line()
        self.assertEqual((line["message"], line["level"]), ("It failed", "critical"))
        self.assertRegex(line["traceback"], "(?s)^Traceback .*ValueError: for the operator")

    def test_field_takes_no_place_of_ours(self):
        self.log.info("text", message="wrong", namespace="wrong", time="wrong", isError=1)
        line = self.line()
        self.assertEqual((line["message"], line["namespace"]), ("text", "imps.test"))
        self.assertEqual(list(line), ["time", "level", "namespace", "message"])

    def test_line_is_valid_whatever_is_in_it(self):
        for value in ("\ud800", "ü\u2028\x00", float("inf"), float("nan"), 10**400, b"octets"):
            self.log.info("it is {value}", value=value)
            self.line()

    def test_what_old_code_logs_is_written_as_well(self):
        seen = []
        log.addObserver(seen.append)
        self.addCleanup(log.removeObserver, seen.append)
        log.msg("from an old library", system="old")
        self.events.append(seen[-1])
        self.assertEqual(self.line()["message"], "from an old library")

    def test_nothing_is_written_of_nothing(self):
        self.log.info("")
        self.assertIsNone(as_json_line(self.events.pop()))
