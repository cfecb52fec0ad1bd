"""What two cards agree and differ in: the words of every rule on pairs, as SQL over two aliases of match keys.

A card is called by its position in the total order of cards. Every condition is a function of the pair alone.
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.identity.rules import Limits

# Fields that evidence speaks of, and the columns that are compared for it.
EVIDENCE_FIELDS = {
    "national_id": "national_id",
    "person_code": "person_code",
    "name": "name_core",
    "given_name": "given",
    "birth_date": "birth_date",
    "sex": "sex",
    "mother": "mother_core",
    "phone": "phone",
    "commune": "commune",
    "birth_order": "birth_order",
}


def open_keys(keys: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """Return a connection in which `keys` holds the match keys with their position `card`; the caller closes it."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("set enable_progress_bar = false")
    connection.register("incoming", keys.with_row_index("card").with_columns(pl.col("card").cast(pl.Int32)).to_arrow())
    connection.execute("create table keys as select * from incoming")
    connection.unregister("incoming")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    """Return the whole result of a query; nothing stays open on the connection."""
    frame: pl.DataFrame = connection.sql(sql).pl()
    return frame


def same_given(left: str = "l", right: str = "r") -> str:
    """Both are called the same, or have the same words in another order."""
    return f"({left}.given = {right}.given or {left}.name_sorted = {right}.name_sorted)"


def near_given(limits: Limits, left: str = "l", right: str = "r") -> str:
    """Both are called the same, but for a slip of the pen."""
    return (
        f"({same_given(left, right)} or (least(length({left}.given), length({right}.given)) >="
        f" {limits.given_typo_length} and levenshtein({left}.given, {right}.given) <= {limits.given_typo_distance}))"
    )


def other_given(limits: Limits, left: str = "l", right: str = "r") -> str:
    """Both have names, and are called differently."""
    return f"(not {left}.is_unnamed and not {right}.is_unnamed and not {near_given(limits, left, right)})"


def other_id(left: str = "l", right: str = "r") -> str:
    """Both have a valid national id, and not the same: no rule may link them."""
    return f"coalesce({left}.own_id <> {right}.own_id, false)"


def other_order(left: str = "l", right: str = "r") -> str:
    """Both were born on one day, as different children of a multiple birth."""
    return f"coalesce({left}.birth_date = {right}.birth_date and {left}.birth_order <> {right}.birth_order, false)"


def evidence(pairs: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Add `agreed` and `differs` (JSON lists of field names) to pairs of positions `a`, `b`."""
    names = list(EVIDENCE_FIELDS.items())

    def listed(sign: str) -> str:
        cases = ", ".join(f"case when l.{column} {sign} r.{column} then '\"{name}\"' end" for name, column in names)
        return f"'[' || concat_ws(',', {cases}) || ']'"

    connection.register("pairs_in", pairs.select("a", "b").to_arrow())
    found = ask(
        connection,
        f"select p.a, p.b, {listed('=')} as agreed, {listed('<>')} as differs"
        " from pairs_in as p join keys as l on l.card = p.a join keys as r on r.card = p.b order by p.a, p.b",
    )
    connection.unregister("pairs_in")
    return pairs.join(found, on=["a", "b"], how="left", maintain_order="left")
