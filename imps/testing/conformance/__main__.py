"""Writes docs/conformance.rst to stdout."""

from imps.testing.conformance.document import document
from imps.testing.conformance.state import Conformance

if __name__ == "__main__":
    print(document(Conformance.of_this_server()), end="")
