"""The settings: defaults, overridden by a TOML file, overridden by the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import Attribute, field, frozen
from cattrs import Converter

from imps import checks
from imps.model.partner import Partner, Profile, TLSMode, functions_named
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


@frozen
class StoreSettings:
    """The store, embedded or not."""

    ca_file: str = ""
    memory_megabytes: int = field(default=512, validator=checks.at_least(16))
    durability: str = field(default="everysec", validator=checks.one_of("everysec", "always"))
    timeout_seconds: float = field(default=1.5, validator=checks.at_least(0.1))


@frozen
class HTTPSettings:
    """What an HTTP client may send and keep open."""

    max_body_octets: int = checks.count(1_048_576)
    max_header_octets: int = checks.count(16_384)
    connections_per_source: int = checks.count(10_000)
    requests_per_source: int = checks.count(20_000)
    body_timeout_seconds: int = checks.count(30)
    idle_timeout_seconds: int = checks.count(330)
    body_memory_megabytes: int = checks.count(64)


@frozen
class CIRSettings:
    """Waking clients over TCP: where, and what they may keep open."""

    endpoint: tuple[str, ...] = ()
    address: str = field(default="", validator=checks.place)
    connections_per_source: int = checks.count(10_000)
    idle_timeout_seconds: int = checks.count(3600)

    @property
    def place(self) -> tuple[str, int | None]:
        """The host and the port that the address names, if it does."""
        return checks.host_and_port(self.address)


@frozen
class SSPSettings:
    """Partner servers: where they come in, our certificate and whom we believe who they are, and
    what they may send."""

    endpoint: tuple[str, ...] = ()
    certificate: str = ""
    private_key: str = ""
    authorities: str = ""
    resolver: str = field(default="", validator=checks.place)
    private_networks: bool = False
    max_body_octets: int = checks.count(1_048_576)
    max_waiting: int = checks.count(10_000)
    max_waiting_octets: int = checks.count(67_108_864)
    transactions_per_second: int = checks.count(100)
    messages_per_user: int = checks.count(20)
    subscriptions_per_user: int = checks.count(30)
    handshakes_per_domain: int = checks.count(10)
    handshakes_per_source: int = checks.count(60)

    def __attrs_post_init__(self) -> None:
        if self.private_key and not self.certificate:
            raise ValueError("certificate: is needed with private_key")

    @property
    def resolver_place(self) -> tuple[str, int | None]:
        """The server of the DNS that is to be asked, if it is not for the system to say."""
        return checks.host_and_port(self.resolver)


@frozen
class PartnerSettings:
    """A partner, as ``imps partner add`` would add it."""

    domain: str
    url: tuple[str, ...] = ()
    tls: str = field(default="required", validator=checks.one_of(*(each.value for each in TLSMode)))
    profile: str = field(default="ours", validator=checks.one_of(*(each.value for each in Profile)))
    cert_name: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()
    want: tuple[str, ...] = ()
    relay_for: tuple[str, ...] = ()
    allow_in: bool = True
    allow_out: bool = True
    version_max: str = field(default="1.3", validator=checks.one_of(*map(str, Version)))

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

    max_depth: int = checks.count(64)
    max_elements: int = checks.count(20_000)
    max_text_characters: int = checks.count(4096)


@frozen
class SessionSettings:
    """The life of a session."""

    time_to_live_seconds: int = checks.count(3600)
    min_time_to_live_seconds: int = checks.count(60)
    max_time_to_live_seconds: int = checks.count(86_400)
    grace_seconds: int = checks.seconds(60)
    remember_seconds: int = checks.seconds(86_400)
    server_poll_min_seconds: int = checks.seconds(5)
    reveal_unknown_users: bool = False
    requests_per_second: int = checks.count(50)
    messages_per_second: int = field(default=0, validator=checks.at_least(0))
    max_per_user: int = checks.count(20)
    login_failures_per_account: int = checks.count(10)
    login_failures_per_source: int = checks.count(300)

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

    validity_seconds: int = checks.count(86_400)
    max_validity_seconds: int = checks.count(604_800)
    max_waiting: int = checks.count(1000)
    max_waiting_octets: int = checks.count(10_485_760)
    max_content_octets: int = checks.count(524_288)
    content_url: str = field(default="", validator=checks.base_url_or_none)
    max_recipients: int = checks.count(100)
    max_events: int = checks.count(200)
    resend_seconds: int = checks.count(30)
    max_tries: int = checks.count(3)

    def __attrs_post_init__(self) -> None:
        if self.validity_seconds > self.max_validity_seconds:
            raise ValueError(
                "validity_seconds: must be at most max_validity_seconds, "
                f"{self.max_validity_seconds}"
            )


@frozen
class PresenceSettings:
    """What users let others know of them."""

    default_attributes: tuple[str, ...] = field(default=(), validator=checks.attributes)
    max_attribute_lists: int = checks.count(1000)
    max_subscriptions: int = checks.count(25_000)
    max_reactive_authorizations: int = checks.count(5000)
    max_value_octets: int = checks.count(16_384)
    automatic_subscription: bool = True

    @property
    def allowed_by_default(self) -> frozenset[PresenceAttribute]:
        """What new users allow everybody to see."""
        return frozenset(map(PresenceAttribute, self.default_attributes))


@frozen
class ContactSettings:
    """The contact lists of a user."""

    max_lists: int = checks.count(50)
    max_contacts: int = checks.count(500)


@frozen
class AccessSettings:
    """Whom users take messages from."""

    max_entities: int = checks.count(1000)


@frozen
class ProviderSettings:
    """What GetSPInfo says about the service provider."""

    name: str = ""
    text: str = ""
    url: str = ""
    logo_file: str = ""


@frozen(kw_only=True)
class KannelSettings:
    """A gateway that is Kannel, over HTTP."""

    kind: str = field(default="kannel", validator=checks.one_of("kannel"))
    name: str = field(default="kannel", validator=checks.name)
    key: str = field(validator=checks.key_in_url, repr=False)
    allow: tuple[str, ...] = field(default=("127.0.0.1", "::1"), validator=checks.networks)
    send_url: str = field(validator=checks.url)
    username: str = ""
    password: str = field(default="", repr=False)
    report_url: str = field(default="", validator=checks.url_or_none)


_ids = checks.one_of("text", "decimal", "hexadecimal")


@frozen(kw_only=True)
class SMPPSettings:
    """A gateway that is an SMSC, over SMPP 3.4."""

    kind: str = field(default="smpp", validator=checks.one_of("smpp"))
    name: str = field(default="smpp", validator=checks.name)
    host: str
    port: int = field(default=2775, validator=[checks.at_least(1), checks.at_most(65_535)])
    tls: bool = False
    ca_file: str = ""
    system_id: str = field(validator=checks.line(15))
    password: str = field(default="", repr=False, validator=checks.line(8))
    system_type: str = field(default="", validator=checks.line(12))
    address_range: str = field(default="", validator=checks.line(40))
    per_second: int = checks.count(10)
    window: int = checks.count(10)
    enquire_link_seconds: int = checks.count(30)
    default_alphabet: str = field(default="gsm", validator=checks.one_of("gsm", "latin-1"))
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
    number: str = field(default="4664", validator=checks.number)
    country_code: str = field(default="", validator=checks.country)
    max_waiting: int = checks.count(100)
    max_parts: int = field(default=6, validator=[checks.at_least(1), checks.at_most(255)])
    gateway: tuple[GatewaySettings, ...] = field(default=(), validator=_gateways)
    offline_notice: str = field(
        default="{sender} has sent you a message.", validator=checks.not_longer_than(200)
    )

    @property
    def writes_latin_1(self) -> bool:
        """Whether what is sent in one short message by one gateway would not be by another, which
        has fewer characters."""
        smpp = (each for each in self.gateway if isinstance(each, SMPPSettings))
        return any(each.default_alphabet == "latin-1" for each in smpp)

    @property
    def own_numbers(self) -> frozenset[str]:
        """The service's number, however it is written."""
        return frozenset([self.number, f"+{self.number.lstrip('+')}"])


