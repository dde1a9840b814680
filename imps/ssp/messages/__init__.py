"""What SSP says: every message and structure, declared once.

Messages about groups, invitations, contact lists, service agreements and profiles get modules of
their own here.
"""

# Each declares its structures by being imported.
from imps.ssp.messages import blocks, im, presence, setup  # noqa: F401
from imps.ssp.messages.declaration import Message, declaration_of, declared_types
from imps.ssp.messages.envelope import SETUP_MESSAGES

MESSAGES: dict[str, type[Message]] = {
    declaration_of(declared).name: declared
    for declared in declared_types()
    if issubclass(declared, Message) and declared not in SETUP_MESSAGES
}
"""Everything that a Transaction can hold, by its name on the wire."""
