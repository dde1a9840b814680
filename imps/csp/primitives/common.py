"""Status and Result, properties, and the verification of ids."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import Choice, Element, Primitive, primitive, structure
from imps.csp.primitives.identity import ClientID, IDList, ScreenName
from imps.csp.primitives.notices import SystemMessageList
from imps.model.address import Address
from imps.model.search import SearchElement
from imps.model.version import V12, V13


@primitive("Status")
class Status(Primitive):
    result: Annotated[Result, Element("Result")]
    client_id: Annotated[ClientID | None, Element("ClientID")] = None


@structure("Result")
class Result:
    code: Annotated[int, Element("Code")]
    description: Annotated[str | None, Element("Description", exact=True)] = None
    detailed_results: Annotated[tuple[DetailedResult, ...], Element("DetailedResult")] = ()
    system_message_list: Annotated[
        SystemMessageList | None, Element("SystemMessageList", since=V13)
    ] = None
    try_again_timeout: Annotated[int | None, Element("TryAgainTimeout", since=V13)] = None


@structure(
    "DetailedResult",
    choices=[
        Choice(
            "search_elements",
            "user_ids group_ids screen_names message_ids contact_lists domains",
            since=V13,
        )
    ],
)
class DetailedResult:
    code: Annotated[int, Element("Code")]
    description: Annotated[str | None, Element("Description", exact=True)] = None
    search_elements: Annotated[tuple[SearchElement, ...], Element("SearchElement", since=V13)] = ()
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()
    group_ids: Annotated[tuple[Address, ...], Element("GroupID")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    message_ids: Annotated[tuple[str, ...], Element("MessageID", since=V12)] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", since=V12)] = ()
    domains: Annotated[tuple[str, ...], Element("Domain", since=V12)] = ()


@structure("Property")
class Property:
    name: Annotated[str, Element("Name", tokens=True)]
    value: Annotated[str | None, Element("Value", exact=True)] = None


@primitive("VerifyID-Request", since=V12)
class VerifyIDRequest(Primitive):
    id_list: Annotated[IDList, Element("IDList")]
