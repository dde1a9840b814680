"""Setting a session up, and keeping it (SSP, session establishment and maintenance)."""

from __future__ import annotations

from typing import Annotated

from imps.model.address import Address
from imps.ssp.messages.blocks import Request, Status
from imps.ssp.messages.declaration import (
    Element,
    Message,
    Octets,
    XMLAttribute,
    message,
    structure,
)


@structure("SecretToken", secret=True)
class SecretToken:
    """A secret, printable; one partner cannot take it encoded, and encodes it in old versions."""

    octets: Annotated[bytes, Octets(encoded=False)]


@structure("PasswordDigest", secret=True)
class PasswordDigest:
    octets: Annotated[bytes, Octets()]
    schema: Annotated[str | None, XMLAttribute("schema")] = None


@structure("SendSecretToken")
class SendSecretToken(Message):
    service_id: Annotated[Address, XMLAttribute("serviceID")]
    protocol: Annotated[str | None, XMLAttribute("protocol")] = None
    protocol_version: Annotated[
        str | None, XMLAttribute("protocolVersion", aliases=("procotolVersion",))
    ] = None
    digest_schemas: Annotated[str | None, XMLAttribute("digestSchemas")] = None
    secret_token: Annotated[SecretToken, Element("SecretToken")]


@structure("LoginRequest")
class LoginRequest(Message):
    service_id: Annotated[Address, XMLAttribute("serviceID")]
    time_to_live: Annotated[int | None, XMLAttribute("timeToLive", open=True)] = None
    password_digest: Annotated[PasswordDigest, Element("PasswordDigest")]


@structure("LoginResponse", secret=True)
class LoginResponse(Message):
    """That a login is accepted, or not. A list of other servers in it is ignored: whoever could
    name any place would be believed what only the DNS or an operator says."""

    session_id: Annotated[str | None, XMLAttribute("sessionID")] = None
    time_to_live: Annotated[int | None, XMLAttribute("timeToLive", open=True)] = None
    status: Annotated[Status, Element("Status")]


@message("KeepAliveRequest")
class KeepAliveRequest(Request):
    time_to_live: Annotated[int | None, XMLAttribute("timeToLive")] = None


@message("KeepAliveResponse")
class KeepAliveResponse(Message):
    time_to_live: Annotated[int | None, XMLAttribute("timeToLive")] = None
    status: Annotated[Status | None, Element("Status")] = None


@message("LogoutRequest")
class LogoutRequest(Request):
    pass


@message("Disconnect")
class Disconnect(Request):
    status: Annotated[Status, Element("Status")]
