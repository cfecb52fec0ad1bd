"""SQL that only one engine reads stands in a macro of that engine, and the other has one of the same name."""

from __future__ import annotations

import re

from pipelines.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.architecture.test_definitions_are_rows import bare, sql_files

# What the project met, and what is written instead.
ONE_ENGINE = {
    r"\bvarchar\b": "string",
    r"::": "cast(... as ...)",
    r"\bunnest\(|\bexplode\(|\bgenerate_series\(|\bsequence\(": "month_series, unnest_together",
    r"\bexclude\s*\(|\bexcept\s*\(\s*\w+\s*[,)]": "columns_except",
    r"\barg_(max|min)\(": "newest_of, or max_by and min_by",
    r"\bdate_(diff|add|sub|part)\(|\bdatediff\(": "days_between, hours_between, add_days, add_months",
    r"\bregexp_\w+\(": "text_matches, text_part",
    r"\bread_(parquet|csv)\w*\(": "lake, identity, facility_register",
    r"\b\d{2,}\.\d+ \*": "percent, or cast(... as double): such a literal is a decimal",
    r"\bstrftime\(|\blist_\w+\(|\bstruct_pack\(|\btry_cast\(|\bqualify\b": "a macro that is dispatched",
}
OF_AN_ENGINE = re.compile(r"\{%-? macro (?:duckdb|spark|default)__.*?\{%-? endmacro -?%\}", re.DOTALL)


def written_for_one(text: str) -> list[str]:
    """Return what in a text is written for one engine, outside the macros that are dispatched."""
    plain = OF_AN_ENGINE.sub("", text)
    return [
        f"{found[0]!r}: write {instead}" for form, instead in ONE_ENGINE.items() if (found := re.search(form, plain))
    ]


def test_the_word_list_finds_what_it_is_for() -> None:
    assert written_for_one("select cast(x as varchar), y::int, * exclude (z) from t") != []
    assert len(written_for_one("select unnest(a), 100.0 * b / c")) == 2
    assert written_for_one("{% macro duckdb__x(a) %}unnest({{ a }}){% endmacro %} select cast(x as string)") == []
    assert written_for_one("(select * from a except select * from b)") == []


def test_models_and_macros_are_written_for_both_engines() -> None:
    found = {
        path.relative_to(PROJECT_ROOT).as_posix(): said
        for path in sql_files()
        # What dbt-spark does otherwise is asked of nobody else.
        if path != DBT_PROJECT_DIR / "macros" / "spark.sql" and (said := written_for_one("\n".join(bare(path))))
    }
    assert found == {}


def test_what_is_dispatched_is_written_for_each_engine() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sql_files())
    names = set(re.findall(r"adapter\.dispatch\('(\w+)', 'niis'\)", text))
    macros = set(re.findall(r"\{%-? macro (\w+)\(", text))
    assert len(names) > 10
    for engine in ("duckdb", "spark"):
        missing = {name for name in names if not {f"{engine}__{name}", f"default__{name}"} & macros}
        assert not missing, f"no macro for {engine}: {sorted(missing)}"
