from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from imps.model.address import Address
from imps.model.partner import Partner
from imps.model.status import Detail, Outcome, Refusal, StatusCode
from imps.model.version import V13
from imps.ssp.messages.blocks import MetaInfo, Requestor, Status, User
from imps.ssp.messages.declaration import Message, Unknown, Unreadable
from imps.ssp.messages.presence import (
    GetPresenceRequest,
    GetPresenceResponse,
    PresenceNotification,
    SubscribeRequest,
)
from imps.ssp.messages.setup import LogoutRequest
from imps.ssp.results import details_in, status_in, status_of_outcome
from imps.ssp.served import Asked, Served
from imps.store.errors import StoreUnavailable

SOUTH = Partner(domain="south.example", relay_for=("east.example",))
BO = Address.parse("wv:bo@south.example")


class ServedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.served = Served()
        self.seen: list[Asked] = []
        self.served.serve(
            GetPresenceRequest, self.get_presence, function="GetPresenceFunc", needs_user=True
        )
        self.served.serve(PresenceNotification, self.notified)

    async def get_presence(self, asked: Asked, request: GetPresenceRequest) -> Message:
        self.seen.append(asked)
        return GetPresenceResponse(status=Status(code=200))

    async def notified(self, asked: Asked, request: PresenceNotification) -> None:
        self.seen.append(asked)

    def answer(self, request: Message, partner: Partner = SOUTH) -> Message | None:
        asked = Asked(
            partner=partner,
            domain="north.example",
            version=V13,
            transaction_id="t",
            operation_id="o",
        )
        return self.successResultOf_(self.served.answer(asked, request))

    def successResultOf_(self, coroutine: object) -> Message | None:
        from twisted.internet.defer import Deferred

        answer: Message | None = self.successResultOf(Deferred.fromCoroutine(coroutine))  # type: ignore[arg-type]
        return answer

    def assert_refused(self, request: Message, code: int, partner: Partner = SOUTH) -> None:
        answer = self.answer(request, partner)
        assert isinstance(answer, Status)
        self.assertEqual(answer.code, code)
        self.assertEqual(self.seen, [])

    def for_user(self, user: Address = BO) -> GetPresenceRequest:
        return GetPresenceRequest(meta_info=MetaInfo.of_user(user, "south.example"))

    def test_a_request_of_a_user_is_served_on_behalf_of_that_user(self) -> None:
        self.assertIsInstance(self.answer(self.for_user()), GetPresenceResponse)
        self.assertEqual([each.user for each in self.seen], [BO])

    def test_a_user_without_a_domain_is_the_partners(self) -> None:
        self.answer(self.for_user(Address("bo")))
        self.assertEqual([each.user for each in self.seen], [BO])

    def test_a_partner_speaks_for_its_users_and_those_it_relays_for_alone(self) -> None:
        self.assertIsInstance(
            self.answer(self.for_user(Address.parse("ed@East.example"))), GetPresenceResponse
        )
        self.seen.clear()
        for stranger in ("ann@north.example", "eve@west.example", "bo/list@south.example"):
            self.assert_refused(self.for_user(Address.parse(stranger)), 901)

    def test_the_server_that_asks_is_the_partner(self) -> None:
        other = MetaInfo.of_user(BO, "west.example")
        self.assert_refused(GetPresenceRequest(meta_info=other), 901)

    def test_what_is_asked_for_a_user_needs_one(self) -> None:
        self.assert_refused(GetPresenceRequest(), 402)
        nobody = MetaInfo(
            client_originated=True, requestor=Requestor(service_id=Address(domain="south.example"))
        )
        self.assert_refused(GetPresenceRequest(meta_info=nobody), 402)
        # A user whom the server names on its own account is none that asks.
        named = Requestor(service_id=Address(domain="south.example"), user=User(user_id=BO))
        said = MetaInfo(client_originated=False, requestor=named)
        self.assert_refused(GetPresenceRequest(meta_info=said), 402)

    def test_a_notification_may_come_without_meta_info_and_gets_no_answer(self) -> None:
        self.assertIsNone(self.answer(PresenceNotification()))
        self.assertEqual(len(self.seen), 1)

    def test_what_is_not_granted_is_not_served(self) -> None:
        partner = Partner(domain="south.example", grants=frozenset(("SendFunc",)))
        self.assert_refused(self.for_user(), 506, partner)

    def test_unknown_unserved_and_unreadable_requests_are_told_apart(self) -> None:
        self.assert_refused(Unknown("WaveRequest"), 405)
        self.assert_refused(SubscribeRequest(), 501)
        self.assert_refused(LogoutRequest(), 501)
        self.assert_refused(Unreadable("SubscribeRequest", "UserID", "empty"), 402)
        code = StatusCode.INVALID_PRESENCE_ATTRIBUTE
        self.assert_refused(Unreadable("SubscribeRequest", "x", "y", code), 750)

    def test_what_goes_wrong_is_answered(self) -> None:
        for problem, code in (
            (
                Refusal(StatusCode.UNKNOWN_USER, details=(Detail(StatusCode.UNKNOWN_USER, (BO,)),)),
                531,
            ),
            (StoreUnavailable("away"), 503),
            (RuntimeError("oops"), 500),
        ):

            async def fail(
                asked: Asked, request: SubscribeRequest, problem: Exception = problem
            ) -> Message:
                raise problem

            self.served.serve(SubscribeRequest, fail)
            self.assert_refused(SubscribeRequest(), code)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_answers_reach_who_wants_them(self) -> None:
        told = []

        async def answered(domain: str, request: SubscribeRequest, answer: Message) -> None:
            told.append((domain, request, answer))

        self.served.answered(SubscribeRequest, answered)
        said = ("south.example", SubscribeRequest(), Status(code=200))
        self.successResultOf_(self.served.tell(*said))
        self.successResultOf_(
            self.served.tell("south.example", GetPresenceRequest(), Status(code=200))
        )
        self.assertEqual(told, [said])


class ResultsTests(SynchronousTestCase):
    def test_what_failed_comes_back_as_it_was_told(self) -> None:
        failures = (Detail(StatusCode.UNKNOWN_USER, users=(BO,)),)
        said = status_of_outcome(Outcome(1, failures))
        self.assertEqual(said.code, 201)
        self.assertEqual(details_in(said), failures)

    def test_an_answer_without_a_status_says_that_all_went_well(self) -> None:
        self.assertEqual(status_in(GetPresenceResponse()).code, 200)
        self.assertEqual(status_in(Status(code=404)).code, 404)
