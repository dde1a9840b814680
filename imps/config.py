"""The settings: defaults, overridden by a TOML file, overridden by the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Attribute, field, frozen
from cattrs import Converter

from imps.model.address import Address
from imps.model.partner import Partner, Profile, TLSMode, functions_named
from imps.model.presence import EVERY_ATTRIBUTE
from imps.model.presence import Attribute as PresenceAttribute
from imps.model.version import Version
from imps.settings_file import (
    SettingsError,
    merged,
    parsed,
    strict_converter,
    structured,
    tables_of_kinds,
)

__all__ = ["Settings", "SettingsError"]

Check = Callable[[object, "Attribute[Any]", Any], None]


def _at_least(least: float) -> Check:
    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if value < least:
            raise ValueError(f"{attribute.name}: must be at least {least}, not {value}")

    return check


def _at_most(most: float) -> Check:
    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if value > most:
            raise ValueError(f"{attribute.name}: must be at most {most}, not {value}")

    return check


def _not_longer_than(most: int) -> Check:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if len(value) > most:
            raise ValueError(f"{attribute.name}: must be at most {most} characters")

    return check


def _one_of(*choices: str) -> Check:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name}: must be one of {', '.join(choices)}")

    return check


def _domains(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError(f"{attribute.name}: at least one is needed")
    for domain in value:
        if not domain or not Address("user", None, domain).is_user:
            raise ValueError(f"{attribute.name}: {domain!r} is not a domain name")


_HOST_AND_PORT = re.compile(r"(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d+))?", re.ASCII)


def _host_and_port(text: str) -> tuple[str, int | None]:
    """What ``host``, ``host:port`` and ``[host]:port`` name; ValueError for anything else."""
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        # An IPv6 address may do without its brackets where it has no port.
        return (str(IPv6Address(text)) if text else ""), None
    port = int(match[3]) if match[3] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError("no such port")
    return match[1] or match[2], port


def _place(_: object, attribute: Attribute[Any], value: str) -> None:
    try:
        _host_and_port(value)
    except ValueError:
        raise ValueError(f"{attribute.name}: {value!r} is neither host nor host:port") from None


_BASE_URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~-]+)*/?", re.ASCII)


def _base_url_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    # With what is added to it, it is no longer than clients have to read.
    if len(value) > 60 or (value and not _BASE_URL.fullmatch(value)):
        raise ValueError(f"{attribute.name}: {value!r} is no http URL of at most 60 characters")


_KEY = re.compile(r"[!-~]{16,}")


def _key_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    if value and not _KEY.fullmatch(value):
        raise ValueError(
            f"{attribute.name}: must be at least 16 characters, of ASCII, without blanks"
        )


def _attributes(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for name in value:
        if name not in (each.value for each in EVERY_ATTRIBUTE):
            raise ValueError(f"{attribute.name}: there is no presence attribute {name!r}")


def _count(default: int) -> int:
    counted: int = field(default=default, validator=_at_least(1))
    return counted


def _seconds(default: int) -> int:
    waited: int = field(default=default, validator=_at_least(0))
    return waited


@frozen
class StoreSettings:
    """The store, embedded or not."""

    ca_file: str = ""
    memory_megabytes: int = field(default=512, validator=_at_least(16))
    durability: str = field(default="everysec", validator=_one_of("everysec", "always"))
    timeout_seconds: float = field(default=1.5, validator=_at_least(0.1))


@frozen
class HTTPSettings:
    """What an HTTP client may send and keep open."""

    max_body_octets: int = _count(1_048_576)
    max_header_octets: int = _count(16_384)
    connections_per_source: int = _count(10_000)
    requests_per_source: int = _count(20_000)
    body_timeout_seconds: int = _count(30)
    idle_timeout_seconds: int = _count(330)
    body_memory_megabytes: int = _count(64)


@frozen
class CIRSettings:
    """Waking clients over TCP: where, and what they may keep open."""

    endpoint: tuple[str, ...] = ()
    address: str = field(default="", validator=_place)
    connections_per_source: int = _count(10_000)
    idle_timeout_seconds: int = _count(3600)

    @property
    def place(self) -> tuple[str, int | None]:
        """The host and the port that the address names, if it does."""
        return _host_and_port(self.address)


@frozen
class SSPSettings:
    """Partner servers: where they come in, our certificate and whom we believe who they are, and
    what they may send."""

    endpoint: tuple[str, ...] = ()
    certificate: str = ""
    private_key: str = ""
    authorities: str = ""
    resolver: str = field(default="", validator=_place)
    private_networks: bool = False
    max_body_octets: int = _count(1_048_576)
    max_waiting: int = _count(10_000)
    max_waiting_octets: int = _count(67_108_864)
    transactions_per_second: int = _count(100)
    messages_per_user: int = _count(20)
    subscriptions_per_user: int = _count(30)
    handshakes_per_domain: int = _count(10)
    handshakes_per_source: int = _count(60)

    def __attrs_post_init__(self) -> None:
        if self.private_key and not self.certificate:
            raise ValueError("certificate: is needed with private_key")

    @property
    def resolver_place(self) -> tuple[str, int | None]:
        """The server of the DNS that is to be asked, if it is not for the system to say."""
        return _host_and_port(self.resolver)


@frozen
class PartnerSettings:
    """A partner, as ``imps partner add`` would add it."""

    domain: str
    url: tuple[str, ...] = ()
    tls: str = field(default="required", validator=_one_of(*(each.value for each in TLSMode)))
    profile: str = field(default="ours", validator=_one_of(*(each.value for each in Profile)))
    cert_name: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()
    want: tuple[str, ...] = ()
    relay_for: tuple[str, ...] = ()
    allow_in: bool = True
    allow_out: bool = True
    version_max: str = field(default="1.3", validator=_one_of(*map(str, Version)))

    partner: Partner = field(init=False)

    @partner.default
    def _make_partner(self) -> Partner:
        return Partner(
            domain=self.domain,
            urls=self.url,
            tls=TLSMode(self.tls),
            profile=Profile(self.profile),
            cert_names=self.cert_name,
            allow_in=self.allow_in,
            allow_out=self.allow_out,
            grants=functions_named(self.grant) if self.grant else None,
            wants=functions_named(self.want) if self.want else None,
            relay_for=self.relay_for,
            version_max=next(each for each in Version if str(each) == self.version_max),
        )


@frozen
class CodecSettings:
    """How large a document may be in structure, and one text in it."""

    max_depth: int = _count(64)
    max_elements: int = _count(20_000)
    max_text_characters: int = _count(4096)


@frozen
class SessionSettings:
    """The life of a session."""

    time_to_live_seconds: int = _count(3600)
    min_time_to_live_seconds: int = _count(60)
    max_time_to_live_seconds: int = _count(86_400)
    grace_seconds: int = _seconds(60)
    remember_seconds: int = _seconds(86_400)
    server_poll_min_seconds: int = _seconds(5)
    reveal_unknown_users: bool = False
    requests_per_second: int = _count(50)
    messages_per_second: int = field(default=0, validator=_at_least(0))
    max_per_user: int = _count(20)
    login_failures_per_account: int = _count(10)
    login_failures_per_source: int = _count(300)

    def __attrs_post_init__(self) -> None:
        shortest, longest = self.min_time_to_live_seconds, self.max_time_to_live_seconds
        if not shortest <= self.time_to_live_seconds <= longest:
            raise ValueError(
                "time_to_live_seconds: must lie between min_ and max_time_to_live_seconds, "
                f"{shortest} and {longest}"
            )


@frozen
class MessageSettings:
    """Messages waiting for their recipients."""

    validity_seconds: int = _count(86_400)
    max_validity_seconds: int = _count(604_800)
    max_waiting: int = _count(1000)
    max_waiting_octets: int = _count(10_485_760)
    max_content_octets: int = _count(524_288)
    content_url: str = field(default="", validator=_base_url_or_none)
    max_recipients: int = _count(100)
    max_events: int = _count(200)
    resend_seconds: int = _count(30)
    max_tries: int = _count(3)

    def __attrs_post_init__(self) -> None:
        if self.validity_seconds > self.max_validity_seconds:
            raise ValueError(
                "validity_seconds: must be at most max_validity_seconds, "
                f"{self.max_validity_seconds}"
            )


@frozen
class PresenceSettings:
    """What users let others know of them."""

    default_attributes: tuple[str, ...] = field(default=(), validator=_attributes)
    max_attribute_lists: int = _count(1000)
    max_subscriptions: int = _count(25_000)
    max_value_octets: int = _count(16_384)
    automatic_subscription: bool = True

    @property
    def allowed_by_default(self) -> frozenset[PresenceAttribute]:
        """What new users allow everybody to see."""
        return frozenset(map(PresenceAttribute, self.default_attributes))


@frozen
class ContactSettings:
    """The contact lists of a user."""

    max_lists: int = _count(50)
    max_contacts: int = _count(500)


@frozen
class AccessSettings:
    """Whom users take messages from."""

    max_entities: int = _count(1000)


@frozen
class ProviderSettings:
    """What GetSPInfo says about the service provider."""

    name: str = ""
    text: str = ""
    url: str = ""
    logo_file: str = ""


def _number(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"\+?\d{2,15}", value, re.ASCII):
        raise ValueError(f"{attribute.name}: {value!r} is no telephone number")


def _country(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"([1-9]\d{0,2})?", value, re.ASCII):
        raise ValueError(f"{attribute.name}: {value!r} is no country code, such as 358")


def _name(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"[\w.-]{1,32}", value, re.ASCII):
        raise ValueError(f"{attribute.name}: must be 1 to 32 letters, digits, '_', '.' or '-'")


def _key_in_url(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"[\w.~-]{16,}", value, re.ASCII):
        raise ValueError(
            f"{attribute.name}: must be at least 16 letters, digits, '_', '.', '~' or '-'"
        )


def _networks(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(f"{attribute.name}: {each!r} is no address or network") from None


def _url(_: object, attribute: Attribute[Any], value: str) -> None:
    if not _BASE_URL.fullmatch(value):
        raise ValueError(f"{attribute.name}: {value!r} is no http URL")


def _url_or_none(_: object, attribute: Attribute[Any], value: str) -> None:
    if value:
        _url(_, attribute, value)


@frozen(kw_only=True)
class KannelSettings:
    """A gateway that is Kannel, over HTTP."""

    kind: str = field(default="kannel", validator=_one_of("kannel"))
    name: str = field(default="kannel", validator=_name)
    key: str = field(validator=_key_in_url, repr=False)
    allow: tuple[str, ...] = field(default=("127.0.0.1", "::1"), validator=_networks)
    send_url: str = field(validator=_url)
    username: str = ""
    password: str = field(default="", repr=False)
    report_url: str = field(default="", validator=_url_or_none)


def _field(longest: int) -> Check:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if len(value) > longest or not (value.isascii() and value.isprintable()):
            raise ValueError(f"{attribute.name}: must be at most {longest} ASCII characters")

    return check


_ids = _one_of("text", "decimal", "hexadecimal")


@frozen(kw_only=True)
class SMPPSettings:
    """A gateway that is an SMSC, over SMPP 3.4."""

    kind: str = field(default="smpp", validator=_one_of("smpp"))
    name: str = field(default="smpp", validator=_name)
    host: str
    port: int = field(default=2775, validator=[_at_least(1), _at_most(65_535)])
    tls: bool = False
    ca_file: str = ""
    system_id: str = field(validator=_field(15))
    password: str = field(default="", repr=False, validator=_field(8))
    system_type: str = field(default="", validator=_field(12))
    address_range: str = field(default="", validator=_field(40))
    per_second: int = _count(10)
    window: int = _count(10)
    enquire_link_seconds: int = _count(30)
    response_ids: str = field(default="text", validator=_ids)
    receipt_ids: str = field(default="text", validator=_ids)


GatewaySettings = KannelSettings | SMPPSettings
_GATEWAY_KINDS = {"kannel": KannelSettings, "smpp": SMPPSettings}


def _gateways(_: object, attribute: Attribute[Any], value: tuple[GatewaySettings, ...]) -> None:
    names = [each.name for each in value]
    if len(set(names)) < len(names):
        raise ValueError(f"{attribute.name}: two have the same name")


@frozen
class SMSSettings:
    """Texts to phones and from them."""

    endpoint: str = ""
    number: str = field(default="4664", validator=_number)
    country_code: str = field(default="", validator=_country)
    max_waiting: int = _count(100)
    max_parts: int = field(default=6, validator=[_at_least(1), _at_most(255)])
    gateway: tuple[GatewaySettings, ...] = field(default=(), validator=_gateways)
    offline_notice: str = field(
        default="{sender} has sent you a message.", validator=_not_longer_than(200)
    )

    @property
    def own_numbers(self) -> frozenset[str]:
        """The service's number, however it is written."""
        return frozenset([self.number, f"+{self.number.lstrip('+')}"])


