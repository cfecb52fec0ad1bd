"""The step between the lake and the warehouse that says which cards are one person; it holds the writer lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.files import write_text_atomically
from pipelines.identity import resolve as pure
from pipelines.identity import store as files
from pipelines.identity.cards import read_cards
from pipelines.identity.corrections import VERSIONS, replaced, versions
from pipelines.identity.decisions import DecisionStore, as_frame, ever_decided
from pipelines.identity.increment import Inputs, Known, from_nothing, with_more
from pipelines.identity.model import load_model
from pipelines.identity.normalise import code, match_keys
from pipelines.identity.rules import IdentityRules, rules_of
from pipelines.identity.scoring import report
from pipelines.identity.store import IdentityStore, Manifest
from pipelines.inbox import writer_lock
from pipelines.lake import Lake
from pipelines.ledger import Ledger
from pipelines.progress import Reporter
from pipelines.reference import Registry
from pipelines.settings import Settings


class LabelsError(Exception):
    """The file that says who is who in truth cannot be understood; the message says what it should hold."""


@dataclass(frozen=True)
class IdentitySummary:
    """What a run of identity left."""

    cards: int
    new_cards: int  # of batches that were not in before
    persons: int
    links: int
    to_review: int  # links that wait for a steward
    is_new: bool  # False when nothing had changed


def identity_is_current(settings: Settings, registry: Registry) -> bool:
    """Say whether the files of identity show every batch and decision, by the definitions of today."""
    store = IdentityStore(settings.identity)
    manifest = store.manifest()
    return manifest is not None and _wanted(settings, registry, store) == _key(manifest)


def identify(settings: Settings, registry: Registry, reporter: Reporter) -> IdentitySummary:
    """Work out who is who from the lake and the stewards' decisions, and write it down.

    What earlier runs read and scored is kept as long as definitions, model and code are the same; the result is
    that of a run from nothing.
    """
    with reporter.step("Nhận diện người / identifying persons") as step, writer_lock(settings):
        Lake(settings).sweep()
        store, rules = IdentityStore(settings.identity), rules_of(registry)
        last = store.manifest()
        manifest = last if last is not None and store.is_whole(last) else None
        wanted = _wanted(settings, registry, store)
        if manifest is not None and _key(manifest) == wanted:
            return _summary(manifest, new_cards=0, is_new=False)
        before = manifest if manifest is not None and _definitions(_key(manifest)) == _definitions(wanted) else None
        step(0, 3, "cards")
        parts, new_parts = (
            dose_record_parts(settings),
            dose_record_parts(settings, before.through_batch_no if before else 0),
        )
        more = match_keys(read_cards(new_parts), rules)
        several = versions(
            parts, new_parts, store.read(files.RECORD_VERSIONS) if before else pl.DataFrame(schema=VERSIONS)
        )
        decisions, secret = DecisionStore(store.decisions), store.secret()
        inputs = Inputs(
            decisions=as_frame(decisions.standing()),
            ever_decided=ever_decided(decisions.history()),
            replaced=replaced(parts, several),
            rules=rules,
            model=load_model(),
            secret=secret,
        )
        step(1, 3, "links")
        state = with_more(_known(store), more, inputs) if before else from_nothing(more, inputs)
        found = state.resolution
        # What was ever given out as a key is worth more than the rest: each file is used when it is whole by itself.
        redirects = pure.redirects(
            store.read(files.PERSON_CARDS) if store.vouches(last, files.PERSON_CARDS) else found.person_cards,
            store.read(files.PERSON_REDIRECTS)
            if store.vouches(last, files.PERSON_REDIRECTS)
            else pl.DataFrame(schema=pure.PERSON_REDIRECTS),
            found.person_cards,
            secret,
        )
        step(2, 3, "files")
        written = store.write(
            {
                files.MATCH_KEYS: state.keys,
                files.PERSON_CARDS: found.person_cards,
                files.PERSON_LINKS: found.person_links,
                files.PERSON_REDIRECTS: redirects,
                files.MODEL_PAIRS: found.model_pairs,
                files.RECORD_VERSIONS: several,
                files.REPLACED_CARDS: inputs.replaced,
            },
            Manifest(*wanted, counts=_counts(found), sha256={}),
        )
        _write_report(store, found, state.keys, rules)
        step(3, 3, "")
    new_cards = state.keys.height - (before.counts[files.MATCH_KEYS] if before else 0)
    return _summary(written, new_cards=new_cards, is_new=True)


def _known(store: IdentityStore) -> Known:
    return Known(
        store.read(files.MATCH_KEYS),
        pure.Resolution(store.read(files.PERSON_CARDS), store.read(files.PERSON_LINKS), store.read(files.MODEL_PAIRS)),
        store.read(files.REPLACED_CARDS),
    )


def _definitions(key: tuple[int, int, str, str]) -> tuple[str, str]:
    return key[2:]


def decisions_waiting(settings: Settings, registry: Registry) -> str | None:
    """Return a name for what stewards decided, or what definitions say, since persons were last worked out.

    None when the files of identity are current, or when nothing was ever identified.
    """
    store = IdentityStore(settings.identity)
    if store.manifest() is None or identity_is_current(settings, registry):
        return None
    _, decision_id, rules_version, model_version = _wanted(settings, registry, store)
    return f"{decision_id}-{rules_version}-{model_version}"


def read_labels(path: Path, keys: pl.DataFrame | None = None) -> pl.DataFrame | None:
    """Return who is who in truth (card_key, true_person), or None where nobody knows.

    The file names cards (card_key, true_person); or codes that stand for somebody who has another code (person_code,
    true_person_code), where every other code in `keys` is a person of its own and a card without one is not labelled.
    Raises LabelsError for other columns.
    """
    if not path.exists():
        return None
    labels = pl.read_csv(path, infer_schema=False)
    if labels.columns == ["card_key", "true_person"]:
        return labels
    if keys is None or labels.columns != ["person_code", "true_person_code"]:
        raise LabelsError(
            f"{path} has the columns {', '.join(labels.columns)}; write card_key,true_person"
            + ("." if keys is None else " or person_code,true_person_code.")
        )
    codes = labels.select(code(pl.all()))
    return (
        keys.select("card_key", "person_code")
        .drop_nulls()
        .join(codes, on="person_code", how="left", maintain_order="left")
        .select("card_key", pl.coalesce("true_person_code", "person_code").alias("true_person"))
    )


def read_report(settings: Settings) -> dict[str, Any]:
    """Return the table of the last run: counts by rule, and how good the links are where labels say who is who."""
    table: dict[str, Any] = json.loads(IdentityStore(settings.identity).report.read_text(encoding="utf-8"))
    return table


def _write_report(store: IdentityStore, found: pure.Resolution, keys: pl.DataFrame, rules: IdentityRules) -> None:
    table = report(found.person_cards, found.person_links, read_labels(store.labels, keys), rules)
    write_text_atomically(store.report, json.dumps(table.as_dict(), indent=2))


def _wanted(settings: Settings, registry: Registry, store: IdentityStore) -> tuple[int, int, str, str]:
    through = Ledger(settings.ledger).latest_batch_no() if settings.ledger.exists() else 0
    decided = DecisionStore(store.decisions).history()
    return (through, decided[-1].decision_id if decided else 0, rules_of(registry).version, load_model().version)


def _key(manifest: Manifest) -> tuple[int, int, str, str]:
    return (
        manifest.through_batch_no,
        manifest.through_decision_id,
        manifest.rules_version,
        manifest.model_version,
    )


def dose_record_parts(settings: Settings, since_batch_no: int = 0) -> list[Path]:
    """Return the parts of dose records of the batches after one; a part's name holds the number of its batch."""
    found = []
    for part in Ledger(settings.ledger).parts():
        path = Path(part.path)
        if path.parts[0] == "dose_records" and int(path.name.split("-")[1]) > since_batch_no:
            found.append(settings.lake / path)
    return found


def _counts(found: pure.Resolution) -> dict[str, int]:
    decisions = dict(found.person_links.group_by("decision").len().rows())
    return {
        "persons": found.person_cards.get_column("person_key").n_unique(),
        **{f"links_{name}": int(decisions.get(name, 0)) for name in ("link", "review", "apart")},
    }


def _summary(manifest: Manifest, *, new_cards: int, is_new: bool) -> IdentitySummary:
    return IdentitySummary(
        cards=manifest.counts[files.PERSON_CARDS],
        new_cards=new_cards,
        persons=manifest.counts["persons"],
        links=manifest.counts["links_link"],
        to_review=manifest.counts["links_review"],
        is_new=is_new,
    )
