from pathlib import Path

from twisted.internet.defer import Deferred

from imps.commands.importing import CHUNK, Import, Outcome
from imps.commands.user_file import BadRow, Row
from imps.elements.directory import Directory
from imps.model.address import Address
from imps.store.accounts import Accounts
from imps.store.errors import StoreFull
from imps.testing.commands import CommandLineTestCase, run
from imps.testing.store import StoreTestCase, private_directory


def rows(*texts, start=2):
    """Rows of an address and a password, with the alias ``of line N``."""
    return [
        Row(line, {"address": address, "password": password, "alias": f"of line {line}"})
        for line, (address, password) in enumerate(map(str.split, texts), start)
    ]


class ImportTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        accounts = Accounts(self.store.client, self.store.buckets)
        self.directory = Directory(accounts, self.store.secrets, self.store.domains, self.clock)
        self.complaints = []

    async def imported(self, rows, updates=False):
        importing = Import(
            self.directory, updates, lambda line, reason: self.complaints.append((line, reason))
        )
        await importing.run(rows)
        return importing.counts

    async def account(self, name):
        return await self.directory.get(Address.parse(name))

    async def test_every_column_is_imported(self):
        cells = {
            "address": "ann",
            "password": "secret",
            "msisdn": "358501234567",
            "service": "IMFeat  SRCH",
            "first_name": "Ann",
            "last_name": "Smith",
            "email": "ann@example.org",
            "alias": "a",
        }
        self.assertEqual(await self.imported([Row(2, cells)]), {Outcome.ADDED: 1})
        account = await self.account("ann")
        self.assertEqual(self.directory.password_of(account), "secret")
        self.assertEqual(account.msisdn, "+358501234567")
        self.assertEqual(account.services, {"IMFeat", "SRCH"})
        self.assertEqual((account.first_name, account.last_name), ("Ann", "Smith"))
        self.assertEqual((account.email, account.alias), ("ann@example.org", "a"))

    async def test_more_than_a_chunk_is_imported(self):
        users = rows(*(f"user{n} secret" for n in range(2 * CHUNK + 1)))
        self.assertEqual(await self.imported(iter(users)), {Outcome.ADDED: 2 * CHUNK + 1})
        self.assertEqual(await self.imported(users), {Outcome.SKIPPED: 2 * CHUNK + 1})
        self.assertEqual(await self.imported([]), {})

    async def test_bad_rows_are_told_in_order_and_the_others_imported(self):
        found = [
            *rows("ann secret", f"bob {'s' * 51}", "carl@elsewhere.org secret"),
            BadRow(5, "it is not UTF-8 text"),
            Row(6, {"password": "secret"}),
            Row(7, {"address": "dave"}),
            Row(8, {"address": "eve", "password": "x", "service": "IMFeat chess"}),
            *rows("fred secret", start=9),
        ]
        counts = await self.imported(found)
        self.assertEqual(counts, {Outcome.ADDED: 2, Outcome.REFUSED: 6})
        self.assertEqual(
            self.complaints,
            [
                (3, "a password has 1 to 50 characters"),
                (4, "elsewhere.org is not a home domain; those are localhost"),
                (5, "it is not UTF-8 text"),
                (6, "wv:@localhost is not the address of a user"),
                (7, "a password has 1 to 50 characters"),
                (8, "there is no service chess"),
            ],
        )

    async def test_existing_accounts_are_skipped(self):
        counts = await self.imported(rows("ann first", "Ann@localhost second"))
        self.assertEqual(counts, {Outcome.ADDED: 1, Outcome.SKIPPED: 1})
        account = await self.account("ann")
        self.assertEqual(self.directory.password_of(account), "first")
        self.assertEqual(account.alias, "of line 2")

    async def test_existing_accounts_are_changed_where_a_row_says_something(self):
        found = rows("ann first", "bob first", "ANN second")
        found.append(Row(5, {"address": "ann", "email": "ann@example.org"}))
        counts = await self.imported(found, updates=True)
        self.assertEqual(counts, {Outcome.ADDED: 2, Outcome.UPDATED: 2})
        account = await self.account("ann")
        self.assertEqual(self.directory.password_of(account), "second")
        self.assertEqual((account.alias, account.email), ("of line 4", "ann@example.org"))

    async def test_number_is_given_to_one_of_two(self):
        found = [
            Row(line, {"address": name, "password": "x", "msisdn": "+358501234567"})
            for line, name in ((2, "ann"), (3, "bob"))
        ]
        counts = await self.imported(found)
        self.assertEqual(counts, {Outcome.ADDED: 1, Outcome.REFUSED: 1})
        self.assertEqual(self.complaints, [(3, "another user has the number +358501234567")])

    async def test_full_store_ends_the_import(self):
        await self.imported(rows("ann secret"))
        await self.store.client.execute("CONFIG", "SET", "maxmemory", "1")
        try:
            importing = Deferred.fromCoroutine(self.imported(rows("bob secret", "carl secret")))
            await self.assertFailure(importing, StoreFull)
        finally:
            await self.store.client.execute("CONFIG", "SET", "maxmemory", "0")


class ImportCommandTests(CommandLineTestCase):
    def file(self, *lines):
        file = Path(self.mktemp())
        file.write_text("".join(f"{line}\n" for line in lines))
        return str(file.absolute())

    async def test_refused_rows_are_reported_at_the_end_too(self):
        file = self.file("address,password", "ann,secret", "bob,", "ann,secret")
        done = run("user", "import", file, *self.place)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "1 added, 1 skipped, 1 refused\n")
        self.assertEqual(
            done.stderr,
            f"imps: {file}, line 3: a password has 1 to 50 characters\n"
            "imps: 1 of 3 rows were refused\n",
        )
        file = self.file("address,alias", "ann,a", "dave,d")
        done = run("user", "import", "--update", file, *self.place)
        self.assertEqual(done.stdout, "1 updated, 1 refused\n")
        self.assertIn("alias: a\n", self.imps("user", "show", "ann", *self.place))

    async def test_files_that_cannot_be_used_are_refused(self):
        for file, complaint in [
            (self.file("address,pass"), "{}: there is no column 'pass'; those are "),
            (self.file("address"), "{}: there is no column password"),
            ("/no/such/file", "cannot read {}: No such file or directory"),
        ]:
            said = self.refused("user", "import", file, *self.place)
            self.assertTrue(said.startswith("imps: " + complaint.format(file)), said)

    async def test_terminal_shows_progress_and_ctrl_c_ends_it(self):
        file = self.file("address,password", *(f"user{n},secret" for n in range(50_000)))
        data = private_directory(self) / "data"
        seen = self.typed("user", "import", file, "--data", str(data), answers=[("[#", "\x03")])
        self.assertRegex(seen, r"\[#+ +\] +\d+%  [\d,]+ rows")
        self.assertRegex(seen, r"\d+ added\r\nimps: interrupted")
        self.assertFalse((data / "store.sock").exists())
