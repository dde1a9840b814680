"""The service tree by name: features, their groups of functions, and functions (CSP, services)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

FEATURES: dict[str, dict[str, tuple[str, ...]]] = {
    "FundamentalFeat": {
        "ServiceFunc": ("GETSPI", "GETMAP", "SGMNT"),
        "SearchFunc": ("SRCH", "ADVSR", "STSRC"),
        "InviteFunc": ("INVIT", "CAINV"),
        "VerifyIDFunc": ("VRID",),
    },
    "PresenceFeat": {
        "ContListFunc": ("GCLI", "CCLI", "DCLI", "MCLS"),
        "PresenceAuthFunc": ("GETWL", "REACT", "CAAUT", "GETAUT"),
        "PresenceDeliverFunc": ("GETPR", "UPDPR"),
        "AttListFunc": ("CALI", "DALI", "GALS"),
    },
    "IMFeat": {
        "IMSendFunc": ("MDELIV", "FWMSG"),
        "IMReceiveFunc": ("SETD", "GETLM", "GETM", "REJCM", "NOTIF", "NEWM", "OFFNOTIF"),
        "IMAuthFunc": ("GLBLU", "BLENT"),
    },
    "GroupFeat": {
        "GroupMgmtFunc": ("CREAG", "DELGR", "GETGP", "SETGP"),
        "GroupUseFunc": ("SUBGCN", "GRCHN", "EXCON"),
        "GroupAuthFunc": ("GETGM", "ADDGM", "RMVGM", "MBRAC", "REJEC", "GETJU"),
    },
}
"""The features that an account may have, as groups of function codes."""

MARKERS = {"FundamentalFeat": "MF", "PresenceFeat": "MP", "IMFeat": "MM", "GroupFeat": "MG"}
"""What stands for the functions of a feature that have no code of their own."""


def _named() -> Iterator[tuple[str, frozenset[str]]]:
    for feature, groups in FEATURES.items():
        codes = {code for group in groups.values() for code in group}
        yield feature, frozenset(codes | {MARKERS[feature]})
        for group, below in groups.items():
            yield group, frozenset(below)
        for code in (*sorted(codes), MARKERS[feature]):
            yield code, frozenset((code,))


FUNCTIONS = dict(_named())
"""The functions that each name of the tree stands for."""


def functions_of(services: Iterable[str]) -> frozenset[str]:
    """All functions, markers among them, that these names stand for."""
    return frozenset(code for name in services for code in FUNCTIONS[name])
