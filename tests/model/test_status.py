"""Status codes: what many outcomes make together, and what older clients are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.model.status import Detail, Outcome, Refusal, StatusCode, code_in, merge
from imps.model.version import V11, V12, V13

OK, BLOCKED, UNKNOWN = StatusCode.OK, StatusCode.RECIPIENT_BLOCKED_SENDER, StatusCode.UNKNOWN_USER
ANN, BOB, EVE = Address("ann"), Address("bob"), Address("eve")


def merged(results: list[tuple[Address, StatusCode]]) -> Outcome:
    return merge(
        Outcome(1) if code is OK else Outcome(0, (Detail(code, users=(user,)),))
        for user, code in results
    )


class MergeTests(SynchronousTestCase):
    def test_outcomes_are_merged(self) -> None:
        for results, code, details in (
            ([], OK, ()),
            ([(ANN, OK)], OK, ()),
            ([(ANN, OK), (BOB, OK)], OK, ()),
            ([(ANN, UNKNOWN)], UNKNOWN, ()),
            (
                [(ANN, OK), (BOB, UNKNOWN)],
                StatusCode.PARTLY_DONE,
                (Detail(UNKNOWN, users=(BOB,)),),
            ),
            (
                [(ANN, UNKNOWN), (BOB, UNKNOWN)],
                StatusCode.MULTIPLE_ERRORS,
                (Detail(UNKNOWN, users=(ANN, BOB)),),
            ),
            (
                [(ANN, UNKNOWN), (BOB, BLOCKED)],
                StatusCode.MULTIPLE_ERRORS,
                (Detail(UNKNOWN, users=(ANN,)), Detail(BLOCKED, users=(BOB,))),
            ),
            (
                [(ANN, UNKNOWN), (EVE, OK), (BOB, BLOCKED)],
                StatusCode.PARTLY_DONE,
                (Detail(UNKNOWN, users=(ANN,)), Detail(BLOCKED, users=(BOB,))),
            ),
        ):
            outcome = merged(results)
            self.assertEqual((outcome.code, outcome.details), (code, details))

    @given(
        st.lists(
            st.tuples(st.sampled_from([ANN, BOB, EVE]), st.sampled_from([OK, BLOCKED, UNKNOWN]))
        )
    )
    def test_every_failure_is_told_once(self, results: list[tuple[Address, StatusCode]]) -> None:
        outcome = merged(results)
        told = [(user, detail.code) for detail in outcome.details for user in detail.users]
        failures = [(user, code) for user, code in results if code is not OK]
        if told or not failures:
            self.assertEqual(sorted(told, key=repr), sorted(failures, key=repr))
        else:
            self.assertEqual([outcome.code], [code for _, code in failures])
        served = not failures or len(failures) < len(results)
        self.assertEqual(outcome.succeeded, served)

    @given(
        st.lists(
            st.tuples(st.sampled_from([ANN, BOB, EVE]), st.sampled_from([OK, BLOCKED, UNKNOWN]))
        ),
        st.integers(0, 5),
    )
    def test_it_does_not_matter_who_did_which_part(
        self, results: list[tuple[Address, StatusCode]], part: int
    ) -> None:
        parts = [merged(results[:part]), merged(results[part:])]
        self.assertEqual(merge(parts), merged(results))


class VersionTests(SynchronousTestCase):
    def test_new_codes_are_folded_for_older_clients(self) -> None:
        for code, in_1_1, in_1_2, in_1_3 in (
            (200, 200, 200, 200),
            (604, 604, 604, 604),
            (427, 402, 402, 427),
            (428, 422, 422, 428),
            (429, 402, 402, 429),
            (450, 402, 402, 450),
            (562, 402, 402, 562),
            (753, 403, 753, 753),
            (754, 403, 754, 754),
            (755, 403, 755, 755),
            (760, 405, 760, 760),
            (999, 999, 999, 999),
        ):
            told = [code_in(version, code) for version in (V11, V12, V13)]
            self.assertEqual(told, [in_1_1, in_1_2, in_1_3])

    def test_every_code_is_told_as_a_code_of_that_version(self) -> None:
        for code in StatusCode:
            for version in (V11, V12, V13):
                told = code_in(version, code)
                self.assertEqual(code_in(version, told), told)
                self.assertIn(told, list(StatusCode))

    def test_kinds_of_groups_have_codes_in_every_version(self) -> None:
        for code in (802, 803, 804, 805):
            for version in (V11, V12, V13):
                self.assertIs(StatusCode(code_in(version, code)), StatusCode(code))


class RefusalTests(SynchronousTestCase):
    def test_refusal_says_why(self) -> None:
        self.assertEqual(str(Refusal(StatusCode.BAD_PARAMETER, "no recipient")), "402 no recipient")
        self.assertEqual(str(Refusal(StatusCode.NOT_FOUND)), "404")