@frozen
class CLPSettings:
    """The dialogue with phones that can only text."""

    registration: str = field(default="link", validator=checks.one_of("closed", "link", "open"))
    offline: str = field(default="sms", validator=checks.one_of("sms", "store", "notify"))
    session_hours: int = field(default=24, validator=[checks.at_least(1), checks.at_most(168)])
    language: str = "en"
    languages: tuple[str, ...] = field(default=(), validator=checks.language_of_numbers)
    time_zone: str = field(default="UTC", validator=checks.time_zone)
    keyword: str = ""
    signature: str = ""
    optout_words: tuple[str, ...] = ()
    hide_block: bool = False
    trust: str = field(default="network", validator=checks.one_of("network", "pin"))
    reply_pool: tuple[str, ...] = field(default=(), validator=checks.numbers)
    texts_per_minute: int = checks.count(30)
    replies_per_minute: int = checks.count(20)
    replies_per_hour: int = checks.count(200)
    line: str = field(default="", validator=checks.endpoint_on_this_machine_or_none)
    line_connections: int = checks.count(100)
    line_idle_seconds: int = checks.count(3600)


@frozen
class AdminSettings:
    """The door for operators."""

    endpoint: str = ""
    drain_seconds: float = field(default=2.0, validator=[checks.at_least(0), checks.at_most(3)])
    key: str = field(default="", validator=checks.key_or_none, repr=False)


@frozen
class Settings:
    """Every setting; etc/imps.toml explains each."""

    data: str = "./imps-data"
    domain: tuple[str, ...] = field(default=("localhost",), validator=checks.domains)
    # It may hold a password.
    redis: str = field(default="", repr=False)
    csp: tuple[str, ...] = ("tcp:8080:interface=127.0.0.1",)
    key_file: str = ""
    log: str = field(default="auto", validator=checks.one_of("auto", "text", "json"))
    log_level: str = field(
        default="info", validator=checks.one_of("debug", "info", "warn", "error")
    )
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
