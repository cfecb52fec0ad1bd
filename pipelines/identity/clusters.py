"""Groups of cards that are one person: connected by links, without a contradiction inside, not too large.

Where links would bring two different persons together, they are believed tier by tier, by rank and grade. A tier
that leads to a contradiction is not believed in that group at all, and its links go to the stewards: which of them
is wrong is not for a program to guess. Nothing here depends on the order in which cards or edges came.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.identity.pairs import ask, open_keys, other_given
from pipelines.identity.rules import IdentityRules

Positions = NDArray[np.int64]

STEWARD_LINK = "steward_link"
STEWARD_APART = "steward_apart"
CONFLICT = "cluster_conflict"
TOO_LARGE = "cluster_too_large"
UNNAMED = "unnamed_newborn"

# What a group can be: fine, more than one person, more cards than one person has.
SOUND, TWO_PERSONS, CROWDED = 0, 1, 2


@dataclass(frozen=True)
class Grouping:
    """Which cards are one person, and what became of each edge."""

    labels: Positions  # for each card, the position of the first card of its person
    edges: pl.DataFrame  # a, b, rule_code, basis (the rule before a guard stepped in), decision, and more columns


def components(count: int, a: Positions, b: Positions) -> Positions:
    """Return for each of `count` nodes the lowest node that the edges a-b connect it with."""
    labels = np.arange(count, dtype=np.int64)
    while True:
        left, right = labels[a], labels[b]
        differ = left != right
        if not differ.any():
            return labels
        np.minimum.at(labels, np.maximum(left[differ], right[differ]), np.minimum(left[differ], right[differ]))
        while True:
            shorter = labels[labels]
            if np.array_equal(shorter, labels):
                break
            labels = shorter


def group(keys: pl.DataFrame, edges: pl.DataFrame, rules: IdentityRules) -> Grouping:
    """Group cards by `edges` (a, b, rule_code, grade, decision; positions in `keys`), among them those of stewards.

    Links of rules and model make sound groups; then stewards' links join them, and give way to nothing but stewards'
    own words that cards are apart.
    """
    edges = edges.with_columns(
        pl.col("rule_code").alias("basis"),
        pl.col("rule_code").replace_strict({code: row.rank for code, row in rules.rules.items()}).alias("rank"),
    )
    apart = edges.filter(pl.col("rule_code") == STEWARD_APART)
    edges = edges.join(apart.select("a", "b"), on=["a", "b"], how="anti") if apart.height else edges
    told = edges.filter(pl.col("rule_code") == STEWARD_LINK)
    links = edges.filter((pl.col("decision") == "link") & (pl.col("rule_code") != STEWARD_LINK))
    rest = edges.filter(pl.col("decision") != "link")
    everywhere = np.ones(keys.height, dtype=bool)

    judge = _Judge(keys, apart, told, rules)
    nothing = links.clear()
    told, refused_told = _believe(nothing, told, judge.only_apart(), everywhere)
    kept, refused = _believe(nothing, links, judge.with_apart_of(told), everywhere)
    # A link of a steward can bring cards together that stewards told apart through others: then these others give way.
    kept, refused_late = _believe(told, kept, judge.only_apart(), everywhere)

    kept = pl.concat([told, kept])
    labels = _connect(keys.height, kept)
    open_edges = pl.concat([rest, refused_told, refused, refused_late])
    is_open = labels[open_edges.get_column("a").to_numpy()] != labels[open_edges.get_column("b").to_numpy()]
    return Grouping(labels, _strongest(pl.concat([kept, open_edges.filter(pl.Series(is_open)), apart])))


def _believe(
    base: pl.DataFrame, links: pl.DataFrame, judge: _Judge, among: NDArray[np.bool_]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return which links are kept beside those of `base`, and which lead to a contradiction and go to review."""
    count = len(among)
    labels = _connect(count, pl.concat([base, links]))
    is_bad = judge.contradictions(labels, among) > 0
    among = is_bad[labels]
    in_bad = pl.Series(among[links.get_column("a").to_numpy()], dtype=pl.Boolean)
    kept, refused = links.filter(~in_bad), [links.clear()]
    doubtful = links.filter(in_bad)
    for rank, grade in sorted(doubtful.select("rank", "grade").unique().rows()):
        tier = doubtful.filter((pl.col("rank") == rank) & (pl.col("grade") == grade))
        before = _connect(count, pl.concat([base, kept]))
        trial = _connect(count, pl.concat([base, kept, tier]))
        verdict = judge.contradictions(trial, among, with_unnamed=rank == judge.rank_of_unnamed)
        ends = [tier.get_column(name).to_numpy() for name in ("a", "b")]
        reason = np.where(before[ends[0]] == before[ends[1]], SOUND, verdict[trial[ends[0]]])
        kept = pl.concat([kept, tier.filter(pl.Series(reason == SOUND))])
        refused += [
            tier.filter(pl.Series(reason == number)).with_columns(
                pl.lit(code).alias("rule_code"), pl.lit("review").alias("decision")
            )
            for number, code in ((TWO_PERSONS, CONFLICT), (CROWDED, TOO_LARGE))
        ]
    return kept, pl.concat(refused)


