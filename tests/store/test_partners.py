from imps.model.partner import Partner, Profile, TLSMode, functions_named
from imps.model.version import V12
from imps.store.partners import Partners
from imps.testing.store import StoreTestCase


class PartnersTests(StoreTestCase):
    async def setUp(self):
        await super().setUp()
        self.partners = Partners(self.store.client)

    async def test_a_partner_is_kept_with_all_that_is_known_of_it(self):
        south = Partner(
            domain="South.example",
            urls=("https://im.south.example:5222/ssp",),
            profile=Profile.BARAZA,
            cert_names=("im.south.example",),
            allow_in=False,
            grants=functions_named(("IMFeat",)),
            wants=frozenset(),
            relay_for=("east.example",),
            version_max=V12,
        )
        self.assertTrue(await self.partners.put(south))
        self.assertEqual(await self.partners.all(), (south,))
        self.assertEqual(south.domain, "south.example")

    async def test_what_is_put_again_takes_the_place_of_the_first(self):
        await self.partners.put(Partner(domain="south.example"))
        off = Partner(domain="SOUTH.example", tls=TLSMode.OFF)
        self.assertFalse(await self.partners.put(off))
        self.assertEqual(await self.partners.all(), (off,))

    async def test_a_partner_is_forgotten(self):
        await self.partners.put(Partner(domain="south.example"))
        self.assertTrue(await self.partners.remove("South.Example"))
        self.assertFalse(await self.partners.remove("south.example"))
        self.assertEqual(await self.partners.all(), ())
