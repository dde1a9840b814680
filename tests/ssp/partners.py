"""One server, and partners that a test speaks for."""

from __future__ import annotations

from typing import Any

from imps.model.address import Address
from imps.model.partner import Partner
from imps.ssp.exchange import Answers
from imps.ssp.served import Served
from imps.ssp.services import LocalServices, RemoteServices
from imps.store.deliveries import Acknowledgement
from imps.store.partner_transactions import PartnerTransactions
from imps.store.presence_abroad import PresenceAbroad
from imps.store.sent_messages import SentMessages
from imps.store.wakeups import Wakeups
from imps.testing.exchange import ScriptedExchange
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@north.example")
ABE = Address.parse("wv:abe@north.example")
BO = Address.parse("wv:bo@south.example")
BEA = Address.parse("wv:bea@south.example")
WES = Address.parse("wv:wes@west.example")
SOUTH = Partner(domain="south.example", relay_for=("far.example",))
WEST = Partner(domain="west.example")


class PartnersTestCase(StoreTestCase):
    """Ours is north.example; south.example and west.example are partners."""

    overrides = {
        "domain": ["north.example"],
        "ssp": {"endpoint": ["tcp:0"]},
        "session": {"time_to_live_seconds": 7200},
    }

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        await super().setUp()
        self.served = Served()
        self.exchange = ScriptedExchange(self.served)
        self.exchange.known.add(SOUTH)
        self.exchange.known.add(WEST)
        client, buckets = self.store.client, self.store.buckets
        self.wakeups = Wakeups(client, buckets)
        self.wakeups.start()
        self.addCleanup(self.wakeups.close)
        self.sent = SentMessages(client, buckets)
        self.watched = PresenceAbroad(client, buckets)
        limits = self.parts.message_limits
        answers = self.another_processes_answers()
        self.parts.__dict__["remote_services"] = RemoteServices(
            self.exchange, answers, self.sent, self.watched, limits, self.clock
        )
        self.serve(answers)
        for user in (ANN, ABE):
            await self.parts.directory.add(user, "secret")
        self.operations = 0

    def another_processes_answers(self) -> Answers:
        """What lets a process wait for answers."""
        transactions = PartnerTransactions(self.store.client, self.store.buckets)
        return Answers(transactions, self.wakeups, self.clock)

    def serve(self, answers: Answers) -> None:
        """Have a process take what partners say."""
        parts = self.parts
        LocalServices(
            parts.local_im,
            parts.presence,
            parts.publishers_abroad,
            parts.delivery,
            answers,
            self.sent,
            parts.message_limits,
            self.clock,
        ).register(self.served)

    async def session(self, user: Address = ANN, client: str = "phone") -> str:
        """A session of a user of ours."""
        return (await self.parts.sessions.open(user, client, None, {"version": 12})).id

    async def take(self, session_id: str) -> list[Any]:
        """All that a session is to be told, each acknowledged."""
        taken: list[Any] = []
        while True:
            flight = (await self.parts.delivery.take(session_id)).in_flight
            if flight is None:
                await self.settled()
                return taken
            taken.append(flight.what)
            said = Acknowledgement.TRANSACTION
            await self.parts.delivery.take(session_id, said, flight.transaction_id, wanted=False)
