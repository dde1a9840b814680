"""The conformance table says what is so, and leaves out nothing."""

from __future__ import annotations

from pathlib import Path
from unittest import TestResult

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase, TestCase

import imps
from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.access import LoginRequest
from imps.csp.primitives.common import VerifyIDRequest
from imps.csp.primitives.im import NewMessage, SendMessageRequest
from imps.model.version import V11, V12, V13
from imps.ssp.messages.presence import SubscribeRequest
from imps.testing.conformance import ALL, WBXML, XML, shows, shows_feature
from imps.testing.conformance.document import document
from imps.testing.conformance.features import AREAS, FEATURES, Feature
from imps.testing.conformance.marks import ENCODINGS, Cell, Marks, note
from imps.testing.conformance.state import Conformance, State
from imps.testing.conformance.transactions import TRANSACTIONS, Transaction, asked, told

DOCUMENT = Path(imps.__file__).parent.parent / "docs/conformance.rst"
COMMAND = "python -m imps.testing.conformance > docs/conformance.rst"

SECTIONS = {
    "1.1": "3 4 4.1 4.1.1 4.1.2 4.2 4.3 4.3.1 4.3.2 4.3.3 4.3.4 4.3.5 4.3.6 4.3.7 4.4 4.4.1 4.4.2"
    " 4.4.3 5 5.1 5.2 5.3 5.4 6 6.1 6.1.1 6.1.2 6.1.3 6.2 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.3 6.3.1"
    " 6.3.2 6.3.3 6.3.4 6.3.5 7 8 8.1 8.2 8.3 8.4 9 9.1 9.2 10 10.1 10.2 10.3 10.4 10.4.1 10.4.2"
    " 10.5 10.6",
    "1.2": "1 4 5 5.1 5.1.1 5.1.2 5.2 5.3 5.3.1 5.3.2 5.3.3 5.3.4 5.3.5 5.3.6 5.3.7 5.4 5.4.1 5.4.2"
    " 5.4.3 6 6.1 6.2 6.3 6.4 7 7.1 7.1.1 7.1.2 7.1.3 7.2 7.2.1 7.2.2 7.2.3 7.2.4 7.2.5 7.3 7.3.1"
    " 7.3.2 7.3.3 7.3.4 7.3.5 8 9 9.1 9.2 9.3 9.4 10 10.1 10.2 11 11.1 11.2 11.3 11.4 11.4.1 11.4.2"
    " 11.5 11.6",
    "1.3": "1 5.3 5.3.1 5.3.2 5.3.3 5.3.4 5.3.5 5.3.6 5.3.6.1 5.3.6.2 5.3.6.3 5.3.6.4 5.3.7 5.3.8"
    " C.1 C.1.1 C.1.2 C.1.3 C.1.4 C.2 C.2.1 C.2.2 C.2.3 C.2.4 C.3 C.3.1 C.3.2 C.3.3 C.4 C.5 C.5.1"
    " C.5.2 C.5.3 C.5.4 C.6 C.6.1 C.6.2 C.7 C.7.1 C.7.2 C.7.3 C.7.4 C.7.5 C.7.6 C.8.1 C.8.2 C.8.3"
    " C.8.4 C.8.5 C.8.6 C.8.7 C.8.8 C.8.9 C.8.10 C.8.11 C.8.12 C.8.13 C.8.14 C.8.15 C.8.16 C.8.17"
    " C.8.18",
    "release": "5 6.1 6.1.1 6.1.2 6.1.3 6.1.4 6.1.5 6.1.5.1 6.1.5.2 6.1.5.3 6.1.5.4 6.2 6.3 6.4.1"
    " 6.4.2 6.4.3 6.4.4 8 9",
}
"""The sections of the features documents that name a feature, or introduce some."""

TOLD = ("told.by",)
SHOWN = ("shown.by",)


def all_transactions() -> list[Transaction]:
    return [transaction for area in TRANSACTIONS.values() for transaction in area]


