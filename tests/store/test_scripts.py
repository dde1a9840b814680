from importlib.resources import files

from imps.testing.store import StoreTestCase


class ScriptsTests(StoreTestCase):
    async def test_every_script_compiles_and_is_run_somewhere(self):
        modules = [file for file in files("imps.store").iterdir() if file.name.endswith(".py")]
        source = "".join(file.read_text("utf-8") for file in modules)
        folder = files("imps.store").joinpath("scripts")
        scripts = [each for each in folder.iterdir() if each.is_file()]
        self.assertTrue(scripts)
        for script in scripts:
            name, _, kind = script.name.partition(".")
            self.assertEqual(kind, "lua")
            text = self.store.client._read(name).text
            self.assertNotIn(b"-- include", text)
            digest = await self.store.client.execute("SCRIPT", "LOAD", text)
            self.assertEqual(len(digest), 40)
            self.assertIn(f'"{name}"', source)
