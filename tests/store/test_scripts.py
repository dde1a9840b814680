import re
from importlib.resources import files

from imps.store import client
from imps.testing.store import StoreTestCase

FOLDER = files("imps.store").joinpath("scripts")
SHARED = {
    each.name.partition(".")[0]: each.read_text("utf-8")
    for each in FOLDER.joinpath("shared").iterdir()
}
FUNCTION = re.compile(r"^local function (\w+)", re.MULTILINE)
FUNCTIONS = {name for text in SHARED.values() for name in FUNCTION.findall(text)}


def with_shared(text, indented=""):
    """A script, and what it shares, without what its blocks do; or that of these."""
    texts = [] if indented else [text]
    for name in re.findall(rf"^{indented}-- include (\w+)$", text, re.MULTILINE):
        texts += with_shared(SHARED[name])
    return texts


def missing_in(text, known):
    """What a script, or a block, calls that is not there."""
    texts = with_shared(text)
    known = known.union(*map(FUNCTION.findall, texts))
    missing = set()
    for each in texts:
        blocks = with_shared(each, " +")
        there = known.union(*map(FUNCTION.findall, blocks))
        called = set(re.findall(r"\b(\w+)\(", re.sub(r"--.*", "", each))) & FUNCTIONS
        missing |= called - there
        for block in blocks:
            missing |= missing_in(block, known)
    return missing


class ScriptsTests(StoreTestCase):
    async def test_every_script_compiles_and_is_run_somewhere(self):
        modules = [file for file in files("imps.store").iterdir() if file.name.endswith(".py")]
        source = "".join(file.read_text("utf-8") for file in modules)
        scripts = [each for each in FOLDER.iterdir() if each.is_file()]
        self.assertTrue(scripts)
        for script in scripts:
            name, _, kind = script.name.partition(".")
            self.assertEqual(kind, "lua")
            text = self.store.client._read(name).text
            self.assertNotIn(b"-- include", text)
            digest = await self.store.client.execute("SCRIPT", "LOAD", text)
            self.assertEqual(len(digest), 40)
            self.assertIn(f'"{name}"', source)

    def test_every_script_has_the_functions_that_it_calls(self):
        for script in FOLDER.iterdir():
            if script.is_file():
                self.assertEqual(missing_in(script.read_text("utf-8"), set()), set(), script.name)

    def test_what_a_block_shares_is_known_there_alone(self):
        files = {"one": b"local one = 1", "two": b"-- include one\nlocal two = one + 1"}
        self.patch(client, "_file", lambda name: files[name.removeprefix("shared/")[:-4]])
        text = b"if x then\n    -- include two\nend\n-- include one\n-- include two\n"
        self.assertEqual(
            client._with_included(text, set()),
            b"if x then\nlocal one = 1\nlocal two = one + 1\nend\n"
            b"local one = 1\n\nlocal two = one + 1\n",
        )
