"""The presence attributes. An attribute without content names it; otherwise it carries a value."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.capability import AcceptedContentType
from imps.csp.primitives.declaration import (
    ALWAYS,
    UNTIL_V12,
    Choice,
    Element,
    Unrecognised,
    structure,
)
from imps.csp.primitives.identity import ClientID
from imps.csp.primitives.values import TransferEncoding
from imps.model.capability import ClientType
from imps.model.presence import Availability, CommunicationMeans, ContactStatus
from imps.model.version import V12, V13


@structure("PresenceSubList", xmlns=True, shared=True)
class PresenceSubList:
    online_status: Annotated[
        tuple[OnlineStatus, ...], Element("OnlineStatus", single=UNTIL_V12)
    ] = ()
    registrations: Annotated[
        tuple[Registration, ...], Element("Registration", single=UNTIL_V12)
    ] = ()
    client_infos: Annotated[tuple[ClientInfo, ...], Element("ClientInfo", single=UNTIL_V12)] = ()
    time_zones: Annotated[tuple[TimeZone, ...], Element("TimeZone", single=UNTIL_V12)] = ()
    geo_locations: Annotated[tuple[GeoLocation, ...], Element("GeoLocation", single=UNTIL_V12)] = ()
    addresses: Annotated[tuple[PostalAddress, ...], Element("Address", single=UNTIL_V12)] = ()
    free_text_locations: Annotated[
        tuple[FreeTextLocation, ...], Element("FreeTextLocation", single=UNTIL_V12)
    ] = ()
    plmns: Annotated[tuple[PLMN, ...], Element("PLMN", single=UNTIL_V12)] = ()
    comm_caps: Annotated[tuple[CommCap, ...], Element("CommCap", single=UNTIL_V12)] = ()
    user_availability: Annotated[UserAvailability | None, Element("UserAvailability")] = None
    preferred_contacts: Annotated[PreferredContacts | None, Element("PreferredContacts")] = None
    preferred_language: Annotated[PreferredLanguage | None, Element("PreferredLanguage")] = None
    status_text: Annotated[StatusText | None, Element("StatusText")] = None
    status_mood: Annotated[StatusMood | None, Element("StatusMood")] = None
    alias: Annotated[Alias | None, Element("Alias")] = None
    status_content: Annotated[StatusContent | None, Element("StatusContent")] = None
    contact_info: Annotated[ContactInfo | None, Element("ContactInfo")] = None
    info_link: Annotated[InfoLink | None, Element("InfoLink", since=V12)] = None
    unrecognised: Annotated[tuple[str, ...], Unrecognised()] = ()


@structure("OnlineStatus")
class OnlineStatus:
    """What a client says of itself here is of no account, and so may be anything."""

    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[bool | None, Element("PresenceValue", open=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("Registration")
class Registration:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[bool | None, Element("PresenceValue")] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("FreeTextLocation")
class FreeTextLocation:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", exact=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("PLMN")
class PLMN:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", exact=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("UserAvailability")
class UserAvailability:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[Availability | None, Element("PresenceValue")] = None


@structure("PreferredLanguage")
class PreferredLanguage:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", exact=True)] = None


@structure("StatusText")
class StatusText:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", exact=True)] = None


@structure("StatusMood")
class StatusMood:
    """A mood is any word; those of the standard have tokens."""

    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", tokens=True)] = None


@structure("Alias")
class Alias:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    presence_value: Annotated[str | None, Element("PresenceValue", exact=True)] = None


@structure("ClientInfo")
class ClientInfo:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    client_content_limit: Annotated[
        ClientContentLimit | None, Element("ClientContentLimit", since=V13)
    ] = None
    client_type: Annotated[ClientType | None, Element("ClientType")] = None
    dev_manufacturer: Annotated[str | None, Element("DevManufacturer")] = None
    client_producer: Annotated[str | None, Element("ClientProducer")] = None
    model: Annotated[str | None, Element("Model")] = None
    client_version: Annotated[str | None, Element("ClientVersion")] = None
    language: Annotated[str | None, Element("Language")] = None
    client_im_priority: Annotated[int | None, Element("ClientIMPriority", since=V13)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("ClientContentLimit", since=V13)
class ClientContentLimit:
    accepted_content_types: Annotated[
        tuple[AcceptedContentType, ...], Element("AcceptedContentType")
    ] = ()
    any_content: Annotated[bool | None, Element("AnyContent")] = None
    accepted_text_content_length: Annotated[int | None, Element("AcceptedTextContentLength")] = None
    accepted_transfer_encodings: Annotated[
        tuple[TransferEncoding, ...], Element("AcceptedTransferEncoding", open=True)
    ] = ()
    max_pull_length: Annotated[int | None, Element("MaxPullLength")] = None
    max_push_length: Annotated[int | None, Element("MaxPushLength")] = None
    plain_text_charsets: Annotated[tuple[int, ...], Element("PlainTextCharset")] = ()


@structure("TimeZone")
class TimeZone:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    zone: Annotated[str | None, Element("Zone")] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("GeoLocation")
class GeoLocation:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    longitude: Annotated[str | None, Element("Longitude")] = None
    latitude: Annotated[str | None, Element("Latitude")] = None
    altitude: Annotated[int | None, Element("Altitude", text=True)] = None
    accuracy: Annotated[int | None, Element("Accuracy", text=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("Address")
class PostalAddress:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    country: Annotated[str | None, Element("Country")] = None
    city: Annotated[str | None, Element("City", exact=True)] = None
    street: Annotated[str | None, Element("Street", exact=True)] = None
    crossing1: Annotated[str | None, Element("Crossing1", exact=True)] = None
    crossing2: Annotated[str | None, Element("Crossing2", exact=True)] = None
    building: Annotated[str | None, Element("Building", exact=True)] = None
    named_area: Annotated[str | None, Element("NamedArea", exact=True)] = None
    accuracy: Annotated[int | None, Element("Accuracy", text=True)] = None
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("CommCap")
class CommCap:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    comm_cs: Annotated[tuple[CommC, ...], Element("CommC")] = ()
    client_id: Annotated[ClientID | None, Element("ClientID", since=V13)] = None


@structure("CommC")
class CommC:
    cap: Annotated[CommunicationMeans | None, Element("Cap", presence=True, required=ALWAYS)] = None
    status: Annotated[ContactStatus | None, Element("Status", required=ALWAYS)] = None
    contact: Annotated[str | None, Element("Contact", exact=True)] = None
    note: Annotated[str | None, Element("Note", exact=True)] = None


@structure("PreferredContacts")
class PreferredContacts:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    addr_prefs: Annotated[tuple[AddrPref, ...], Element("AddrPref")] = ()


@structure("AddrPref")
class AddrPref:
    pref_c: Annotated[
        CommunicationMeans | None, Element("PrefC", presence=True, required=ALWAYS)
    ] = None
    caddr: Annotated[str | None, Element("Caddr", aliases=("CAddr",), required=ALWAYS)] = None
    cstatus: Annotated[ContactStatus | None, Element("Cstatus", required=ALWAYS)] = None
    cname: Annotated[str | None, Element("Cname", aliases=("CName",))] = None
    cpriority: Annotated[int | None, Element("Cpriority", text=True)] = None


@structure("StatusContent", choices=[Choice("direct_content", "referred_content", since=V13)])
class StatusContent:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    direct_content: Annotated[str | bytes | None, Element("DirectContent")] = None
    referred_content: Annotated[
        str | None, Element("ReferredContent", aliases=("PreferredContent",))
    ] = None
    content_type: Annotated[str | None, Element("ContentType", tokens=True)] = None


@structure("ContactInfo", choices=[Choice("contained_v_card", "referred_v_card", since=V13)])
class ContactInfo:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    contained_v_card: Annotated[str | bytes | None, Element("ContainedvCard")] = None
    referred_v_card: Annotated[
        str | None, Element("ReferredvCard", aliases=("PreferredvCard",))
    ] = None


@structure("InfoLink", since=V12)
class InfoLink:
    qualifier: Annotated[bool | None, Element("Qualifier")] = None
    inf_links: Annotated[tuple[InfLink, ...], Element("Inf_link")] = ()


@structure("Inf_link", since=V12)
class InfLink:
    link: Annotated[str | None, Element("Link", required=ALWAYS)] = None
    text: Annotated[str | None, Element("Text", exact=True)] = None
    content_type: Annotated[str | None, Element("ContentType", tokens=True)] = None
