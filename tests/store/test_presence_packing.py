from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from imps.model.presence import PresenceValue
from imps.store.presence_packing import unpacked_value, value_packed
from imps.testing.strategies import presence_values


class PresencePackingTests(SynchronousTestCase):
    @given(presence_values())
    def test_values_come_back_as_they_were(self, value):
        again = unpacked_value(value_packed(value))
        # A truth is equal to a number, but not the same.
        self.assertEqual(repr(again), repr(value))

    def test_octets_and_truths_stay_what_they_are(self):
        inner = (("Accuracy", 1), ("AnyContent", True))
        value = PresenceValue(
            content=(("DirectContent", b"\xff\0"), ("Link", ""), ("Link", ()), ("CommC", inner))
        )
        self.assertEqual(repr(unpacked_value(value_packed(value))), repr(value))
        nothing = PresenceValue(is_valid=False)
        self.assertEqual(unpacked_value(value_packed(nothing)), nothing)