def _strongest(edges: pl.DataFrame) -> pl.DataFrame:
    """Return one edge a pair: the one of the lowest rank that stands."""
    order = edges.with_columns(
        pl.col("decision").replace_strict({"link": 0, "review": 1, "apart": 2}).alias("standing")
    )
    order = order.with_columns(
        pl.when(pl.col("rule_code") == STEWARD_APART).then(-1).otherwise("standing").alias("standing")
    )
    return order.sort("a", "b", "standing", "rank", "rule_code", "basis", "decided_by").unique(
        ["a", "b"], keep="first", maintain_order=True
    ).drop("standing", "rank", "grade")  # fmt: skip


def _ends(links: pl.DataFrame) -> tuple[Positions, Positions]:
    a, b = (links.get_column(name).to_numpy().astype(np.int64) for name in ("a", "b"))
    return a, b


def _connect(count: int, links: pl.DataFrame) -> Positions:
    return components(count, *_ends(links))


class _Judge:
    """Finds groups that hold two different persons."""

    def __init__(self, keys: pl.DataFrame, apart: pl.DataFrame, told: pl.DataFrame, rules: IdentityRules) -> None:
        self._rules = rules
        self._sees_marks = True
        self._apart = _ends(apart)
        self.rank_of_unnamed = rules.rank(UNNAMED)
        marks = keys.select("own_id", "birth_order", "given", "name_sorted", "birth_date", "is_unnamed", "person_code")
        self._marks = _agreed_by_stewards(marks, keys.get_column("mother_core"), told)

    def only_apart(self) -> _Judge:
        """Return a judge who goes by nothing but stewards' words that cards are apart."""
        other = copy.copy(self)
        other._sees_marks = False
        return other

    def with_apart_of(self, told: pl.DataFrame) -> _Judge:
        """Return a judge for whom what is apart from a card is apart from every card that stewards linked with it."""
        a, b = self._apart
        if not len(a) or told.is_empty():
            return self
        labels = _connect(self._marks.height, told)
        sides = pl.DataFrame({"x": labels[a], "y": labels[b]}).unique()
        cards = pl.DataFrame({"card": np.arange(len(labels)), "label": labels})
        pairs = sides.join(cards.rename({"card": "a"}), left_on="x", right_on="label").join(
            cards.rename({"card": "b"}), left_on="y", right_on="label"
        )
        other = copy.copy(self)
        other._apart = _ends(pairs)
        return other

    def contradictions(self, labels: Positions, among: NDArray[np.bool_], *, with_unnamed: bool = True) -> Positions:
        """Return for each label SOUND, TWO_PERSONS or CROWDED, over the cards in `among`."""
        verdict = np.full(len(labels), SOUND, dtype=np.int64)
        if self._sees_marks:
            sizes = np.bincount(labels, minlength=len(labels))
            verdict[sizes > self._rules.limits.max_cluster_cards] = CROWDED
            several = self._marks.with_columns(pl.Series("label", labels)).filter(
                pl.Series(among & (sizes[labels] > 1))
            )
            verdict[self._two_persons(several, with_unnamed=with_unnamed)] = TWO_PERSONS
        a, b = self._apart
        verdict[labels[a[labels[a] == labels[b]]]] = TWO_PERSONS
        return verdict

    def _two_persons(self, marks: pl.DataFrame, *, with_unnamed: bool) -> Positions:
        ids = marks.filter(pl.col("own_id").is_not_null()).group_by("label").agg(pl.col("own_id").n_unique().alias("n"))
        born = marks.group_by("label", "birth_date").agg(
            pl.col("birth_order").drop_nulls().n_unique().alias("orders"),
            pl.col("given").drop_nulls().n_unique().alias("names"),
            pl.col("person_code").filter("is_unnamed").drop_nulls().n_unique().alias("nameless"),
            (~pl.col("is_unnamed")).any().alias("has_name"),
        )
        found: list[pl.Series] = [
            ids.filter(pl.col("n") > 1).get_column("label"),
            born.filter(pl.col("orders") > 1).get_column("label"),
            self._called_differently(marks, born.filter(pl.col("names") > 1)),
        ]
        if with_unnamed:
            # Two newborns of one mother and day that were registered apart, and one name: whose is it?
            found.append(born.filter((pl.col("nameless") > 1) & pl.col("has_name")).get_column("label"))
        return pl.concat(found).unique().to_numpy()

    def _called_differently(self, marks: pl.DataFrame, where: pl.DataFrame) -> pl.Series:
        named = (
            marks.filter(~pl.col("is_unnamed"))
            .join(where.select("label", "birth_date"), on=["label", "birth_date"])
            .unique(["label", "birth_date", "given", "name_sorted"])
        )
        if named.is_empty():
            return pl.Series("label", [], dtype=pl.Int64)
        with open_keys(named) as connection:
            return ask(
                connection,
                "select distinct l.label from keys as l join keys as r"
                " on l.label = r.label and l.birth_date = r.birth_date and l.card < r.card"
                f" where {other_given(self._rules.limits)}",
            ).get_column("label")


