"""How much may be said to a phone in a while."""

from twisted.trial.unittest import SynchronousTestCase

from imps.clp.budget import may_send, sent
from imps.clp.state import State


class BudgetTests(SynchronousTestCase):
    def test_so_many_a_minute_and_an_hour(self):
        state = State()
        for _ in range(20):
            self.assertTrue(may_send(state, 1, 20, 200, 1000))
            state = sent(1, 20, 200, 1000)(state)
        self.assertFalse(may_send(state, 1, 20, 200, 1000))
        self.assertTrue(may_send(state, 1, 20, 200, 1003))
        self.assertTrue(may_send(state, 20, 20, 200, 1060))
