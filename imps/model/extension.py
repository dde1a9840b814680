"""Vendor content: carried along as it came, never looked into."""

from __future__ import annotations

from attrs import frozen


@frozen
class Foreign:
    """An element of some vendor's, with its attributes, text and children."""

    name: str
    namespace: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    content: tuple[str | Foreign, ...] = ()


@frozen
class Extension:
    """What stands inside an extension block, and the namespace that the block names."""

    namespace: str | None = None
    content: tuple[str | Foreign, ...] = ()