class DocumentTests(SynchronousTestCase):
    def test_document_is_what_the_command_makes(self) -> None:
        conformance = Conformance.of_this_server()
        written = DOCUMENT.read_text("utf-8")
        self.assertTrue(written == document(conformance), f"no longer true; {COMMAND}")

    def test_primitive_that_is_not_registered_is_not_yet_there(self) -> None:
        conformance = Conformance.of_this_server()
        (sending,) = [each for each in all_transactions() if each.request is SendMessageRequest]
        before = conformance.of_transaction(sending, V12, XML)
        assert before is not None
        self.assertEqual(before.state, State.DONE)
        without = evolve(conformance, served=conformance.served - {SendMessageRequest})
        after = without.of_transaction(sending, V12, XML)
        assert after is not None
        self.assertEqual((after.state, after.tests), (State.NOT_YET, ()))
        self.assertNotEqual(DOCUMENT.read_text("utf-8"), document(without))

    def test_messages_between_servers_are_done_when_they_are_served_and_shown(self) -> None:
        conformance = Conformance.of_this_server()
        standing = conformance.of_message(SubscribeRequest, V12)
        self.assertEqual(
            (standing.state, standing.tests),
            (State.DONE, ("tests.ssp.test_versions.VersionsTests.test_1_2",)),
        )
        unserved = evolve(conformance, between=frozenset())
        self.assertEqual(unserved.of_message(SubscribeRequest, V12).state, State.NOT_YET)
        unshown = evolve(conformance, marks=Marks({}, {}))
        self.assertEqual(unshown.of_message(SubscribeRequest, V12).state, State.NOT_SHOWN)

    def test_nothing_is_shown_that_is_not_registered(self) -> None:
        conformance = Conformance.of_this_server()
        shown = {request for request, _, _ in conformance.marks.cells}
        self.assertLessEqual(shown, conformance.served | conformance.sent)
        between = {message for message, _ in conformance.marks.messages}
        self.assertLessEqual(between, conformance.between)


class CompletenessTests(SynchronousTestCase):
    def test_every_primitive_is_part_of_a_transaction(self) -> None:
        named = {each.request for each in all_transactions()}
        named |= {answer for each in all_transactions() for answer in each.answers}
        self.assertEqual(set(PRIMITIVES.values()) - named, set())

    def test_whatever_is_registered_is_in_the_table(self) -> None:
        conformance = Conformance.of_this_server()
        requests = {each.request for each in all_transactions() if not each.from_server}
        self.assertLessEqual(conformance.served, requests)
        told = {each.request for each in all_transactions() if each.from_server}
        self.assertLessEqual(conformance.sent, told)
        decided_against = [each for each in all_transactions() if each.reason]
        self.assertFalse(any(map(conformance.is_registered, decided_against)))

    def test_every_section_is_covered(self) -> None:
        for document_key, sections in SECTIONS.items():
            covered = {
                section
                for feature in FEATURES.values()
                for section in feature.sections[document_key]
            }
            self.assertEqual(covered, set(sections.split()), document_key)

    def test_titles_are_unique_and_every_feature_is_in_some_document(self) -> None:
        self.assertEqual(len(FEATURES), sum(map(len, AREAS.values())))
        for feature in FEATURES.values():
            self.assertTrue(any(feature.sections.values()), feature.title)


