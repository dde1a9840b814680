from twisted.trial.unittest import SynchronousTestCase

from imps.csp.cir.offer import POLLING_ONLY, Agreed, CIROffer
from imps.http.message import HTTPRequest
from imps.model.capability import CIRMethod

TCP = (CIRMethod.STCP,)


class OfferTests(SynchronousTestCase):
    def test_client_gets_what_it_knows_and_there_is(self):
        offer = CIROffer.over_tcp("192.0.2.1", 3171)
        agreed = Agreed(TCP, "192.0.2.1", 3171)
        self.assertEqual(offer.agree((CIRMethod.WAPSMS, *TCP), "imps.example"), agreed)
        self.assertEqual(offer.agree((CIRMethod.WAPSMS,), "imps.example"), Agreed())
        self.assertEqual(POLLING_ONLY.agree(TCP, "imps.example"), Agreed())

    def test_where_we_listen_on_every_address_it_gets_the_one_it_asked(self):
        for everywhere in ("0.0.0.0", "::", "0:0:0:0:0:0:0:0"):
            offer = CIROffer.over_tcp(everywhere, 3171)
            self.assertEqual(offer.agree(TCP, "imps.example"), Agreed(TCP, "imps.example", 3171))

    def test_client_that_does_not_say_whom_it_asked_polls(self):
        self.assertEqual(CIROffer.over_tcp("0.0.0.0", 3171).agree(TCP, ""), Agreed())


class HostTests(SynchronousTestCase):
    def host(self, header):
        headers = {} if header is None else {"host": header}
        return HTTPRequest(method="POST", headers=headers, body=b"", peer="").host

    def test_host_is_told_without_its_port(self):
        for header, host in [
            ("imps.example", "imps.example"),
            ("imps.example:8080", "imps.example"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("[2001:db8::1]:8080", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ]:
            self.assertEqual(self.host(header), host)

    def test_nonsense_is_no_host(self):
        for header in (None, "", ":80", "[", "a b", "a\x01b", "é.example", "<x>", "x" * 300, "[1]"):
            self.assertEqual(self.host(header), "", header)
