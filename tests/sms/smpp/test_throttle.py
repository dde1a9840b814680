from twisted.trial.unittest import SynchronousTestCase

from imps.sms.smpp.throttle import SLOW_SECONDS, Throttle


class ThrottleTests(SynchronousTestCase):
    def taken(self, throttle, now, count, longest_wait=100):
        return [throttle.take(now, longest_wait) for _ in range(count)]

    def test_so_many_go_at_once_and_then_so_many_a_second(self):
        throttle = Throttle(2, 3)
        self.assertEqual(self.taken(throttle, 1000, 5), [0, 0, 0, 0.5, 1.0])
        self.assertEqual(self.taken(throttle, 1001, 1), [0.5])

    def test_bucket_fills_again_and_not_over_its_brim(self):
        throttle = Throttle(2, 3)
        self.taken(throttle, 1000, 3)
        self.assertEqual(self.taken(throttle, 2000, 4), [0, 0, 0, 0.5])

    def test_what_would_wait_too_long_is_not_taken(self):
        throttle = Throttle(1, 1)
        self.assertEqual(self.taken(throttle, 1000, 4, 1), [0, 1, None, None])
        self.assertEqual(self.taken(throttle, 1001, 1, 1), [1])

    def test_complaint_halves_the_rate_for_a_while(self):
        throttle = Throttle(2, 4)
        throttle.take(1000, 100)
        throttle.slow_down(1000)
        self.assertEqual(self.taken(throttle, 1000, 2), [1, 2])
        self.assertEqual(self.taken(throttle, 1002, 1), [1])
        throttle = Throttle(2, 1)
        throttle.slow_down(1000)
        self.assertEqual(self.taken(throttle, 1000 + SLOW_SECONDS, 2), [0, 0.5])
