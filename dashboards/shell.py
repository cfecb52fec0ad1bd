"""What every page needs before it draws: the release, the words, the view's state, and the notes that go with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboards import access, formats, source
from dashboards.area_lists import AreaList
from dashboards.geography import ROOT_CODE, AreaTree
from dashboards.i18n import Texts
from dashboards.state import DEFAULT_PERIOD_TYPE, PERIOD_TYPES, WAS, Choices, ViewState, language_of, parse
from dashboards.views import default_first
from dashboards.warehouse import Area, Release
from pipelines.access.policy import NONE, Place
from pipelines.reference import load_registry

PAGES = {
    "page_nation": "app_pages/nation.py",
    "page_province": "app_pages/province.py",
    "page_local": "app_pages/local.py",
    "page_knowledge": "app_pages/knowledge.py",
    "page_quality": "app_pages/quality.py",
    "page_scorecard": "app_pages/scorecard.py",
    "page_definitions": "app_pages/definitions.py",
}
# These exist only for whom they are meant.
PERSON_PAGES = {
    "page_due": "app_pages/due.py",
    "page_person": "app_pages/person.py",
}
ACCESS_PAGES = {"page_access": "app_pages/access.py"}
AUDIT_PAGES = {"page_audit": "app_pages/audit.py"}
DESK_PAGES = {"page_desk": "app_pages/desk.py"}
_KEPT = "view"
_PAGE_OF_LEVEL = {"nation": "page_nation", "region": "page_nation", "province": "page_province"}


@dataclass(frozen=True)
class Registry:
    """The small relations of a release that every view uses; read once a release."""

    hierarchies: pl.DataFrame
    trees: dict[str, AreaTree]
    indicators: pl.DataFrame
    thresholds: pl.DataFrame
    statuses: pl.DataFrame
    sources: pl.DataFrame
    lists: dict[str, list[str]]  # hierarchy -> days from which another list of its areas held, newest first
    categories: dict[str, list[str]]  # breakdown of doses -> its categories
    periods: dict[str, dict[str, pl.DataFrame]]  # hierarchy -> period type -> those with values, oldest first


@dataclass(frozen=True)
class Context:
    """One run of one page."""

    release: Release
    registry: Registry
    texts: Texts
    state: ViewState
    missing_day: str = ""  # a day that was asked for and of which no copy can be shown
    listed_on: date | None = None  # the day whose list of areas is drawn; None for the tree's own
    listing: AreaList | None = None

    @property
    def tree(self) -> AreaTree:
        """The areas of the chosen hierarchy."""
        return self.registry.trees[self.state.hierarchy]

    @property
    def periods(self) -> pl.DataFrame:
        """The periods of the chosen type that have values, oldest first."""
        return self.registry.periods[self.state.hierarchy][self.state.period_type]

    def at(self, area: Area) -> Context:
        """Return the context of another area."""
        return replace(self, state=self.state.at(area.area_code))


@st.cache_resource(max_entries=3, show_spinner=False)
def _registry(release_id: str, _release: Release) -> Registry:
    codes = _release.hierarchies()["hierarchy_code"].to_list()
    return Registry(
        hierarchies=_release.hierarchies(),
        trees={code: AreaTree(code, _release.areas(code)) for code in codes},
        indicators=_release.indicators(),
        thresholds=_release.thresholds(),
        statuses=_release.value_statuses(),
        sources=_release.sources(),
        lists={code: [day.isoformat() for day in _release.days_of_lists(code)] for code in codes},
        categories=_categories(_release.breakdown_categories()),
        periods={code: {kind: _release.periods_with_values(kind, code) for kind in PERIOD_TYPES} for code in codes},
    )


def load(release: Release) -> Registry:
    """Return the small relations of a release: read now, or kept from an earlier view of it."""
    return _registry(release.release_id, release)


def _categories(rows: pl.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["breakdown_code"], []).append(row["category_code"])
    return found


def pages() -> dict[str, str]:
    """Return the pages of this reader: key of the title -> file; the first is where the reader begins."""
    scope = access.scope()
    found = dict(PAGES)
    if not scope.sees_all_values():
        # What tells of all areas together is not for a reader of one; the page of the nation shows the root of a tree.
        del found["page_quality"]
        roots = [Place(tree, ROOT_CODE) for tree in load_registry().hierarchies]
        if not any(scope.may_see_values(root) for root in roots):
            del found["page_nation"]
        if not any(
            scope.may_see_values(Place(area.hierarchy_code, area.area_code))
            for area in load_registry().areas.values()
            if area.level_code == "province"
        ):
            del found["page_province"]
    if scope.reader.role.finding_scope != NONE:
        found |= DESK_PAGES
    if scope.may_see_anybody():
        found |= PERSON_PAGES
    if access.door().entry is not access.Entry.MACHINE:
        found |= ACCESS_PAGES
    if scope.reader.role.can_read_audit:
        found |= AUDIT_PAGES
    return found


def parameters() -> dict[str, str]:
    """Return the URL's parameters; those of the session's last view where the URL is silent."""
    kept: dict[str, str] = st.session_state.get(_KEPT, {})
    return kept | st.query_params.to_dict()


def language() -> str:
    """Return the language to draw this run in."""
    return language_of(parameters())


def open_context() -> Context:
    """Return the context of this run, with the release as its reader may see it.

    Where the link names no area, it is the reader's own. Raises ReleaseError when there is nothing to read.
    """
    given = parameters()
    scope = access.scope()
    if not scope.sees_all_values():
        own = scope.reader.place
        given = {"hierarchy": own.hierarchy_code, "area": own.area_code} | given
    as_of = given.get("as_of", "")
    known = source.as_known(as_of) if as_of else None
    release = known or source.current()
    registry = load(release)
    hierarchy = given.get("hierarchy", "")
    codes = registry.hierarchies["hierarchy_code"].to_list()
    if hierarchy not in codes:
        hierarchy = codes[0]
    headline = registry.indicators.sort("is_headline", descending=True, maintain_order=True)["indicator_code"].to_list()
    given, hierarchy = _of_its_time(given, hierarchy, registry)
    choices = Choices(
        hierarchies=codes,
        indicators=default_first(headline, registry.indicators),
        periods={kind: _newest_first(frame) for kind, frame in registry.periods[hierarchy].items()},
        as_of=as_of if known else "",
        lists=registry.lists[hierarchy],
        categories=registry.categories,
    )
    state = parse(given, choices, registry.trees)
    listed_on = _listed_on(state, registry)
    return Context(
        release.within(scope),
        registry,
        Texts(state.lang),
        state,
        missing_day="" if known else as_of,
        listed_on=listed_on,
        listing=_listing(release.release_id, state.hierarchy, listed_on, release) if listed_on else None,
    )


def _last_day(registry: Registry, hierarchy: str, period_type: str, period: str) -> date | None:
    rows = registry.periods[hierarchy].get(period_type, pl.DataFrame())
    ends = rows.filter(pl.col("period") == period)["period_end_month"] if rows.height else pl.Series()
    return formats.months_before(ends[0], -1) - timedelta(days=1) if len(ends) else None


def _of_its_time(given: dict[str, str], hierarchy: str, registry: Registry) -> tuple[dict[str, str], str]:
    """Return the parameters in the tree that was in force at the end of their period, where areas are asked as-was."""
    if given.get("areas_of") != WAS:
        return given, hierarchy
    period_type = given.get("period_type", DEFAULT_PERIOD_TYPE)
    day = _last_day(registry, hierarchy, period_type, given.get("period", ""))
    for tree in registry.hierarchies.iter_rows(named=True):
        if day and tree["valid_from"] <= day and (tree["valid_to"] is None or day < tree["valid_to"]):
            return given | {"hierarchy": tree["hierarchy_code"]}, tree["hierarchy_code"]
    return given, hierarchy


def _listed_on(state: ViewState, registry: Registry) -> date | None:
    if state.areas_of == WAS:
        return _last_day(registry, state.hierarchy, state.period_type, state.period)
    return date.fromisoformat(state.areas_of) if state.areas_of else None


@st.cache_resource(max_entries=6, show_spinner=False)
def _listing(release_id: str, hierarchy: str, day: date, _release: Release) -> AreaList:
    return _release.area_list(hierarchy, day)


def _newest_first(frame: pl.DataFrame) -> list[str]:
    """Return the periods, the newest that is over first: it is the default."""
    newest = frame.reverse()
    complete = newest.filter(pl.col("is_complete"))["period"].to_list()
    return complete[:1] + [period for period in newest["period"].to_list() if period not in complete[:1]]


def remember(state: ViewState) -> None:
    """Write the state into the URL, so that a copied link shows this view, and keep it for the next page."""
    wanted = state.to_params()
    st.session_state[_KEPT] = wanted
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def change(**fields: str) -> None:
    """Change fields of the view: a widget's callback calls it, and the run that follows draws it."""
    changed = parameters() | fields
    st.session_state[_KEPT] = changed
    st.query_params.from_dict(changed)


def is_offered(context: Context, area: Area) -> bool:
    """Say whether the reader may see an area and has the page that shows it."""
    scope = context.release.scope
    place = Place(context.state.hierarchy, area.area_code)
    return page_of(area) in pages() and (scope is None or scope.may_see_values(place))


def page_of(area: Area) -> str:
    """Return the key of the page that shows areas of this level."""
    return _PAGE_OF_LEVEL.get(area.level_code, "page_local")


def period_text(context: Context, period: str | None = None) -> str:
    """Return a period of the chosen type in words; the chosen one by default."""
    chosen = period or context.state.period
    return formats.period(chosen, context.state.period_type, context.texts.language) if chosen else formats.NOTHING
