from __future__ import annotations

import random
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.names import dns
from twisted.names.error import DNSNameError, DNSServerError
from twisted.trial.unittest import SynchronousTestCase

from imps.model.partner import Partner, TLSMode
from imps.ssp.discovery import (
    CACHED_SECONDS,
    Discovery,
    Endpoint,
    NotFound,
    Target,
    by_dns,
    is_public,
    ordered,
)

TARGETS = st.builds(Target, st.integers(0, 3), st.integers(0, 9), st.just("a"), st.integers(1, 9))


class OrderTests(SynchronousTestCase):
    """Priorities and weights (RFC 2782)."""

    @given(st.lists(TARGETS), st.integers())
    def test_every_target_is_tried_once_lower_priorities_first(
        self, targets: list[Target], seed: int
    ) -> None:
        found = ordered(targets, random.Random(seed))
        self.assertEqual(Counter(found), Counter(targets))
        self.assertEqual([each.priority for each in found], sorted(t.priority for t in targets))

    def test_of_one_priority_the_heavier_comes_first_more_often(self) -> None:
        chance = random.Random(7)
        light, heavy = Target(1, 10, "light", 1), Target(1, 90, "heavy", 1)
        first = Counter(ordered([light, heavy], chance)[0].host for _ in range(1000))
        self.assertTrue(850 < first["heavy"] < 950, first)


class Resolver:
    """A resolver of twisted.names that knows one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def lookupService(self, name: str, timeout: Any = None) -> Deferred[Any]:
        self.asked.append(name)
        if isinstance(self.answer, Exception):
            return fail(self.answer)
        records = [
            dns.RRHeader(name.encode(), dns.SRV, payload=dns.Record_SRV(*each))
            for each in self.answer
        ]
        return succeed((records, [], []))


class DiscoveryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def endpoints(self, resolver: Resolver, partner: Partner) -> tuple[Endpoint, ...]:
        discovery = Discovery(by_dns(resolver, self.clock), self.clock)
        return self.found(discovery, partner)

    def found(self, discovery: Discovery, partner: Partner) -> tuple[Endpoint, ...]:
        found: tuple[Endpoint, ...] = self.successResultOf(
            Deferred.fromCoroutine(discovery.endpoints(partner))
        )
        return found

    def test_what_is_configured_is_not_looked_up(self) -> None:
        resolver = Resolver([(0, 0, 1, b"im.south.example")])
        urls = ("https://b.example/ssp", "https://a.example:5222/")
        found = self.endpoints(resolver, Partner(domain="south.example", urls=urls))
        self.assertEqual(found, tuple(Endpoint(url, is_configured=True) for url in urls))
        self.assertEqual(resolver.asked, [])

    def test_the_dns_says_host_and_port_by_priority(self) -> None:
        resolver = Resolver([(20, 0, 2, b"b.example"), (10, 5, 1, b"a.example")])
        found = self.endpoints(resolver, Partner(domain="south.example"))
        urls = ["https://a.example:1/", "https://b.example:2/"]
        self.assertEqual([each.url for each in found], urls)
        self.assertFalse(any(each.is_configured for each in found))
        self.assertEqual(resolver.asked, ["_imps-server._tcp.south.example"])

    def test_how_it_is_secured_says_the_partner(self) -> None:
        for tls, urls in (
            (TLSMode.REQUIRED, ["https://a.example:1/"]),
            (TLSMode.OPPORTUNISTIC, ["https://a.example:1/", "http://a.example:1/"]),
            (TLSMode.OFF, ["http://a.example:1/"]),
        ):
            found = self.endpoints(
                Resolver([(0, 0, 1, b"a.example")]), Partner(domain="south.example", tls=tls)
            )
            self.assertEqual([each.url for each in found], urls)

    def test_a_domain_without_records_is_not_found(self) -> None:
        for answer in ([], [(0, 0, 0, b"")], DNSNameError(), DNSServerError(), [(0, 0, 1, b"a b")]):
            discovery = Discovery(by_dns(Resolver(answer), self.clock), self.clock)
            asked = Deferred.fromCoroutine(discovery.endpoints(Partner(domain="south.example")))
            self.failureResultOf(asked, NotFound)

    def test_answers_are_remembered_for_a_while(self) -> None:
        resolver = Resolver([(0, 0, 1, b"a.example")])
        discovery = Discovery(by_dns(resolver, self.clock), self.clock)
        partner = Partner(domain="south.example")
        for _ in range(3):
            self.found(discovery, partner)
        self.assertEqual(len(resolver.asked), 1)
        self.clock.advance(CACHED_SECONDS)
        self.found(discovery, partner)
        self.assertEqual(len(resolver.asked), 2)


class PublicTests(SynchronousTestCase):
    def test_addresses_of_an_inner_network_are_not_public(self) -> None:
        for address in (
            *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
            *("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "100.64.0.1", "nonsense"),
        ):
            self.assertFalse(is_public(address), address)
        for address in ("93.184.216.34", "2606:2800:220:1::1"):
            self.assertTrue(is_public(address), address)
