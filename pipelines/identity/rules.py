"""The rows of the registry that identity follows, in the shape in which the code asks for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines import phones
from pipelines.reference import IdentityRule, NamePlaceholder, PhonePrefix, Registry, RegistryError

PACKAGE = Path(__file__).parent
_LIMITS = (
    "auto_link_probability",
    "review_probability",
    "max_cluster_cards",
    "given_typo_distance",
    "given_typo_length",
)


@dataclass(frozen=True)
class Limits:
    """The thresholds, by name."""

    auto_link_probability: float
    review_probability: float
    max_cluster_cards: int
    given_typo_distance: int
    given_typo_length: int


@dataclass(frozen=True, eq=False)
class IdentityRules:
    """Everything that decides who is the same person, beside the cards and the stewards' decisions."""

    limits: Limits
    rules: Mapping[str, IdentityRule]
    placeholders: tuple[NamePlaceholder, ...]
    phone_prefixes: tuple[PhonePrefix, ...]
    commune_today: Mapping[str, str]  # the commune of today's tree in which most of a code's area lies
    province_of: Mapping[str, str]  # of communes of today's tree
    version: str  # changes when a definition or this package does

    def rank(self, rule_code: str) -> int:
        """Return how early a rule is believed."""
        return self.rules[rule_code].rank


def rules_of(registry: Registry) -> IdentityRules:
    """Return the identity rules of a registry. Raises RegistryError when a threshold is missing."""
    missing = [name for name in _LIMITS if name not in registry.identity_thresholds]
    if missing:
        raise RegistryError(f"identity_thresholds lacks {', '.join(missing)}; add the row(s).")
    values = {name: registry.identity_thresholds[name].value for name in _LIMITS}
    today = {
        code: code for (tree, code), area in registry.areas.items() if tree == "34" and area.level_code == "commune"
    }
    province = {code: str(registry.areas["34", code].parent_code) for code in today}
    return IdentityRules(
        limits=Limits(
            auto_link_probability=values["auto_link_probability"],
            review_probability=values["review_probability"],
            max_cluster_cards=int(values["max_cluster_cards"]),
            given_typo_distance=int(values["given_typo_distance"]),
            given_typo_length=int(values["given_typo_length"]),
        ),
        rules=registry.identity_rules,
        placeholders=tuple(registry.name_placeholders),
        phone_prefixes=tuple(registry.phone_prefixes),
        # A code that both trees use keeps its meaning of today: the old commune mostly became the new one.
        commune_today={**registry.primary_successor, **today},
        province_of=province,
        version=_version(registry),
    )


def _version(registry: Registry) -> str:
    """Return a hash of the definitions and of this package: another one means that everything is linked again."""
    digest = hashlib.sha256()
    for rows in (
        registry.identity_thresholds.values(),
        registry.identity_rules.values(),
        registry.name_placeholders,
        registry.phone_prefixes,
        sorted(registry.primary_successor.items()),
    ):
        digest.update(repr(list(rows)).encode() + b"\0")
    for path in sorted([*PACKAGE.glob("*.py"), *PACKAGE.glob("*.json"), Path(phones.__file__)]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
