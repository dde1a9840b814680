"""What a feature is: what it needs, and what of it a test has to show."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

DOCUMENTS = {
    "1.1": "Wireless Village Features and Functions 1.1",
    "1.2": "Features and Functions 1.2; its two editions have the same sections",
    "1.3": "IMPS 1.3 Architecture, whose appendix holds the features",
    "release": "IMPS 1.2 Enabler Release Definition",
}
"""The features documents of the standard."""


@frozen
class Feature:
    """A feature that the standard names, in our words, and where.

    It needs transactions, named by their requests. Where it is more than those it has parts, each
    to be shown by a test. What is decided against has a reason.
    """

    title: str
    sections: Mapping[str, tuple[str, ...]]
    needs: tuple[type, ...]
    parts: tuple[str, ...]
    reason: str


def feature(
    title: str,
    *needs: type,
    v11: str = "",
    v12: str = "",
    v13: str = "",
    release: str = "",
    parts: tuple[str, ...] = (),
    reason: str = "",
) -> Feature:
    """A feature; the sections of a document with blanks between."""
    texts = zip(DOCUMENTS, (v11, v12, v13, release), strict=True)
    sections = {document: tuple(text.split()) for document, text in texts}
    return Feature(title, sections, needs, parts, reason)
