"""Answers cut into segments for clients with little memory (CSP 1.3)."""

from __future__ import annotations

from typing import Annotated

from imps.csp.primitives.declaration import ALWAYS, Element, Primitive, primitive, structure
from imps.model.extension import Extension
from imps.model.version import V13


@structure("SegmentInfo", since=V13)
class SegmentInfo:
    segment_count: Annotated[int | None, Element("SegmentCount", required=ALWAYS)] = None
    segment_id: Annotated[SegmentID | None, Element("SegmentID", required=ALWAYS)] = None


@structure("SegmentID", since=V13)
class SegmentID:
    transaction_id: Annotated[str | None, Element("TransactionID", required=ALWAYS)] = None
    segment_reference: Annotated[int | None, Element("SegmentReference", required=ALWAYS)] = None


@primitive("GetSegment-Request", since=V13)
class GetSegmentRequest(Primitive):
    segment_id: Annotated[SegmentID | None, Element("SegmentID", required=ALWAYS)] = None


@primitive("GetSegment-Response", since=V13)
class GetSegmentResponse(Primitive):
    segment_content: Annotated[Extension | None, Element("SegmentContent", required=ALWAYS)] = None


@primitive("DropSegment-Request", since=V13)
class DropSegmentRequest(Primitive):
    segment_id: Annotated[SegmentID | None, Element("SegmentID", required=ALWAYS)] = None
