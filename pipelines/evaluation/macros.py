"""The SQL macros of the dbt project, rendered for DuckDB without dbt: one definition for warehouse and files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from pipelines.settings import DBT_PROJECT_DIR

MACROS_DIR = DBT_PROJECT_DIR / "macros"
_FILES = (
    "steps.sql", "dates.sql", "draws.sql", "tree.sql", "ages.sql", "evaluation.sql", "care.sql", "containers.sql",
    "indicators.sql", "outliers.sql", "sources.sql",
)  # fmt: skip


def render(name: str, *arguments: Any, **named: Any) -> str:
    """Return the SQL text of a macro of the files above for DuckDB."""
    return str(getattr(_module(MACROS_DIR), name)(*arguments, **named))


class _Adapter:
    """Stands for dbt's adapter: picks the macro that is written for DuckDB."""

    module: Any = None

    def dispatch(self, name: str, package: str) -> Any:
        """Return the macro `duckdb__<name>`; `package` is where dbt would look for it."""
        del package
        return getattr(self.module, f"duckdb__{name}")


@lru_cache(maxsize=1)
def _module(folder: Path) -> Any:
    # The text is SQL of our own, not a page: nothing in it is escaped.
    environment = Environment(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in _FILES)
    adapter = _Adapter()
    # dbt's `return` hands a value over; what the macros here hand over is text.
    adapter.module = environment.from_string(text).make_module({"adapter": adapter, "return": lambda value: value})
    return adapter.module
