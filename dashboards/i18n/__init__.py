"""The words of the interface in both languages. Names of areas and indicators are not here: the release has them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path


class MissingTextError(KeyError):
    """A page asked for a text that the catalogue has not got."""


@lru_cache(maxsize=4)
def catalogue(language: str) -> dict[str, str]:
    """Return all texts of a language."""
    path = Path(__file__).parent / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


class Texts:
    """The catalogue of one language."""

    def __init__(self, language: str) -> None:
        """Choose a language: `vi` or `en`."""
        self.language = language
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its placeholders filled. Raises MissingTextError."""
        try:
            return self._texts[key].format(**values)
        except KeyError as error:
            raise MissingTextError(f"No text '{key}' in {self.language}.json, or a placeholder is missing.") from error

    def named(self, row: dict[str, object], stem: str = "name") -> str:
        """Return `<stem>_vi` or `<stem>_en` of a row; the Vietnamese when the English is missing."""
        return str(row.get(f"{stem}_{self.language}") or row.get(f"{stem}_vi") or "")
