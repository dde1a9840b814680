"""Clients are woken a few at a time."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.cir.turns import AT_A_TIME, PAUSE_SECONDS, Turns

TURNS = 30
MANY = TURNS * AT_A_TIME


class TurnsTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.gone = Clock(), []
        self.turns = Turns(self.clock)
        self.all = [lambda number=number: self.gone.append(number) for number in range(MANY)]

    def test_one_goes_at_once(self):
        self.turns.take(self.all[0])
        self.assertEqual(self.gone, [0])
        self.clock.advance(PAUSE_SECONDS)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_many_go_some_at_a_time_in_order(self):
        for each in self.all:
            self.turns.take(each)
        for turn in range(1, TURNS + 1):
            self.assertEqual(self.gone, list(range(turn * AT_A_TIME)))
            self.clock.advance(PAUSE_SECONDS)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_waits_goes_once(self):
        for each in self.all + self.all[AT_A_TIME:]:
            self.turns.take(each)
        self.clock.pump([PAUSE_SECONDS] * MANY)
        self.assertEqual(self.gone, list(range(MANY)))

    def test_who_comes_later_waits_for_those_before(self):
        for each in self.all[: AT_A_TIME + 1]:
            self.turns.take(each)
        self.turns.take(self.all[50])
        self.clock.advance(PAUSE_SECONDS)
        self.assertEqual(self.gone[AT_A_TIME:], [AT_A_TIME, 50])
