"""Vietnamese text as people type it: the same key with and without diacritics."""

from __future__ import annotations

import unicodedata


def search_key(text: str) -> str:
    """Return the text in lower case without diacritics (đ is d): `Đắk Lắk` -> `dak lak`."""
    decomposed = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn").replace("đ", "d")
