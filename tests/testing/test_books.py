"""Books that overlooked something would make tests of traffic worthless."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from imps.testing.books import Books


class BooksTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.books = Books()
        self.first, self.second = (self.books.begin("ann", "bob") for _ in range(2))

    def wrong(self) -> dict[str, int]:
        return dict(self.books.wrong)

    def test_nothing_is_wrong_with_what_was_taken_and_came_in_order(self) -> None:
        for number, message_id in ((self.first, "m1"), (self.second, "m2")):
            self.books.take(number, message_id)
            self.assertEqual((self.books.lost, self.books.missing), (1, {number}))
            self.assertTrue(self.books.receive(number, message_id, "bob"))
            self.assertEqual((self.books.lost, self.books.missing), (0, {number}))
            self.books.settle(number)
            self.assertEqual(self.books.missing, set())
        self.assertEqual((self.wrong(), self.books.taken_from("ann")), ({}, ["m1", "m2"]))

    def test_what_was_not_answered_may_be_lost(self) -> None:
        self.assertEqual((self.books.lost, self.books.missing), (0, set()))

    def test_message_may_come_again_until_it_is_settled(self) -> None:
        self.books.receive(self.first, "m1", "bob")
        self.assertFalse(self.books.receive(self.first, "m1", "bob"))
        self.assertEqual((self.wrong(), self.books.sent_again), ({}, 1))
        self.books.settle(self.first)
        self.books.receive(self.first, "m1", "bob")
        self.assertEqual(self.wrong(), {"repeated": 1})

    def test_message_comes_before_those_that_were_sent_later(self) -> None:
        self.books.receive(self.second, "m2", "bob")
        self.books.receive(self.first, "m1", "bob")
        self.assertEqual(self.wrong(), {"overtaken": 1})

    def test_others_may_overtake(self) -> None:
        other = self.books.begin("eve", "bob")
        for number, message_id in ((other, "m3"), (self.first, "m1")):
            self.books.receive(number, message_id, "bob")
        self.assertEqual(self.wrong(), {})

    def test_message_has_one_id_whichever_is_known_first(self) -> None:
        self.books.take(self.first, "m1")
        self.books.receive(self.first, "m2", "bob")
        self.books.receive(self.second, "m2", "bob")
        self.books.take(self.second, "m1")
        self.assertEqual(self.wrong(), {"came under another id": 2})
        self.books.take(self.first, "m3")
        self.assertEqual(self.wrong()["answered with two ids"], 1)

    def test_message_is_for_its_recipient(self) -> None:
        self.books.receive(self.first, "m1", "eve")
        self.assertEqual(self.wrong(), {"came to somebody else": 1})
