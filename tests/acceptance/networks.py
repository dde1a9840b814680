"""Networks of phones for scenarios: what a phone does and gets is the same through any gateway.

A network is there with ``start``. ``away`` and ``back`` are of the gateway, with all that it has
for the phones; ``keeps`` waits until it has tried in vain to bring what a phone says.
"""

from urllib.parse import quote_plus

from imps.model.gsm7 import decoded, encoded
from imps.testing.kannel import SERVICE, Kannel
from imps.testing.process import until
from imps.testing.programs import required_program
from imps.testing.servers import free_ports
from tests.acceptance.peer import Peer

KEY = "a-key-of-a-gateway"


class KannelNetwork:
    """Kannel's own processes, and a network that is played."""

    def __init__(self, test):
        required_program("bearerbox")
        (port,) = free_ports(1)
        self.kannel = Kannel(test, f"http://127.0.0.1:{port}", KEY)
        self.settings = f"[sms]{self.kannel.sms_settings}"

    async def start(self):
        await self.kannel.start()

    def text(self, phone, words):
        self.kannel.phones.text(phone, words)

    def texts_of(self, phone):
        return [each.text for each in self.kannel.phones.heard if each.phone == phone]

    async def away(self):
        await self.kannel.smsbox.kill()

    async def back(self):
        await self.kannel.start_smsbox()

    async def keeps(self, words):
        await self.kannel.has_tried(quote_plus(words))


class SMPPNetwork:
    """An SMSC that others have written, with phones that report all that they get."""

    def __init__(self, test):
        self.smsc = Peer(test)
        self.settings = f"""
            [sms]
            number = "{SERVICE}"
            {self.smsc.gateway}
        """

    async def start(self):
        self.texts = 0
        await self.smsc.start()
        self.smsc.tell(receipts=True)

    def text(self, phone, words):
        self.texts += 1
        self.smsc.text(phone, words)

    def texts_of(self, phone):
        got = self.smsc.said_ever("submitted")
        return [_text(each) for each in got if each["destination"] == phone[1:]]

    async def away(self):
        # What it has not said yet would be forgotten.
        await self.smsc.says("answered", self.texts + len(self.smsc.said("submitted")))
        await self.smsc.kill()

    async def back(self):
        await self.start()

    async def keeps(self, words):
        await until(
            lambda: encoded(words).hex() in [each["kept"] for each in self.smsc.said("kept")]
        )


def _text(submitted):
    """What a phone shows of a short message that was submitted."""
    octets = bytes.fromhex(submitted["octets"])
    if submitted["esm_class"]:
        octets = octets[1 + octets[0] :]
    return octets.decode("utf-16-be") if submitted["data_coding"] else decoded(octets)
