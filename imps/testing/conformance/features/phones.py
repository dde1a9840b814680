"""What phones that can only text have, and the gateways that bring their texts."""

from imps.testing.conformance.features.feature import feature

_CLP = "5 6.3 6.4.2"

_BOTH_WAYS = (
    "texts from phones",
    "texts to phones",
    "long texts",
    "other alphabets, and octets",
    "reports",
    "nothing lost in a crash",
)

PHONES = (
    feature(
        "CLP: signing on",
        release=_CLP,
        parts=("on and off", "by any command", "a phone linked to an account", "a new account"),
    ),
    feature("CLP: stopping all texts", release=_CLP),
    feature("CLP: the language, and quiet hours", release=_CLP, parts=("language", "quiet hours")),
    feature(
        "CLP: presence",
        release=_CLP,
        parts=("one's own", "that of others", "told when it changes", "asked for"),
    ),
    feature("CLP: contacts", release=_CLP, parts=("added and named by number", "lists")),
    feature(
        "CLP: messages",
        release=_CLP,
        parts=(
            "with handsets",
            "with users of other domains",
            "to several",
            "that wait",
            "reports",
        ),
    ),
    feature("CLP: access lists", release=_CLP),
    feature("CLP: groups", release=_CLP),
    feature("CLP: invitations", release=_CLP),
    feature("CLP: search", release=_CLP),
    feature(
        "SMS by Kannel",
        release=_CLP,
        parts=(*_BOTH_WAYS, "the network, or Kannel, is away"),
    ),
    feature(
        "SMS by SMPP 3.4",
        release=_CLP,
        parts=(*_BOTH_WAYS, "bound, and bound again", "throttled"),
    ),
)
