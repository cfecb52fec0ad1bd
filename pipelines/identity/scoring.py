"""How good the links are, where somebody knows who is who: precision and recall by rule and in all, over pairs.

A pair is two cards of one person. Pairs that share a group count for automatic links, whichever edge brought them
together; a pair counts for the review queue when the queue holds a question about its two groups.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from pipelines.identity.rules import IdentityRules


@dataclass(frozen=True)
class TierScore:
    """One line of the table."""

    tier: str
    pairs: int
    true_pairs: int | None  # None where nobody knows who is who
    precision: float | None
    recall: float | None  # of all pairs of cards of one person


@dataclass(frozen=True)
class Score:
    """The table, and its sums; what needs to know who is who is None where nobody does."""

    lines: tuple[TierScore, ...]
    cards: int
    persons: int
    true_pairs: int | None  # pairs of labelled cards that are one person
    precision: float | None  # of pairs that automatic links put into one group
    recall: float | None  # of automatic links
    recall_with_review: float | None
    review_backlog: int  # questions to stewards: pairs of groups
    cannot_link_violations: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a report."""
        return {**asdict(self), "lines": [asdict(line) for line in self.lines]}


def report(
    person_cards: pl.DataFrame, person_links: pl.DataFrame, truth: pl.DataFrame | None, rules: IdentityRules
) -> Score:
    """Count links by rule and compare persons with `truth` (card_key, true_person), where there is one.

    Cards without a label take no part in the comparison.
    """
    questions = review_questions(person_cards, person_links)
    people = person_cards.select("card_key", "person_key")
    if truth is None:
        counted = person_links.group_by("decision", "rule_code").len("pairs").rows()
        counted.sort(key=lambda row: _place(row[0], row[1], rules))
        lines = [TierScore(f"{decision}: {rule}", pairs, None, None, None) for decision, rule, pairs in counted]
        measured: dict[str, Any] = dict.fromkeys(("true_pairs", "precision", "recall", "recall_with_review"))
    else:
        lines, measured = _compared(person_cards, person_links, truth, questions, rules)
    return Score(
        lines=tuple(lines),
        cards=people.height,
        persons=people.get_column("person_key").n_unique(),
        review_backlog=questions.height,
        cannot_link_violations=_violations(people, person_links),
        **measured,
    )


def _compared(
    person_cards: pl.DataFrame,
    person_links: pl.DataFrame,
    truth: pl.DataFrame,
    questions: pl.DataFrame,
    rules: IdentityRules,
) -> tuple[list[TierScore], dict[str, Any]]:
    known = person_cards.select("card_key", "person_key").join(truth, on="card_key")
    counts = known.group_by("person_key", "true_person").len("cards")
    same_group = _pairs(known.group_by("person_key").len("cards"))
    same_person = _pairs(known.group_by("true_person").len("cards"))
    found = _pairs(counts)
    asked = _asked_pairs(counts, questions)
    return _lines(known, person_links, rules, same_person), {
        "true_pairs": same_person,
        "precision": _ratio(found, same_group),
        "recall": _ratio(found, same_person),
        "recall_with_review": _ratio(found + asked, same_person),
    }


def _violations(people: pl.DataFrame, person_links: pl.DataFrame) -> int:
    """Return how many pairs that a steward told apart are in one group."""
    apart = person_links.filter(pl.col("rule_code") == "steward_apart")
    violations = apart.join(people, left_on="card_key_a", right_on="card_key").join(
        people, left_on="card_key_b", right_on="card_key", suffix="_b"
    )
    return violations.filter(pl.col("person_key") == pl.col("person_key_b")).height


def review_questions(person_cards: pl.DataFrame, person_links: pl.DataFrame) -> pl.DataFrame:
    """Return what stewards are asked, one row a pair of groups, with its strongest edge; the surest first."""
    people = person_cards.select("card_key", "person_key")
    return (
        person_links.filter(pl.col("decision") == "review")
        .join(people.rename({"card_key": "card_key_a", "person_key": "x"}), on="card_key_a")
        .join(people.rename({"card_key": "card_key_b", "person_key": "y"}), on="card_key_b")
        .filter(pl.col("x") != pl.col("y"))
        .with_columns(
            pl.min_horizontal("x", "y").alias("person_key_a"), pl.max_horizontal("x", "y").alias("person_key_b")
        )
        .sort(pl.col("score").fill_null(1.0), "card_key_a", "card_key_b", descending=[True, False, False])
        .unique(["person_key_a", "person_key_b"], keep="first", maintain_order=True)
        .drop("x", "y")
    )


def _pairs(groups: pl.DataFrame) -> int:
    return int(groups.select((pl.col("cards").cast(pl.Int64) * (pl.col("cards").cast(pl.Int64) - 1) // 2).sum()).item())


def _asked_pairs(counts: pl.DataFrame, questions: pl.DataFrame) -> int:
    """Return how many pairs of cards of one person lie across two groups that the queue asks about."""
    sides = questions.select("person_key_a", "person_key_b")
    across = sides.join(counts.rename({"person_key": "person_key_a", "cards": "a"}), on="person_key_a").join(
        counts.rename({"person_key": "person_key_b", "cards": "b"}), on=["person_key_b", "true_person"]
    )
    return int(across.select((pl.col("a").cast(pl.Int64) * pl.col("b").cast(pl.Int64)).sum()).item())


def _lines(known: pl.DataFrame, person_links: pl.DataFrame, rules: IdentityRules, same_person: int) -> list[TierScore]:
    who = known.select("card_key", "true_person")
    judged = (
        person_links.join(who.rename({"card_key": "card_key_a", "true_person": "x"}), on="card_key_a")
        .join(who.rename({"card_key": "card_key_b", "true_person": "y"}), on="card_key_b")
        .group_by("decision", "rule_code")
        .agg(pl.len().alias("pairs"), (pl.col("x") == pl.col("y")).sum().alias("true_pairs"))
    )
    rows = sorted(judged.rows(), key=lambda row: _place(row[0], row[1], rules))
    return [
        TierScore(f"{decision}: {rule}", pairs, true, _ratio(true, pairs), _ratio(true, same_person))
        for decision, rule, pairs, true in rows
    ]


def _place(decision: str, rule_code: str, rules: IdentityRules) -> tuple[int, int, str]:
    return (("link", "review", "apart").index(decision), rules.rank(rule_code), rule_code)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
