from imps.csp.cir.offer import CIROffer
from imps.csp.negotiation import Negotiation, capabilities_of
from imps.csp.primitives.access import (
    ClientCapabilityRequest,
    Functions,
    GetSPInfoRequest,
    ServiceRequest,
)
from imps.csp.primitives.capability import AcceptedContentType, AgreedCapabilityList, CapabilityList
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.im import MessageDelivered, NewMessage
from imps.csp.primitives.services import IMFeat, IMReceiveFunc, WVCSPFeat
from imps.csp.primitives.values import TransferEncoding
from imps.csp.service_tree import functions_named
from imps.csp.transactions import Context, Transactions
from imps.model.address import Address
from imps.model.capability import (
    Bearer,
    Capabilities,
    CIRMethod,
    ClientType,
    ContentLimit,
    DeliveryMethod,
)
from imps.model.version import V11, V12, V13
from imps.sap.sessions import SessionLimits, Sessions
from imps.store.sessions import Sessions as StoredSessions
from imps.testing.conformance import shows_feature
from imps.testing.store import StoreTestCase

LIMITS = SessionLimits(
    time_to_live_seconds=60,
    min_time_to_live_seconds=60,
    max_time_to_live_seconds=60,
    grace_seconds=0,
    remember_seconds=60,
)
CLIENT = ClientID(url="phone")

OFFERED = CapabilityList(
    client_type=ClientType.MOBILE_PHONE,
    initial_delivery_method=DeliveryMethod.NOTIFY,
    any_content=True,
    accepted_content_types=(AcceptedContentType(content_type="image/png"),),
    accepted_transfer_encodings=(TransferEncoding.BASE64,),
    accepted_content_length=102_400,
    supported_bearers=(Bearer.WSP, Bearer.HTTP),
    supported_cir_methods=(CIRMethod.STCP,),
    udp_port=3717,
    multi_trans=3,
    parser_size=131_072,
    server_poll_min=2,
)


