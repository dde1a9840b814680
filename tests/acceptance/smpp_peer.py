"""An SMSC that others have written, ``smpp.twisted3``, as a process: ``python smpp_peer.py PORT``.

It runs in an environment of its own, where there is no imps. On its input are commands, each a line
of JSON: ``{"text": NUMBER, "octets": HEX, "data_coding": N, "esm_class": N}`` has a phone send
something, ``{"refuse": STATUS}`` says what the next short message gets, ``{"unbind": true}`` ends
all sessions, ``{"report": ID, "to": NUMBER, "stat": STAT}`` reports on what was submitted, and
``{"receipts": true}`` does so of all that is submitted from now on. What happens it says in lines
of JSON, too.
"""

import json
import os
import sys
import time
from io import BytesIO

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_encoding import DataCodingEncoder, EsmClassEncoder
from smpp.pdu.pdu_types import AddrNpi, AddrTon, CommandStatus
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import IAuthenticatedSMPP, SMPPServerFactory, SMPPServerProtocol
from twisted.cred import portal
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineOnlyReceiver
from zope.interface import implementer

SYSTEM_ID, PASSWORD = "imps", "secret"
RECEIPT = "id:{} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:{} err:000"


def say(**what):
    print(json.dumps(what), flush=True)


class Session(SMPPServerProtocol):
    def onPDURequest_unbind(self, pdu):
        say(unbound=True)
        return SMPPServerProtocol.onPDURequest_unbind(self, pdu)


@implementer(portal.IRealm)
class Realm:
    def requestAvatar(self, avatar_id, mind, *interfaces):
        say(bound=avatar_id.decode() if isinstance(avatar_id, bytes) else avatar_id)
        return IAuthenticatedSMPP, avatar_id, lambda: None


class SMSC(LineOnlyReceiver):
    delimiter = os.linesep.encode()

    def __init__(self):
        self.refusals = []
        self.has_receipts = False
        # Another one in each process, as SMSCs do not use an id again soon.
        self.count = int(time.time()) << 8 & 0x7FFFFFFF
        checker = InMemoryUsernamePasswordDatabaseDontUse()
        # The library compares what it read, which is octets or text by its version.
        for kind in (str, str.encode):
            checker.addUser(kind(SYSTEM_ID), kind(PASSWORD))
        systems = {name: {"max_bindings": 4} for name in (SYSTEM_ID, SYSTEM_ID.encode())}
        config = SMPPServerConfig(msgHandler=self.submitted, systems=systems)
        self.factory = SMPPServerFactory(config, auth_portal=portal.Portal(Realm(), [checker]))
        self.factory.protocol = Session

    def submitted(self, system_id, smpp, pdu):
        if self.refusals:
            status = self.refusals.pop(0)
            say(refused=status)
            return DataHandlerResponse(getattr(CommandStatus, status))
        self.count += 1
        said = pdu.params
        message_id = f"{self.count:08X}"
        say(
            submitted=message_id,
            source=said["source_addr"].decode(),
            destination=said["destination_addr"].decode(),
            destination_ton=said["dest_addr_ton"].name,
            data_coding=DataCodingEncoder().encode(said["data_coding"])[0],
            esm_class=EsmClassEncoder().encode(said["esm_class"])[0],
            receipt=said["registered_delivery"].receipt.name,
            octets=said["short_message"].hex(),
        )
        if self.has_receipts:
            reactor.callLater(0, self.report, message_id, said["destination_addr"].decode())
        return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=message_id.encode())

    def lineReceived(self, line):
        told = json.loads(line)
        if "refuse" in told:
            self.refusals.append(told["refuse"])
        elif "receipts" in told:
            self.has_receipts = told["receipts"]
        elif "report" in told:
            self.report(told["report"], told["to"], told["stat"])
        elif "unbind" in told:
            for connections in list(self.factory.bound_connections.values()):
                for each in list(connections):
                    each.unbindAndDisconnect()
        elif "text" in told:
            self.deliver(told)

    def report(self, message_id, phone, stat="DELIVRD"):
        # It names in decimal what it has named in hexadecimal before.
        words = RECEIPT.format(int(message_id, 16), stat).encode()
        self.deliver({"text": phone, "octets": words.hex(), "esm_class": 4})

    def deliver(self, told):
        coding = bytes([told.get("data_coding", 0)])
        esm_class = bytes([told.get("esm_class", 0)])
        pdu = DeliverSM(
            source_addr_ton=AddrTon.INTERNATIONAL,
            source_addr_npi=AddrNpi.ISDN,
            source_addr=told["text"],
            dest_addr_ton=AddrTon.NETWORK_SPECIFIC,
            dest_addr_npi=AddrNpi.UNKNOWN,
            destination_addr="4664",
            esm_class=decoded(EsmClassEncoder(), esm_class),
            data_coding=decoded(DataCodingEncoder(), coding),
            short_message=bytes.fromhex(told["octets"]),
        )
        self.send(pdu)

    def send(self, pdu):
        """Deliver something, again and again until it is answered."""
        for connections in self.factory.bound_connections.values():
            binding = connections.getNextBindingForDelivery()
            if binding is not None and binding.isBound():
                sending = binding.sendDataRequest(pdu)
                sending.addCallback(lambda answer: say(answered=answer.response.status.name))
                sending.addErrback(self.failed, pdu)
                return
        self.keep(pdu)

    def failed(self, failure, pdu):
        response = getattr(failure.value, "response", None)
        if response is not None and response.status is not CommandStatus.ESME_RX_T_APPN:
            say(answered=response.status.name)
        else:
            self.keep(pdu)

    def keep(self, pdu):
        """Nobody takes it now."""
        say(kept=pdu.params["short_message"].hex())
        reactor.callLater(0.1, self.send, pdu)


def decoded(encoder, octets):
    return encoder.decode(BytesIO(octets))


smsc = SMSC()
stdio.StandardIO(smsc)
reactor.listenTCP(int(sys.argv[1]), smsc.factory, interface="127.0.0.1")
say(listening=True)
reactor.run()
