"""The commands, declared: the grammar, the help, the manual and what is served derive from this.

The Command Line Protocol of the Wireless Village specifications (WV-031) could not be had; the
words and what may follow them are ours, in its spirit. Whoever has it changes this table and the
texts.
"""

from __future__ import annotations

from enum import Enum
from functools import partial

from attrs import Factory, field, frozen

from imps.clp.patterns import Pattern


class Shape(Enum):
    """How far a command can be mistaken for something that is said to somebody.

    EXACT is the word alone, or with arguments of a closed set; a REFERENCE names somebody or
    something that exists; FREE takes any text, and is a command only where nobody is talked to, or
    after a slash.
    """

    EXACT = "exact"
    REFERENCE = "reference"
    FREE = "free"


class Needs(Enum):
    """What must be for a command: nothing, a user of ours whose phone it is, or that this user is
    signed on, which a command sees to by itself."""

    NOTHING = "any phone"
    USER = "a user"
    SESSION = "signed on"


@frozen(kw_only=True)
class Command:
    """A command: its words, the first of them its name, and short forms; the pattern of what may
    follow; the operation behind it, by the CSP primitive for the same.

    ``casual`` words are what people also say to each other: they are commands only where nobody is
    talked to. One that ``confirms`` asks before it does what cannot be undone. What
    ``is_of_phones`` is about the phone itself.
    """

    id: str
    words: tuple[str, ...]
    short: tuple[str, ...] = ()
    casual: tuple[str, ...] = ()
    pattern: Pattern
    operation: str
    shape: Shape
    needs: Needs = Needs.SESSION
    confirms: bool = False
    is_served: bool = True
    is_of_phones: bool = False
    example: str
    name: str = field(default=Factory(lambda self: self.words[0], takes_self=True), init=False)


def _command(
    words: str,
    pattern: str,
    operation: str,
    shape: Shape,
    example: str,
    *,
    short: str = "",
    casual: str = "",
    needs: Needs = Needs.SESSION,
    confirms: bool = False,
    is_served: bool = True,
    is_of_phones: bool = False,
) -> Command:
    return Command(
        id=words.split()[0].casefold(),
        words=tuple(words.split()),
        short=tuple(short.split()),
        casual=tuple(casual.split()),
        pattern=Pattern.parse(pattern),
        operation=operation,
        shape=shape,
        needs=needs,
        confirms=confirms,
        is_served=is_served,
        is_of_phones=is_of_phones,
        example=example,
    )


FUNCTIONS = {
    "CancelAuth": "CAAUT",
    "CreateAttributeList": "CALI",
    "BlockEntity": "BLENT",
    "CreateList": "CCLI",
    "DeleteList": "DCLI",
    "ForwardMessage": "FWMSG",
    "GetBlockedList": "GLBLU",
    "GetList": "GCLI",
    "GetMessage": "GETM",
    "GetPresence": "GETPR",
    "GetWatcherList": "GETWL",
    "ListManage": "MCLS",
    "PresenceAuth-User": "REACT",
    "RejectMessage": "REJCM",
    "SendMessage": "IMFeat",
    "SetDeliveryMethod": "SETD",
    "SubscribePresence": "PresenceFeat",
    "UnsubscribePresence": "PresenceFeat",
    "UpdatePresence": "UPDPR",
}
"""What of the service tree an account must have for an operation; others are anybody's."""

_EXACT, _REFERENCE, _FREE = Shape.EXACT, Shape.REFERENCE, Shape.FREE
_ANY, _USER = Needs.NOTHING, Needs.USER

_MOODS = "HAPPY|SAD|ANGRY|JEALOUS|ASHAMED|INVINCIBLE|INLOVE|IN_LOVE|SLEEPY|BORED|EXCITED|ANXIOUS"
_of_phones = partial(_command, is_of_phones=True)

