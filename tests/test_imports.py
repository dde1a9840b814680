import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import imps

ROOT = Path(imps.__file__).parent
PURE = ("model", "syntax", "elements", "csp/primitives", "csp/codec", "ssp/messages", "ssp/codec")
IMPURE = ("twisted.internet.reactor", "twisted.web", "txredisapi")


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def names_any(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


class ImportsTests(SynchronousTestCase):
    def importers(self, files: list[Path], modules: tuple[str, ...]) -> list[str]:
        self.assertTrue(files)
        return [
            f"{file.relative_to(ROOT)}: {name}"
            for file in files
            for name in imported(ast.parse(file.read_text("utf-8")))
            if names_any(name, modules)
        ]

    def test_what_is_pure_imports_no_network(self):
        files = [file for part in PURE for file in (ROOT / part).rglob("*.py")]
        self.assertEqual(self.importers(files, IMPURE), [])

    def test_one_module_knows_the_client_library(self):
        files = [file for file in ROOT.rglob("*.py") if file != ROOT / "store/connection.py"]
        self.assertEqual(self.importers(files, ("txredisapi",)), [])

    def test_the_reactor_is_an_argument(self):
        entries = [ROOT / "tap.py", ROOT / "cli.py"]
        files = [
            file
            for file in ROOT.rglob("*.py")
            if file not in entries and ROOT / "testing" not in file.parents
        ]
        self.assertEqual(self.importers(files, ("twisted.internet.reactor",)), [])
