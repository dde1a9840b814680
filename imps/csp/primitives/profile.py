"""Public profiles and maps (CSP 1.3)."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.attributes import PresenceSubList
from imps.csp.primitives.common import Property, Result
from imps.csp.primitives.declaration import ALWAYS, Choice, Element, Primitive, primitive, structure
from imps.csp.primitives.values import TransferEncoding
from imps.model.address import Address
from imps.model.version import V13


@primitive("GetPublicProfile-Request", since=V13)
class GetPublicProfileRequest(Primitive):
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()


@primitive("GetPublicProfile-Response", since=V13)
class GetPublicProfileResponse(Primitive):
    result: Annotated[Result | None, Element("Result", required=ALWAYS)] = None
    public_profiles: Annotated[tuple[PublicProfile, ...], Element("PublicProfile")] = ()


@primitive("UpdatePublicProfile-Request", since=V13)
class UpdatePublicProfileRequest(Primitive):
    clear_public_profile: Annotated[bool | None, Element("ClearPublicProfile")] = None
    public_profile: Annotated[PublicProfile | None, Element("PublicProfile")] = None


@structure("PublicProfile", since=V13)
class PublicProfile:
    user_id: Annotated[Address | None, Element("UserID", required=ALWAYS)] = None
    properties: Annotated[tuple[Property, ...], Element("Property")] = ()


@primitive(
    "GetMap-Request", since=V13, choices=[Choice("user_id", "presence_sub_list", required=True)]
)
class GetMapRequest(Primitive):
    user_id: Annotated[Address | None, Element("UserID")] = None
    presence_sub_list: Annotated[PresenceSubList | None, Element("PresenceSubList")] = None


@primitive("GetMap-Response", since=V13, choices=[Choice("map", "url", required=True)])
class GetMapResponse(Primitive):
    map: Annotated[Map | None, Element("Map")] = None
    url: Annotated[str | None, Element("URL")] = None


@structure("Map", since=V13)
class Map:
    content_type: Annotated[str | None, Element("ContentType", tokens=True, required=ALWAYS)] = None
    content_encoding: Annotated[TransferEncoding | None, Element("ContentEncoding")] = None
    content_data: Annotated[str | bytes | None, Element("ContentData", required=ALWAYS)] = None
