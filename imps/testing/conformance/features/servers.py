"""Features between servers, and the parts and protocols of a server."""

from imps.csp.primitives import access, discovery
from imps.testing.conformance.features.feature import feature

SERVERS = (
    feature(
        "partner servers, from IM alone to all services",
        v11="3 10",
        v12="4 11",
        v13="5.3.8 C.7",
        release="6.4.3",
        parts=("IM with another domain", "a service at another domain"),
    ),
    feature(
        "records of agreements, sessions and transactions",
        v11="10",
        v12="11",
        v13="C.7",
        parts=("service table", "session records", "transaction table"),
    ),
    feature(
        "CSP and CLP turned into SSP, and back",
        v11="10",
        v12="11",
        v13="5.3.6.4 C.7",
        release="6.1.5.4",
        parts=("CSP", "CLP"),
    ),
    feature(
        "servers trusted no further than their domain",
        v11="10.1",
        v12="11.1",
        v13="C.7.1",
    ),
    feature("transactions between servers", v11="10.2", v12="11.2", v13="C.7.2"),
    feature(
        "sessions between servers",
        v11="10.3",
        v12="11.3",
        v13="5.3.6.1 C.7.3",
        release="6.1.5.1",
        parts=("opened", "kept", "ended", "access control"),
    ),
    feature(
        "services discovered between servers",
        v11="10.4 10.4.1",
        v12="11.4 11.4.1",
        v13="5.3.6.2 C.7.4",
        release="6.1.5.2",
    ),
    feature(
        "services agreed between servers",
        v11="10.4 10.4.2",
        v12="11.4 11.4.2",
        v13="5.3.6.2 C.7.4",
        release="6.1.5.2",
    ),
    feature(
        "user profiles read and changed between servers",
        v11="10.5",
        v12="11.5",
        v13="5.3.6.3 C.7.5",
        release="6.1.5.3",
        parts=("read", "changed"),
    ),
    feature(
        "services relayed",
        v11="10.6",
        v12="11.6",
        v13="5.3.6.4 C.7.6",
        release="6.1.5.4",
        parts=("common", "contact lists", "presence", "IM", "groups", "shared content"),
    ),
)

PARTS = (
    feature(
        "users authenticated and authorized",
        access.LoginRequest,
        v13="5.3 5.3.1 5.3.6 5.3.6.1",
        release="6.1 6.1.5 6.1.5.1",
        parts=("a wrong password is refused", "a client acts as itself only"),
    ),
    feature(
        "applications and the network authenticated",
        v13="5.3.6.1",
        release="6.1.5.1",
        reason="they are the operator's: known by where they connect from or by a key, not by IMPS",
    ),
    feature(
        "versions discovered",
        discovery.WVCSPVersionDiscoveryRequest,
        v13="5.3.6.2",
        release="6.1.5.2",
    ),
    feature(
        "profiles of users: services, and whether active",
        v13="5.3.6.3",
        release="6.1.5.3",
        parts=("services", "suspended and resumed"),
    ),
    feature(
        "clients of any make, by CSP",
        v13="5.3.7 5.3.8",
        release="5 6.2 6.4.1",
        parts=("1.1", "1.2", "1.3"),
    ),
    feature("CSP in XML", release="5", parts=("1.1", "1.2", "1.3")),
    feature("CSP in WBXML", release="5", parts=("1.1", "1.2", "1.3")),
    feature("CSP data types", release="5", parts=("dates", "numbers", "truth", "text")),
    feature(
        "CSP over HTTP",
        v12="9.2",
        v13="5.3.8 C.5.2",
        release="5",
        parts=("several connections", "polls", "lost answers"),
    ),
    feature("CSP over TLS", v13="5.3.8"),
    feature(
        "CSP over WSP",
        v13="5.3.8",
        reason="gateways of the network turn it into HTTP",
    ),
    feature("CSP over SMS", v13="5.3.8", release="5"),
    feature(
        "wake-up of clients",
        v11="8.2",
        v12="9.2",
        v13="C.5.2",
        release="5",
        parts=("TCP", "UDP", "HTTP", "SMS"),
    ),
    feature("SSP, also to gateways of other systems", v13="5.3.8", release="5 6.4.3"),
    feature(
        "the mobile core network's own protocol",
        v13="5.3.8",
        release="6.4.4",
        reason="the standard leaves it to each network, which tells us what it knows over HTTP",
    ),
    feature(
        "static conformance tables",
        release="5 8 9",
        reason="we have not seen them; every function is meant to be there",
    ),
)
