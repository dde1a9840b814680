"""``imps partner``: the servers of other domains."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from imps.commands.opening import add_store_options, on_store
from imps.model.partner import FUNCTIONS, Partner, Profile, TLSMode, functions_named
from imps.model.status import Refusal, StatusCode
from imps.model.version import V13, Version

if TYPE_CHECKING:
    from imps.config import Settings
    from imps.store.opening import Store

_REPEATED = "; may be repeated"


def add_partner_commands(commands: Any) -> None:
    """Add ``imps partner`` and what it can do."""
    partner = commands.add_parser("partner", help="the servers of other domains")
    verbs = partner.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def verb(name: str, run: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        add_store_options(parser)
        return parser

    def verb_on_partner(name: str, run: Callable[[Any], None], text: str) -> Any:
        parser = verb(name, run, text)
        parser.add_argument("domain", metavar="DOMAIN", help="south.example")
        return parser

    add = verb_on_partner(
        "add", _add, "make a server a partner; of one that is, all that was said before is replaced"
    )

    def repeated(name: str, metavar: str, text: str) -> None:
        add.add_argument(name, metavar=metavar, action="append", default=[], help=text + _REPEATED)

    repeated("--url", "URL", "where it is; the DNS is asked (SRV) without it")
    add.add_argument(
        "--tls",
        choices=[each.value for each in TLSMode],
        default=TLSMode.REQUIRED.value,
        help="whether connections are secured (default required)",
    )
    add.add_argument(
        "--profile",
        choices=[each.value for each in Profile],
        default=Profile.OURS.value,
        help="what kind of server it is (default ours)",
    )
    repeated("--cert-name", "NAME", "what its certificate may be for, besides the domain")
    functions = f"a function or feature ({', '.join(FUNCTIONS)})"
    repeated("--grant", "FUNCTION", f"{functions} that it may ask for; all without it")
    repeated("--want", "FUNCTION", f"{functions} that we ask it for; all without it")
    repeated("--relay-for", "DOMAIN", "another domain whose users it may speak for")
    allowed = argparse.BooleanOptionalAction
    text = "whether it may begin sessions (default yes)"
    add.add_argument("--allow-in", action=allowed, default=True, help=text)
    text = "whether we may begin sessions with it (default yes)"
    add.add_argument("--allow-out", action=allowed, default=True, help=text)
    add.add_argument(
        "--version-max",
        choices=[str(each) for each in Version],
        default=str(V13),
        help=f"the newest version to speak with it (default {V13})",
    )
    verb("list", _list, "list all partners")
    verb_on_partner("show", _show, "show a partner, and how things stand with it")
    verb_on_partner("remove", _remove, "have a partner no more")
    verb_on_partner("test", _test, "see whether a partner can be reached, step by step")


def _add(options: argparse.Namespace) -> None:
    try:
        partner = Partner(
            domain=options.domain,
            urls=tuple(options.url),
            tls=TLSMode(options.tls),
            profile=Profile(options.profile),
            cert_names=tuple(options.cert_name),
            grants=functions_named(tuple(options.grant)) if options.grant else None,
            wants=functions_named(tuple(options.want)) if options.want else None,
            relay_for=tuple(options.relay_for),
            allow_in=options.allow_in,
            allow_out=options.allow_out,
            version_max=next(each for each in Version if str(each) == options.version_max),
        )
    except ValueError as problem:
        raise SystemExit(f"imps: {problem}") from None

    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        from imps.store.partners import Partners

        if partner.domain in (each.casefold() for each in store.domains):
            raise _refusal(f"{partner.domain} is a domain of our own")
        if partner.domain in (each.partner.domain for each in settings.partner):
            raise _refusal(f"{partner.domain} is in the settings, and would stay as it is there")
        if await Partners(store.client).put(partner):
            await _end_sessions(store, partner.domain)
            print(f"{partner.domain} added")
        else:
            print(f"{partner.domain} replaced: what was said of it before holds no more")

    on_store(options, work)


async def _end_sessions(store: Store, domain: str) -> None:
    """Who is a partner anew has no session of earlier times, from when no service ran to end it."""
    from imps.store.partner_sessions import PartnerSessions

    sessions = PartnerSessions(store.client, store.buckets)
    for session in await sessions.all(domain):
        await sessions.remove(session)


def _list(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        for partner in await _partners(settings, store):
            print(partner.domain)

    on_store(options, work)


def _show(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        from imps.store.partner_queues import PartnerQueues
        from imps.store.partner_sessions import PartnerSessions

        partner = await _partner(settings, store, options.domain)
        sessions = await PartnerSessions(store.client, store.buckets).all(partner.domain)
        waiting = await PartnerQueues(store.client, store.buckets).waiting(partner.domain)
        living = [each for each in sessions if not each.is_over(reactor.seconds())]
        for name, value in _described(partner).items():
            print(f"{name}: {value}")
        print(f"sessions: {len(living)}")
        print(f"messages waiting: {waiting.count}")

    on_store(options, work)


def _remove(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        from imps.store.partners import Partners

        partner = await _partner(settings, store, options.domain)
        if not await Partners(store.client).remove(partner.domain):
            raise _refusal(f"{partner.domain} is in the settings: remove it there")
        print(f"{partner.domain} removed")

    on_store(options, work)


def _test(options: argparse.Namespace) -> None:
    async def work(settings: Settings, store: Store, reactor: Any) -> None:
        # It brings in much that the other commands do without.
        from imps.commands.partner_test import test_partner

        partner = await _partner(settings, store, options.domain)
        if not await test_partner(partner, settings, store, reactor):
            raise _refusal(f"{partner.domain} cannot be reached")

    on_store(options, work)


async def _partners(settings: Settings, store: Store) -> tuple[Partner, ...]:
    """All partners; those of the settings come before those of the store."""
    from imps.store.partners import Partners

    found = {each.domain: each for each in await Partners(store.client).all()}
    found.update((each.partner.domain, each.partner) for each in settings.partner)
    return tuple(sorted(found.values(), key=lambda each: each.domain))


async def _partner(settings: Settings, store: Store, domain: str) -> Partner:
    for partner in await _partners(settings, store):
        if partner.domain == domain.casefold():
            return partner
    raise _refusal(f"{domain} is no partner")


def _described(partner: Partner) -> dict[str, str]:
    described = {
        "domain": partner.domain,
        "urls": ", ".join(partner.urls) or "as the DNS says",
        "tls": partner.tls.value,
        "profile": partner.profile.value,
        "certificate for": ", ".join(partner.names) if partner.tls is not TLSMode.OFF else "",
        "granted": functions_shown(partner.grants),
        "wanted": functions_shown(partner.wants),
        "relays for": ", ".join(partner.relay_for),
        "begins sessions": "" if partner.allow_in else "no",
        "sessions begun by us": "" if partner.allow_out else "no",
        "newest version": "" if partner.version_max is V13 else str(partner.version_max),
    }
    return {name: value for name, value in described.items() if value}


def functions_shown(functions: Iterable[str] | None) -> str:
    """Functions, in the order of the standard; all of them where nothing was said."""
    if functions is None:
        return "all"
    chosen = frozenset(functions)
    found = [each for some in FUNCTIONS.values() for each in some if each in chosen]
    return ", ".join(found) or "none"


def _refusal(text: str) -> Refusal:
    return Refusal(StatusCode.BAD_PARAMETER, text)
