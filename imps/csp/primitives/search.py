"""Search for users and groups."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import (
    ALWAYS,
    UNTIL_V12,
    Choice,
    Element,
    Primitive,
    primitive,
    structure,
)
from imps.csp.primitives.identity import GroupList, UserList
from imps.model.search import SearchElement
from imps.model.version import V13


@primitive("Search-Request")
class SearchRequest(Primitive):
    search_pair_lists: Annotated[tuple[SearchPairList, ...], Element("SearchPairList")] = ()
    advanced_criteria: Annotated[str | None, Element("AdvancedCriteria", since=V13)] = None
    search_limit: Annotated[int | None, Element("SearchLimit")] = None
    search_id: Annotated[int | None, Element("SearchID")] = None
    search_index: Annotated[int | None, Element("SearchIndex")] = None


@primitive("Search-Response")
class SearchResponse(Primitive):
    search_id: Annotated[int | None, Element("SearchID")] = None
    search_findings: Annotated[int, Element("SearchFindings")]
    completion_flag: Annotated[bool | None, Element("CompletionFlag", required=ALWAYS)] = None
    search_index: Annotated[int | None, Element("SearchIndex")] = None
    search_result: Annotated[SearchResult | None, Element("SearchResult")] = None


@structure("SearchPairList")
class SearchPairList:
    search_pairs: Annotated[
        tuple[SearchPair, ...],
        Element("SearchPair", flat=True, single=UNTIL_V12, required=ALWAYS),
    ] = ()


@structure("SearchPair", since=V13)
class SearchPair:
    search_element: Annotated[SearchElement, Element("SearchElement")]
    search_string: Annotated[str, Element("SearchString", exact=True)]
    pair_id: Annotated[int | None, Element("PairID", since=V13)] = None


@structure("SearchResult", choices=[Choice("user_list", "group_list", required=True, since=V13)])
class SearchResult:
    user_list: Annotated[UserList | None, Element("UserList")] = None
    group_list: Annotated[GroupList | None, Element("GroupList")] = None


@primitive("StopSearch-Request")
class StopSearchRequest(Primitive):
    search_id: Annotated[int, Element("SearchID")]
