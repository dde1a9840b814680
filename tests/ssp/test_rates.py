from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.ssp.messages.blocks import MessageInfo
from imps.ssp.messages.declaration import Message
from imps.ssp.messages.im import SendMessageRequest
from imps.ssp.messages.presence import GetPresenceRequest, SubscribeRequest
from imps.ssp.rates import MOST_REMEMBERED, Rates, UserRates

ANN, ABE = Address.parse("wv:ann@north.example"), Address.parse("wv:abe@north.example")
MESSAGE = SendMessageRequest(message_info=MessageInfo())


class RatesTests(SynchronousTestCase):
    def test_a_bucket_is_emptied_at_once_and_fills_at_its_rate(self) -> None:
        rates = Rates(2, 10)
        self.assertTrue(rates.admits("a", 10, 0))
        self.assertFalse(rates.admits("a", 1, 0))
        self.assertEqual(rates.wait("a", 1, 0), 0.5)
        self.assertTrue(rates.admits("a", 1, 0.5))
        self.assertFalse(rates.admits("a", 11, 1000))

    def test_buckets_that_are_full_again_are_forgotten(self) -> None:
        """Names that somebody makes up do not stay."""
        rates = Rates(1, 10)
        for n in range(10 * MOST_REMEMBERED):
            rates.admits(str(n), 1, n / 100)
        self.assertLess(len(rates._left), 2 * MOST_REMEMBERED + 2)

    def test_a_bucket_that_is_not_full_is_kept_among_many(self) -> None:
        rates = Rates(1, 10)
        self.assertTrue(rates.admits("greedy", 10, 0))
        for n in range(10 * MOST_REMEMBERED):
            rates.admits(str(n), 1, 1)
        self.assertFalse(rates.admits("greedy", 10, 1))


class UserRatesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.rates = UserRates({SendMessageRequest: 20, SubscribeRequest: 30}, self.clock)

    def wait(self, user: Address, request: Message, domain: str = "north.example") -> float:
        return self.rates.wait(domain, user, request)

    def test_what_another_partner_says_for_a_user_counts_for_that_one(self) -> None:
        for _ in range(21):
            self.wait(ANN, MESSAGE, "relay.example")
        self.assertEqual(self.wait(ANN, MESSAGE), 0)

    def test_a_user_may_ask_so_much_in_a_minute(self) -> None:
        self.assertEqual([self.wait(ANN, MESSAGE) for _ in range(20)], 20 * [0])
        self.assertEqual(self.wait(ANN, MESSAGE), 3)
        self.clock.advance(3)
        self.assertEqual(self.wait(ANN, MESSAGE), 0)
        self.assertEqual(self.wait(ANN, MESSAGE), 3)

    def test_every_user_and_every_kind_counts_by_itself(self) -> None:
        for _ in range(21):
            self.wait(ANN, MESSAGE)
        self.assertEqual(self.wait(ABE, MESSAGE), 0)
        self.assertEqual([self.wait(ANN, SubscribeRequest()) for _ in range(30)], 30 * [0])
        self.assertEqual(self.wait(ANN, SubscribeRequest()), 2)

    def test_one_user_is_one_however_written(self) -> None:
        for name in ("wv:ann@north.example", "ANN@North.Example") * 10:
            self.assertEqual(self.wait(Address.parse(name), MESSAGE), 0)
        self.assertEqual(self.wait(ANN, MESSAGE), 3)

    def test_what_is_not_bounded_may_be_asked(self) -> None:
        waits = {self.wait(ANN, GetPresenceRequest()) for _ in range(1000)}
        self.assertEqual(waits, {0})
