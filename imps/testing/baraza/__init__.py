"""The other open IMPS server, as it behaves on the wire to a partner: SSP 1.3 with its quirks.

It is scripted from what is known of that server (SSP, Baraza on the wire), has its own XML and
shares no code with ``imps.ssp``. Where it is stricter or more careless than the protocol, so is the
double: who trips over a trap is recorded, and a test asserts that nobody did.
"""

from imps.testing.baraza.server import Baraza
from imps.testing.baraza.users import User

__all__ = ["Baraza", "User"]
