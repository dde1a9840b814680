"""What conforms to the standard, computed from what is registered and what tests show.

A test is marked with what it shows; ``python -m imps.testing.conformance`` writes the table.
"""

from imps.testing.conformance.marks import ALL, WBXML, XML, shows, shows_feature, shows_messages

__all__ = ["ALL", "WBXML", "XML", "shows", "shows_feature", "shows_messages"]
