from imps.model.version import V11, V12, V13
from imps.testing.android import Android
from imps.testing.nokia import Nokia
from imps.testing.service import running_service
from twisted.trial.unittest import TestCase

ENCODINGS = ("xml", "wbxml")


class ChatTests(TestCase):
    async def test_all(self):
        service, url = await running_service(self)
        androids = [(v, e) for v in (V11, V12, V13) for e in ENCODINGS]
        nokias = [(v, e) for v in (V11, V12) for e in ENCODINGS]
        pairs = [(a, n) for a in androids for n in nokias]
        names = [f"{kind}{i}" for i in range(len(pairs)) for kind in ("a", "n")]
        await service.add_users(*names)
        for i, (a, n) in enumerate(pairs):
            one = Android(self, (url,), f"wv:a{i}@localhost", *a)
            two = Nokia(self, (url,), f"wv:n{i}@localhost", *n)
            await one.sign_on()
            await two.sign_on()
            await one.send(two.user, text="hello <b>&\"' grüße € 😀")
            await two.poll()
            self.assertEqual(two.texts, ["hello <b>&\"' grüße € 😀"])
            await two.send(one.user, text="back & forth € 😀")
            await one.poll()
            self.assertEqual(one.texts, ["back & forth € 😀"])
            await one.sign_off()
            await two.sign_off()
        print(two.refused)
        await service.stop()