class NegotiationTestCase(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        stored = StoredSessions(self.store.client, self.store.buckets, 30, 50, 20)
        self.sessions = Sessions(stored, self.store.buckets, self.clock, LIMITS, self.parts.working)
        self.transactions = Transactions()
        self.negotiation = Negotiation(self.sessions, self.transactions, 5, 20)
        user = Address.parse("ann")
        await self.add_accounts(user)
        self.session = await self.sessions.open(user, "phone", None, {})

    async def context(self, version=V12):
        session = (await self.sessions.check(self.session.id)).session
        return Context(
            version=version,
            encoding="xml",
            source="",
            transaction_id="1",
            session=session,
            host="imps.example",
        )

    async def agreed(self):
        """What the session has, when it is asked for again."""
        return (await self.sessions.check(self.session.id)).session


class CapabilityTests(NegotiationTestCase):
    async def ask(self, offered=OFFERED, version=V12, client_id=None):
        request = ClientCapabilityRequest(client_id=client_id, capability_list=offered)
        return await self.negotiation.client_capability(await self.context(version), request)

    async def test_what_a_client_can_is_remembered(self):
        await self.ask()
        self.assertEqual(
            (await self.agreed()).capabilities,
            Capabilities(
                client_type=ClientType.MOBILE_PHONE,
                delivery_method=DeliveryMethod.NOTIFY,
                any_content=True,
                content_types=(ContentLimit(content_type="image/png"),),
                takes_base64=True,
                max_push_octets=102_400,
                max_pull_octets=102_400,
                parser_octets=131_072,
                multi_trans=3,
                server_poll_min_seconds=5,
            ),
        )

    async def test_what_is_not_mentioned_stays_as_it_was(self):
        await self.ask()
        await self.ask(CapabilityList(multi_trans=1))
        capabilities = (await self.agreed()).capabilities
        self.assertEqual((capabilities.multi_trans, capabilities.parser_octets), (1, 131_072))

    async def test_from_1_2_on_only_the_agreed_list_is_answered(self):
        for client_id in (None, CLIENT):
            answer = await self.ask(client_id=client_id)
            self.assertEqual((answer.client_id, answer.capability_list), (None, None))
            self.assertIsInstance(answer.agreed_capability_list, AgreedCapabilityList)

    @shows_feature("capabilities respected", "transports")
    async def test_only_what_there_is_is_agreed_on(self):
        agreed = (await self.ask()).agreed_capability_list
        self.assertEqual(agreed.supported_bearers, (Bearer.HTTP,))
        self.assertEqual(agreed.supported_cir_methods, ())
        self.assertEqual((agreed.tcp_address, agreed.tcp_port), (None, None))

    async def test_client_is_told_where_it_is_woken(self):
        offer = CIROffer.over_tcp("0.0.0.0", 3171)
        self.negotiation = Negotiation(self.sessions, self.transactions, 5, 20, offer)
        for version in (V11, V12, V13):
            answer = await self.ask(version=version)
            agreed = answer.agreed_capability_list or answer.capability_list
            self.assertEqual(agreed.supported_cir_methods, (CIRMethod.STCP,))
            self.assertEqual((agreed.tcp_address, agreed.tcp_port), ("imps.example", 3171))
            self.assertIsNone(agreed.udp_port)
            answer = await self.ask(CapabilityList(), version=version)
            agreed = answer.agreed_capability_list or answer.capability_list
            self.assertEqual(agreed.supported_cir_methods, ())
            self.assertEqual((agreed.tcp_address, agreed.tcp_port), (None, None))

    async def test_polls_are_as_rare_as_both_sides_want(self):
        for offered, agreed in ((2, 5), (5, 5), (30, 30), (None, 30)):
            answer = await self.ask(CapabilityList(server_poll_min=offered))
            self.assertEqual(answer.agreed_capability_list.server_poll_min, agreed)

    async def test_1_1_echoes_the_list_with_what_holds(self):
        answer = await self.ask(version=V11, client_id=CLIENT)
        self.assertEqual((answer.client_id, answer.agreed_capability_list), (CLIENT, None))
        echo = answer.capability_list
        self.assertEqual(
            (echo.client_type, echo.initial_delivery_method, echo.multi_trans, echo.parser_size),
            (ClientType.MOBILE_PHONE, DeliveryMethod.NOTIFY, 3, 131_072),
        )
        self.assertEqual((echo.supported_bearers, echo.server_poll_min), ((Bearer.HTTP,), 5))
        self.assertEqual((echo.supported_cir_methods, echo.udp_port), ((), None))
        self.assertIsNone((await self.ask(version=V11)).client_id)

    async def test_client_that_says_nothing_gets_an_answer(self):
        for version in (V11, V12, V13):
            answer = await self.ask(None, version)
            children = (answer.capability_list, answer.agreed_capability_list)
            self.assertEqual(sum(each is not None for each in children), 1)

    def test_limits_of_1_3_come_by_their_own_names(self):
        offered = CapabilityList(
            accepted_push_length=1, accepted_pull_length=2, accepted_text_content_length=3
        )
        capabilities = capabilities_of(offered, Capabilities())
        self.assertEqual(
            (
                capabilities.max_push_octets,
                capabilities.max_pull_octets,
                capabilities.max_text_octets,
            ),
            (1, 2, 3),
        )


class ServiceTests(NegotiationTestCase):
    async def setUp(self):
        await super().setUp()

        async def serve(context, request):
            raise AssertionError("not asked")

        self.transactions.serve(GetSPInfoRequest, serve)
        self.transactions.serve(MessageDelivered, serve)
        self.transactions.send(NewMessage)

    async def ask(self, tree, everything=False, version=V12, **fields):
        functions = None if tree is None else Functions(features=tree)
        request = ServiceRequest(functions=functions, all_functions_request=everything, **fields)
        return await self.negotiation.service(await self.context(version), request)

    async def test_answer_names_what_is_not_there(self):
        wanted = WVCSPFeat(
            im_feat=IMFeat(im_receive_func=IMReceiveFunc(newm=True, notif=True, setd=True))
        )
        answer = await self.ask(wanted)
        self.assertEqual(functions_named(answer.functions.features, V12), {"NOTIF", "SETD"})
        self.assertIsNone(answer.all_functions)
        self.assertEqual((await self.agreed()).services, {"NEWM"})

    async def test_nothing_is_named_where_all_is_there(self):
        wanted = WVCSPFeat(im_feat=IMFeat(im_receive_func=IMReceiveFunc(newm=True)))
        self.assertIsNone((await self.ask(wanted)).functions)

    async def test_all_functions_are_told_on_request(self):
        for version in (V11, V12, V13):
            answer = await self.ask(WVCSPFeat(), everything=True, version=version)
            offered = functions_named(answer.all_functions.features, version)
            self.assertEqual(offered, {"GETSPI", "NEWM"})
            self.assertEqual((await self.agreed()).services, offered)

    async def test_client_that_only_asks_agrees_on_nothing(self):
        answer = await self.ask(None, everything=True)
        self.assertIsNone(answer.functions)
        self.assertIsNone((await self.agreed()).services)

    async def test_client_is_echoed(self):
        answer = await self.ask(WVCSPFeat(), version=V11, client_id=CLIENT)
        self.assertEqual(answer.client_id, CLIENT)