_ACCESS = (
    _command("ON LOGIN", "", "Login", _EXACT, "ON", casual="HI"),
    _command("OFF LOGOUT", "", "Logout", _EXACT, "OFF", casual="BYE", needs=_USER),
    _command(
        "LINK", "word rest!", "Login", _FREE, "LINK ann secret", needs=_ANY, is_of_phones=True
    ),
    _command("UNLINK", "", "none", _FREE, "UNLINK", needs=_USER, confirms=True, is_of_phones=True),
    _command("JOINME", "[name]", "none", _FREE, "JOINME ann", needs=_ANY),
    _command("STOP STOPALL UNSUBSCRIBE", "", "Logout", _EXACT, "STOP", needs=_ANY),
    _command("START", "", "none", _EXACT, "START", needs=_ANY),
    _command("PIN", "pin [newpin]", "none", _EXACT, "PIN 4711", needs=_USER),
    _command("ME", "", "GetPresence", _FREE, "ME"),
    _command("HELP", "[topic]", "none", _EXACT, "HELP SEND", short="H ?", needs=_ANY),
    _command("INFO", "", "GetSPInfo", _FREE, "INFO", needs=_ANY),
    _command("LANG", "[language]", "none", _EXACT, "LANG DE", needs=_ANY),
    _command("PUSH", "ON|OFF", "SetDeliveryMethod", _EXACT, "PUSH OFF"),
    _command("REPORT", "ON|OFF", "none", _EXACT, "REPORT ON"),
    _command("COPY", "ON|OFF", "none", _EXACT, "COPY ON"),
    _command("QUIET", "[OFF|hours]", "none", _EXACT, "QUIET 22-7"),
    _command("MORE", "", "none", _EXACT, "MORE", short="M"),
    _command("YES", "[num] [rest]", "none", _EXACT, "YES 3", short="Y"),
    _command("NO", "[num] [rest]", "none", _EXACT, "NO 3", short="N"),
    _command("SET", "NAME|MOOD|TZ|PHONE rest!", "UpdatePresence", _FREE, "SET NAME Ann"),
)

_PRESENCE = (
    _command("WHO", "[ALL|list]", "GetPresence", _EXACT, "WHO", short="W"),
    _command("GET", "ref", "GetPresence", _REFERENCE, "GET bob", short="P"),
    _command("FREE", "[rest]", "UpdatePresence", _FREE, "FREE"),
    _command("BUSY", "[rest]", "UpdatePresence", _FREE, "BUSY in class"),
    _command("AWAY", "[rest]", "UpdatePresence", _FREE, "AWAY till Monday"),
    _command("STATUS", "[rest]", "UpdatePresence", _FREE, "STATUS lunch", short="ST"),
    _command("MOOD", _MOODS, "UpdatePresence", _FREE, "MOOD happy"),
    _command("WATCH", "list|ref", "SubscribePresence", _REFERENCE, "WATCH bob"),
    _command("UNWATCH", "ALL|list|ref", "UnsubscribePresence", _REFERENCE, "UNWATCH bob"),
    _command("WATCHERS", "", "GetWatcherList", _EXACT, "WATCHERS"),
    _command("ALLOW", "ref [ALL|BASIC]", "PresenceAuth-User", _REFERENCE, "ALLOW bob BASIC"),
    _command("DENY", "ref", "PresenceAuth-User", _REFERENCE, "DENY bob"),
    _command("FORGET", "ref", "CancelAuth", _REFERENCE, "FORGET bob"),
    _command("SHOW", "list ALL|BASIC|NONE", "CreateAttributeList", _REFERENCE, "SHOW *work BASIC"),
    _command("ASK", "ref [rest]", "Invite", _REFERENCE, "ASK bob", is_served=False),
)

_CONTACTS = (
    _command("ADD", "ref [AS name] [list]", "ListManage", _REFERENCE, "ADD bob AS Bob", short="A"),
    _command("REMOVE DEL", "ref [list]", "ListManage", _REFERENCE, "REMOVE bob", confirms=True),
    _command("NICK", "ref name", "ListManage", _REFERENCE, "NICK bob Bobby"),
    _command("LIST", "[list]", "ListManage", _EXACT, "LIST", short="L"),
    _command("LISTS", "", "GetList", _EXACT, "LISTS"),
    _command("NEWLIST", "newlist", "CreateList", _FREE, "NEWLIST work"),
    _command("DELLIST", "listname", "DeleteList", _REFERENCE, "DELLIST work", confirms=True),
    _command("MAIN", "list", "ListManage", _REFERENCE, "MAIN *work"),
)

_MESSAGES = (
    _command("SEND TO MSG", "rcpts rest!", "SendMessage", _REFERENCE, "S bob hello", short="S"),
    _command("SAY REPLY", "rest!", "SendMessage", _FREE, "SAY on my way", short="R"),
    _command("CHAT", "group|ref", "none", _REFERENCE, "CHAT bob", short="C"),
    _command("END DONE", "", "none", _EXACT, "END"),
    _command("READ MSGS INBOX", "[num|group]", "GetMessage", _EXACT, "READ 1"),
    _command("DROP", "num", "RejectMessage", _REFERENCE, "DROP 1"),
    _command("FWD", "num rcpts", "ForwardMessage", _REFERENCE, "FWD 1 bob"),
    _command(
        "SHARE",
        "rcpts url [rest]",
        "Invite",
        _REFERENCE,
        "SHARE bob http://example.org/ photos",
        is_served=False,
    ),
    _command("UNSHARE", "ref", "CancelInvite", _REFERENCE, "UNSHARE bob", is_served=False),
)


