"""`niis identity`: who is who, what stewards are asked, what they decide, how good the links are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.output import CommandError, Format, FormatOption, console, print_rows, say
from pipelines.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from pipelines.identity.scoring import Score
    from pipelines.identity.store import IdentityStore

TABLE = ["tier", "pairs", "true_pairs", "precision", "recall"]
QUESTION = [
    "person_key_a", "person_key_b", "rule_code", "score", "card_key_a", "card_key_b", "evidence", "text_vi", "text_en",
]  # fmt: skip
CARD = [
    "full_name", "birth_date", "sex", "mother_name", "phone", "household_commune_code", "person_code", "national_id",
]  # fmt: skip
_MIN_PREFIX = 8

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Một người, nhiều thẻ: ghép, xem lại, quyết định, chấm điểm "
    "/ one person, many cards: links, reviews, decisions, scores.",
)
DeckOption = Annotated[
    Path,
    typer.Option("--deck", exists=True, dir_okay=False, help="Tệp của `niis identity deck` / a deck's file of cards."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="identity")


@group.command("status")
def status(ctx: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Số thẻ, số người, hàng chờ xem lại và bảng chấm điểm / cards, persons, the queue, and how good the links are."""
    import json  # noqa: PLC0415 - commands import what they need

    store = _store(ctx)
    report = json.loads(store.report.read_text(encoding="utf-8"))
    meanings = {
        "cards": "thẻ / person cards",
        "persons": "người / persons",
        "review_backlog": "câu hỏi chờ cán bộ / questions to stewards",
        "cannot_link_violations": "thẻ đã tách mà vẫn chung người / cards kept apart that are one person",
        "true_pairs": "cặp thẻ thật sự cùng người (dữ liệu có nhãn) / labelled pairs of one person",
        "precision": "độ chính xác của ghép tự động / precision of automatic links",
        "recall": "độ phủ của ghép tự động / recall of automatic links",
        "recall_with_review": "độ phủ kể cả hàng chờ / recall with the review queue",
    }
    rows = [{"name": name, "value": report[name], "meaning": meaning} for name, meaning in meanings.items()]
    rows += [
        {"name": line["tier"], "value": line["pairs"], "meaning": "cặp thẻ / pairs of cards" + _true_pairs(line)}
        for line in report["lines"]
    ]
    print_rows(rows, ["name", "value", "meaning"], form)


def _true_pairs(line: dict[str, Any]) -> str:
    true = line["true_pairs"]
    return "" if true is None else f"; thật sự cùng người / of one person: {true}"


@group.command("review")
def review(
    ctx: typer.Context,
    form: FormatOption = Format.TABLE,
    limit: Annotated[int, typer.Option(min=1, help="Số câu hỏi nhiều nhất / how many questions at most.")] = 20,
    with_cards: Annotated[
        bool,
        typer.Option("--cards", help="Kèm dữ liệu cá nhân của hai thẻ / with the personal data of both cards."),
    ] = False,
) -> None:
    """Những cặp chờ cán bộ phụ trách, chắc nhất trước / the pairs that wait for a steward, the surest first."""
    from pipelines.identity import store as files  # noqa: PLC0415 - commands import what they need
    from pipelines.identity.scoring import review_questions  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    store = _store(ctx)
    questions = review_questions(store.read(files.PERSON_CARDS), store.read(files.PERSON_LINKS)).head(limit)
    rules = load_registry().identity_rules
    rows: list[dict[str, Any]] = [
        {**row, "text_vi": rules[row["rule_code"]].text_vi, "text_en": rules[row["rule_code"]].text_en}
        for row in questions.to_dicts()
    ]
    columns = QUESTION
    if with_cards:
        known = _cards(ctx.obj, [row[side] for row in rows for side in ("card_key_a", "card_key_b")])
        for row in rows:
            for side in ("a", "b"):
                row |= {f"{name}_{side}": value for name, value in known[row[f"card_key_{side}"]].items()}
        columns = [*QUESTION[:6], *(f"{name}_{side}" for name in CARD for side in ("a", "b")), *QUESTION[6:]]
    print_rows(rows, columns, form)


