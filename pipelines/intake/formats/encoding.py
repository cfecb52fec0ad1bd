"""Which characters the bytes of a text file mean. Legacy text is recognised or refused, never guessed."""

from __future__ import annotations

import codecs
import unicodedata

from pipelines.intake.formats.lines import RefusedFileError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_VIETNAMESE_BASES = "aăâeêioôơuưyđ"
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_VIETNAMESE = frozenset(
    letter
    for base in _VIETNAMESE_BASES
    for tone in _TONES
    for form in (base, base.upper())
    for letter in unicodedata.normalize("NFC", form + tone)
)
# Enough of a file to see in which half of each pair of bytes the zeros of UTF-16 stand.
_PROBE_BYTES = 4096
# Headers and digits are half of a file of ours or more, and each of their letters has a zero in UTF-16.
_UTF16_SHARE = 0.4


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    UTF-8 (with or without a mark), UTF-16 and Windows-1258 are understood. Windows-1258 is taken only when every
    letter of the result is one of Vietnamese: other 8-bit encodings (TCVN3, VISCII, VNI) decode too, into nonsense.
    Raises RefusedFileError(FILE_ENCODING_UNKNOWN).
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return _strictly(content, name), "utf-8" if name == "utf-8-sig" else name
    even, odd = content[:_PROBE_BYTES:2].count(0), content[1:_PROBE_BYTES:2].count(0)
    # Some zeros among other text are control characters of single cells.
    if max(even, odd) > _UTF16_SHARE * min(len(content), _PROBE_BYTES) / 2:
        return _strictly(content, "utf-16-le" if odd > even else "utf-16-be"), "utf-16"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text = unicodedata.normalize("NFC", _strictly(content, "cp1258"))
    strange = sorted({letter for letter in text if ord(letter) > 127 and letter not in _VIETNAMESE})
    if strange:
        raise RefusedFileError("FILE_ENCODING_UNKNOWN", "".join(strange[:10]))
    return text, "windows-1258"


def _strictly(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        raise RefusedFileError("FILE_ENCODING_UNKNOWN", f"{name}, byte {error.start}") from error