def _numbers(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        _number(_, attribute, each)
    if len(set(value)) < len(value):
        raise ValueError(f"{attribute.name}: a number is in it twice")


def _language_of_numbers(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        if not re.fullmatch(r"\+[1-9]\d{0,6}=[a-z]{2}", each, re.ASCII):
            raise ValueError(f"{attribute.name}: {each!r} is not of the form +49=de")


def _time_zone(_: object, attribute: Attribute[Any], value: str) -> None:
    try:
        if value != "UTC":
            ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{attribute.name}: there is no time zone {value!r}") from None


@frozen
class CLPSettings:
    """The dialogue with phones that can only text."""

    registration: str = field(default="link", validator=_one_of("closed", "link", "open"))
    offline: str = field(default="sms", validator=_one_of("sms", "store", "notify"))
    session_hours: int = field(default=24, validator=[_at_least(1), _at_most(168)])
    language: str = "en"
    languages: tuple[str, ...] = field(default=(), validator=_language_of_numbers)
    time_zone: str = field(default="UTC", validator=_time_zone)
    keyword: str = ""
    signature: str = ""
    optout_words: tuple[str, ...] = ()
    hide_block: bool = False
    trust: str = field(default="network", validator=_one_of("network", "pin"))
    reply_pool: tuple[str, ...] = field(default=(), validator=_numbers)
    texts_per_minute: int = _count(30)
    replies_per_minute: int = _count(20)
    replies_per_hour: int = _count(200)


@frozen
class AdminSettings:
    """The door for operators."""

    endpoint: str = ""
    drain_seconds: float = field(default=2.0, validator=[_at_least(0), _at_most(3)])
    key: str = field(default="", validator=_key_or_none, repr=False)


@frozen
class Settings:
    """Every setting; etc/imps.toml explains each."""

    data: str = "./imps-data"
    domain: tuple[str, ...] = field(default=("localhost",), validator=_domains)
    # It may hold a password.
    redis: str = field(default="", repr=False)
    csp: tuple[str, ...] = ("tcp:8080:interface=127.0.0.1",)
    key_file: str = ""
    log: str = field(default="auto", validator=_one_of("auto", "text", "json"))
    log_level: str = field(default="info", validator=_one_of("debug", "info", "warn", "error"))
    admin: AdminSettings = AdminSettings()
    store: StoreSettings = StoreSettings()
    http: HTTPSettings = HTTPSettings()
    cir: CIRSettings = CIRSettings()
    ssp: SSPSettings = SSPSettings()
    partner: tuple[PartnerSettings, ...] = ()
    codec: CodecSettings = CodecSettings()
    session: SessionSettings = SessionSettings()
    messages: MessageSettings = MessageSettings()
    presence: PresenceSettings = PresenceSettings()
    contacts: ContactSettings = ContactSettings()
    access: AccessSettings = AccessSettings()
    provider: ProviderSettings = ProviderSettings()
    sms: SMSSettings = SMSSettings()
    clp: CLPSettings = CLPSettings()

    @classmethod
    def read(
        cls, file: str | Path | None = None, overrides: Mapping[str, object] | None = None
    ) -> Settings:
        """The settings of a TOML file, if any, with these keys overridden; of a table those named.

        ``admin = ENDPOINT``, ``sms = ENDPOINT``, ``cir = [ENDPOINT]`` and ``ssp = [ENDPOINT]`` are
        short for the endpoints of those tables. Raises SettingsError, naming the first key that is
        wrong.
        """
        written = _spelled_out({} if file is None else parsed(Path(file)))
        said = merged(written, _spelled_out(overrides or {}))
        return structured(_CONVERTER, said, cls)


def _spelled_out(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the tables that may be named by their endpoint alone."""
    short = {"admin": str, "sms": str, "cir": list, "ssp": list}
    return {
        key: {"endpoint": value} if isinstance(value, short.get(key, ())) else value
        for key, value in said.items()
    }


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[GatewaySettings, ...],
        tables_of_kinds(converter, _GATEWAY_KINDS),
    )
    return converter


_CONVERTER = _converter()