@group.command("decide")
def decide(
    ctx: typer.Context,
    card: Annotated[str, typer.Argument(help="Mã thẻ, hoặc phần đầu / the key of a card, or its beginning.")],
    other: Annotated[str, typer.Argument(help="Mã thẻ kia / the key of the other card.")],
    link: Annotated[bool, typer.Option("--link", help="Là một người / they are one person.")] = False,
    apart: Annotated[bool, typer.Option("--apart", help="Là hai người / they are two persons.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Rút lại quyết định / take the decision back.")] = False,
    by: Annotated[str, typer.Option("--by", help="Ai quyết định / who decides.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Vì sao / why.")] = "",
) -> None:
    """Quyết định về hai thẻ; có hiệu lực từ lần `niis run` sau / decide on two cards, from the next `niis run` on."""
    if link + apart + undo != 1:
        raise typer.BadParameter("say exactly one of --link, --apart and --undo.", param_hint="--link")
    from pipelines.inbox import writer_lock  # noqa: PLC0415 - commands import what they need
    from pipelines.resources import Clock  # noqa: PLC0415
    from pipelines.stewardship.door import decide_persons  # noqa: PLC0415

    store = _store(ctx)
    first, second = (_card_key(store, text) for text in (card, other))
    settings: Settings = ctx.obj
    with writer_lock(settings):
        decision = decide_persons(
            settings,
            first,
            second,
            "must_link" if link else "cannot_link" if apart else "withdrawn",
            decided_by=by,
            decided_at=Clock().viet_nam_now(),
            reason=reason,
        )
    say(
        f"Đã ghi quyết định {decision.decision_id} / decision {decision.decision_id} is written: "
        f"{decision.card_key_a} {decision.card_key_b} {decision.decision}; niis run"
    )


@group.command("deck")
def deck(
    *,
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="Tệp CSV để ghi / the CSV file to write.")],
    children: Annotated[int, typer.Option(min=1, help="Số trẻ / how many children.")] = 40_000,
    seed: Annotated[int, typer.Option(help="Cùng số, cùng dữ liệu / the same seed gives the same bytes.")] = 1,
    days: Annotated[
        int | None,
        typer.Option(min=1, help="Sinh trong bao nhiêu ngày (mặc định: dày như cả nước) / born over so many days."),
    ] = None,
) -> None:
    """Sinh bộ thẻ có nhãn, có sinh đôi và mọi lỗi thường gặp / generate labelled cards, with twins and usual errors."""
    from pipelines.reference import load_registry  # noqa: PLC0415 - commands import what they need
    from pipelines.synthetic.persons import deck as deal  # noqa: PLC0415

    dealt = deal(load_registry(), children, seed, days)
    out.parent.mkdir(parents=True, exist_ok=True)
    dealt.cards.write_csv(out)
    dealt.truth.write_csv(_truth(out))
    say(f"{dealt.cards.height} thẻ / cards: {out}; nhãn / truth: {_truth(out)}")


@group.command("score")
def score(deck_file: DeckOption, form: FormatOption = Format.TABLE) -> None:
    """Ghép một bộ thẻ có nhãn và chấm điểm / link a labelled deck and say how good the links are."""
    from pipelines.identity.decisions import as_frame  # noqa: PLC0415 - commands import what they need
    from pipelines.identity.model import load_model  # noqa: PLC0415
    from pipelines.identity.resolve import resolve  # noqa: PLC0415
    from pipelines.identity.rules import rules_of  # noqa: PLC0415
    from pipelines.identity.scoring import report  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    cards, truth = _read_deck(deck_file)
    rules = rules_of(load_registry())
    # Keys of a deck name nobody, so nothing is to be kept secret.
    found = resolve(cards, as_frame({}), rules, load_model(), b"deck")
    _print_score(report(found.person_cards, found.person_links, truth, rules), form)


