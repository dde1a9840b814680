from twisted.trial.unittest import SynchronousTestCase

from imps.csp.primitives.declaration import Kind, children_of
from imps.csp.primitives.services import WVCSPFeat
from imps.model.services import FEATURES, FUNCTIONS, MARKERS, functions_of


def declared(element):
    """The tree below a declared element: functions have nothing below them."""
    return {
        child.element.name: None if child.kind is Kind.MARK else declared(child.type)
        for child in children_of(element)
    }


class ServicesTests(SynchronousTestCase):
    def test_names_are_those_of_the_declared_tree(self):
        named = {
            feature: {MARKERS[feature]: None}
            | {group: dict.fromkeys(codes) for group, codes in groups.items()}
            for feature, groups in FEATURES.items()
        }
        self.assertEqual(named, declared(WVCSPFeat))

    def test_name_stands_for_all_below_it(self):
        self.assertEqual(FUNCTIONS["InviteFunc"], {"INVIT", "CAINV"})
        self.assertEqual(FUNCTIONS["MM"], {"MM"})
        self.assertGreater(FUNCTIONS["IMFeat"], FUNCTIONS["IMSendFunc"] | {"MM"})
        self.assertEqual(functions_of(("GETSPI", "IMSendFunc")), {"GETSPI", "MDELIV", "FWMSG"})
        self.assertEqual(functions_of(()), frozenset())
