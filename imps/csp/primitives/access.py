"""Access: login and logout, keep-alive, polling, negotiation of services and capabilities."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.capability import AgreedCapabilityList, CapabilityList
from imps.csp.primitives.common import Result
from imps.csp.primitives.declaration import (
    ALWAYS,
    ONLY_V11,
    SINCE_V12,
    UNTIL_V12,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.notices import SystemMessageResponseList
from imps.csp.primitives.services import WVCSPFeat
from imps.csp.primitives.values import DigestSchema, TransferEncoding
from imps.model.address import Address
from imps.model.version import V11, V12, V13


@primitive("Polling-Request")
class PollingRequest(Primitive):
    """Has no content."""


@primitive("Login-Request")
class LoginRequest(Primitive):
    user_id: Annotated[Address | None, Element("UserID", required=UNTIL_V12)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", required=UNTIL_V12)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    password: Annotated[str | None, Element("Password", exact=True)] = None
    digest_bytes: Annotated[str | None, Element("DigestBytes")] = None
    digest_schemas: Annotated[
        tuple[DigestSchema, ...], Element("DigestSchema", packed=True, text=True, single=ONLY_V11)
    ] = ()
    session_id: Annotated[str | None, Element("SessionID", since=V13)] = None
    time_to_live: Annotated[int | None, Element("TimeToLive", clamped=True)] = None
    session_cookie: Annotated[str | None, Element("SessionCookie", required=ALWAYS)] = None
    system_message_response_list: Annotated[
        SystemMessageResponseList | None, Element("SystemMessageResponseList", since=V13)
    ] = None
    functions: Annotated[Functions | None, Element("Functions", since=V13)] = None
    capability_list: Annotated[CapabilityList | None, Element("CapabilityList", since=V13)] = None


@primitive("Login-Response")
class LoginResponse(Primitive):
    user_id: Annotated[Address | None, Element("UserID", since=V13)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", required=ALWAYS)] = None
    password: Annotated[str | None, Element("Password", since=V13, exact=True)] = None
    result: Annotated[Result, Element("Result")]
    nonce: Annotated[str | None, Element("Nonce")] = None
    digest_schema: Annotated[DigestSchema | None, Element("DigestSchema", text=True)] = None
    session_id: Annotated[str | None, Element("SessionID")] = None
    keep_alive_time: Annotated[int | None, Element("KeepAliveTime")] = None
    capability_request: Annotated[bool | None, Element("CapabilityRequest")] = None
    functions: Annotated[Functions | None, Element("Functions", since=V13)] = None
    agreed_capability_list: Annotated[
        AgreedCapabilityList | None, Element("AgreedCapabilityList", since=V13)
    ] = None


@primitive("Logout-Request")
class LogoutRequest(Primitive):
    """Has no content."""


@primitive("Disconnect")
class Disconnect(Primitive):
    result: Annotated[Result, Element("Result")]


@primitive("KeepAlive-Request")
class KeepAliveRequest(Primitive):
    time_to_live: Annotated[int | None, Element("TimeToLive", clamped=True)] = None


@primitive("KeepAlive-Response")
class KeepAliveResponse(Primitive):
    result: Annotated[Result, Element("Result")]
    keep_alive_time: Annotated[int | None, Element("KeepAliveTime")] = None


@primitive("GetSPInfo-Request")
class GetSPInfoRequest(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID")] = None


@primitive("GetSPInfo-Response")
class GetSPInfoResponse(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID")] = None
    name: Annotated[str, Element("Name", exact=True)]
    logo: Annotated[Logo | None, Element("Logo")] = None
    description: Annotated[str | None, Element("Description", exact=True)] = None
    url: Annotated[str | None, Element("URL")] = None


@structure("Logo")
class Logo:
    content_type: Annotated[str | None, Element("ContentType", tokens=True, required=ALWAYS)] = None
    content_size: Annotated[int | None, Element("ContentSize")] = None
    content_encoding: Annotated[TransferEncoding | None, Element("ContentEncoding")] = None
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ALWAYS)] = None


@primitive("Service-Request")
class ServiceRequest(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID", until=V11)] = None
    functions: Annotated[Functions | None, Element("Functions", required=SINCE_V12)] = None
    all_functions_request: Annotated[
        bool | None, Element("AllFunctionsRequest", required=ALWAYS)
    ] = None


@primitive("Service-Response")
class ServiceResponse(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID", until=V11)] = None
    functions: Annotated[Functions | None, Element("Functions")] = None
    all_functions: Annotated[AllFunctions | None, Element("AllFunctions")] = None


@structure("AllFunctions")
class AllFunctions:
    features: Annotated[WVCSPFeat, Element("WVCSPFeat")]


@structure("Functions")
class Functions:
    features: Annotated[WVCSPFeat | None, Element("WVCSPFeat")] = None


@primitive("ClientCapability-Request")
class ClientCapabilityRequest(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID", until=V11)] = None
    capability_list: Annotated[
        CapabilityList | None, Element("CapabilityList", required=SINCE_V12)
    ] = None


@primitive("ClientCapability-Response")
class ClientCapabilityResponse(Primitive):
    client_id: Annotated[ClientID | None, Element("ClientID", until=V11)] = None
    capability_list: Annotated[
        CapabilityList | None, Element("CapabilityList", until=V11, required=ALWAYS)
    ] = None
    agreed_capability_list: Annotated[
        AgreedCapabilityList | None, Element("AgreedCapabilityList", since=V12, required=ALWAYS)
    ] = None