@group.command("train")
def train(
    deck_file: DeckOption,
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="Tệp mô hình để ghi / the model's file to write.")],
    seed: Annotated[int, typer.Option(help="Cùng số, cùng kết quả / the same seed gives the same weights.")] = 1,
) -> None:
    """Huấn luyện mô hình trên bộ thẻ có nhãn, để xem xét rồi đưa vào dự án / train the model on a labelled deck."""
    from pipelines.files import write_text_atomically  # noqa: PLC0415 - commands import what they need
    from pipelines.identity.rules import rules_of  # noqa: PLC0415
    from pipelines.identity.training import train as learn  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    cards, truth = _read_deck(deck_file)
    text = learn(cards, truth, rules_of(load_registry()), f"{deck_file.name}: {cards.height} cards", seed)
    write_text_atomically(out, text)
    say(f"Đã ghi mô hình / model written: {out}")


def _store(ctx: typer.Context) -> IdentityStore:
    from pipelines.identity.store import IdentityStore  # noqa: PLC0415 - commands import what they need

    settings: Settings = ctx.obj
    store = IdentityStore(settings.identity)
    if store.manifest() is None:
        raise CommandError(f"nobody has been identified yet in {settings.home}; submit files, then: niis run")
    return store


def _card_key(store: IdentityStore, text: str) -> str:
    import polars as pl  # noqa: PLC0415 - commands import what they need

    from pipelines.identity import store as files  # noqa: PLC0415

    if len(text) < _MIN_PREFIX:
        raise CommandError(f"'{text}' is too short for a card's key; give at least {_MIN_PREFIX} of its characters.")
    keys = store.read(files.PERSON_CARDS).get_column("card_key")
    found = keys.filter(keys.str.starts_with(text)).to_list() if isinstance(keys, pl.Series) else []
    if len(found) != 1:
        problem = "no card has" if not found else f"{len(found)} cards have"
        raise CommandError(f"{problem} a key that begins with '{text}'; niis identity review prints keys.")
    return str(found[0])


def _cards(settings: Settings, keys: list[str]) -> dict[str, dict[str, Any]]:
    from pipelines.identify import dose_record_parts  # noqa: PLC0415 - commands import what they need
    from pipelines.identity.cards import sent_cards  # noqa: PLC0415

    found = sent_cards(dose_record_parts(settings), keys)
    return {row["card_key"]: {name: row[name] for name in CARD} for row in found.to_dicts()}


def _truth(deck_file: Path) -> Path:
    return deck_file.with_name(f"{deck_file.stem}.truth.csv")


def _read_deck(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    import polars as pl  # noqa: PLC0415 - commands import what they need

    from pipelines.identify import read_labels  # noqa: PLC0415
    from pipelines.identity.cards import CARD_COLUMNS  # noqa: PLC0415

    truth = read_labels(_truth(path))
    if truth is None:
        raise CommandError(
            f"{_truth(path)} is missing: without it nobody knows who is who; niis identity deck --out {path}"
        )
    with path.open(encoding="utf-8") as stream:
        header = stream.readline().strip().split(",")
    if header != list(CARD_COLUMNS):
        raise CommandError(f"{path} has the columns {', '.join(header)}; a deck has {', '.join(CARD_COLUMNS)}.")
    return pl.read_csv(path, schema=CARD_COLUMNS), truth


def _print_score(found: Score, form: Format) -> None:
    rows: list[dict[str, Any]] = [
        {"tier": line.tier, "pairs": line.pairs, "true_pairs": line.true_pairs,
         "precision": _shown(line.precision), "recall": _shown(line.recall)}
        for line in found.lines
    ]  # fmt: skip
    totals = {"precision": _shown(found.precision), "recall": _shown(found.recall)}
    rows.append({"tier": "ghép tự động / automatic links", "pairs": None, "true_pairs": found.true_pairs, **totals})
    rows.append(
        {"tier": "kể cả hàng chờ / with the review queue", "pairs": found.review_backlog, "precision": None,
         "true_pairs": found.true_pairs, "recall": _shown(found.recall_with_review)}
    )  # fmt: skip
    print_rows(rows, TABLE, form)
    console(stderr=True).print(
        f"Hàng chờ xem lại / review backlog: {found.review_backlog}; "
        f"ghép trái quyết định / links across a cannot-link: {found.cannot_link_violations}"
    )


def _shown(ratio: float | None) -> str | None:
    """Return a ratio with the digits that tell 0.998 from 0.9998."""
    return None if ratio is None else f"{ratio:.5f}"
