"""What clients can do, and what the server agrees to (client capability negotiation)."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import ALWAYS, UNTIL_V12, Choice, Element, Pair, structure
from imps.csp.primitives.values import TransferEncoding
from imps.model.capability import (
    Bearer,
    CIRMethod,
    ClientType,
    ContentPolicy,
    DeliveryMethod,
    OfflineETEMHandling,
    OnlineETEMHandling,
)
from imps.model.version import V11, V12, V13


@structure(
    "CapabilityList",
    choices=[Choice("any_content accepted_charsets", "accepted_content_types", until=V12)],
    written={
        V13: (
            "accepted_content_types any_content accepted_pull_length accepted_push_length "
            "accepted_text_content_length accepted_transfer_encodings client_type "
            "default_language initial_delivery_method multi_trans multi_trans_per_message "
            "offline_etem_handling online_etem_handling plain_text_charsets parser_size "
            "server_poll_min supported_bearers supported_offline_bearers "
            "supported_cir_methods udp_port session_priority"
        )
    },
)
class CapabilityList:
    client_type: Annotated[ClientType | None, Element("ClientType", required=UNTIL_V12)] = None
    initial_delivery_method: Annotated[
        DeliveryMethod | None, Element("InitialDeliveryMethod", required=UNTIL_V12)
    ] = None
    any_content: Annotated[bool | None, Element("AnyContent")] = None
    accepted_charsets: Annotated[
        tuple[int, ...],
        Element("AcceptedCharset", until=V12, aliases=("AcceptedCharSet",), open=True),
    ] = ()
    accepted_content_types: Annotated[
        tuple[AcceptedContentType, ...], Element("AcceptedContentType")
    ] = ()
    accepted_transfer_encodings: Annotated[
        tuple[TransferEncoding, ...], Element("AcceptedTransferEncoding", open=True)
    ] = ()
    accepted_content_length: Annotated[
        int | None, Element("AcceptedContentLength", until=V12, required=ALWAYS)
    ] = None
    supported_bearers: Annotated[tuple[Bearer, ...], Element("SupportedBearer", open=True)] = ()
    multi_trans: Annotated[int | None, Element("MultiTrans", required=UNTIL_V12)] = None
    parser_size: Annotated[int | None, Element("ParserSize", required=UNTIL_V12)] = None
    supported_cir_methods: Annotated[
        tuple[CIRMethod, ...], Element("SupportedCIRMethod", open=True)
    ] = ()
    udp_port: Annotated[int | None, Element("UDPPort")] = None
    tcp_address: Annotated[str | None, Element("TCPAddress", until=V11)] = None
    tcp_port: Annotated[int | None, Element("TCPPort", until=V11)] = None
    server_poll_min: Annotated[int | None, Element("ServerPollMin")] = None
    default_language: Annotated[str | None, Element("DefaultLanguage")] = None
    accepted_pull_length: Annotated[int | None, Element("AcceptedPullLength", since=V13)] = None
    accepted_push_length: Annotated[int | None, Element("AcceptedPushLength", since=V13)] = None
    accepted_text_content_length: Annotated[
        int | None, Element("AcceptedTextContentLength", since=V13)
    ] = None
    multi_trans_per_message: Annotated[int | None, Element("MultiTransPerMessage", since=V13)] = (
        None
    )
    offline_etem_handling: Annotated[
        OfflineETEMHandling | None, Element("OfflineETEMHandling", since=V13)
    ] = None
    online_etem_handling: Annotated[
        OnlineETEMHandling | None, Element("OnlineETEMHandling", since=V13)
    ] = None
    plain_text_charsets: Annotated[
        tuple[int, ...], Element("PlainTextCharset", since=V13, open=True)
    ] = ()
    supported_offline_bearers: Annotated[
        tuple[Bearer, ...], Element("SupportedOfflineBearer", since=V13, open=True)
    ] = ()
    session_priority: Annotated[int | None, Element("SessionPriority", since=V13)] = None


@structure(
    "AgreedCapabilityList",
    since=V12,
    pairs=[Pair("tcp_address", "tcp_port", since=V13), Pair("udp_address", "udp_port", since=V13)],
    written={
        V13: (
            "accepted_content_types any_content accepted_pull_length accepted_push_length "
            "accepted_text_content_length accepted_transfer_encodings cir_http_address "
            "cir_sms_address multi_trans multi_trans_per_message offline_etem_handling "
            "online_etem_handling server_poll_min supported_bearers supported_offline_bearers "
            "supported_cir_methods tcp_address tcp_port udp_address udp_port session_priority "
            "user_session_limit"
        )
    },
)
class AgreedCapabilityList:
    supported_bearers: Annotated[tuple[Bearer, ...], Element("SupportedBearer", open=True)] = ()
    supported_cir_methods: Annotated[
        tuple[CIRMethod, ...], Element("SupportedCIRMethod", open=True)
    ] = ()
    tcp_address: Annotated[str | None, Element("TCPAddress")] = None
    tcp_port: Annotated[int | None, Element("TCPPort")] = None
    server_poll_min: Annotated[int | None, Element("ServerPollMin")] = None
    cir_url: Annotated[CIRURL | None, Element("CIRURL", since=V12, until=V12)] = None
    accepted_content_types: Annotated[
        tuple[AcceptedContentType, ...], Element("AcceptedContentType", since=V13)
    ] = ()
    any_content: Annotated[bool | None, Element("AnyContent", since=V13)] = None
    accepted_pull_length: Annotated[int | None, Element("AcceptedPullLength", since=V13)] = None
    accepted_push_length: Annotated[int | None, Element("AcceptedPushLength", since=V13)] = None
    accepted_text_content_length: Annotated[
        int | None, Element("AcceptedTextContentLength", since=V13)
    ] = None
    accepted_transfer_encodings: Annotated[
        tuple[TransferEncoding, ...], Element("AcceptedTransferEncoding", since=V13, open=True)
    ] = ()
    cir_http_address: Annotated[CIRHTTPAddress | None, Element("CIRHTTPAddress", since=V13)] = None
    cir_sms_address: Annotated[str | None, Element("CIRSMSAddress", since=V13)] = None
    multi_trans: Annotated[int | None, Element("MultiTrans", since=V13)] = None
    multi_trans_per_message: Annotated[int | None, Element("MultiTransPerMessage", since=V13)] = (
        None
    )
    offline_etem_handling: Annotated[
        OfflineETEMHandling | None, Element("OfflineETEMHandling", since=V13)
    ] = None
    online_etem_handling: Annotated[
        OnlineETEMHandling | None, Element("OnlineETEMHandling", since=V13)
    ] = None
    supported_offline_bearers: Annotated[
        tuple[Bearer, ...], Element("SupportedOfflineBearer", since=V13, open=True)
    ] = ()
    udp_address: Annotated[str | None, Element("UDPAddress", since=V13)] = None
    udp_port: Annotated[int | None, Element("UDPPort", since=V13)] = None
    session_priority: Annotated[int | None, Element("SessionPriority", since=V13)] = None
    user_session_limit: Annotated[int | None, Element("UserSessionLimit", since=V13)] = None


@structure("AcceptedContentType", text="content_type", text_until=V12)
class AcceptedContentType:
    content_type: Annotated[str | None, Element("ContentType", tokens=True)] = None
    accepted_rich_content_length: Annotated[
        int | None, Element("AcceptedRichContentLength", since=V13)
    ] = None
    content_policy: Annotated[
        ContentPolicy | None, Element("ContentPolicy", since=V13, open=True)
    ] = None
    content_policy_limit: Annotated[int | None, Element("ContentPolicyLimit", since=V13)] = None


@structure("CIRURL", since=V12, until=V12)
class CIRURL:
    url: Annotated[str | None, Element("URL", required=ALWAYS)] = None


@structure("CIRHTTPAddress", since=V13)
class CIRHTTPAddress:
    url: Annotated[str | None, Element("URL", required=ALWAYS)] = None
