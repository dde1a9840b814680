from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.sms.smpp.pdu import PDU, Command, Status
from imps.sms.smpp.statuses import Refusal, refusal_of


def refusal(status, command=Command.SUBMIT_SM_RESP):
    return refusal_of(PDU(command, 1, status))


class RefusalTests(SynchronousTestCase):
    def test_text_is_accepted_by_the_response_to_it_alone(self):
        self.assertIsNone(refusal(Status.OK))
        self.assertIs(refusal(Status.OK, Command.GENERIC_NACK), Refusal.OURS)

    def test_text_fails_for_what_is_wrong_with_it(self):
        for status in (0x01, 0x0B, 0x43, 0xC2, 0x65, 0x66, 0xFE):
            self.assertIs(refusal(status), Refusal.MESSAGE, hex(status))

    def test_text_waits_for_who_is_busy(self):
        for status in (0x14, 0x58):
            for command in (Command.SUBMIT_SM_RESP, Command.GENERIC_NACK):
                self.assertIs(refusal(status, command), Refusal.BUSY, hex(status))

    def test_text_is_tried_so_often_where_it_may_be_to_blame_or_not(self):
        # A system error, a failure, what is temporary or unknown; what vendors have for themselves;
        # and what is said of requests that were none.
        for status in (0x08, 0x45, 0x64, 0xFF, 0x400, 0x4FF, 0x02, 0x11, 0x33, 0x67, 0x12345):
            self.assertIs(refusal(status), Refusal.TROUBLE, hex(status))

    def test_text_waits_while_the_session_or_the_settings_are_wrong(self):
        session = (0x03, 0x04, 0x05)
        account = (0x0D, 0x0E, 0x0F, 0x53, 0x15, 0x0A, 0x48, 0x49)
        constant = (0x50, 0x51, 0x06, 0x07, 0x54, 0x61, 0x62, 0x63, 0xC0, 0xC1, 0xC3, 0xC4)
        for status in (*session, *account, *constant):
            self.assertIs(refusal(status), Refusal.OURS, hex(status))

    @given(st.integers(0, 0xFFFFFFFF))
    def test_who_does_not_know_what_we_ask_says_nothing_of_the_text(self, status):
        said = refusal(status, Command.GENERIC_NACK)
        self.assertIn(said, (Refusal.OURS, Refusal.BUSY))
