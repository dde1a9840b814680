from base64 import b64encode
from hashlib import md5, sha1

from twisted.internet.defer import Deferred

from imps.elements.directory import Directory
from imps.model.address import Address
from imps.model.status import Refusal, StatusCode
from imps.sap.authentication import Authentication, Proof, best_proof, digest_text
from imps.store.accounts import Accounts
from imps.store.login_failures import LoginFailures
from imps.store.nonces import Nonces
from imps.testing.store import StoreTestCase

ANN = Address.parse("wv:ann@localhost")
NOBODY = Address.parse("wv:nobody@localhost")
PHONE = "10.0.0.1"


class AuthenticationTestCase(StoreTestCase):
    reveals_unknown = False

    async def setUp(self):
        await super().setUp()
        client, buckets = self.store.client, self.store.buckets
        accounts = Accounts(client, buckets)
        self.directory = Directory(accounts, self.store.secrets, ("localhost",), self.clock)
        self.authentication = Authentication(
            self.directory,
            Nonces(client, buckets),
            LoginFailures(client, buckets, 3, 6),
            self.clock,
            self.reveals_unknown,
        )
        self.ann = await self.directory.add(ANN, "secret")

    async def code(self, attempt):
        """The code of a refusal; 200 for none."""
        try:
            await attempt
        except Refusal as refusal:
            return refusal.code
        return StatusCode.OK

    def by_password(self, user, password, source=PHONE):
        return self.authentication.by_password(user, source, password)

    async def by_digest(self, user, password, proof=Proof.SHA, login="login"):
        nonce = await self.authentication.challenge(user, PHONE, login, proof)
        octets = password if isinstance(password, bytes) else password.encode()
        digest = {Proof.SHA: sha1, Proof.MD5: md5}[proof](nonce.encode() + octets).digest()
        proven = b64encode(digest).decode()
        return await self.authentication.by_digest(user, PHONE, login, proven)


class ClosingTests(AuthenticationTestCase):
    async def test_nobody_signs_on_once_it_is_closed(self):
        self.authentication.close()
        for attempt in (
            self.by_password(ANN, "secret"),
            self.authentication.challenge(ANN, PHONE, "login", Proof.SHA),
            self.authentication.by_digest(ANN, PHONE, "login", ""),
        ):
            self.assertEqual(await self.code(attempt), StatusCode.SERVICE_UNAVAILABLE)


class PasswordTests(AuthenticationTestCase):
    async def test_right_password_gives_the_account(self):
        for spelling in (ANN, Address.parse("ann"), Address.parse("WV:ANN@localhost")):
            self.assertEqual(await self.by_password(spelling, "secret"), self.ann)

    async def test_wrong_password_and_unknown_user_are_refused_alike(self):
        for user, password in ((ANN, "Secret"), (ANN, ""), (NOBODY, "secret")):
            self.assertEqual(await self.code(self.by_password(user, password)), 409)

    async def test_user_of_another_domain_is_refused(self):
        stranger = Address.parse("wv:ann@elsewhere.example")
        self.assertEqual(await self.code(self.by_password(stranger, "secret")), 516)
        challenge = self.authentication.challenge(stranger, PHONE, "login", Proof.SHA)
        self.assertEqual(await self.code(challenge), 516)

    async def test_suspended_user_is_told_so_after_the_right_password_only(self):
        await self.directory.suspend(ANN)
        self.assertEqual(await self.code(self.by_password(ANN, "secret")), 403)
        self.assertEqual(await self.code(self.by_password(ANN, "wrong")), 409)


