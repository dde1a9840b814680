"""What CSP says: every primitive and structure, declared once for all versions."""

# Each declares its structures by being imported.
from imps.csp.primitives import (  # noqa: F401
    access,
    attributes,
    blocking,
    capability,
    common,
    contacts,
    discovery,
    envelope,
    groups,
    identity,
    im,
    invitations,
    notices,
    presence,
    profile,
    search,
    segments,
    services,
)
from imps.csp.primitives.declaration import (
    Declaration,
    Primitive,
    declaration_of,
    declared_types,
)

PRIMITIVES: dict[str, type[Primitive]] = {
    name: declared
    for declared in declared_types()
    if issubclass(declared, Primitive)
    for name in (declaration_of(declared).name, *declaration_of(declared).aliases)
}
"""Everything that a TransactionContent can hold, by its names on the wire."""

__all__ = ["PRIMITIVES", "Declaration", "Primitive", "declaration_of", "declared_types"]
