"""Who is meant: users and their clients, groups and screen names, senders and recipients."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import ALWAYS, Choice, Element, structure
from imps.model.address import Address
from imps.model.version import V12, V13


@structure("ClientID", text="url")
class ClientID:
    url: Annotated[str | None, Element("URL")] = None
    msisdn: Annotated[str | None, Element("MSISDN")] = None


@structure("User", choices=[Choice("application_id", "client_id", since=V13)])
class User:
    user_id: Annotated[Address, Element("UserID")]
    friendly_name: Annotated[str | None, Element("FriendlyName", since=V13, exact=True)] = None
    application_id: Annotated[str | None, Element("ApplicationID", since=V13)] = None
    client_id: Annotated[ClientID | None, Element("ClientID")] = None


@structure("Group", choices=[Choice("group_id", "screen_name", required=True)])
class Group:
    group_id: Annotated[Address | None, Element("GroupID")] = None
    screen_name: Annotated[ScreenName | None, Element("ScreenName")] = None


@structure("Sender", choices=[Choice("user", "group", required=True)])
class Sender:
    user: Annotated[User | None, Element("User")] = None
    group: Annotated[Group | None, Element("Group")] = None


@structure("Recipient")
class Recipient:
    users: Annotated[tuple[User, ...], Element("User")] = ()
    groups: Annotated[tuple[Group, ...], Element("Group")] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList")] = ()


@structure("ScreenName")
class ScreenName:
    s_name: Annotated[str, Element("SName", exact=True)]
    group_id: Annotated[Address, Element("GroupID")]


@structure("NickName")
class NickName:
    name: Annotated[str, Element("Name", exact=True)]
    user_id: Annotated[Address, Element("UserID", aliases=("User",))]


@structure("IDList", since=V12)
class IDList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID")] = ()
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList")] = ()
    group_ids: Annotated[tuple[Address, ...], Element("GroupID")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()
    domains: Annotated[tuple[str, ...], Element("Domain")] = ()


@structure("URLList")
class URLList:
    urls: Annotated[tuple[str, ...], Element("URL", required=ALWAYS)] = ()


@structure("GroupList")
class GroupList:
    group_ids: Annotated[tuple[Address, ...], Element("GroupID", required=ALWAYS)] = ()


@structure("UserList")
class UserList:
    users: Annotated[tuple[User, ...], Element("User")] = ()
    screen_names: Annotated[tuple[ScreenName, ...], Element("ScreenName")] = ()


@structure("UserIDList", since=V13)
class UserIDList:
    user_ids: Annotated[tuple[Address, ...], Element("UserID", required=ALWAYS)] = ()


@structure("ContactListIDList", since=V13)
class ContactListIDList:
    contact_lists: Annotated[tuple[Address, ...], Element("ContactList", required=ALWAYS)] = ()


@structure("UserIDPair", since=V13)
class UserIDPair:
    unrecognized_user_id: Annotated[
        Address | None, Element("UnrecognizedUserID", required=ALWAYS)
    ] = None
    valid_user_id: Annotated[Address | None, Element("ValidUserID", required=ALWAYS)] = None