def _of_groups(
    words: str, pattern: str, operation: str, shape: Shape, example: str, short: str = ""
) -> Command:
    return _command(words, pattern, operation, shape, example, short=short, is_served=False)


_GROUPS = (
    _of_groups("GROUPS", "[ALL]", "Search", _EXACT, "GROUPS", "GR"),
    _of_groups("JOIN", "group [AS name]", "JoinGroup", _REFERENCE, "JOIN #chess", "J"),
    _of_groups("LEAVE", "[group]", "LeaveGroup", _EXACT, "LEAVE #chess"),
    _of_groups("G", "group rest!", "SendMessage", _REFERENCE, "G #chess hello"),
    _of_groups("PM", "name group rest!", "SendMessage", _REFERENCE, "PM Queen #chess hello"),
    _command(
        "MEMBERS",
        "[group]",
        "GetGroupMembers",
        _EXACT,
        "MEMBERS #chess",
        casual="IN",
        is_served=False,
    ),
    _of_groups(
        "NEWGROUP", "newgroup [OPEN|CLOSED] [rest]", "CreateGroup", _FREE, "NEWGROUP #club", "NG"
    ),
    _of_groups("DELGROUP", "group", "DeleteGroup", _REFERENCE, "DELGROUP #club"),
    _of_groups("INVITE", "ref [group] [rest]", "Invite", _REFERENCE, "INVITE bob #club", "I"),
    _of_groups("UNINVITE", "ref [group]", "CancelInvite", _REFERENCE, "UNINVITE bob #club"),
    _of_groups("KICK", "ref [group]", "RejectList", _REFERENCE, "KICK bob #club"),
    _of_groups("UNKICK", "ref [group]", "RejectList", _REFERENCE, "UNKICK bob #club"),
    _of_groups(
        "MEMBER", "ADD|DEL ref [group]", "AddGroupMembers", _REFERENCE, "MEMBER ADD bob #club"
    ),
    _of_groups("MOD", "ref [group]", "MemberAccess", _REFERENCE, "MOD bob #club"),
    _of_groups("UNMOD", "ref [group]", "MemberAccess", _REFERENCE, "UNMOD bob #club"),
    _of_groups("ADMIN", "ref [group]", "MemberAccess", _REFERENCE, "ADMIN bob #club"),
    _of_groups("UNADMIN", "ref [group]", "MemberAccess", _REFERENCE, "UNADMIN bob #club"),
    _of_groups("TOPIC", "[group] [rest]", "SetGroupProps", _FREE, "TOPIC #club endgames"),
    _of_groups("PROP", "group word rest!", "SetGroupProps", _FREE, "PROP #club MAX 30"),
    _of_groups("ABOUT", "group", "GetGroupProps", _REFERENCE, "ABOUT #club"),
    _of_groups("NOTICE", "group ON|OFF", "SubscribeGroupNotice", _REFERENCE, "NOTICE #club ON"),
    _of_groups("MUTE", "group [num]", "none", _REFERENCE, "MUTE #club 8"),
    _of_groups("UNMUTE", "group", "none", _REFERENCE, "UNMUTE #club"),
)

_WHOM = (
    _command("BLOCK", "ref", "BlockEntity", _REFERENCE, "BLOCK bob", short="B"),
    _command("UNBLOCK", "ref", "BlockEntity", _REFERENCE, "UNBLOCK bob", short="UB"),
    _command("GRANT", "ref", "BlockEntity", _REFERENCE, "GRANT bob"),
    _command("UNGRANT", "ref", "BlockEntity", _REFERENCE, "UNGRANT bob"),
    _command("BLOCKED", "", "GetBlockedList", _EXACT, "BLOCKED"),
    _command("GRANTED", "", "GetBlockedList", _EXACT, "GRANTED"),
    _command("ONLYGRANTED", "ON|OFF", "BlockEntity", _EXACT, "ONLYGRANTED ON"),
    _command(
        "FIND",
        "[NAME|FIRST|LAST|MAIL|PHONE|GROUP|TOPIC|OWNER|JOINED] rest!",
        "Search",
        _FREE,
        "FIND bob",
        short="F",
        is_served=False,
    ),
)

TABLE: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("access", _ACCESS),
    ("presence", _PRESENCE),
    ("contacts", _CONTACTS),
    ("messages", _MESSAGES),
    ("groups", _GROUPS),
    ("whom", _WHOM),
)
"""The commands by what they are about."""

COMMANDS = {each.id: each for _, commands in TABLE for each in commands}
"""Every command, by its id."""

OPT_OUT, OPT_IN = COMMANDS["stop"], COMMANDS["start"]
"""What works from any phone and in any state."""