class DigestTests(AuthenticationTestCase):
    async def test_right_digest_gives_the_account(self):
        for proof in (Proof.SHA, Proof.MD5):
            self.assertEqual(await self.by_digest(ANN, "secret", proof), self.ann)

    async def test_wrong_digest_and_unknown_user_are_refused_alike(self):
        for user, password in ((ANN, "wrong"), (NOBODY, "secret")):
            self.assertEqual(await self.code(self.by_digest(user, password)), 409)

    async def test_nonce_is_used_once(self):
        nonce = await self.authentication.challenge(ANN, PHONE, "login", Proof.MD5)
        proven = digest_text(Proof.MD5, nonce, "secret")
        for account in (self.ann, None):
            self.assertEqual(
                await self.authentication.by_digest(ANN, PHONE, "login", proven), account
            )

    async def test_nonce_is_for_one_login(self):
        nonce = await self.authentication.challenge(ANN, PHONE, "login", Proof.MD5)
        proven = digest_text(Proof.MD5, nonce, "secret")
        self.assertIsNone(await self.authentication.by_digest(ANN, PHONE, "other", proven))

    async def test_nonsense_is_a_wrong_digest(self):
        for nonsense in ("", "secret", "====", "é", "A" * 10_000):
            await self.authentication.challenge(ANN, PHONE, nonsense, Proof.SHA)
            attempt = self.authentication.by_digest(ANN, PHONE, nonsense, nonsense)
            self.assertEqual(await self.code(attempt), 409, nonsense)
            self.clock.advance(60)

    async def test_password_cannot_stand_for_a_digest(self):
        await self.authentication.challenge(ANN, PHONE, "login", Proof.PLAIN)
        attempt = self.authentication.by_digest(ANN, PHONE, "login", b64encode(b"secret").decode())
        self.assertEqual(await self.code(attempt), 409)

    async def test_password_beyond_ascii_is_taken_in_both_spellings(self):
        await self.directory.set_password(ANN, "pässwörd")
        for octets in ("pässwörd".encode(), "pässwörd".encode("latin-1")):
            self.assertEqual((await self.by_digest(ANN, octets)).address, ANN)

    def test_best_of_what_is_offered_is_chosen(self):
        self.assertIs(best_proof([Proof.PLAIN, Proof.MD5, Proof.SHA]), Proof.SHA)
        self.assertIs(best_proof([Proof.PLAIN, Proof.MD5]), Proof.MD5)
        with self.assertRaises(Refusal) as raised:
            best_proof([])
        self.assertEqual(raised.exception.code, 543)


class ThrottlingTests(AuthenticationTestCase):
    async def test_account_must_wait_after_some_failures(self):
        for user in (ANN, NOBODY):
            for _ in range(3):
                self.assertEqual(await self.code(self.by_password(user, "wrong", "a")), 409)
            self.assertEqual(await self.code(self.by_password(user, "secret", "b")), 503)
            challenge = self.authentication.challenge(user, "b", "login", Proof.SHA)
            self.assertEqual(await self.code(challenge), 503)
        self.clock.advance(60)
        self.assertEqual(await self.by_password(ANN, "secret", "b"), self.ann)

    async def test_tries_made_at_one_time_are_counted_like_others(self):
        tries = [
            Deferred.fromCoroutine(self.code(self.by_password(ANN, f"guess {number}")))
            for number in range(20)
        ]
        codes = [await each for each in tries]
        self.assertEqual((codes.count(409), codes.count(503)), (3, 17))

    async def test_source_must_wait_after_some_failures(self):
        for number in range(6):
            user = Address.parse(f"wv:user{number}@localhost")
            self.assertEqual(await self.code(self.by_password(user, "wrong", "a")), 409)
        self.assertEqual(await self.code(self.by_password(ANN, "secret", "a")), 503)
        self.assertEqual(await self.by_password(ANN, "secret", "b"), self.ann)

    async def test_success_is_no_failure(self):
        for _ in range(10):
            self.assertEqual(await self.by_password(ANN, "secret"), self.ann)


class RevealingTests(AuthenticationTestCase):
    reveals_unknown = True

    async def test_unknown_user_is_told_so_where_settings_allow_it(self):
        self.assertEqual(await self.code(self.by_password(NOBODY, "secret")), 531)
        self.assertEqual(await self.code(self.by_digest(NOBODY, "secret")), 531)
        self.assertEqual(await self.code(self.by_password(ANN, "wrong")), 409)
