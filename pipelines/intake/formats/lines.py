"""What every reader returns, and how it says that a file cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field

# Separates cells inside a line once its own delimiter and quotes are understood; no text cell may hold it.
CELL_SEPARATOR = "\x1f"


class RefusedFileError(Exception):
    """The file cannot be read at all. `code` is a file-level reason of the registry, `detail` names what was found."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass
class Lines:
    """A file as physical lines.

    `cells[i]` is line `numbers[i]` with its cells separated by `separator`; `raw[i]` is what the sender wrote.
    `problems` gives the reason code of lines whose cells cannot be told apart.
    """

    file_format: str
    header: list[str]
    separator: str
    cells: list[str]
    numbers: list[int]
    raw: list[str]
    line_count: int
    header_count: int
    blank_count: int
    encoding: str | None = None
    delimiter: str | None = None
    problems: dict[int, str] = field(default_factory=dict)  # by index into `cells`
