"""Negotiation of capabilities and services (CSP, client capability and service negotiation)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from attrs import define, evolve

from imps.csp.cir.offer import POLLING_ONLY, CIROffer
from imps.csp.primitives.access import (
    AllFunctions,
    ClientCapabilityRequest,
    ClientCapabilityResponse,
    Functions,
    ServiceRequest,
    ServiceResponse,
)
from imps.csp.primitives.capability import (
    AcceptedContentType,
    AgreedCapabilityList,
    CapabilityList,
)
from imps.csp.primitives.declaration import Primitive
from imps.csp.primitives.presence import PresenceNotificationRequest
from imps.csp.primitives.services import WVCSPFeat
from imps.csp.primitives.values import TransferEncoding
from imps.csp.service_tree import available, functions_below, functions_named, tree_of
from imps.csp.transactions import Context, Transactions, is_agreed
from imps.elements.interfaces import Caller
from imps.model.capability import Bearer, Capabilities, ClientType, ContentLimit
from imps.model.version import V11, Version
from imps.sap.sessions import Session, Sessions

_DEFAULT_CONTENT_OCTETS = 102_400
_DEFAULT_PARSER_OCTETS = 131_072


async def _nothing(caller: Caller) -> None:
    """There is no presence."""


@define(eq=False)
class Negotiation:
    """What a client can and wants, against what there is."""

    _sessions: Sessions
    _transactions: Transactions
    _server_poll_min_seconds: int
    _max_sessions_per_user: int
    _cir: CIROffer = POLLING_ONLY
    _has_offline_notices: bool = False
    _renew_presence: Callable[[Caller], Awaitable[None]] = _nothing

    def register(self) -> None:
        """Serve the transactions of negotiation."""
        self._transactions.serve(ClientCapabilityRequest, self.client_capability)
        self._transactions.serve(ServiceRequest, self.service)

    async def client_capability(
        self, context: Context, request: ClientCapabilityRequest
    ) -> Primitive:
        """Agree on capabilities. ClientID is echoed only if it came: one client wants the list
        first."""
        offered = request.capability_list or CapabilityList()
        session = await self.agree_capabilities(context.open_session, offered)
        agreed = session.capabilities
        if context.version is V11:
            return ClientCapabilityResponse(
                client_id=request.client_id,
                capability_list=self._echo(offered, agreed, context.host),
            )
        return ClientCapabilityResponse(
            agreed_capability_list=self.agreed_list(offered, agreed, context.host)
        )

    async def agree_capabilities(self, session: Session, offered: CapabilityList) -> Session:
        """Record what a client can; what it does not mention stays as it was."""
        capabilities = capabilities_of(offered, session.capabilities)
        poll_min = max(self._server_poll_min_seconds, capabilities.server_poll_min_seconds or 0)
        capabilities = evolve(capabilities, server_poll_min_seconds=poll_min)
        return await self._sessions.agree(session, capabilities=capabilities)

    def agreed_list(
        self, offered: CapabilityList, capabilities: Capabilities, host: str
    ) -> AgreedCapabilityList:
        """The answer from 1.2 on; what a version lacks is left out when it is written."""
        cir = self._cir.agree(offered.supported_cir_methods, host)
        return AgreedCapabilityList(
            supported_bearers=(Bearer.HTTP,),
            supported_offline_bearers=tuple(
                bearer
                for bearer in offered.supported_offline_bearers
                if bearer is Bearer.SMS and self._has_offline_notices
            ),
            supported_cir_methods=cir.methods,
            tcp_address=cir.tcp_address,
            tcp_port=cir.tcp_port,
            server_poll_min=capabilities.server_poll_min_seconds,
            accepted_content_types=offered.accepted_content_types,
            any_content=offered.any_content,
            accepted_pull_length=offered.accepted_pull_length,
            accepted_push_length=offered.accepted_push_length,
            accepted_text_content_length=offered.accepted_text_content_length,
            accepted_transfer_encodings=offered.accepted_transfer_encodings,
            multi_trans=capabilities.multi_trans,
            multi_trans_per_message=capabilities.multi_trans_per_message,
            offline_etem_handling=offered.offline_etem_handling,
            online_etem_handling=offered.online_etem_handling,
            session_priority=offered.session_priority,
            user_session_limit=self._max_sessions_per_user,
        )

    def _echo(
        self, offered: CapabilityList, capabilities: Capabilities, host: str
    ) -> CapabilityList:
        """The answer of 1.1: the client's own list, with the values that hold."""
        cir = self._cir.agree(offered.supported_cir_methods, host)
        echo: CapabilityList = evolve(
            cast(Any, offered),
            client_type=capabilities.client_type or ClientType.OTHER,
            initial_delivery_method=capabilities.delivery_method,
            accepted_content_length=capabilities.max_push_octets or _DEFAULT_CONTENT_OCTETS,
            accepted_content_types=() if offered.any_content else offered.accepted_content_types,
            accepted_charsets=offered.accepted_charsets if offered.any_content else (),
            any_content=offered.any_content or None,
            supported_bearers=(Bearer.HTTP,),
            multi_trans=capabilities.multi_trans,
            parser_size=capabilities.parser_octets or _DEFAULT_PARSER_OCTETS,
            supported_cir_methods=cir.methods,
            udp_port=None,
            tcp_address=cir.tcp_address,
            tcp_port=cir.tcp_port,
            server_poll_min=capabilities.server_poll_min_seconds,
        )
        return echo

    async def service(self, context: Context, request: ServiceRequest) -> Primitive:
        """Agree on services. The answer names what was asked for and is not there."""
        version, session = context.version, context.open_session
        refused = None
        if request.functions is not None:
            refused = await self.agree_services(session, request.functions, version)
        everything = None
        if request.all_functions_request:
            everything = AllFunctions(features=self._offered(session, version) or WVCSPFeat())
        return ServiceResponse(
            client_id=request.client_id, functions=refused, all_functions=everything
        )

    async def agree_services(
        self, session: Session, wanted: Functions, version: Version
    ) -> Functions | None:
        """Record the functions that a client gets; those that it does not get, if any."""
        functions = functions_named(wanted.features, version)
        agreed = functions & self._available_to(session)
        was_told = is_agreed(session, PresenceNotificationRequest, version)
        session = await self._sessions.agree(session, services=agreed)
        if not was_told and is_agreed(session, PresenceNotificationRequest, version):
            # What there was to be told of others meanwhile was not.
            await self._renew_presence(session.caller())
        refused = tree_of(functions - agreed, version)
        return None if refused is None else Functions(features=refused)

    def _offered(self, session: Session, version: Version) -> WVCSPFeat | None:
        existing = frozenset(functions_below(WVCSPFeat, version))
        return tree_of(existing & self._available_to(session), version)

    def _available_to(self, session: Session) -> frozenset[str]:
        """The functions that there are, as far as the user may have them."""
        served = available(self._transactions.supported)
        if self._has_offline_notices:
            served |= {"OFFNOTIF"}
        return served if session.granted is None else served & session.granted


