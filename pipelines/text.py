"""Text as it is kept and text as it is compared: Vietnamese has several spellings of the same letters."""

from __future__ import annotations

import re
import unicodedata

# Spaces that look like a space, and marks that have no width: both make equal names unequal.
_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_WIDTHLESS = re.compile("[\u200b-\u200d\u2060\ufeff]")
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def normalise(text: str) -> str:
    """Return `text` in NFC, without characters of no width, with single spaces and none at its ends."""
    if text.isascii():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text)
    return _SPACES.sub(" ", _WIDTHLESS.sub("", composed)).strip()


def without_diacritics(text: str) -> str:
    """Return `text` in lower case without tone and vowel marks; đ becomes d."""
    lowered = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in lowered if not unicodedata.combining(letter))


def fold_key(text: str) -> str:
    """Return the key under which names of columns and coded values are compared.

    `Mã đối tượng`, `MA_DOI_TUONG` and ` mã đối tượng ` have the key `ma_doi_tuong`. A run of other
    characters than ASCII letters and digits becomes one underscore.
    """
    return _NOT_A_WORD.sub("_", without_diacritics(normalise(text))).strip("_")
