"""What a client can do and wants (client capability negotiation)."""

from enum import Enum

from attrs import frozen

from imps.model.message import media_type


class ClientType(Enum):
    """The kind of device or program behind a session."""

    MOBILE_PHONE = "MOBILE_PHONE"
    COMPUTER = "COMPUTER"
    PDA = "PDA"
    CLI = "CLI"
    OTHER = "OTHER"


class DeliveryMethod(Enum):
    """Whether new messages are pushed, or notified and then fetched."""

    PUSH = "P"
    NOTIFY = "N"


class Bearer(Enum):
    """What carries CSP."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    WSP = "WSP"
    SMS = "SMS"


class CIRMethod(Enum):
    """How a client can be told to poll."""

    WAPSMS = "WAPSMS"
    WAPUDP = "WAPUDP"
    SUDP = "SUDP"
    STCP = "STCP"
    SSMS = "SSMS"
    SHTTP = "SHTTP"


class OfflineETEMHandling(Enum):
    """What becomes of messages to a user who is off line (1.3)."""

    PRIORITY_REJECT = "PRIORITYREJECT"
    PRIORITY_STORE = "PRIORITYSTORE"
    REJECT = "REJECT"
    SEND_REJECT = "SENDREJECT"
    SEND_STORE = "SENDSTORE"


class OnlineETEMHandling(Enum):
    """Which of several sessions gets a message (1.3)."""

    DETECT = "DETECT"
    FORK_ALL = "FORKALL"
    SERVER_LOGIC = "SERVERLOGIC"


class ContentPolicy(Enum):
    """What becomes of content above the limit of its type (1.3)."""

    NOTIFY = "N"
    REJECT = "R"
    COST = "C"


@frozen(kw_only=True)
class ContentLimit:
    """A content type that a client accepts, with a limit of its own (1.3)."""

    content_type: str
    max_octets: int | None = None
    policy: ContentPolicy | None = None
    policy_octets: int | None = None


@frozen(kw_only=True)
class Capabilities:
    """What a session agreed to; sizes are in octets, None where nothing was said."""

    client_type: ClientType | None = None
    delivery_method: DeliveryMethod = DeliveryMethod.PUSH
    any_content: bool = False
    content_types: tuple[ContentLimit, ...] = ()
    takes_base64: bool = False
    max_push_octets: int | None = None
    max_pull_octets: int | None = None
    max_text_octets: int | None = None
    parser_octets: int | None = None
    multi_trans: int = 1
    multi_trans_per_message: int = 1
    server_poll_min_seconds: int | None = None
    language: str | None = None
    offline_bearers: tuple[Bearer, ...] = ()
    offline_handling: OfflineETEMHandling | None = None
    online_handling: OnlineETEMHandling = OnlineETEMHandling.SERVER_LOGIC
    priority: int = 0

    def fits(self, content_type: str, octets: int) -> bool:
        """Whether content of a type and size can be pushed; plain text of any size that fits can
        (IM features, delivery methods)."""
        bare = media_type(content_type)
        named = any(_covers(each.content_type, bare) for each in self.content_types)
        is_taken = named or self.any_content or not self.content_types or bare == "text/plain"
        return is_taken and self._is_small_enough(bare, octets)

    @property
    def rejected(self) -> dict[str, int]:
        """Above which size content of which types, maybe with an asterisk, is neither pushed nor
        announced (CSP 1.3, ContentPolicy)."""
        rejected: dict[str, int] = {}
        for each in self.content_types:
            bounds = (each.policy_octets, each.max_octets, self.max_push_octets)
            most = next((bound for bound in bounds if bound is not None), None)
            named = media_type(each.content_type)
            if (
                each.policy is ContentPolicy.REJECT
                and most is not None
                and named.split() == [named]
            ):
                rejected[named] = min(most, rejected.get(named, most))
        return rejected

    def rejects(self, content_type: str, octets: int) -> bool:
        """Whether content of a type and size is not to be had at all."""
        bare = media_type(content_type)
        return any(octets > most and _covers(named, bare) for named, most in self.rejected.items())

    def needs_link(self, content_type: str, octets: int) -> bool:
        """Whether content is too large to be pushed, or maybe to be fetched in a message, which is
        larger than what it holds: it is to be had elsewhere (CSP 1.3, MessageURI)."""
        fits = self._is_small_enough(media_type(content_type), octets) and self.can_fetch(octets)
        return not fits or (self.parser_octets is not None and 2 * octets > self.parser_octets)

    def _is_small_enough(self, bare: str, octets: int) -> bool:
        """Whether content of a media type is within what is pushed of that."""
        bounds = [self.max_push_octets, self.parser_octets]
        if bare.startswith("text/"):
            bounds.append(self.max_text_octets)
        covering = (each for each in self.content_types if _covers(each.content_type, bare))
        bounds += [each.max_octets for each in covering]
        return all(bound is None or octets <= bound for bound in bounds)

    def can_fetch(self, octets: int) -> bool:
        """Whether content of a size can be fetched."""
        bounds = (self.max_pull_octets, self.parser_octets)
        return all(bound is None or octets <= bound for bound in bounds)


def _covers(named: str, content_type: str) -> bool:
    """Whether a type that a client names, maybe with an asterisk, is this one."""
    named = media_type(named)
    if named.endswith("*"):
        return content_type.startswith(named[:-1])
    return named == content_type
