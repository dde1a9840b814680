"""Version discovery (CSP 1.2 and later): documents of their own, or transactions of any message."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import Choice, Element, Primitive, primitive, structure
from imps.model.extension import Extension
from imps.model.version import V12


@primitive("WV-CSP-VersionDiscovery-Request", since=V12, aliases=("WV-CSP-NSDiscovery-Request",))
class WVCSPVersionDiscoveryRequest(Primitive):
    version_list: Annotated[VersionList | None, Element("VersionList")] = None
    extended_datas: Annotated[
        tuple[Extension, ...], Element("ExtendedData", aliases=("Extended-Data",))
    ] = ()


@primitive("WV-CSP-VersionDiscovery-Response", since=V12, aliases=("WV-CSP-NSDiscovery-Response",))
class WVCSPVersionDiscoveryResponse(Primitive):
    version_list: Annotated[VersionList | None, Element("VersionList")] = None
    other_servers: Annotated[tuple[OtherServer, ...], Element("OtherServer")] = ()
    extended_datas: Annotated[
        tuple[Extension, ...], Element("ExtendedData", aliases=("Extended-Data",))
    ] = ()


@structure("VersionList", since=V12)
class VersionList:
    session_ns_names: Annotated[tuple[str, ...], Element("SessionNSName")] = ()
    transaction_ns_names: Annotated[tuple[str, ...], Element("TransactionNSName")] = ()
    presence_attribute_ns_names: Annotated[tuple[str, ...], Element("PresenceAttributeNSName")] = ()


@structure("OtherServer", since=V12, choices=[Choice("url", "msisdn", required=True)])
class OtherServer:
    url: Annotated[str | None, Element("URL")] = None
    msisdn: Annotated[str | None, Element("MSISDN")] = None
