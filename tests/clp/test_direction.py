"""Texts that are written from right to left."""

from twisted.trial.unittest import SynchronousTestCase

from imps.clp.direction import MARK, with_marks


class MarksTests(SynchronousTestCase):
    def test_numbers_times_and_groups_are_marked(self):
        for token in ("1", "12:41", "22-7", "+358401111111", "#chess", "#1", "3.5"):
            for text in (token, f"\u05d0 {token} \u05d1", f"({token})", f"{token}, {token}?"):
                marked = with_marks(text)
                self.assertEqual(marked, text.replace(token, f"{MARK}{token}{MARK}"))

    def test_what_is_marked_stays_as_it_is(self):
        once = with_marks("\u05d0 1 bob 3 cy #chess: 12:41.")
        self.assertEqual(with_marks(once), once)

    def test_words_are_not_marked(self):
        for text in ("bob2", "a1b", "", "\u05d0\u05d1", "v2x #"):
            self.assertEqual(with_marks(text), text)
