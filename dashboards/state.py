"""What a view shows, as it stands in the URL: a link reproduces the view, and nonsense in it falls back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from dashboards.formats import LANGUAGES
from dashboards.geography import ROOT_CODE, AreaTree
from pipelines.reference import BREAKDOWNS

PERIOD_TYPES = ("month", "quarter", "ytd", "year", "rolling12")
DEFAULT_PERIOD_TYPE = "ytd"
# Areas as they were in each period, in the tree that was in force then.
WAS = "was"
_OPTIONAL = ("as_of", "beside_area", "beside_period", "areas_of", *BREAKDOWNS)


@dataclass(frozen=True)
class ViewState:
    """The choices of a reader; codes only."""

    lang: str
    hierarchy: str
    area: str
    period_type: str
    period: str
    indicator: str
    as_of: str = ""  # the day (ISO) of which is shown what was known; empty for what is known now
    beside_area: str = ""  # what the view is compared with, if with anything
    beside_period: str = ""
    areas_of: str = ""  # by which list areas are drawn: WAS, a day (ISO), or empty for the tree's own
    service_type: str = ""  # which doses are told apart: by who pays, sex and age group; empty for all
    sex: str = ""
    age_group: str = ""

    def to_params(self) -> dict[str, str]:
        """Return the state as query parameters; what is not asked for needs none."""
        return {name: value for name, value in asdict(self).items() if value or name not in _OPTIONAL}

    def categories(self) -> dict[str, str]:
        """Return the chosen category of each breakdown of doses; empty for all."""
        return {code: getattr(self, code) for code in BREAKDOWNS}

    def at(self, area_code: str) -> ViewState:
        """Return the same view of another area."""
        return replace(self, area=area_code)


@dataclass(frozen=True)
class Choices:
    """What can be chosen in a release: the first of each is the default."""

    hierarchies: list[str]
    indicators: list[str]
    periods: Mapping[str, list[str]]  # per period type, the default first
    as_of: str = ""  # the day of the copy that is open
    lists: Sequence[str] = ()  # days (ISO) from which another list of the tree's areas held, the newest first
    categories: Mapping[str, list[str]] = field(default_factory=dict)  # of each breakdown of doses


def language_of(params: Mapping[str, str]) -> str:
    """Return the language of a link; Vietnamese unless it says otherwise."""
    chosen = params.get("lang", LANGUAGES[0])
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def parse(params: Mapping[str, str], choices: Choices, trees: Mapping[str, AreaTree]) -> ViewState:
    """Return the state that the parameters describe; what is missing or unknown takes its default."""
    hierarchy = _known(params.get("hierarchy"), choices.hierarchies)
    period_type = _known(params.get("period_type"), [DEFAULT_PERIOD_TYPE, *PERIOD_TYPES])
    area = params.get("area", ROOT_CODE)
    area = area if trees[hierarchy].get(area) else ROOT_CODE
    beside = params.get("beside_area", "")
    period = _known(params.get("period"), choices.periods[period_type])
    other_period = params.get("beside_period", "")
    return ViewState(
        lang=language_of(params),
        hierarchy=hierarchy,
        area=area,
        period_type=period_type,
        period=period,
        indicator=_known(params.get("indicator"), choices.indicators),
        as_of=choices.as_of,
        beside_area=beside if beside != area and trees[hierarchy].get(beside) else "",
        beside_period=other_period if other_period != period and other_period in choices.periods[period_type] else "",
        areas_of=_known(params.get("areas_of"), ["", WAS, *choices.lists]),
        **{code: _known(params.get(code), ["", *choices.categories.get(code, [])]) for code in BREAKDOWNS},
    )


def _known(value: str | None, allowed: list[str]) -> str:
    if value in allowed:
        return str(value)
    return allowed[0] if allowed else ""
