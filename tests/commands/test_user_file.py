from io import StringIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from imps.commands.user_file import BadRow, Row, UserFile, UserFileError, open_user_file


def read(text):
    return list(UserFile.read(StringIO(text)))


class UserFileTests(SynchronousTestCase):
    def test_rows_say_what_their_columns_say(self):
        rows = read('Address, alias,password\nann,"a, b", secret \nbob ,,x\n')
        self.assertEqual(
            rows,
            [
                Row(2, {"address": "ann", "alias": "a, b", "password": " secret "}),
                Row(3, {"address": "bob", "password": "x"}),
            ],
        )
        self.assertNotIn("secret", repr(rows))

    def test_columns_have_to_be_known(self):
        for text, complaint in [
            ("", "the first line has to name the columns, address among them"),
            ("password,alias\n", "the first line has to name the columns, address among them"),
            ("address,address\n", "there are two columns address"),
            ("address,passwort\n", "there is no column 'passwort'; those are address, password, "),
            ('address,"password', "unexpected end of data"),
        ]:
            error = str(self.assertRaises(UserFileError, UserFile.read, StringIO(text)))
            self.assertTrue(error.startswith(complaint), error)

    def test_bad_rows_are_told_by_the_line_on_which_they_begin(self):
        rows = read('address,alias\nann,"two\nlines"\n\nbob\ncarl,c,c\ndave,"d"d\neve,e\n')
        self.assertEqual(
            rows,
            [
                Row(2, {"address": "ann", "alias": "two\nlines"}),
                BadRow(5, "it has 1 columns, not 2"),
                BadRow(6, "it has 3 columns, not 2"),
                BadRow(7, "',' expected after '\"'"),
                Row(8, {"address": "eve", "alias": "e"}),
            ],
        )

    def test_line_that_is_no_text_does_no_harm_to_the_others(self):
        file = Path(self.mktemp())
        file.write_bytes(b"\xef\xbb\xbfaddress\r\n\xff\xfe\r\nj\xc3\xb6rg\r\n")
        with open_user_file(str(file)) as lines:
            rows = list(UserFile.read(lines))
        self.assertEqual(rows, [BadRow(2, "it is not UTF-8 text"), Row(3, {"address": "jörg"})])

    @given(st.text())
    def test_any_text_is_rows(self, text):
        for row in read(f"address,password\n{text}"):
            self.assertIsInstance(row, Row | BadRow)
