"""The catalogues of all languages that there are: data in ``texts``, checked as it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

from attrs import field, frozen

from imps.clp.catalogue import Catalogue, CatalogueError
from imps.clp.catalogue_checks import check
from imps.clp.vocabulary import Vocabulary


@frozen
class Catalogues:
    """The catalogues of all languages, by their codes; ``default`` for who has chosen none."""

    of: Mapping[str, Catalogue]
    default: str = "en"
    _opt_out: tuple[str, ...] = ()
    _vocabularies: dict[str, Vocabulary] = field(factory=dict, init=False, eq=False)

    @classmethod
    def load(
        cls, default: str = "en", opt_out: Iterable[str] = (), *, within_latin_1: bool = False
    ) -> Catalogues:
        """All there are. Raises CatalogueError for one that is not complete, or a default that
        there is not."""
        directory = files("imps.clp").joinpath("texts")
        found = {
            each.name.removesuffix(".json"): json.loads(each.read_text("utf-8"))
            for each in directory.iterdir()
            if each.name.endswith(".json")
        }
        catalogues = {code: Catalogue.read(code, data) for code, data in sorted(found.items())}
        for catalogue in catalogues.values():
            check(catalogue, catalogues["en"])
        if default not in catalogues:
            raise CatalogueError(f"there is no language {default!r}; {', '.join(catalogues)}")
        words = tuple(opt_out)
        sparing = {
            code: Catalogue.sparing(code, found[code], words, within_latin_1=within_latin_1)
            for code in catalogues
        }
        return cls(sparing, default, words)

    def get(self, code: str) -> Catalogue:
        """The catalogue of a language, the default where there is none."""
        return self.of.get(code) or self.of[self.default]

    def vocabulary(self, code: str) -> Vocabulary:
        """The words of commands in a language."""
        catalogue = self.get(code)
        known = self._vocabularies.get(catalogue.code)
        if known is None:
            known = self._vocabularies[catalogue.code] = catalogue.vocabulary(self._opt_out)
        return known
