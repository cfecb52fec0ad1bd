"""Match keys: names, dates, numbers and places in the form in which they are compared. The card keeps what was sent.

Vietnamese names put the family name first and the given name, by which a person is called, last. Middle words such
as Thị or Văn come and go; newborns are written "con bà ..." (child of Mrs ...) until they are named.
"""

from __future__ import annotations

import polars as pl

from pipelines.identity.cards import Schema, shaped
from pipelines.identity.rules import IdentityRules
from pipelines.phones import ten_digits

# A telephone number of ten digits, of a mobile or a fixed line.
_PHONE = r"^0[2-9][0-9]{8}$"
# Somebody leaned on the key: one digit for the whole number, or a run of the ten digits.
_DUMMY_PHONES = ("0123456789", "0987654321")

MATCH_COLUMNS: Schema = {
    "card_key": pl.String,
    "person_code": pl.String,
    "national_id": pl.String,  # twelve digits, else null
    "own_id": pl.String,  # the national id, when its digits of the year of birth are those of the card
    "name": pl.String,  # all words, folded
    "name_core": pl.String,  # without particles
    "name_sorted": pl.String,  # its words in alphabetical order, without particles wherever they stand
    "surname": pl.String,
    "given": pl.String,
    "is_unnamed": pl.Boolean,
    "birth_date": pl.Date,
    "birth_fold": pl.Date,  # the earlier of the birth date and of the date with day and month swapped
    "sex": pl.String,
    "mother": pl.String,
    "mother_core": pl.String,
    "phone": pl.String,
    "commune": pl.String,  # of today's tree
    "commune_2": pl.String,  # of the temporary address, when there is one
    "province": pl.String,
    "birth_order": pl.Int32,
    "known_from": pl.Datetime("us"),
    "first_batch_no": pl.Int32,
}


def match_keys(cards: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Return the match keys of cards, one row a card, in the order of the cards."""
    kinds = {kind: [row for row in rules.placeholders if row.kind == kind] for kind in
             ("mother_follows", "unnamed", "particle", "birth_order")}  # fmt: skip
    orders = {row.phrase: int(row.stands_for or 0) for row in kinds["birth_order"]}
    mark = "|".join(orders)
    follows = "|".join(sorted((row.phrase for row in kinds["mother_follows"]), key=len, reverse=True))
    unnamed = "|".join(row.phrase for row in kinds["unnamed"])
    particles = [row.phrase for row in kinds["particle"]]

    frame = cards.with_columns(_folded("full_name").alias("text"), _folded("mother_name").alias("mother_text"))
    is_child_of = pl.col("text").str.contains(f"^(?:{follows}) ")
    is_unnamed = (
        is_child_of | pl.col("text").str.contains(f"^(?:{unnamed})(?: (?:{mark}))?$") | pl.col("text").is_null()
    )
    frame = frame.with_columns(
        is_unnamed.fill_null(value=True).alias("is_unnamed"),
        pl.when(is_unnamed).then(pl.col("text").str.extract(f" ({mark})$")).alias("mark"),
        pl.when(is_child_of)
        .then(pl.col("text").str.replace(f"^(?:{follows}) ", "").str.replace(f" (?:{mark})$", ""))
        .alias("mother_named"),
    ).with_columns(
        pl.when(~pl.col("is_unnamed")).then("text").alias("name"),
        pl.coalesce("mother_text", "mother_named").alias("mother"),
        pl.coalesce("birth_order", pl.col("mark").replace_strict(orders, default=None, return_dtype=pl.Int32)).alias(
            "birth_order"
        ),
    )
    frame = frame.with_columns(
        _without(pl.col("name"), particles).alias("name_core"),
        _without(pl.col("mother"), particles).alias("mother_core"),
        _swapped(pl.col("birth_date")).alias("birth_swapped"),
        _phone(pl.col("phone"), rules).alias("phone"),
        _national_id(pl.col("national_id")).alias("national_id"),
        code(pl.col("person_code")).alias("person_code"),
        *(
            pl.col(name).replace_strict(dict(rules.commune_today), default=pl.col(name)).alias(alias)
            for name, alias in (("household_commune_code", "commune"), ("temporary_commune_code", "commune_2"))
        ),
    ).with_columns(
        _without_any(pl.col("name_core"), particles).str.split(" ").list.sort().list.join(" ").alias("name_sorted"),
        pl.col("name_core").str.split(" ").list.first().alias("surname"),
        pl.col("name_core").str.split(" ").list.last().alias("given"),
        pl.min_horizontal("birth_date", "birth_swapped").alias("birth_fold"),
        pl.when(pl.col("national_id").str.slice(4, 2) == pl.col("birth_date").dt.strftime("%y"))
        .then("national_id")
        .alias("own_id"),
        pl.coalesce("commune", "commune_2").replace_strict(dict(rules.province_of), default=None).alias("province"),
    )
    return shaped(frame, MATCH_COLUMNS)


def _folded(name: str) -> pl.Expr:
    """Return small letters without diacritics and single spaces; null when nothing is left."""
    text = (
        pl.col(name)
        .str.to_lowercase()
        .str.replace_all("[đð]", "d")
        .str.normalize("NFD")
        .str.replace_all(r"\p{M}+", "")
        .str.replace_all("[^a-z0-9]+", " ")
        .str.strip_chars()
    )
    return pl.when(text != "").then(text)


def _without(name: pl.Expr, particles: list[str]) -> pl.Expr:
    """Return a name without particles in the middle of it; its first and its last word always stay."""
    word = "|".join(particles)
    pattern = f" (?:{word}) "
    # Two passes: words that follow each other share a space.
    return name.str.replace_all(pattern, " ").str.replace_all(pattern, " ")


def _without_any(name: pl.Expr, particles: list[str]) -> pl.Expr:
    """Return a name without particles at its ends either, as long as two words are left."""
    pattern = f"^(?:{'|'.join(particles)}) | (?:{'|'.join(particles)})$"
    shorter = name.str.replace_all(pattern, "")
    return pl.when(shorter.str.contains(" ", literal=True)).then(shorter).otherwise(name)


def _swapped(day: pl.Expr) -> pl.Expr:
    """Return the date with day and month swapped; null when there is no such date."""
    return pl.when(day.dt.day() <= 12).then(pl.date(day.dt.year(), day.dt.day(), day.dt.month()))


def _phone(number: pl.Expr, rules: IdentityRules) -> pl.Expr:
    """Return ten digits, with +84 and prefixes of old brought up to date; null for what is no number of a person."""
    digits = ten_digits(number, rules.phone_prefixes)
    tail = digits.str.slice(2)
    is_dummy = digits.is_in(list(_DUMMY_PHONES)) | (tail == tail.str.slice(0, 1).repeat_by(8).list.join(""))
    return pl.when(digits.str.contains(_PHONE) & ~is_dummy).then(digits)


def _national_id(number: pl.Expr) -> pl.Expr:
    """Return twelve digits that begin with a province's zero; null for anything else."""
    digits = number.str.replace_all("[^0-9]", "")
    return pl.when(digits.str.contains("^0[0-9]{11}$") & ~digits.str.contains("^0+$")).then(digits)


def code(text: pl.Expr) -> pl.Expr:
    """Return a person code in capital letters without spaces; null when nothing is left."""
    code = text.str.to_uppercase().str.replace_all(r"\s+", "")
    return pl.when(code != "").then(code)
