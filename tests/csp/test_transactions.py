from twisted.trial.unittest import TestCase

from imps.csp.primitives.access import (
    GetSPInfoRequest,
    KeepAliveRequest,
    KeepAliveResponse,
    LogoutRequest,
)
from imps.csp.primitives.common import Status, VerifyIDRequest
from imps.csp.primitives.declaration import Unknown, Unreadable
from imps.csp.primitives.identity import IDList
from imps.csp.primitives.im import NewMessage, SendMessageRequest
from imps.csp.results import status
from imps.csp.transactions import Context, Transactions
from imps.model.address import Address
from imps.model.status import Detail, Refusal, StatusCode
from imps.model.version import V11, V12, V13
from imps.store.errors import StoreFull, StoreUnavailable

BOB = Address.parse("wv:bob@localhost")


class TransactionsTests(TestCase):
    def setUp(self):
        self.transactions = Transactions()

    def serve(self, outcome=None, request=LogoutRequest, **options):
        async def by(context, request):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome or status(StatusCode.OK, context.version)

        self.transactions.serve(request, by, **options)

    async def answer(self, request=None, version=V12):
        context = Context(version=version, encoding="xml", source="", transaction_id="1")
        return await self.transactions.answer(context, request or LogoutRequest())

    async def code(self, *asked):
        answer = await self.answer(*asked)
        self.assertIsInstance(answer, Status)
        return answer.result.code

    async def test_request_is_served_by_its_function(self):
        self.serve()
        self.assertEqual(await self.code(), 200)

    async def test_what_goes_wrong_becomes_a_status(self):
        for problem, code in (
            (Refusal(StatusCode.INVALID_SESSION), 604),
            (StoreUnavailable("away"), 503),
            (StoreFull("full"), 507),
        ):
            self.serve(problem)
            self.assertEqual(await self.code(), code)

    async def test_our_own_faults_are_logged_and_not_told(self):
        self.serve(ValueError("the password is secret"))
        answer = await self.answer()
        self.assertEqual(answer.result.code, 500)
        self.assertEqual(answer.result.description, "internal error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    async def test_refusal_tells_what_failed(self):
        detail = Detail(StatusCode.UNKNOWN_USER, users=(BOB,))
        self.serve(Refusal(StatusCode.MULTIPLE_ERRORS, "nobody", (detail,)))
        result = (await self.answer()).result
        self.assertEqual((result.code, result.description), (900, "nobody"))
        (detailed,) = result.detailed_results
        self.assertEqual((detailed.code, detailed.user_ids), (531, (BOB,)))

    async def test_codes_are_folded_into_those_of_the_version(self):
        self.serve(Refusal(StatusCode.INVALID_SENDER))
        self.assertEqual(await self.code(None, V12), 402)
        self.assertEqual(await self.code(None, V13), 427)

    async def test_failure_may_have_an_answer_of_its_own(self):
        self.serve(
            Refusal(StatusCode.INVALID_SESSION),
            KeepAliveRequest,
            failure=lambda request, result: KeepAliveResponse(result=result),
        )
        answer = await self.answer(KeepAliveRequest())
        self.assertIsInstance(answer, KeepAliveResponse)
        self.assertEqual(answer.result.code, 604)

    async def test_what_is_not_served_is_501_and_what_is_unknown_405(self):
        self.assertEqual(await self.code(), 501)
        self.assertEqual(await self.code(VerifyIDRequest(id_list=IDList())), 501)
        self.assertEqual(await self.code(Unknown("Teleport-Request")), 405)
        self.assertEqual(await self.code(Unreadable("Search-Request", "", "nonsense")), 501)

    async def test_primitive_of_a_later_version_is_405_served_or_not(self):
        request = VerifyIDRequest(id_list=IDList())
        unreadable = Unreadable("VerifyID-Request", "IDList", "missing")
        for _ in range(2):
            self.assertEqual(await self.code(request, V11), 405)
            self.assertEqual(await self.code(unreadable, V11), 405)
            self.serve(request=VerifyIDRequest)
        self.assertEqual(await self.code(request, V12), 200)

    async def test_served_request_that_is_unreadable_is_told_why(self):
        self.serve(request=SendMessageRequest)
        self.serve(request=KeepAliveRequest, unreadable=StatusCode.NEW_VALUE_NOT_ACCEPTED)
        for name, is_value, code in (
            ("SendMessage-Request", True, 402),
            ("SendMessage-Request", False, 400),
            ("KeepAlive-Request", True, 605),
            ("KeepAlive-Request", False, 605),
        ):
            answer = await self.answer(
                Unreadable(name, "Element", "reason", missing_or_unusable=is_value)
            )
            self.assertEqual(answer.result.code, code)
            self.assertIn("reason", answer.result.description)

    def test_supported_is_what_is_served_or_sent(self):
        self.serve()
        self.transactions.send(NewMessage)
        self.assertEqual(self.transactions.supported, {LogoutRequest, NewMessage})

    def test_only_outband_requests_need_no_session(self):
        self.serve()
        self.serve(request=GetSPInfoRequest, outband=True)
        needs_session = self.transactions.needs_session
        self.assertFalse(needs_session(GetSPInfoRequest()))
        self.assertFalse(needs_session(Unreadable("GetSPInfo-Request", "", "")))
        for request in (LogoutRequest(), KeepAliveRequest(), Unknown("x")):
            self.assertTrue(needs_session(request))

    def test_requests_tell_whether_a_repetition_does_harm(self):
        self.serve()
        self.serve(request=SendMessageRequest, once=True)
        self.assertFalse(self.transactions.runs_once(LogoutRequest()))
        self.assertFalse(self.transactions.runs_once(Unknown("x")))

    def test_context_without_a_session_refuses_to_give_one(self):
        context = Context(version=V12, encoding="xml", source="", transaction_id="1")
        with self.assertRaises(Refusal) as raised:
            _ = context.open_session
        self.assertEqual(raised.exception.code, 604)