def _agreed_by_stewards(marks: pl.DataFrame, mothers: pl.Series, together: pl.DataFrame) -> pl.DataFrame:
    """Return marks in which what a steward said to be one person is no contradiction any more.

    National ids, names and birth orders of cards that a steward linked become one, for these cards and for every
    other card with the same ids, or with the same names of the same mother and day.
    """
    if together.is_empty():
        return marks
    labels = _connect(marks.height, together)
    sizes = np.bincount(labels, minlength=len(labels))
    marks = marks.with_columns(pl.Series("label", labels), mothers.alias("mother"))
    told = marks.filter(pl.Series(sizes[labels] > 1))
    ids = _first_of_each(told, ["own_id"], "own_id")
    names = _first_of_each(told, ["mother", "birth_date", "given"], "given")
    sorted_names = _first_of_each(told, ["mother", "birth_date", "name_sorted"], "name_sorted")
    is_told = pl.Series(sizes[labels] > 1)
    for columns, value, table in (
        (["own_id"], "own_id", ids),
        (["mother", "birth_date", "given"], "given", names),
        (["mother", "birth_date", "name_sorted"], "name_sorted", sorted_names),
    ):
        marks = marks.join(table, on=columns, how="left", maintain_order="left").with_columns(
            pl.coalesce("instead", value).alias(value)
        ).drop("instead")  # fmt: skip
    # Of the cards themselves everything is settled: their names are no argument against any other card.
    return marks.with_columns(
        pl.when(~is_told).then("birth_order").alias("birth_order"),
        pl.when(~is_told).then("person_code").alias("person_code"),
        (pl.col("is_unnamed") | is_told).alias("is_unnamed"),
        pl.when(~is_told).then("given").alias("given"),
    ).drop("label", "mother")


def _first_of_each(told: pl.DataFrame, columns: list[str], value: str) -> pl.DataFrame:
    """Return for each value of `columns` the lowest `value` that stewards' links connect it with, as `instead`."""
    known = told.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in columns))
    distinct = known.select(columns).unique().sort(columns).with_row_index("node")
    nodes = known.join(distinct, on=columns).with_columns(pl.col("node").cast(pl.Int64))
    firsts = nodes.group_by("label").agg(pl.col("node").min().alias("first"))
    edges = nodes.join(firsts, on="label")
    joined = components(distinct.height, edges.get_column("first").to_numpy(), edges.get_column("node").to_numpy())
    return distinct.select(*columns, distinct.get_column(value).gather(pl.Series(joined)).alias("instead"))
