"""Partners: the servers of other domains, and what was agreed with those who run them."""

from __future__ import annotations

from enum import Enum


class Profile(Enum):
    """How a partner speaks SSP: as we do, by the letter, or as the open server Baraza does."""

    OURS = "ours"
    STRICT = "strict"
    BARAZA = "baraza"
