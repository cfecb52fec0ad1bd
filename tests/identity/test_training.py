"""The model is a file that training makes and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.identity.model import MODEL_PATH, ModelError, load_model
from pipelines.identity.rules import IdentityRules
from pipelines.identity.training import PRIOR, train
from pipelines.reference import load_registry
from pipelines.synthetic.persons import deck


def test_the_same_deck_trains_the_same_model(rules: IdentityRules, tmp_path: Path) -> None:
    dealt = deck(load_registry(), 400, seed=3, days=60)
    text = train(dealt.cards, dealt.truth, rules, "a small deck", seed=1, sampled_pairs=2e5)
    assert train(dealt.cards, dealt.truth, rules, "a small deck", seed=1, sampled_pairs=2e5) == text
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    model = load_model(path)
    assert model.version != load_model().version
    assert model.settings["probability_two_random_records_match"] == PRIOR
    assert model.weights["name"][4] > model.weights["name"][0]


def test_the_weights_of_the_model_make_sense() -> None:
    model = load_model()
    for name, levels in model.weights.items():
        known = [weight for number, weight in sorted(levels.items()) if number >= 0]
        assert known[0] < 0 < known[-1], name
        assert known == sorted(known), f"{name}: a closer level must weigh more"
        assert levels[-1] == 0


def test_a_model_for_other_comparisons_is_refused(tmp_path: Path) -> None:
    found = json.loads(MODEL_PATH.read_text(encoding="utf-8"))
    found["settings"]["comparisons"][0]["comparison_levels"][1]["sql_condition"] = "name_l = name_r"
    path = tmp_path / "model.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(ModelError, match="other comparisons"):
        load_model(path)
    with pytest.raises(ModelError, match="is missing"):
        load_model(tmp_path / "nothing.json")