class StateTests(SynchronousTestCase):
    """States follow from what is registered and what is shown."""

    def conformance(self, *shown: tuple[str, str], served: bool = True) -> Conformance:
        cells: dict[Cell, tuple[str, ...]] = {
            (LoginRequest, version, encoding): SHOWN
            for version in (V11, V12, V13)
            for encoding in ENCODINGS
        }
        registered = frozenset({LoginRequest}) if served else frozenset[type]()
        return Conformance(registered, frozenset(), Marks(cells, dict.fromkeys(shown, TOLD)))

    def state_of(self, conformance: Conformance, feature: Feature) -> tuple[State, str]:
        standing = conformance.of_feature(feature)
        return standing.state, standing.why

    def test_transaction_is_done_when_it_is_registered_and_shown(self) -> None:
        conformance = self.conformance()
        standing = conformance.of_transaction(asked(LoginRequest), V11, XML)
        assert standing is not None
        self.assertEqual((standing.state, standing.tests), (State.DONE, SHOWN))

    def test_transaction_without_a_test_is_not_done(self) -> None:
        conformance = Conformance(frozenset({LoginRequest}), frozenset(), Marks({}, {}))
        standing = conformance.of_transaction(asked(LoginRequest), V11, XML)
        assert standing is not None
        self.assertEqual(standing.state, State.NOT_SHOWN)

    def test_what_is_served_is_not_sent(self) -> None:
        standing = self.conformance().of_transaction(told(LoginRequest), V11, XML)
        assert standing is not None
        self.assertEqual(standing.state, State.NOT_YET)

    def test_version_without_the_primitive_has_no_state(self) -> None:
        self.assertIsNone(self.conformance().of_transaction(asked(VerifyIDRequest), V11, XML))

    def test_feature_is_done_when_its_transactions_and_parts_are(self) -> None:
        login = Feature("login", {}, (LoginRequest,), ("by password", "by digest"), "")
        password, digest = ("login", "by password"), ("login", "by digest")
        self.assertEqual(self.state_of(self.conformance(password, digest), login), (State.DONE, ""))
        self.assertEqual(
            self.state_of(self.conformance(password), login), (State.PARTLY, "by digest")
        )
        self.assertEqual(
            self.state_of(self.conformance(password, digest, served=False), login),
            (State.PARTLY, "Login-Request"),
        )
        self.assertEqual(self.state_of(self.conformance(served=False), login)[0], State.NOT_YET)

    def test_feature_of_itself_is_done_when_it_is_shown(self) -> None:
        alone = Feature("alone", {}, (), (), "")
        self.assertEqual(self.state_of(self.conformance(), alone)[0], State.NOT_YET)
        self.assertEqual(self.state_of(self.conformance(("alone", "")), alone)[0], State.DONE)

    def test_what_is_decided_against_says_why(self) -> None:
        without = Feature("maps", {}, (LoginRequest,), (), "no maps")
        self.assertEqual(self.state_of(self.conformance(), without), (State.NOT_DONE, "no maps"))
        standing = self.conformance().of_transaction(asked(LoginRequest, reason="no"), V11, XML)
        assert standing is not None
        self.assertEqual((standing.state, standing.why), (State.NOT_DONE, "no"))


class MarkTests(SynchronousTestCase):
    def test_mark_without_version_encoding_or_request_is_refused(self) -> None:
        refused = (
            (LoginRequest, XML),
            (LoginRequest, V11),
            (V11, XML),
            (LoginRequest, VerifyIDRequest, V11, XML),
        )
        for what in refused:
            self.assertRaises(ValueError, shows, *what)

    def test_feature_is_marked_by_its_parts(self) -> None:
        self.assertRaises(KeyError, shows_feature, "flying")
        self.assertRaises(ValueError, shows_feature, "login")
        self.assertRaises(ValueError, shows_feature, "login", "by flying")

    def test_mark_that_clients_do_not_bear_out_fails_the_test(self) -> None:
        class Test(TestCase):
            @shows(LoginRequest, V11, V12, XML)
            async def test(self) -> None:
                for version in self.versions:  # type: ignore[attr-defined]
                    note(self, "Login-Request", version, XML)

        for versions, passes in (((), False), ((V12,), False), ((V11, V12, V13), True)):
            test, result = Test("test"), TestResult()
            test.versions = versions  # type: ignore[attr-defined]
            test.run(result)
            self.assertEqual(result.wasSuccessful(), passes, versions)

    def test_marks_of_a_test_add_up(self) -> None:
        @shows(LoginRequest, VerifyIDRequest, *ALL)
        @shows(NewMessage, V12, WBXML)
        def test() -> None: ...

        cells = test.shown_cells  # type: ignore[attr-defined]
        self.assertIn((NewMessage, V12, WBXML), cells)
        self.assertIn((VerifyIDRequest, V13, XML), cells)
        self.assertNotIn((VerifyIDRequest, V11, XML), cells)
        self.assertEqual(len(cells), 1 + 6 + 4)
