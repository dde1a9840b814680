"""Instant messages."""

from enum import Enum


class FontSize(Enum):
    """The size of a text (1.3)."""

    TINY = "Tiny"
    SMALL = "Small"
    MEDIUM = "Medium"
    BIG = "Big"
    HUGE = "Huge"


class FontStyle(Enum):
    """The style of a text (1.3)."""

    BOLD = "Bold"
    ITALIC = "Italic"
    UNDERLINE = "Underline"


class Color(Enum):
    """The color of a text: the sixteen names of HTML (1.3)."""

    AQUA = "Aqua"
    BLACK = "Black"
    BLUE = "Blue"
    FUCHSIA = "Fuchsia"
    GRAY = "Gray"
    GREEN = "Green"
    LIME = "Lime"
    MAROON = "Maroon"
    NAVY = "Navy"
    OLIVE = "Olive"
    PURPLE = "Purple"
    RED = "Red"
    SILVER = "Silver"
    TEAL = "Teal"
    WHITE = "White"
    YELLOW = "Yellow"
