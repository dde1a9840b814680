from twisted.trial.unittest import SynchronousTestCase

from imps.model.partner import EVERY_FUNCTION, Partner, TLSMode, functions_named


class PartnerTests(SynchronousTestCase):
    def test_what_cannot_be_is_refused(self):
        for bad in (
            {"domain": ""},
            {"domain": "no domain"},
            {"domain": "a.example", "urls": ("ftp://a.example/",)},
            {"domain": "a.example", "urls": ("https://",)},
            {"domain": "a.example", "urls": ("https://[::1",)},
            {"domain": "a.example", "urls": ("https://me@a.example/",)},
            {"domain": "a.example", "urls": ("http://a.example/",)},
            {"domain": "a.example", "urls": ("https://a.example/",), "tls": TLSMode.OFF},
            {"domain": "a.example", "relay_for": ("b example",)},
            {"domain": "a.example", "cert_names": ("*",)},
        ):
            with self.assertRaises(ValueError, msg=str(bad)):
                Partner(**bad)

    def test_it_speaks_for_its_own_users_and_those_it_may_relay_for(self):
        partner = Partner(domain="A.example", relay_for=("B.example",))
        self.assertTrue(partner.speaks_for("a.EXAMPLE"))
        self.assertTrue(partner.speaks_for("b.example"))
        self.assertFalse(partner.speaks_for("c.example"))
        self.assertFalse(partner.speaks_for("sub.a.example"))

    def test_without_a_list_everything_is_granted_and_with_one_what_it_names(self):
        self.assertTrue(Partner(domain="a.example").grants_function("SendFunc"))
        some = Partner(domain="a.example", grants=functions_named(("PresenceFeat", "SendFunc")))
        self.assertTrue(some.grants_function("SubscribeFunc"))
        self.assertTrue(some.grants_function("SendFunc"))
        self.assertFalse(some.grants_function("ReportFunc"))
        self.assertTrue(some.wants_function("ReportFunc"))
        self.assertFalse(Partner(domain="a.example", wants=frozenset()).wants_function("SendFunc"))

    def test_there_are_functions_by_name(self):
        self.assertLessEqual(functions_named(("GroupFeat",)), EVERY_FUNCTION)
        self.assertRaises(ValueError, functions_named, ("FlyFunc",))
