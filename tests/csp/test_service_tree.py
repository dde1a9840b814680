from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.csp.primitives import PRIMITIVES
from imps.csp.primitives.access import GetSPInfoRequest, LoginRequest
from imps.csp.primitives.im import MessageDelivered, NewMessage, SendMessageRequest
from imps.csp.primitives.services import (
    FundamentalFeat,
    IMFeat,
    IMReceiveFunc,
    ServiceFunc,
    WVCSPFeat,
)
from imps.csp.service_tree import (
    FUNCTIONS,
    MARKERS,
    available,
    functions_below,
    functions_named,
    tree_of,
)
from imps.model.version import V11, V12, V13

VERSIONS = (V11, V12, V13)


def everything(version):
    return frozenset(functions_below(WVCSPFeat, version))


class NamingTests(SynchronousTestCase):
    def test_empty_tree_stands_for_everything(self):
        for version in VERSIONS:
            self.assertEqual(functions_named(WVCSPFeat(), version), everything(version))

    def test_no_tree_stands_for_nothing(self):
        self.assertEqual(functions_named(None, V12), frozenset())

    def test_empty_element_stands_for_all_below_it(self):
        tree = WVCSPFeat(im_feat=IMFeat(im_receive_func=IMReceiveFunc()))
        self.assertEqual(
            functions_named(tree, V12), {"SETD", "GETLM", "GETM", "REJCM", "NOTIF", "NEWM"}
        )
        self.assertIn("OFFNOTIF", functions_named(tree, V13))

    def test_named_functions_stand_for_themselves(self):
        tree = WVCSPFeat(
            fundamental_feat=FundamentalFeat(service_func=ServiceFunc(getspi=True)),
            im_feat=IMFeat(im_receive_func=IMReceiveFunc(newm=True, setd=True)),
        )
        self.assertEqual(functions_named(tree, V12), {"GETSPI", "NEWM", "SETD"})

    def test_later_versions_have_more_and_lose_some(self):
        self.assertIn("GETJU", everything(V12) - everything(V11))
        self.assertIn("VRID", everything(V12) - everything(V11))
        self.assertLessEqual({"ADVSR", "GETMAP", "SGMNT", "EXCON"}, everything(V13))
        self.assertFalse(everything(V12) & {"ADVSR", "GETMAP", "SGMNT", "EXCON"})
        self.assertIn("REACT", everything(V12) - everything(V13))

    @given(st.data(), st.sampled_from(VERSIONS))
    def test_tree_names_what_it_was_made_of(self, data, version):
        functions = data.draw(st.sets(st.sampled_from(sorted(everything(version)))))
        tree = tree_of(functions, version)
        self.assertEqual(tree is None, not functions)
        self.assertEqual(functions_named(tree, version), functions)

    def test_what_a_version_lacks_is_not_in_its_tree(self):
        self.assertIsNone(tree_of({"GETMAP"}, V12))


class AvailabilityTests(SynchronousTestCase):
    def test_every_function_of_every_version_stands_for_primitives(self):
        for version in VERSIONS:
            self.assertLessEqual(everything(version), FUNCTIONS.keys())
        for needs in (FUNCTIONS | MARKERS).values():
            self.assertLessEqual(set(needs), set(PRIMITIVES.values()))

    def test_function_is_there_when_all_that_it_needs_is(self):
        self.assertEqual(available([]), frozenset())
        self.assertEqual(available([GetSPInfoRequest]), {"GETSPI"})
        self.assertEqual(available([NewMessage]), frozenset())
        self.assertEqual(available([NewMessage, MessageDelivered]), {"NEWM"})

    def test_markers_are_there_when_what_every_server_has_is(self):
        self.assertEqual(available([LoginRequest]), {"MF"})
        self.assertEqual(available([SendMessageRequest, NewMessage]), {"MM"})

    def test_with_all_primitives_everything_is_there(self):
        everything = FUNCTIONS.keys() | MARKERS.keys()
        self.assertEqual(available(PRIMITIVES.values()), everything - {"OFFNOTIF"})
