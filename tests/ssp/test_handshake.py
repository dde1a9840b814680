"""The handshake as two servers see it, step by step, and everything that must not work."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.model.partner import Partner, Profile
from imps.model.status import StatusCode
from imps.model.version import V11, V12, V13, Version
from imps.ssp import handshake as steps
from imps.ssp.handshake import Handshake, Refused, Step
from imps.ssp.messages.blocks import Status
from imps.ssp.messages.envelope import Mode, SetupTransaction
from imps.ssp.messages.setup import (
    LoginRequest,
    LoginResponse,
    PasswordDigest,
    SecretToken,
    SendSecretToken,
)
from imps.store.partner_sessions import PartnerSession

NORTH, SOUTH = Partner(domain="north.example"), Partner(domain="south.example")
HERE, THERE = ("north.example",), ("south.example",)
NOW = 1_767_225_600.0


def token_in(said: SetupTransaction | None) -> SendSecretToken:
    assert said is not None and isinstance(said.message, SendSecretToken)
    return said.message


def login_in(said: SetupTransaction | None) -> LoginRequest:
    assert said is not None and isinstance(said.message, LoginRequest)
    return said.message


def response_in(said: SetupTransaction | None) -> LoginResponse:
    assert said is not None and isinstance(said.message, LoginResponse)
    return said.message


def state(step: Step) -> Handshake:
    """As it comes back out of the store."""
    assert step.handshake is not None
    return Handshake.unpacked(step.handshake.packed())


def evolve(value: Any, **changed: Any) -> Any:
    """What attrs does; declared messages hide from the type checker that they are its classes."""
    return attrs.evolve(value, **changed)


class Play:
    """A handshake of north, who begins, and south; each step is there to be tampered with."""

    def __init__(self, north: Partner = NORTH, south: Partner = SOUTH) -> None:
        self.south = south
        self.a, self.first = steps.begun("north.example", south, "311-T")
        self.b_token = steps.answered(
            self.first, token_in(self.first), "south.example", north, "own-R", HERE
        )
        self.a_login = steps.token_received(self.a, token_in(self.b_token.reply), south.profile)
        self.b_login = steps.login_received(state(self.b_token), login_in(self.a_login.reply), HERE)
        self.a_response = steps.login_received(
            state(self.a_login), login_in(self.b_login.reply), THERE
        )
        self.b_end = steps.response_received(
            state(self.b_login), response_in(self.a_response.reply), HERE, now=NOW
        )
        self.a_end = steps.response_received(
            state(self.a_response), response_in(self.b_end.reply), THERE, now=NOW
        )

    @property
    def sessions(self) -> tuple[PartnerSession, PartnerSession]:
        assert self.a_end.session is not None and self.b_end.session is not None
        return self.a_end.session, self.b_end.session


class HandshakeTests(SynchronousTestCase):
    def test_both_end_in_one_session_with_an_id_of_each(self) -> None:
        a, b = Play().sessions
        self.assertEqual((a.own_id, a.peer_id), (b.peer_id, b.own_id))
        self.assertTrue(a.own_id.endswith("@north.example"))
        self.assertTrue(b.own_id.endswith("@south.example"))
        self.assertEqual((a.peer_domain, b.peer_domain), ("south.example", "north.example"))
        self.assertEqual((a.is_initiator, b.is_initiator), (True, False))
        self.assertEqual((a.time_to_live, a.version, a.identity), (86_400, V13, THERE))

    def test_modes_and_transaction_ids_are_those_of_the_protocol(self) -> None:
        play = Play()
        said = [
            play.first,
            play.b_token.reply,
            play.a_login.reply,
            play.b_login.reply,
            play.a_response.reply,
            play.b_end.reply,
        ]
        self.assertEqual(
            [(each.mode.value, each.transaction_id) for each in said if each],
            [
                ("Request", "311-T"),
                ("Response", "own-R"),
                ("Request", "311-T"),
                ("Response", "311-T"),
                ("Request", "311-T"),
                ("Response", "311-T"),
            ],
        )

    def test_the_digest_is_that_of_the_other_sides_secret(self) -> None:
        secret = b"0123456789abcdef0123456789abcdef"
        token = evolve(token_in(Play().b_token.reply), secret_token=SecretToken(octets=secret))
        a, _ = steps.begun("north.example", SOUTH, "t")
        strict = steps.token_received(a, token, Profile.BARAZA)
        digest = login_in(strict.reply).password_digest
        self.assertEqual(b64encode(digest.octets), b"hRasmdxgYDKV3nvbahU1MA==")
        self.assertIsNone(digest.schema)

    def test_our_own_kind_agrees_on_the_stronger_digest(self) -> None:
        self.assertEqual(login_in(Play().a_login.reply).password_digest.schema, "SHA256")

    def test_others_are_not_offered_it(self) -> None:
        baraza = Partner(domain="south.example", profile=Profile.BARAZA)
        _, first = steps.begun("north.example", baraza, "t")
        self.assertIsNone(token_in(first).digest_schemas)
        strict = Play(south=evolve(SOUTH, profile=Profile.STRICT))
        self.assertIsNone(login_in(strict.a_login.reply).password_digest.schema)
        self.assertEqual(strict.sessions[0].own_id, strict.sessions[1].peer_id)

    def test_the_older_of_both_versions_is_spoken(self) -> None:
        for north, south, agreed in ((V11, V13, V11), (V13, V12, V12), (V12, V12, V12)):
            play = Play(evolve(NORTH, version_max=south), evolve(SOUTH, version_max=north))
            self.assertEqual([each.version for each in play.sessions], [agreed, agreed])

    @given(st.integers(4, 10**30).map(lambda minor: f"1.{minor}"))
    def test_a_newer_version_stands_for_our_best(self, version: str) -> None:
        self.assertIs(self.version_for(version), V13)

    def test_a_version_that_is_not_named_stands_for_ours(self) -> None:
        self.assertIs(self.version_for(None), V13)
        self.assertIs(self.version_for(" "), V13)

    def test_a_version_that_nobody_knows_is_refused(self) -> None:
        for version in ("2.0", "1.0", "1", "1.x", "one", "1.\u0664"):
            with self.assertRaises(Refused) as caught:
                self.version_for(version)
            self.assertIs(caught.exception.code, StatusCode.VERSION_NOT_SUPPORTED)

    def version_for(self, text: str | None) -> Version:
        play = Play()
        token = evolve(token_in(play.first), protocol_version=text)
        answer = steps.answered(play.first, token, "south.example", NORTH, "r", HERE)
        return state(answer).version

    def test_secrets_and_session_ids_are_new_each_time_and_do_not_show(self) -> None:
        one, two = Play(), Play()
        self.assertNotEqual(one.a.own_secret, two.a.own_secret)
        self.assertNotEqual(one.sessions[0].own_id, two.sessions[0].own_id)
        shown = repr([one.a, one.b_token, one.a_login, one.a_response])
        for secret in (one.a.own_secret.decode(), state(one.b_token).own_secret.decode()):
            self.assertNotIn(secret, shown)
        self.assertNotIn(one.sessions[0].own_id.partition("@")[0], repr(one.a_response.handshake))

    def test_the_shorter_life_counts(self) -> None:
        play = Play()
        response = evolve(response_in(play.b_end.reply), time_to_live=600)
        end = steps.response_received(state(play.a_response), response, THERE, now=NOW)
        assert end.session is not None
        self.assertEqual(end.session.time_to_live, 600)


class RefusalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.play = Play()

    def assert_refused(
        self, code: StatusCode, step: object, *arguments: object, **more: object
    ) -> None:
        with self.assertRaises(Refused) as caught:
            step(*arguments, **more)  # type: ignore[operator]
        self.assertIs(caught.exception.code, code)

    def test_a_wrong_digest(self) -> None:
        for digest in (b"", b"x" * 32, b"x"):
            login = login_in(self.play.a_login.reply)
            forged = evolve(login, password_digest=evolve(login.password_digest, octets=digest))
            self.assert_refused(
                StatusCode.UNAUTHORIZED,
                steps.login_received,
                state(self.play.b_token),
                forged,
                HERE,
            )

    def test_the_digest_of_ones_own_secret(self) -> None:
        """A server that got nothing of ours cannot send ours back."""
        mirrored = login_in(self.play.b_login.reply)
        self.assert_refused(
            StatusCode.UNAUTHORIZED,
            steps.login_received,
            state(self.play.b_token),
            mirrored,
            HERE,
        )

    def test_our_own_secret_coming_back(self) -> None:
        own = SecretToken(octets=self.play.a.own_secret)
        token = evolve(token_in(self.play.b_token.reply), secret_token=own)
        self.assert_refused(
            StatusCode.UNAUTHORIZED, steps.token_received, self.play.a, token, Profile.OURS
        )

    def test_a_digest_of_another_schema(self) -> None:
        login = login_in(self.play.a_login.reply)
        for schema in (None, "MD5", "SHA512"):
            digest = PasswordDigest(octets=b"x", schema=schema)
            self.assert_refused(
                StatusCode.NO_MATCHING_DIGEST_SCHEMA,
                steps.login_received,
                state(self.play.b_token),
                evolve(login, password_digest=digest),
                HERE,
            )

    def test_steps_out_of_order(self) -> None:
        play = self.play
        token, login = token_in(play.b_token.reply), login_in(play.a_login.reply)
        response = response_in(play.a_response.reply)
        for handshake in (state(play.a_login), state(play.a_response)):
            self.assert_refused(
                StatusCode.UNAUTHORIZED, steps.token_received, handshake, token, Profile.OURS
            )
        for handshake in (play.a, state(play.a_response), state(play.b_login)):
            self.assert_refused(
                StatusCode.UNAUTHORIZED, steps.login_received, handshake, login, HERE
            )
        for handshake in (play.a, state(play.a_login), state(play.b_token)):
            self.assert_refused(
                StatusCode.UNAUTHORIZED,
                steps.response_received,
                handshake,
                response,
                HERE,
                now=NOW,
            )

    def test_somebody_else_going_on(self) -> None:
        other = ("west.example",)
        login = login_in(self.play.a_login.reply)
        self.assert_refused(
            StatusCode.FORBIDDEN, steps.login_received, state(self.play.b_token), login, other
        )
        response = response_in(self.play.a_response.reply)
        self.assert_refused(
            StatusCode.FORBIDDEN,
            steps.response_received,
            state(self.play.b_login),
            response,
            other,
            now=NOW,
        )

    def test_a_session_id_of_another_domain(self) -> None:
        for id in (None, "", "abc", "abc@west.example", "abc@south.example@west.example"):
            response = evolve(response_in(self.play.b_end.reply), session_id=id)
            self.assert_refused(
                StatusCode.BAD_PARAMETER,
                steps.response_received,
                state(self.play.a_response),
                response,
                THERE,
                now=NOW,
            )

    def test_a_response_that_refuses(self) -> None:
        for status in (Status(code=401), Status()):
            response = evolve(response_in(self.play.b_end.reply), status=status)
            self.assert_refused(
                StatusCode.UNAUTHORIZED,
                steps.response_received,
                state(self.play.a_response),
                response,
                THERE,
                now=NOW,
            )

    def test_an_empty_secret_and_another_protocol(self) -> None:
        token = token_in(self.play.first)
        for bad, code in (
            (evolve(token, secret_token=SecretToken(octets=b"")), StatusCode.BAD_PARAMETER),
            (evolve(token, protocol="XMPP"), StatusCode.VERSION_NOT_SUPPORTED),
        ):
            self.assert_refused(
                code,
                steps.answered,
                self.play.first,
                bad,
                "south.example",
                NORTH,
                "r",
                HERE,
            )

    def test_a_refusal_is_in_the_opposite_mode_and_names_no_session(self) -> None:
        said = steps.refusal(self.play.first, StatusCode.UNAUTHORIZED)
        self.assertIs(said.mode, Mode.RESPONSE)
        self.assertEqual(said.transaction_id, "311-T")
        response = response_in(said)
        self.assertEqual((response.session_id, response.status.code), (None, 401))
        reply = self.play.b_login.reply
        assert reply is not None
        self.assertIs(steps.refusal(reply, StatusCode.UNAUTHORIZED).mode, Mode.REQUEST)
