"""The step: from files in any order and any batches to who is who, through the real intake."""

from __future__ import annotations

import itertools
import shutil
import stat
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.facilities import write_facilities
from pipelines.identify import LabelsError, identify, identity_is_current, read_report
from pipelines.identity import store as files
from pipelines.identity.decisions import DecisionStore
from pipelines.identity.resolve import person_key
from pipelines.identity.store import IdentityStore, IdentityStoreError
from pipelines.inbox import submit, take_in_waiting
from pipelines.progress import SilentReporter
from pipelines.reference import load_registry
from pipelines.settings import Settings
from pipelines.synthetic.persons import deck
from tests.intake.conftest import register

RECEIVED_AT = datetime(2026, 4, 5, 12)
FILES = 6


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A deck's cards as dose records in some files; cards of one child lie in several of them."""
    folder = tmp_path_factory.mktemp("deliveries")
    dealt = deck(load_registry(), 250, seed=9).cards
    first_dose = pl.max_horizontal(pl.col("known_from").dt.date(), "birth_date")
    rows = dealt.select(
        record_id="R" + pl.int_range(pl.len()).cast(pl.String),
        facility_code=pl.lit("0000101"),
        submitted_at=(pl.col("known_from") + pl.duration(days=40)).dt.strftime("%Y-%m-%d %H:%M:%S"),
        person_code="person_code",
        national_id="national_id",
        full_name="full_name",
        birth_date=pl.col("birth_date").dt.strftime("%d/%m/%Y"),
        sex="sex",
        mother_name="mother_name",
        phone="phone",
        household_commune_code="household_commune_code",
        birth_order=pl.col("birth_order").cast(pl.String),
        product_code=pl.lit("penta_sii"),
        given_at=first_dose.dt.strftime("%d/%m/%Y"),
        dose_number=pl.lit("1"),
        dose_status=pl.lit("2"),
    )
    lines = [",".join(cell or "" for cell in row) for row in rows.iter_rows()]
    paths = []
    for number in range(FILES):
        path = folder / f"part{number}.csv"
        path.write_text("\n".join([",".join(rows.columns), *lines[number::FILES]]) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


@pytest.fixture
def home(tmp_path: Path) -> Callable[[str], Settings]:
    """Makes empty homes with a small register and one and the same secret."""

    def make(name: str) -> Settings:
        made = Settings(tmp_path / name)
        write_facilities(register(), made.facilities)
        made.identity.mkdir()
        (made.identity / "secret.key").write_text("ab" * 32 + "\n", encoding="ascii")
        return made

    return make


def deliver(where: Settings, paths: Sequence[Path]) -> None:
    submit(where, paths)
    take_in_waiting(where, load_registry(), RECEIVED_AT)
    identify(where, load_registry(), SilentReporter())


def people(where: Settings) -> pl.DataFrame:
    return IdentityStore(where.identity).read(files.PERSON_CARDS).select("card_key", "person_key")


@given(
    order=st.permutations(range(FILES)),
    cuts=st.lists(st.integers(1, FILES - 1), max_size=3),
    again=st.lists(st.integers(0, FILES - 1), max_size=2),
)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_files_in_any_order_and_batches_give_the_same_persons(
    order: list[int],
    cuts: list[int],
    again: list[int],
    home: Callable[[str], Settings],
    deliveries: list[Path],
) -> None:
    number = uuid.uuid4().hex
    plain, other = home(f"plain{number}"), home(f"other{number}")
    deliver(plain, deliveries)
    sequence = [*order, *again]
    for first, last in itertools.pairwise(sorted({0, len(sequence), *cuts})):
        deliver(other, [deliveries[index] for index in sequence[first:last]])
    assert people(other).equals(people(plain))
    links = [IdentityStore(where.identity).read(files.PERSON_LINKS) for where in (plain, other)]
    assert links[0].equals(links[1])


def test_a_decision_survives_every_run_and_can_be_undone(
    home: Callable[[str], Settings], deliveries: list[Path]
) -> None:
    here = home("a")
    deliver(here, deliveries[:5])
    store = IdentityStore(here.identity)
    before = {name: store.path(name).read_bytes() for name in (files.PERSON_CARDS, files.PERSON_LINKS)}
    linked = store.read(files.PERSON_LINKS).filter(pl.col("decision") == "link").row(0, named=True)
    pair = linked["card_key_a"], linked["card_key_b"]

    def decide(verdict: str) -> None:
        DecisionStore(store.decisions).record(
            *pair,
            verdict,  # type: ignore[arg-type]
            decided_by="Lan",
            decided_at=RECEIVED_AT,
            reason="hai trẻ",
        )

    decide("cannot_link")
    assert not identity_is_current(here, load_registry())
    identify(here, load_registry(), SilentReporter())
    assert identity_is_current(here, load_registry())
    keys = dict(people(here).rows())
    assert keys[pair[0]] != keys[pair[1]]
    decide("withdrawn")
    identify(here, load_registry(), SilentReporter())
    assert {name: store.path(name).read_bytes() for name in before} == before
    decide("cannot_link")
    deliver(here, deliveries[5:])
    keys = dict(people(here).rows())
    assert keys[pair[0]] != keys[pair[1]]


def test_a_key_that_names_nobody_any_more_leads_on(home: Callable[[str], Settings], deliveries: list[Path]) -> None:
    here = home("a")
    deliver(here, deliveries)
    store = IdentityStore(here.identity)
    assert store.read(files.PERSON_REDIRECTS).is_empty()
    cards = people(here).join(store.read(files.MATCH_KEYS).select("card_key", "known_from"), on="card_key")
    (old, old_card), (other, other_card) = (
        cards.sort("known_from", "card_key").unique("person_key", keep="first", maintain_order=True)
        .select("person_key", "card_key").head(2).rows()
    )  # fmt: skip
    decisions = DecisionStore(store.decisions)
    decisions.record(old_card, other_card, "must_link", decided_by="Lan", decided_at=RECEIVED_AT, reason="một trẻ")
    identify(here, load_registry(), SilentReporter())
    merged = {key for key in (old, other) if key not in set(people(here).get_column("person_key"))}
    assert store.read(files.PERSON_REDIRECTS).rows() == [
        (key, {old: old_card, other: other_card}[key], ({old, other} - merged).pop()) for key in merged
    ]
    decisions.record(old_card, other_card, "withdrawn", decided_by="Lan", decided_at=RECEIVED_AT, reason="nhầm")
    identify(here, load_registry(), SilentReporter())
    assert store.read(files.PERSON_REDIRECTS).is_empty()


def test_nothing_new_does_nothing(home: Callable[[str], Settings], deliveries: list[Path]) -> None:
    here = home("a")
    deliver(here, deliveries[:1])
    before = (here.identity / "manifest.json").stat().st_mtime_ns
    again = identify(here, load_registry(), SilentReporter())
    assert not again.is_new
    assert again.persons > 0
    assert (here.identity / "manifest.json").stat().st_mtime_ns == before


def test_a_damaged_or_half_written_file_is_made_again(home: Callable[[str], Settings], deliveries: list[Path]) -> None:
    here = home("a")
    deliver(here, deliveries[:2])
    store = IdentityStore(here.identity)
    before = store.path(files.PERSON_CARDS).read_bytes()
    for name in (files.PERSON_CARDS, files.MODEL_PAIRS):
        store.path(name).write_bytes(b"half of it")
        identify(here, load_registry(), SilentReporter())
        assert store.path(files.PERSON_CARDS).read_bytes() == before


def test_the_secret_is_made_once_for_its_owner_alone(home: Callable[[str], Settings], deliveries: list[Path]) -> None:
    here = home("a")
    shutil.rmtree(here.identity)
    deliver(here, deliveries[:1])
    path = here.identity / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store = IdentityStore(here.identity)
    secret = store.secret()
    assert store.secret() == secret
    first = people(here).row(0)
    assert person_key(first[0], b"another secret" * 3) not in set(people(here).get_column("person_key"))
    path.write_text("not a key", encoding="ascii")
    with pytest.raises(IdentityStoreError, match="restore it"):
        store.secret()


def test_a_lake_without_dose_records_has_no_persons(home: Callable[[str], Settings], tmp_path: Path) -> None:
    here = home("a")
    report = tmp_path / "report.csv"
    report.write_text("facility_code,period,sessions_held\n0000101,2024-03,2\n", encoding="utf-8")
    deliver(here, [report])
    assert people(here).is_empty()
    assert IdentityStore(here.identity).read(files.PERSON_LINKS).is_empty()


HEADER = (
    "record_id,facility_code,submitted_at,person_code,full_name,birth_date,mother_name,household_commune_code,"
    "product_code,given_at,dose_number,dose_status"
)
THREE = [
    "R1,0000101,2024-04-03 08:00:00,P1,Nguyễn Thị Ánh,01/01/2024,Trần Thị Hoà,00001,penta_sii,05/03/2024,1,2",
    "R2,0000401,2024-05-03 08:00:00,q1,Nguyễn Thị Ánh,01/01/2024,Trần Thị Hoà,00001,penta_sii,05/04/2024,2,2",
    "R3,0000401,2024-05-03 08:00:00,P2,Lê Văn Bình,20/01/2024,Phạm Thị Lan,00004,penta_sii,15/04/2024,1,2",
]


def test_codes_of_persons_with_another_code_are_enough_to_score_a_run(
    home: Callable[[str], Settings], tmp_path: Path
) -> None:
    paths = []
    for number, line in enumerate(THREE):
        paths.append(tmp_path / f"part{number}.csv")
        paths[-1].write_text(f"{HEADER}\n{line}\n", encoding="utf-8")
    settings = home("home")
    IdentityStore(settings.identity).labels.write_text("person_code,true_person_code\nQ1,P1\n", encoding="utf-8")
    deliver(settings, paths)
    found = read_report(settings)
    assert {name: found[name] for name in ("cards", "persons", "true_pairs", "precision", "recall")} == {
        "cards": 3, "persons": 2, "true_pairs": 1, "precision": 1.0, "recall": 1.0,
    }  # fmt: skip
    other = home("other")
    IdentityStore(other.identity).labels.write_text("person_code,true_person_code\nQ1,P2\n", encoding="utf-8")
    deliver(other, paths)
    assert (read_report(other)["precision"], read_report(other)["recall"]) == (0.0, 0.0)
    third = home("third")
    IdentityStore(third.identity).labels.write_text("code,person\nQ1,P2\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"columns code, person; write card_key,true_person or person_code"):
        deliver(third, paths)
