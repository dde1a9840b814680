"""The content of a message over plain HTTP, for whoever has its URI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from attrs import define

from imps.csp.content_links import CONTENT_PATH
from imps.elements.interfaces import IInstantMessaging
from imps.http.message import HTTPRequest, HTTPResponse, not_allowed, refused
from imps.model.message import Content
from imps.model.status import Refusal
from imps.store.errors import StoreError

_TOKEN = re.compile(r"[0-9]{2}[\w-]{22}", re.ASCII)
_WORD = r"[\w!#$&^.+-]+"
_CONTENT_TYPE = re.compile(
    rf"{_WORD}/{_WORD}([ \t]*;[ \t]*{_WORD}=({_WORD}|\"[\w !#-~]*\"))*", re.ASCII
)
_LONGEST_CONTENT_TYPE = 200
_LONGEST_NAME = 100
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\\]")
_NOT_PLAIN = re.compile(r"[^\w .()+-]", re.ASCII)


@define(eq=False)
class ContentPage:
    """Gives out what waits, and only that; what there is not, and why, is nobody's business."""

    _element: IInstantMessaging

    async def answer(self, request: HTTPRequest) -> HTTPResponse:
        """Answer a GET for the content that the path names. It is not delivered by that: the client
        says when it has it (MessageDelivered)."""
        if request.method not in ("GET", "HEAD"):
            return not_allowed("content is fetched by GET", "GET", "HEAD")
        token = request.path.removeprefix(CONTENT_PATH)
        if not _TOKEN.fullmatch(token):
            return refused(404, "not found")
        try:
            message = await self._element.linked(token)
        except Refusal:
            return refused(404, "not found")
        except StoreError:
            return refused(503, "try again later")
        content = message.content
        return HTTPResponse(status=200, headers=_headers(content), body=content.octets)


def _headers(content: Content) -> Mapping[str, str]:
    """How content is to be taken: as a file of its name, and as nothing else than it says, as it
    comes from anybody."""
    return {
        "content-type": _content_type(content),
        "content-disposition": _disposition(content.name),
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }


def _content_type(content: Content) -> str:
    said = content.type
    if len(said) > _LONGEST_CONTENT_TYPE or not _CONTENT_TYPE.fullmatch(said):
        return "application/octet-stream"
    return said if content.text is None else f"{said}; charset=utf-8"


def _disposition(name: str | None) -> str:
    """A file to be stored under its name, which is told in two ways (RFC 6266)."""
    name = _NOT_IN_A_NAME.sub("_", name or "")[-_LONGEST_NAME:].strip(" .")
    if not name:
        return "attachment"
    plain = _NOT_PLAIN.sub("_", name)
    if plain == name:
        return f'attachment; filename="{plain}"'
    encoded = quote(name, safe="", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
