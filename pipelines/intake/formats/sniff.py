"""Which reader a file needs: by its content, since a name proves nothing."""

from __future__ import annotations

from pipelines.intake.formats.delimited import read_delimited
from pipelines.intake.formats.lines import Lines, RefusedFileError
from pipelines.intake.formats.tables import read_ndjson, read_parquet, read_xlsx

# A month of the whole nation as one file is about half of this.
MAX_FILE_BYTES = 2 * 2**30

_FOREIGN = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\x89PNG", b"\xff\xd8\xff")


def read_lines(content: bytes) -> Lines:
    """Return the lines of a file in any of the formats. Raises RefusedFileError when it cannot be read at all."""
    if not content or content.isspace():
        raise RefusedFileError("FILE_EMPTY")
    if len(content) > MAX_FILE_BYTES:
        raise RefusedFileError("FILE_TOO_LARGE", f"{len(content)}")
    if content.startswith(b"PK\x03\x04"):
        return read_xlsx(content)
    if content.startswith(b"PAR1"):
        return read_parquet(content)
    if content.startswith(_FOREIGN):
        raise RefusedFileError("FILE_FORMAT_UNSUPPORTED", repr(content[:4]))
    if content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"{\x00", b"\xff\xfe{")):
        return read_ndjson(content)
    return read_delimited(content)