def capabilities_of(offered: CapabilityList, before: Capabilities) -> Capabilities:
    """The capabilities of a client after it has offered these."""
    given: dict[str, Any] = {
        "client_type": offered.client_type,
        "delivery_method": offered.initial_delivery_method,
        "any_content": offered.any_content,
        "content_types": tuple(map(_limit, offered.accepted_content_types)) or None,
        "takes_base64": TransferEncoding.BASE64 in offered.accepted_transfer_encodings or None,
        "max_push_octets": offered.accepted_push_length or offered.accepted_content_length,
        "max_pull_octets": offered.accepted_pull_length or offered.accepted_content_length,
        "max_text_octets": offered.accepted_text_content_length,
        "parser_octets": offered.parser_size,
        "multi_trans": offered.multi_trans,
        "multi_trans_per_message": offered.multi_trans_per_message,
        "server_poll_min_seconds": offered.server_poll_min,
        "language": offered.default_language,
        "offline_bearers": offered.supported_offline_bearers or None,
        "offline_handling": offered.offline_etem_handling,
        "online_handling": offered.online_etem_handling,
        "priority": offered.session_priority,
    }
    return evolve(before, **{name: value for name, value in given.items() if value is not None})


def _limit(accepted: AcceptedContentType) -> ContentLimit:
    return ContentLimit(
        content_type=accepted.content_type or "",
        max_octets=accepted.accepted_rich_content_length,
        policy=accepted.content_policy,
        policy_octets=accepted.content_policy_limit,
    )
