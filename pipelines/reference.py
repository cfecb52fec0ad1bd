"""The registry for Python code: typed rows of the seeds, checked for closure when they are loaded.

Definitions live in `dbt_project/seeds/`; nothing here knows an antigen, a dose or a threshold.
"""

from __future__ import annotations

import csv
import hashlib
import types
import typing
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pipelines.settings import SEEDS_DIR
from pipelines.text import fold_key


class RegistryError(Exception):
    """A seed is missing, misshapen, or refers to what does not exist; the message names seed and row."""


FORM_MONTHS = ("whole", "last", "before")
INJECTIONS = "injections"
FORM_PARTS = ("value", "numerator", "denominator")
ACCESS_SCOPES = ("none", "area", "nation")
SMALL_CELLS = ("shown", "on_screen", "never")
# The codes of `breakdown_categories`: columns of the breakdowns of doses.
SERVICE_TYPE, SEX, AGE_GROUP = BREAKDOWNS = ("service_type", "sex", "age_group")
_BRIDGE_ENDS = ("start", "subtotal", "end")
_BRIDGE_KINDS = {*_BRIDGE_ENDS, "step", "denominator_step", "denominator"}


@dataclass(frozen=True, slots=True)
class Antigen:
    """What a vaccine protects against."""

    antigen_code: str
    name_vi: str
    name_en: str
    disease_vi: str
    disease_en: str
    introduced_date: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Product:
    """A vaccine as it is delivered."""

    product_code: str
    name_vi: str
    name_en: str
    doses_per_vial: int
    min_age_days: int | None
    max_age_days: int | None
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class ProductAntigen:
    """An antigen that a product contains."""

    product_code: str
    antigen_code: str
    source: str


@dataclass(frozen=True, slots=True)
class Series:
    """A series of doses, counted through one antigen."""

    series_code: str
    antigen_code: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ProductSeries:
    """A series whose dose number a product advances."""

    product_code: str
    series_code: str
    source: str


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose of a series; `coverage_age_limit_months` bounds the age at which it counts for coverage."""

    dose_code: str
    series_code: str
    dose_number: int
    name_vi: str
    name_en: str
    short_name: str
    target_group_code: str
    coverage_age_limit_months: int
    previous_dose_code: str | None
    sort_order: int
    source: str


@dataclass(frozen=True, slots=True)
class ScheduleVersion:
    """A version of the national schedule, in force from `valid_from` until before `valid_to`."""

    schedule_code: str
    name_vi: str
    name_en: str
    valid_from: date
    valid_to: date | None
    legal_basis: str
    source: str


@dataclass(frozen=True, slots=True)
class ScheduleDose:
    """What a version of the schedule says of a dose; ages and intervals are text such as `2 months`."""

    schedule_code: str
    dose_code: str
    recommended_age: str
    minimum_age: str
    maximum_age: str | None
    minimum_interval: str | None
    scope: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class VerdictReason:
    """Why a dose is valid, invalid or extra, and what is to be done."""

    reason_code: str
    status: str
    text_vi: str
    text_en: str
    action_vi: str
    action_en: str
    source: str


@dataclass(frozen=True, slots=True)
class DoseWindow:
    """Days after the recommended age within which a dose is in time."""

    dose_code: str
    window_days: int
    source: str


@dataclass(frozen=True, slots=True)
class TetanusProtection:
    """For how many years the last of so many doses in a woman's life protects her next child at birth."""

    lifetime_doses: int
    protected_years: int
    source: str


@dataclass(frozen=True, slots=True)
class CohortAge:
    """An age at which every child is counted once, in the month in which it reaches it."""

    cohort_age_code: str
    months: int
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class BreakdownCategory:
    """A category by which doses of records are told apart; an age group is [from_months, to_months)."""

    breakdown_code: str
    category_code: str
    sort_order: int
    from_months: int | None
    to_months: int | None
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class PersonMeasure:
    """What a measure counts of persons: which children or doses, at which age, at which place."""

    measure_code: str
    count_kind: str
    place_basis: str  # residence, care (both of the day of reaching the age) or given (where the dose was given)
    cohort_age_code: str | None
    dose_code: str | None
    series_code: str | None
    first_dose_code: str | None  # of children who had one dose and not another: the one that they had
    source: str


@dataclass(frozen=True, slots=True)
class PersonParameter:
    """A number that the counting of persons rests on."""

    parameter_code: str
    value: float
    unit: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ArrivalParameter:
    """A number that the curve of late arrivals and the estimate of an open month rest on."""

    parameter_code: str
    value: float
    unit: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Persons to be vaccinated, and the measure that counts them."""

    target_group_code: str
    measure_code: str
    name_vi: str
    name_en: str
    definition_vi: str
    definition_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Denominator:
    """A way to count those who should be vaccinated; a difference from another above `tolerance_pct` is flagged."""

    denominator_code: str
    name_vi: str
    name_en: str
    definition_vi: str
    definition_en: str
    sort_order: int
    tolerance_pct: float
    source: str


@dataclass(frozen=True, slots=True)
class DenominatorMeasure:
    """What a denominator counts a target group by: `weight` x a measure, `offset_years` from the period."""

    denominator_code: str
    target_group_code: str
    measure_code: str
    weight: float
    offset_years: int
    source: str


@dataclass(frozen=True, slots=True)
class UnitMeasure:
    """What a measure makes of facilities' reports: how many state another (reported, zero), or the sum of several."""

    measure_code: str
    condition: str
    counted_measure_code: str
    source: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """An indicator of how the values of the areas of a level are spread below an area."""

    indicator_code: str
    base_indicator_code: str
    unit_level_code: str
    statistic: str
    parameter: float | None
    source: str


@dataclass(frozen=True, slots=True)
class RedRule:
    """Where access and utilisation count as good; `is_limit_good` says whether a dropout at the limit still does."""

    rule_code: str
    name_vi: str
    name_en: str
    access_indicator_code: str
    access_minimum: float
    utilisation_indicator_code: str
    utilisation_limit: float
    is_limit_good: bool
    is_default: bool
    source: str


@dataclass(frozen=True, slots=True)
class RedCategory:
    """A category of access and utilisation; the one without either is for values that contradict themselves."""

    category_code: str
    is_access_good: bool | None
    is_utilisation_good: bool | None
    label_vi: str
    label_en: str
    meaning_vi: str
    meaning_en: str
    colour_token: str
    source: str


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """A step between period and cohort coverage; `step_kind` says whether it adds to doses, to points or to neither."""

    step_code: str
    step_kind: str
    sort_order: int
    name_vi: str
    name_en: str
    explanation_vi: str
    explanation_en: str
    source: str


@dataclass(frozen=True, slots=True)
class RollOut:
    """An area in which a dose is offered, from `valid_from` until before `valid_to`."""

    dose_code: str
    hierarchy_code: str
    area_code: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted, reported or computed, and adds up over areas."""

    measure_code: str
    measure_kind: str
    name_vi: str
    name_en: str
    unit: str
    dose_code: str | None
    product_code: str | None
    age_limit_months: int | None
    blank_means: str
    annual_spread: str
    is_reportable: bool
    source: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A published indicator: multiplier x sum of numerator terms / sum of denominator terms."""

    indicator_code: str
    indicator_kind: str
    label_vi: str
    label_en: str
    short_vi: str
    short_en: str
    definition_vi: str
    definition_en: str
    unit: str
    multiplier: float
    decimals: int
    direction: str
    missing_policy: str
    dose_code: str | None
    is_headline: bool
    sort_order: int
    who_code: str | None
    reference: str
    definition_version: str
    valid_from_month: date | None
    valid_to_month: date | None


@dataclass(frozen=True, slots=True)
class Term:
    """A measure's part in an indicator; `offset_years` shifts the period that it is taken from."""

    indicator_code: str
    term_role: str
    measure_code: str
    weight: float
    offset_years: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A band of values: from `lower_bound` up to but not including `upper_bound`; None is an open end."""

    indicator_code: str
    band_code: str
    lower_bound: float | None
    upper_bound: float | None
    colour_token: str
    label_vi: str
    label_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ValueStatus:
    """What a published value, or its absence, means; a lower precedence is tested first."""

    value_status: str
    precedence: int
    label_vi: str
    label_en: str
    explanation_vi: str
    explanation_en: str
    has_value: bool
    source: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where values come from."""

    source_code: str
    name_vi: str
    name_en: str
    is_synthetic: bool
    note_vi: str
    note_en: str
    source: str


@dataclass(frozen=True, slots=True)
class QualityRule:
    """A Great Expectations check: an expectation on a column of a dataset, and what to do when it fails."""

    rule_code: str
    dataset: str
    rule_stage: str
    column_name: str | None
    expectation: str
    kwargs_json: str
    severity: str
    threshold: float | None
    affects_indicator: str | None
    name_vi: str
    name_en: str
    rationale_vi: str
    rationale_en: str
    action_vi: str  # the analyst's
    action_en: str
    facility_action_vi: str | None  # None: there is nothing that the facility can do
    facility_action_en: str | None
    source: str


@dataclass(frozen=True, slots=True)
class FindingRule:
    """A rule that a model computes; `subject_threshold` is the share of one subject above which it is a finding."""

    rule_code: str
    rule_stage: str
    dataset: str
    expectation: str
    lower_limit: float | None
    upper_limit: float | None
    expected_value: float | None
    minimum_evaluated: int
    severity: str
    threshold: float
    subject_threshold: float
    affects_indicator: str | None
    name_vi: str
    name_en: str
    rationale_vi: str
    rationale_en: str
    facility_action_vi: str | None
    facility_action_en: str | None
    action_vi: str  # the analyst's
    action_en: str
    detail_vi: str
    detail_en: str
    source: str


@dataclass(frozen=True, slots=True)
class OutlierRule:
    """Which values of a series are outliers; what its columns mean is said at the macro `outlier_scores`."""

    rule_code: str
    reference_scope: str
    centre: str
    mad_divisor: float | None
    mean_deviation_divisor: float | None
    moderate_cut: float | None
    extreme_cut: float
    is_high_only: bool
    above_value: float | None
    year_share_cut: float | None
    minimum_values: int
    is_primary: bool
    name_vi: str
    name_en: str
    note_vi: str
    note_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ScorecardComponent:
    """A part of the scorecard of a facility or area with its weight, or the whole, which has none."""

    component_code: str
    points: int | None
    sort_order: int
    name_vi: str
    name_en: str
    definition_vi: str
    definition_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ScorecardRule:
    """A rule whose results go into a part of the scorecard."""

    component_code: str
    rule_code: str


@dataclass(frozen=True, slots=True)
class ScorecardBand:
    """What a score of a part in [lower_bound, upper_bound), in percent, is called."""

    component_code: str
    band_code: str
    lower_bound: float | None
    upper_bound: float | None
    colour_token: str
    label_vi: str
    label_en: str
    source: str


@dataclass(frozen=True, slots=True)
class DecisionState:
    """What stewards' decisions leave a subject in; `is_settled` says that nobody has to act on it."""

    state_code: str
    is_settled: bool
    sort_order: int
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class DecisionKind:
    """A kind of decision: what it is about, the states it may be taken in and the one it leads to (None: it stays).

    `detail_name` names what a decision of the kind must carry beside its reason.
    """

    decision_code: str
    subject_kind: str
    from_states: str
    to_state: str | None
    detail_name: str | None
    sort_order: int
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class WarehouseCheck:
    """What a test inside the warehouse says, in words; braces take the table and columns that it is attached to."""

    check_code: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a line or a file is not accepted, and what the sender is to do."""

    reason_code: str
    reason_level: str
    field_name: str | None
    text_vi: str
    text_en: str
    action_vi: str
    action_en: str
    source: str


@dataclass(frozen=True, slots=True)
class SubmissionField:
    """A field of a kind of submission."""

    submission_kind: str
    field_name: str
    data_type: str
    is_required_column: bool
    is_required_value: bool
    name_vi: str
    name_en: str
    niis_name: str | None
    source: str


@dataclass(frozen=True, slots=True)
class FieldAlias:
    """A name of a field in headers."""

    submission_kind: str
    field_name: str
    alias: str


@dataclass(frozen=True, slots=True)
class ValueAlias:
    """A spelling of a coded value."""

    field_name: str
    alias: str
    canonical_value: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Days after the end of the month within which a level sends its report."""

    level_code: str
    deadline_days: int
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A tree of areas."""

    hierarchy_code: str
    name_vi: str
    name_en: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class AreaLevel:
    """A level of a tree; the nation has depth 0."""

    hierarchy_code: str
    level_code: str
    depth: int
    name_vi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Area:
    """An area of a tree."""

    hierarchy_code: str
    area_code: str
    level_code: str
    parent_code: str | None
    name_vi: str
    name_en: str
    area_type_vi: str
    is_pseudo: bool
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class AreaVersion:
    """An area of a tree for the time in which it stood like this; only areas that changed have any."""

    hierarchy_code: str
    area_code: str
    level_code: str
    parent_code: str
    name_vi: str
    area_type_vi: str
    valid_from: date
    valid_to: date
    successor_code: str | None
    source: str


@dataclass(frozen=True, slots=True)
class AreaChange:
    """What became of an area; `share` is the part of it that went to the successor."""

    from_hierarchy_code: str
    from_code: str
    to_hierarchy_code: str
    to_code: str
    change_kind: str
    share: float
    is_primary: bool
    effective_date: date
    source: str


@dataclass(frozen=True, slots=True)
class FacilityType:
    """A type of facility and what it sends."""

    facility_type_code: str
    name_vi: str
    name_en: str
    level_code: str
    is_private: bool
    sends_dose_records: bool
    sends_monthly_report: bool
    source: str


@dataclass(frozen=True, slots=True)
class IdentityThreshold:
    """A limit that decides between linking two cards, asking a steward and keeping them apart."""

    threshold_code: str
    value: float
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """Why two cards are linked, shown to a steward or kept apart; a lower rank is believed first."""

    rule_code: str
    tier: str
    rank: int
    decision: str
    text_vi: str
    text_en: str
    source: str


@dataclass(frozen=True, slots=True)
class NamePlaceholder:
    """A phrase in a name that is not part of the name, in small letters without diacritics."""

    phrase: str
    kind: str
    stands_for: str | None
    note_vi: str
    note_en: str
    source: str


@dataclass(frozen=True, slots=True)
class PhonePrefix:
    """A beginning of telephone numbers that was replaced by another."""

    old_prefix: str
    new_prefix: str
    valid_from: date
    source: str


VERDICT_STATUSES = ("valid", "invalid", "extra")


@dataclass(frozen=True, slots=True)
class DueState:
    """Where a person stands in a series on a day; `span` is how long it lasts, or after what time it begins."""

    state_code: str
    sort_order: int
    dose_status: str | None  # the status of a record that brings it about
    span: str | None
    is_invited: bool
    name_vi: str
    name_en: str
    explanation_vi: str
    explanation_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Role:
    """What a reader of this role may see; the scopes are none, area (of the reader's area) and nation."""

    role_code: str
    sort_order: int
    name_vi: str
    name_en: str
    explanation_vi: str
    explanation_en: str
    aggregate_scope: str
    person_scope: str
    finding_scope: str
    small_cells: str  # outside the areas whose persons the reader may see: shown, on_screen (not in files), never
    can_download: bool
    can_request: bool  # access outside the own area, with a reason
    can_read_audit: bool
    is_assignable: bool  # by sign-in; the others belong to the machine
    source: str


@dataclass(frozen=True, slots=True)
class DemoReader:
    """A sample reader of the demo mode: a role in an area."""

    reader_code: str
    sort_order: int
    role_code: str
    hierarchy_code: str
    area_code: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class AccessParameter:
    """A number that the rules of access rest on."""

    parameter_code: str
    value: float
    unit: str
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class SuppressionRule:
    """A kind of measure that counts persons, of indicator whose rest does, or of indicator that counts none itself."""

    rule_code: str
    subject: str  # measure_kind, indicator_kind, no_count_kind, no_count
    code: str
    note_vi: str
    note_en: str
    source: str


@dataclass(frozen=True, slots=True)
class CatchUpLimit:
    """The age, as text, from which a dose is no longer caught up."""

    dose_code: str
    catch_up_age: str
    source: str


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The text of a reminder to those in a state, with {name}, {doses}, {date} and {commune} in it."""

    template_code: str
    state_code: str
    text_vi: str
    text_en: str
    source: str


@dataclass(frozen=True, slots=True)
class MobilePrefix:
    """How Vietnamese mobile numbers begin."""

    prefix: str
    source: str


@dataclass(frozen=True, slots=True)
class Event:
    """What breaks a series, from `valid_from` until before `valid_to`: of some series or all, in an area or everywhere.

    `series_codes` are separated by spaces.
    """

    event_code: str
    valid_from: date
    valid_to: date
    series_codes: str | None
    hierarchy_code: str | None
    area_code: str | None
    event_kind: str
    label_vi: str
    label_en: str
    source: str


@dataclass(frozen=True, slots=True)
class AnomalyCause:
    """A likely cause of coverage above 100 % (`is_for_excess`) or of a negative dropout (`is_for_negative`).

    Evidence lies outside the limits that are given, but for other denominators: there it lies within.
    """

    cause_code: str
    evidence_kind: str
    is_for_excess: bool
    is_for_negative: bool
    event_kinds: str | None
    indicator_pattern: str | None
    lower_limit: float | None
    upper_limit: float | None
    lookback_months: int
    sort_order: int
    name_vi: str
    name_en: str
    evidence_vi: str
    evidence_en: str
    action_vi: str
    action_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Form:
    """An official form; `template` is a workbook with placeholders."""

    form_code: str
    sort_order: int
    name_vi: str
    name_en: str
    template: str
    source: str


@dataclass(frozen=True, slots=True)
class FormField:
    """What a placeholder of a form stands for: a measure, or the value or a part of an indicator.

    `month_span` says of a measure which months are meant: the whole period, its last one, or the one before it.
    `category_codes` names, between spaces, the categories of `breakdown_categories` in which injections of a product
    are counted: any of those of one breakdown.
    """

    form_code: str
    field_code: str
    content_kind: str  # measure; value, numerator, denominator of an indicator; injections of a product
    content_code: str
    month_span: str | None  # whole, last, before
    category_codes: str | None


@dataclass(frozen=True, slots=True)
class ExtractKind:
    """A table of the catalogue that can be taken away for an area and a period; `relation_code` is its shape."""

    extract_code: str
    relation_code: str
    sort_order: int
    name_vi: str
    name_en: str
    description_vi: str
    description_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ExtractContent:
    """What an extract holds: an indicator, a measure, or all of a kind of either."""

    extract_code: str
    content_kind: str
    content_code: str
    source: str


@dataclass(frozen=True, slots=True)
class ExtractColumn:
    """A column of a shape of extracts; `decimals` are given for numbers."""

    relation_code: str
    column_name: str
    sort_order: int
    name_vi: str
    name_en: str
    definition_vi: str
    definition_en: str
    decimals: int | None
    source: str


Row = TypeVar("Row")
Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Registry:
    """Every definition, by its code."""

    definition_version: str
    antigens: Mapping[str, Antigen]
    products: Mapping[str, Product]
    product_antigens: Sequence[ProductAntigen]
    series: Mapping[str, Series]
    product_series: Sequence[ProductSeries]
    doses: Mapping[str, Dose]
    schedule_versions: Mapping[str, ScheduleVersion]
    schedule_doses: Sequence[ScheduleDose]
    verdict_reasons: Mapping[str, VerdictReason]
    due_states: Mapping[str, DueState]
    catch_up_limits: Mapping[str, CatchUpLimit]
    roles: Mapping[str, Role]
    demo_readers: Mapping[str, DemoReader]
    access_parameters: Mapping[str, AccessParameter]
    suppression_rules: Mapping[str, SuppressionRule]
    message_templates: Mapping[str, MessageTemplate]
    mobile_prefixes: Mapping[str, MobilePrefix]
    dose_windows: Mapping[str, DoseWindow]
    tetanus_protection: Sequence[TetanusProtection]
    cohort_ages: Mapping[str, CohortAge]
    breakdown_categories: Sequence[BreakdownCategory]
    person_measures: Mapping[str, PersonMeasure]
    person_parameters: Mapping[str, PersonParameter]
    arrival_parameters: Mapping[str, ArrivalParameter]
    target_groups: Mapping[str, TargetGroup]
    unit_measures: Sequence[UnitMeasure]
    distributions: Mapping[str, Distribution]
    red_rules: Mapping[str, RedRule]
    red_categories: Mapping[str, RedCategory]
    bridge_steps: Mapping[str, BridgeStep]
    roll_outs: Sequence[RollOut]
    denominators: Mapping[str, Denominator]
    denominator_measures: Sequence[DenominatorMeasure]
    measures: Mapping[str, Measure]
    indicators: Mapping[str, Indicator]
    terms: Sequence[Term]
    thresholds: Sequence[Threshold]
    value_statuses: Mapping[str, ValueStatus]
    sources: Mapping[str, DataSource]
    quality_rules: Mapping[str, QualityRule]
    finding_rules: Mapping[str, FindingRule]
    outlier_rules: Mapping[str, OutlierRule]
    decision_kinds: Mapping[str, DecisionKind]
    decision_states: Mapping[str, DecisionState]
    scorecard_components: Mapping[str, ScorecardComponent]
    scorecard_rules: Sequence[ScorecardRule]
    scorecard_bands: Sequence[ScorecardBand]
    warehouse_checks: Mapping[str, WarehouseCheck]
    reasons: Mapping[str, Reason]
    submission_fields: Sequence[SubmissionField]
    field_aliases: Sequence[FieldAlias]
    value_aliases: Sequence[ValueAlias]
    deadlines: Sequence[Deadline]
    hierarchies: Mapping[str, Hierarchy]
    area_levels: Sequence[AreaLevel]
    areas: Mapping[Pair, Area]
    area_changes: Sequence[AreaChange]
    area_versions: Sequence[AreaVersion]
    facility_types: Mapping[str, FacilityType]
    identity_thresholds: Mapping[str, IdentityThreshold]
    identity_rules: Mapping[str, IdentityRule]
    name_placeholders: Sequence[NamePlaceholder]
    phone_prefixes: Sequence[PhonePrefix]
    events: Mapping[str, Event]
    anomaly_causes: Mapping[str, AnomalyCause]
    extracts: Mapping[str, ExtractKind]
    extract_contents: Sequence[ExtractContent]
    extract_columns: Sequence[ExtractColumn]
    forms: Mapping[str, Form]
    form_fields: Sequence[FormField]

    def fields(self, submission_kind: str) -> dict[str, SubmissionField]:
        """Return the fields of a kind of submission by name, in the order of the seed."""
        return {row.field_name: row for row in self.submission_fields if row.submission_kind == submission_kind}

    def field_alias_map(self, submission_kind: str) -> dict[str, str]:
        """Return the field named by each folded header of a kind of submission."""
        return {
            fold_key(row.alias): row.field_name for row in self.field_aliases if row.submission_kind == submission_kind
        }

    def value_alias_map(self, field_name: str) -> dict[str, str]:
        """Return the canonical value of each folded spelling of a coded field."""
        return {fold_key(row.alias): row.canonical_value for row in self.value_aliases if row.field_name == field_name}

    @cached_property
    def commune_codes(self) -> frozenset[str]:
        """Codes of communes in any tree: late files may still carry the old ones."""
        return frozenset(code for (_, code), area in self.areas.items() if area.level_code == "commune")

    @cached_property
    def primary_successor(self) -> Mapping[str, str]:
        """The commune of today in which most of each commune of 2017 lies."""
        communes = {code for (tree, code), area in self.areas.items() if tree == "63" and area.level_code == "commune"}
        return {
            row.from_code: row.to_code
            for row in self.area_changes
            if row.is_primary and row.change_kind != "rename" and row.from_code in communes
        }

    def terms_of(self, indicator_code: str) -> list[Term]:
        """Return the terms of an indicator, numerator first."""
        found = [term for term in self.terms if term.indicator_code == indicator_code]
        return sorted(found, key=lambda term: term.term_role, reverse=True)


@lru_cache(maxsize=4)
def load_registry(seeds_dir: Path = SEEDS_DIR) -> Registry:
    """Return the registry of a seeds folder.

    Raises RegistryError with a sentence when a seed is missing or misshapen, or when the seeds do not fit
    together.
    """
    registry = Registry(
        definition_version=_definition_version(seeds_dir),
        antigens=_by(_read(seeds_dir, "schedule/antigens", Antigen), "antigen_code"),
        products=_by(_read(seeds_dir, "schedule/vaccine_products", Product), "product_code"),
        product_antigens=_read(seeds_dir, "schedule/product_antigens", ProductAntigen),
        series=_by(_read(seeds_dir, "schedule/dose_series", Series), "series_code"),
        product_series=_read(seeds_dir, "schedule/product_series", ProductSeries),
        doses=_by(_read(seeds_dir, "schedule/vaccine_doses", Dose), "dose_code"),
        schedule_versions=_by(_read(seeds_dir, "schedule/schedule_versions", ScheduleVersion), "schedule_code"),
        schedule_doses=_read(seeds_dir, "schedule/schedule_doses", ScheduleDose),
        verdict_reasons=_by(_read(seeds_dir, "schedule/verdict_reasons", VerdictReason), "reason_code"),
        due_states=_by(_read(seeds_dir, "care/due_states", DueState), "state_code"),
        catch_up_limits=_by(_read(seeds_dir, "care/catch_up_limits", CatchUpLimit), "dose_code"),
        roles=_by(_read(seeds_dir, "access/roles", Role), "role_code"),
        demo_readers=_by(_read(seeds_dir, "access/demo_readers", DemoReader), "reader_code"),
        access_parameters=_by(_read(seeds_dir, "access/access_parameters", AccessParameter), "parameter_code"),
        suppression_rules=_by(_read(seeds_dir, "access/suppression_rules", SuppressionRule), "rule_code"),
        message_templates=_by(_read(seeds_dir, "care/message_templates", MessageTemplate), "template_code"),
        mobile_prefixes=_by(_read(seeds_dir, "care/mobile_prefixes", MobilePrefix), "prefix"),
        dose_windows=_by(_read(seeds_dir, "schedule/dose_windows", DoseWindow), "dose_code"),
        tetanus_protection=_read(seeds_dir, "schedule/tetanus_protection", TetanusProtection),
        breakdown_categories=_read(seeds_dir, "indicators/breakdown_categories", BreakdownCategory),
        cohort_ages=_by(_read(seeds_dir, "indicators/cohort_ages", CohortAge), "cohort_age_code"),
        person_measures=_by(_read(seeds_dir, "indicators/person_measures", PersonMeasure), "measure_code"),
        person_parameters=_by(_read(seeds_dir, "indicators/person_parameters", PersonParameter), "parameter_code"),
        arrival_parameters=_by(_read(seeds_dir, "indicators/arrival_parameters", ArrivalParameter), "parameter_code"),
        target_groups=_by(_read(seeds_dir, "indicators/target_groups", TargetGroup), "target_group_code"),
        unit_measures=_read(seeds_dir, "indicators/unit_measures", UnitMeasure),
        distributions=_by(_read(seeds_dir, "indicators/distributions", Distribution), "indicator_code"),
        red_rules=_by(_read(seeds_dir, "indicators/red_rules", RedRule), "rule_code"),
        red_categories=_by(_read(seeds_dir, "indicators/red_categories", RedCategory), "category_code"),
        bridge_steps=_by(_read(seeds_dir, "indicators/bridge_steps", BridgeStep), "step_code"),
        roll_outs=_read(seeds_dir, "schedule/roll_outs", RollOut),
        denominators=_by(_read(seeds_dir, "indicators/denominators", Denominator), "denominator_code"),
        denominator_measures=_read(seeds_dir, "indicators/denominator_measures", DenominatorMeasure),
        measures=_by(_read(seeds_dir, "indicators/measures", Measure), "measure_code"),
        indicators=_by(_read(seeds_dir, "indicators/indicators", Indicator), "indicator_code"),
        terms=_read(seeds_dir, "indicators/indicator_terms", Term),
        thresholds=_read(seeds_dir, "indicators/indicator_thresholds", Threshold),
        value_statuses=_by(_read(seeds_dir, "indicators/value_statuses", ValueStatus), "value_status"),
        sources=_by(_read(seeds_dir, "indicators/sources", DataSource), "source_code"),
        quality_rules=_by(_read(seeds_dir, "quality/quality_rules", QualityRule), "rule_code"),
        finding_rules=_by(_read(seeds_dir, "quality/finding_rules", FindingRule), "rule_code"),
        outlier_rules=_by(_read(seeds_dir, "quality/outlier_rules", OutlierRule), "rule_code"),
        decision_kinds=_by(_read(seeds_dir, "quality/decision_kinds", DecisionKind), "decision_code"),
        decision_states=_by(_read(seeds_dir, "quality/decision_states", DecisionState), "state_code"),
        scorecard_components=_by(
            _read(seeds_dir, "quality/scorecard_components", ScorecardComponent), "component_code"
        ),
        scorecard_rules=_read(seeds_dir, "quality/scorecard_rules", ScorecardRule),
        scorecard_bands=_read(seeds_dir, "quality/scorecard_bands", ScorecardBand),
        warehouse_checks=_by(_read(seeds_dir, "quality/warehouse_checks", WarehouseCheck), "check_code"),
        reasons=_by(_read(seeds_dir, "quality/rejection_reasons", Reason), "reason_code"),
        submission_fields=_read(seeds_dir, "intake/submission_fields", SubmissionField),
        field_aliases=_read(seeds_dir, "intake/field_aliases", FieldAlias),
        value_aliases=_read(seeds_dir, "intake/value_aliases", ValueAlias),
        deadlines=_read(seeds_dir, "intake/reporting_deadlines", Deadline),
        hierarchies=_by(_read(seeds_dir, "geography/hierarchies", Hierarchy), "hierarchy_code"),
        area_levels=_read(seeds_dir, "geography/area_levels", AreaLevel),
        areas=_by_pair(_read(seeds_dir, "geography/areas", Area)),
        area_changes=_read(seeds_dir, "geography/area_changes", AreaChange),
        area_versions=_read(seeds_dir, "geography/area_versions", AreaVersion),
        facility_types=_by(_read(seeds_dir, "geography/facility_types", FacilityType), "facility_type_code"),
        identity_thresholds=_by(_read(seeds_dir, "identity/identity_thresholds", IdentityThreshold), "threshold_code"),
        identity_rules=_by(_read(seeds_dir, "identity/identity_rules", IdentityRule), "rule_code"),
        name_placeholders=_read(seeds_dir, "identity/name_placeholders", NamePlaceholder),
        phone_prefixes=_read(seeds_dir, "identity/phone_prefixes", PhonePrefix),
        events=_by(_read(seeds_dir, "indicators/events", Event), "event_code"),
        anomaly_causes=_by(_read(seeds_dir, "quality/anomaly_causes", AnomalyCause), "cause_code"),
        extracts=_by(_read(seeds_dir, "exports/extracts", ExtractKind), "extract_code"),
        extract_contents=_read(seeds_dir, "exports/extract_contents", ExtractContent),
        extract_columns=_read(seeds_dir, "exports/extract_columns", ExtractColumn),
        forms=_by(_read(seeds_dir, "forms/forms", Form), "form_code"),
        form_fields=_read(seeds_dir, "forms/form_fields", FormField),
    )
    problems = list(closure_problems(registry))
    if problems:
        more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
        raise RegistryError("The registry does not fit together: " + "; ".join(problems[:5]) + more)
    return registry


def closure_problems(registry: Registry) -> Iterable[str]:
    """Yield a sentence for each row that refers to what does not exist or contradicts another row."""
    yield from _schedule_problems(registry)
    yield from _indicator_problems(registry)
    yield from _breakdown_problems(registry)
    yield from _person_problems(registry)
    yield from _bridge_problems(registry)
    yield from _area_problems(registry)
    yield from _intake_problems(registry)
    yield from _identity_problems(registry)
    yield from _explanation_problems(registry)
    yield from _access_problems(registry)
    yield from _decision_problems(registry)
    yield from _scorecard_problems(registry)
    yield from _export_problems(registry)
    yield from _form_problems(registry)


def _access_problems(registry: Registry) -> Iterable[str]:
    for role in registry.roles.values():
        for name in ("aggregate_scope", "person_scope", "finding_scope"):
            if getattr(role, name) not in ACCESS_SCOPES:
                yield f"roles has {role.role_code} with the unknown {name} {getattr(role, name)}"
        if role.small_cells not in SMALL_CELLS:
            yield f"roles has {role.role_code} with the unknown small_cells {role.small_cells}"
    for reader in registry.demo_readers.values():
        role_of = registry.roles.get(reader.role_code)
        if role_of is None or not role_of.is_assignable:
            yield f"demo_readers has {reader.reader_code} of the role {reader.role_code}, which cannot be given"
        if (reader.hierarchy_code, reader.area_code) not in registry.areas:
            yield f"demo_readers has {reader.reader_code} of the unknown area {reader.area_code}"
    kinds = {
        "measure_kind": {measure.measure_kind for measure in registry.measures.values()},
        "indicator_kind": {indicator.indicator_kind for indicator in registry.indicators.values()},
        "no_count_kind": {indicator.indicator_kind for indicator in registry.indicators.values()},
        "no_count": set(registry.indicators),
    }
    for rule in registry.suppression_rules.values():
        if rule.code not in kinds.get(rule.subject, set()):
            yield f"suppression_rules has {rule.rule_code} of the unknown {rule.subject} {rule.code}"


def _decision_problems(registry: Registry) -> Iterable[str]:
    for kind in registry.decision_kinds.values():
        for state in (*kind.from_states.split(), *([kind.to_state] if kind.to_state else [])):
            if state not in registry.decision_states:
                yield f"decision_kinds has {kind.decision_code} with the unknown state {state}"


def _scorecard_problems(registry: Registry) -> Iterable[str]:
    parts = registry.scorecard_components
    wholes = [part.component_code for part in parts.values() if part.points is None]
    if len(wholes) != 1:
        yield f"scorecard_components needs one row without points, for the whole; it has {len(wholes)}"
    for rule in registry.scorecard_rules:
        if rule.component_code not in parts or rule.component_code in wholes:
            yield f"scorecard_rules has {rule.rule_code} in the unknown part {rule.component_code}"
        if rule.rule_code not in registry.finding_rules:
            yield f"scorecard_rules has the unknown rule {rule.rule_code}"
    for code in parts:
        bands = [band for band in registry.scorecard_bands if band.component_code == code]
        edges = [(band.lower_bound, band.upper_bound) for band in bands]
        chained = all(before[1] == after[0] is not None for before, after in pairwise(edges))
        if not edges or edges[0][0] is not None or edges[-1][1] is not None or not chained:
            yield f"scorecard_bands of {code} leave scores without a band, or with two"
    for band in registry.scorecard_bands:
        if band.component_code not in parts:
            yield f"scorecard_bands has the unknown part {band.component_code}"


def _bridge_problems(registry: Registry) -> Iterable[str]:
    steps = sorted(registry.bridge_steps.values(), key=lambda step: step.sort_order)
    kinds = [step.step_kind for step in steps]
    for step in steps:
        if step.step_kind not in _BRIDGE_KINDS:
            yield f"bridge_steps has {step.step_code} of the unknown kind {step.step_kind}"
    if [kind for kind in kinds if kind in _BRIDGE_ENDS] != list(_BRIDGE_ENDS):
        yield f"bridge_steps needs one row each of the kinds {', '.join(_BRIDGE_ENDS)}, in this order"


def _schedule_problems(registry: Registry) -> Iterable[str]:
    yield from _product_problems(registry)
    yield from _dose_problems(registry)


def _product_problems(registry: Registry) -> Iterable[str]:
    contained: dict[str, set[str]] = defaultdict(set)
    for link in registry.product_antigens:
        contained[link.product_code].add(link.antigen_code)
        if link.product_code not in registry.products or link.antigen_code not in registry.antigens:
            yield f"product_antigens names {link.product_code} with {link.antigen_code}, one of which is unknown"
    for product in registry.products.values():
        if product.product_code not in contained:
            yield f"vaccine_products has {product.product_code}, which contains no antigen"
    for way in registry.product_series:
        series = registry.series.get(way.series_code)
        if series is None or way.product_code not in registry.products:
            yield f"product_series names {way.product_code} with {way.series_code}, one of which is unknown"
        elif series.antigen_code not in contained[way.product_code]:
            yield f"product_series counts {way.product_code} for {way.series_code} without {series.antigen_code}"


def _dose_problems(registry: Registry) -> Iterable[str]:
    for dose in registry.doses.values():
        if dose.series_code not in registry.series:
            yield f"vaccine_doses has {dose.dose_code} of the unknown series {dose.series_code}"
        if dose.target_group_code not in registry.target_groups:
            yield f"vaccine_doses has {dose.dose_code} for the unknown group {dose.target_group_code}"
        before = registry.doses.get(dose.previous_dose_code) if dose.previous_dose_code else None
        if dose.previous_dose_code and (
            before is None or (before.series_code, before.dose_number + 1) != (dose.series_code, dose.dose_number)
        ):
            yield f"vaccine_doses has {dose.dose_code} after {dose.previous_dose_code}, which is not the dose before"
    yield from _repeated("vaccine_doses", ((d.series_code, str(d.dose_number)) for d in registry.doses.values()))
    for planned in registry.schedule_doses:
        if planned.schedule_code not in registry.schedule_versions or planned.dose_code not in registry.doses:
            yield f"schedule_doses names {planned.schedule_code} with {planned.dose_code}, one of which is unknown"
    for reason in registry.verdict_reasons.values():
        if reason.status not in VERDICT_STATUSES:
            yield f"verdict_reasons has {reason.reason_code} with the status {reason.status}"


def _indicator_problems(registry: Registry) -> Iterable[str]:
    for group in registry.target_groups.values():
        if group.measure_code not in registry.measures:
            yield f"target_groups has {group.target_group_code} with the unknown measure {group.measure_code}"
    for measure in registry.measures.values():
        if measure.dose_code and measure.dose_code not in registry.doses:
            yield f"measures has {measure.measure_code} of the unknown dose {measure.dose_code}"
        if measure.product_code and measure.product_code not in registry.products:
            yield f"measures has {measure.measure_code} of the unknown product {measure.product_code}"
    yield from _term_problems(registry)
    for language in ("vi", "en"):
        labels = ((getattr(row, f"label_{language}"),) for row in registry.indicators.values())
        yield from _repeated(f"indicators (label_{language})", labels)
    yield from _threshold_problems(registry)
    yield from _denominator_problems(registry)
    yield from _derived_problems(registry)


DISTRIBUTION_STATISTICS = frozenset({"share_at_least", "lowest_share", "mean_difference", "weighted_difference"})
EVIDENCE_KINDS = frozenset({"event", "stock_out", "indicator", "denominator", "inflow", "misnumbered"})
UNIT_CONDITIONS = frozenset({"reported", "zero", "sum"})


def _derived_problems(registry: Registry) -> Iterable[str]:
    levels = {row.level_code for row in registry.area_levels}
    for row in registry.distributions.values():
        base = registry.indicators.get(row.base_indicator_code)
        if base is None or base.indicator_kind == "distribution" or row.indicator_code not in registry.indicators:
            yield f"distributions names {row.indicator_code} of {row.base_indicator_code}, one of which is unknown"
        if row.statistic not in DISTRIBUTION_STATISTICS or row.unit_level_code not in levels:
            yield f"distributions has {row.indicator_code} with {row.statistic} of each {row.unit_level_code}"
    for counted in registry.unit_measures:
        if counted.measure_code not in registry.measures or counted.counted_measure_code not in registry.measures:
            yield f"unit_measures names {counted.measure_code} of {counted.counted_measure_code}: one is unknown"
        if counted.condition not in UNIT_CONDITIONS:
            yield f"unit_measures has {counted.measure_code} with the condition {counted.condition}"
    for rule in registry.red_rules.values():
        for code in (rule.access_indicator_code, rule.utilisation_indicator_code):
            if code not in registry.indicators:
                yield f"red_rules has {rule.rule_code} with the unknown indicator {code}"
    for place in registry.roll_outs:
        if place.dose_code not in registry.doses or (place.hierarchy_code, place.area_code) not in registry.areas:
            yield f"roll_outs names {place.dose_code} in {place.area_code}, one of which is unknown"


def _term_problems(registry: Registry) -> Iterable[str]:
    roles: dict[str, set[str]] = defaultdict(set)
    for term in registry.terms:
        roles[term.indicator_code].add(term.term_role)
        if term.indicator_code not in registry.indicators:
            yield f"indicator_terms names the unknown indicator {term.indicator_code}"
        if term.measure_code not in registry.measures:
            yield f"indicator_terms of {term.indicator_code} names the unknown measure {term.measure_code}"
    for indicator in registry.indicators.values():
        if indicator.indicator_kind == "distribution":
            if indicator.indicator_code not in registry.distributions or roles[indicator.indicator_code]:
                yield f"indicators has {indicator.indicator_code}: distributions says of what, and it has no terms"
            continue
        if "numerator" not in roles[indicator.indicator_code]:
            yield f"indicators has {indicator.indicator_code}, which has no numerator term"
        if (indicator.indicator_kind != "count") != ("denominator" in roles[indicator.indicator_code]):
            yield f"indicators has {indicator.indicator_code}: a ratio needs a denominator term, a count has none"


def _denominator_problems(registry: Registry) -> Iterable[str]:
    own: Counter[str] = Counter()
    for row in registry.denominator_measures:
        group = registry.target_groups.get(row.target_group_code)
        if row.denominator_code not in registry.denominators or row.measure_code not in registry.measures:
            yield f"denominator_measures names {row.denominator_code} with {row.measure_code}, one of which is unknown"
        if group is None:
            yield f"denominator_measures has {row.denominator_code} for the unknown group {row.target_group_code}"
        elif row.measure_code == group.measure_code:
            own[group.target_group_code] += 1
            if (row.weight, row.offset_years) != (1, 0):
                yield f"denominator_measures weighs {row.measure_code}, which is the measure of the group itself"
    for code in {row.target_group_code for row in registry.denominator_measures}:
        if code in registry.target_groups and own[code] != 1:
            yield f"denominator_measures has {own[code]} rows with the measure of the group {code} itself: needs one"


def _breakdown_problems(registry: Registry) -> Iterable[str]:
    """Age groups follow each other from birth on, and no age limit of a dose lies inside one."""
    ages = sorted(
        (row for row in registry.breakdown_categories if row.breakdown_code == AGE_GROUP),
        key=lambda row: row.sort_order,
    )
    edges = [(row.from_months, row.to_months) for row in ages]
    if [first for first, _ in edges] != [0, *(last for _, last in edges[:-1])] or edges[-1][1] is not None:
        yield "breakdown_categories has age groups that leave an age out, or have one twice"
    limits = {measure.age_limit_months for measure in registry.measures.values() if measure.dose_code}
    for limit in sorted(limit for limit in limits if limit is not None):
        if limit not in {last for _, last in edges}:
            yield f"breakdown_categories has no age group that ends at {limit} months, where a dose stops counting"
    known = {value.canonical_value for value in registry.value_aliases if value.field_name in ("service_type", "sex")}
    named = {row.category_code for row in registry.breakdown_categories if row.breakdown_code != AGE_GROUP}
    for code in sorted(known - named):
        yield f"breakdown_categories has no words for {code}, which records may say"


def _person_problems(registry: Registry) -> Iterable[str]:
    of_persons = {"cohort_count", "event_count"}
    for row in registry.person_measures.values():
        measure = registry.measures.get(row.measure_code)
        if measure is None or measure.measure_kind not in of_persons:
            yield f"person_measures has {row.measure_code}, which is no measure of children or of doses given"
        if row.cohort_age_code and row.cohort_age_code not in registry.cohort_ages:
            yield f"person_measures has {row.measure_code} at the unknown age {row.cohort_age_code}"
        if row.dose_code and row.dose_code not in registry.doses:
            yield f"person_measures has {row.measure_code} of the unknown dose {row.dose_code}"
        if row.first_dose_code and row.first_dose_code not in registry.doses:
            yield f"person_measures has {row.measure_code} after the unknown dose {row.first_dose_code}"
        if row.series_code and row.series_code not in registry.series:
            yield f"person_measures has {row.measure_code} of the unknown series {row.series_code}"
        if (row.place_basis == "given") == (row.cohort_age_code is not None):
            yield f"person_measures has {row.measure_code}: children are counted at an age, doses where they are given"
    for measure in registry.measures.values():
        if measure.measure_kind in of_persons and measure.measure_code not in registry.person_measures:
            yield f"measures has {measure.measure_code}, and person_measures does not say what it counts"
    for window in registry.dose_windows.values():
        if window.dose_code not in registry.doses:
            yield f"dose_windows names the unknown dose {window.dose_code}"
    same = (
        (row.count_kind, row.place_basis, *(
            cell or "" for cell in (row.cohort_age_code, row.dose_code, row.series_code, row.first_dose_code)
        ))
        for row in registry.person_measures.values()
    )  # fmt: skip
    yield from _repeated("person_measures", same)


def _threshold_problems(registry: Registry) -> Iterable[str]:
    bands: dict[str, list[Threshold]] = defaultdict(list)
    for band in registry.thresholds:
        bands[band.indicator_code].append(band)
        if band.indicator_code not in registry.indicators:
            yield f"indicator_thresholds names the unknown indicator {band.indicator_code}"
    for code, rows in bands.items():
        ordered = sorted(rows, key=lambda band: (band.lower_bound is not None, band.lower_bound or 0))
        edges = [ordered[0].lower_bound, *(band.upper_bound for band in ordered)]
        starts = [band.lower_bound for band in ordered]
        if edges[:-1] != starts or edges[0] is not None or edges[-1] is not None:
            yield f"indicator_thresholds of {code} leave a gap or overlap: bands start at {starts}, end at {edges[1:]}"


def _area_problems(registry: Registry) -> Iterable[str]:
    depth = {(row.hierarchy_code, row.level_code): row.depth for row in registry.area_levels}
    for (tree, code), area in registry.areas.items():
        if (tree, area.level_code) not in depth:
            yield f"areas has {tree}:{code} at the unknown level {area.level_code}"
        elif area.parent_code is None:
            if depth[tree, area.level_code] != 0:
                yield f"areas has {tree}:{code} without a parent below the nation"
        else:
            parent = registry.areas.get((tree, area.parent_code))
            if parent is None or depth[tree, parent.level_code] + 1 != depth[tree, area.level_code]:
                yield f"areas has {tree}:{code} under {area.parent_code}, which is not an area of the level above"
    shares: dict[Pair, float] = defaultdict(float)
    primaries: Counter[Pair] = Counter()
    for change in registry.area_changes:
        old, new = (
            (change.from_hierarchy_code, change.from_code),
            (change.to_hierarchy_code, change.to_code),
        )
        if old not in registry.areas or new not in registry.areas:
            yield f"area_changes names {old} and {new}, one of which is no area"
        if change.change_kind != "rename":
            shares[old] += change.share
            primaries[old] += change.is_primary
    for old, share in shares.items():
        if abs(share - 1) > 1e-3 or primaries[old] != 1:
            yield f"area_changes of {old}: shares sum to {share:.4f}, {primaries[old]} primary successors"
    yield from _version_problems(registry, depth)


def _version_problems(registry: Registry, depth: Mapping[Pair, int]) -> Iterable[str]:
    levels = {pair: area.level_code for pair, area in registry.areas.items()}
    levels |= {(row.hierarchy_code, row.area_code): row.level_code for row in registry.area_versions}
    ends: dict[Pair, date] = {}
    ordered = sorted(registry.area_versions, key=lambda row: (row.hierarchy_code, row.area_code, row.valid_from))
    for row in ordered:
        own = (row.hierarchy_code, row.area_code)
        if row.valid_to <= row.valid_from or row.valid_from < ends.get(own, date.min):
            yield f"area_versions of {own}: a time from {row.valid_from} ends before it begins or lies in another"
        ends[own] = row.valid_to
        above = levels.get((row.hierarchy_code, row.parent_code))
        if above is None or depth.get((own[0], above), -1) + 1 != depth.get((own[0], row.level_code)):
            yield f"area_versions has {own} under {row.parent_code}, which is not an area of the level above"
        if row.successor_code and levels.get((row.hierarchy_code, row.successor_code)) != row.level_code:
            yield f"area_versions has {own} become {row.successor_code}, which is no area of its level"


def _intake_problems(registry: Registry) -> Iterable[str]:
    known = {(row.submission_kind, row.field_name) for row in registry.submission_fields}
    meant: dict[Pair, set[str]] = defaultdict(set)
    for alias in registry.field_aliases:
        meant[alias.submission_kind, fold_key(alias.alias)].add(alias.field_name)
        if (alias.submission_kind, alias.field_name) not in known:
            yield f"field_aliases names the unknown field {alias.field_name} of {alias.submission_kind}"
    for (kind, key), names in meant.items():
        if len(names) > 1:
            yield f"field_aliases: '{key}' of {kind} could be {' or '.join(sorted(names))}"
    spelt: dict[Pair, set[str]] = defaultdict(set)
    for value in registry.value_aliases:
        spelt[value.field_name, fold_key(value.alias)].add(value.canonical_value)
    for (name, key), values in spelt.items():
        if len(values) > 1:
            yield f"value_aliases: '{key}' of {name} could be {' or '.join(sorted(values))}"
    levels = {row.level_code for row in registry.area_levels}
    for kind_row in registry.facility_types.values():
        if kind_row.level_code not in levels:
            yield f"facility_types has {kind_row.facility_type_code} at the unknown level {kind_row.level_code}"


def _identity_problems(registry: Registry) -> Iterable[str]:
    for rule in registry.identity_rules.values():
        if rule.decision not in {"link", "review", "apart"}:
            yield f"identity_rules has {rule.rule_code} with the decision '{rule.decision}': not link, review or apart"
    kinds = {"mother_follows", "unnamed", "particle", "birth_order"}
    for row in registry.name_placeholders:
        if row.kind not in kinds or row.phrase != fold_key(row.phrase).replace("_", " "):
            yield f"name_placeholders has '{row.phrase}': of no known kind, or not in small letters without diacritics"
    yield from _repeated("name_placeholders", ((row.phrase,) for row in registry.name_placeholders))
    limits = registry.identity_thresholds
    if {"review_probability", "auto_link_probability"} <= limits.keys() and not (
        0 < limits["review_probability"].value <= limits["auto_link_probability"].value <= 1
    ):
        yield "identity_thresholds: review_probability must not be above auto_link_probability"


def _care_problems(registry: Registry) -> Iterable[str]:
    for limit in registry.catch_up_limits.values():
        if limit.dose_code not in registry.doses:
            yield f"catch_up_limits names the unknown dose {limit.dose_code}"
    statuses = set(registry.value_alias_map("dose_status").values())
    for state in registry.due_states.values():
        if state.dose_status is not None and state.dose_status not in statuses:
            yield f"due_states has {state.state_code} for the unknown dose status {state.dose_status}"
    written = {"name": "", "doses": "", "date": "", "commune": ""}
    for template in registry.message_templates.values():
        if template.state_code not in registry.due_states:
            yield f"message_templates has {template.template_code} for the unknown state {template.state_code}"
        for text in (template.text_vi, template.text_en):
            try:
                text.format_map(written)
            except (KeyError, ValueError, IndexError) as error:
                yield f"message_templates has {template.template_code} with a placeholder that nothing fills: {error}"
    invited = {row.state_code for row in registry.due_states.values() if row.is_invited}
    templates = Counter(row.state_code for row in registry.message_templates.values())
    for code in sorted(invited):
        if templates[code] != 1:
            yield f"message_templates has {templates[code]} texts for the state {code}, whose persons are invited"


def _explanation_problems(registry: Registry) -> Iterable[str]:
    for event in registry.events.values():
        if event.valid_to <= event.valid_from:
            yield f"events has {event.event_code}, which ends before it begins"
        for code in (event.series_codes or "").split():
            if code not in registry.series:
                yield f"events has {event.event_code} of the unknown series {code}"
        place = (event.hierarchy_code, event.area_code)
        if any(place) and place not in registry.areas:
            yield f"events has {event.event_code} in the unknown area {event.hierarchy_code}:{event.area_code}"
    kinds = {event.event_kind for event in registry.events.values()}
    for cause in registry.anomaly_causes.values():
        if cause.evidence_kind not in EVIDENCE_KINDS:
            yield f"anomaly_causes has {cause.cause_code} with the evidence {cause.evidence_kind}"
        for kind in (cause.event_kinds or "").split():
            if kind not in kinds:
                yield f"anomaly_causes has {cause.cause_code} for events of the kind {kind}, of which there is none"
        if cause.indicator_pattern and not any(
            cause.indicator_pattern.format(product=code) in registry.indicators for code in registry.products
        ):
            yield f"anomaly_causes has {cause.cause_code} with the unknown indicator {cause.indicator_pattern}"


def _form_problems(registry: Registry) -> Iterable[str]:
    for field in registry.form_fields:
        name = f"form_fields has {field.form_code} / {field.field_code}"
        if field.form_code not in registry.forms:
            yield f"form_fields names the unknown form {field.form_code}"
        is_measure = field.content_kind == "measure"
        is_injections = field.content_kind == INJECTIONS
        categories = {row.category_code for row in registry.breakdown_categories}
        for code in (field.category_codes or "").split():
            if code not in categories or not is_injections:
                yield f"{name} in the category {code}, which is unknown or of something that has none"
        if is_injections:
            if field.content_code not in registry.products:
                yield f"{name} with the unknown product {field.content_code}"
        elif not is_measure and field.content_kind not in FORM_PARTS:
            yield f"{name} of the unknown kind {field.content_kind}"
        elif field.content_code not in (registry.measures if is_measure else registry.indicators):
            yield f"{name} with the unknown {'measure' if is_measure else 'indicator'} {field.content_code}"
        if (field.month_span in FORM_MONTHS) != is_measure or (field.month_span is not None and not is_measure):
            yield (
                f"{name} over the months '{field.month_span or ''}':"
                f" a measure has {', '.join(FORM_MONTHS)}, everything else has none"
            )


def _export_problems(registry: Registry) -> Iterable[str]:
    shapes = {column.relation_code for column in registry.extract_columns}
    for extract in registry.extracts.values():
        if extract.relation_code not in shapes:
            yield f"extracts has {extract.extract_code} of the shape {extract.relation_code}, which has no columns"
    known: dict[str, Iterable[str]] = {
        "indicator": registry.indicators,
        "indicator_kind": {row.indicator_kind for row in registry.indicators.values()},
        "measure": registry.measures,
        "measure_kind": {row.measure_kind for row in registry.measures.values()},
    }
    for content in registry.extract_contents:
        if content.extract_code not in registry.extracts:
            yield f"extract_contents names the unknown extract {content.extract_code}"
        if content.content_code not in known.get(content.content_kind, ()):
            yield (
                f"extract_contents has {content.extract_code} with the unknown"
                f" {content.content_kind} {content.content_code}"
            )


def _repeated(seed: str, keys: Iterable[tuple[str, ...]]) -> Iterable[str]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield f"{seed} has {' / '.join(key)} {count} times"


def _definition_version(seeds_dir: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(seeds_dir.rglob("*.csv")):
        digest.update(path.relative_to(seeds_dir).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _read(seeds_dir: Path, name: str, row_type: type[Row]) -> list[Row]:
    path = seeds_dir / f"{name}.csv"
    converters = _converters(row_type)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != [column for column, _ in converters]:
                raise RegistryError(
                    f"{path} has the columns {header}; it must have {[column for column, _ in converters]}."
                )
            return [_row(row_type, converters, cells, path, number) for number, cells in enumerate(reader, 2)]
    except OSError as error:
        raise RegistryError(f"The seed {path} cannot be read: {error}") from error


def _row(
    row_type: type[Row],
    converters: Sequence[tuple[str, Callable[[str], Any]]],
    cells: Sequence[str],
    path: Path,
    number: int,
) -> Row:
    if len(cells) != len(converters):
        raise RegistryError(f"{path}, line {number}: {len(cells)} cells instead of {len(converters)}.")
    try:
        return row_type(*(convert(cell) for (_, convert), cell in zip(converters, cells, strict=True)))
    except ValueError as error:
        raise RegistryError(f"{path}, line {number}: {error}.") from error


def _converters(row_type: type) -> list[tuple[str, Callable[[str], Any]]]:
    hints = typing.get_type_hints(row_type)
    return [(field.name, _converter(field.name, hints[field.name])) for field in fields(row_type)]


def _converter(name: str, hint: Any) -> Callable[[str], Any]:
    optional = isinstance(hint, types.UnionType)
    plain = next(kind for kind in typing.get_args(hint) if kind is not type(None)) if optional else hint
    special: dict[Any, Callable[[str], Any]] = {bool: _boolean, date: date.fromisoformat}
    parse = special.get(plain, plain)

    def convert(cell: str) -> Any:
        if cell == "":
            if optional:
                return None
            raise ValueError(f"{name} is empty")
        return parse(cell)

    return convert


def _boolean(cell: str) -> bool:
    if cell not in {"true", "false"}:
        raise ValueError(f"'{cell}' is neither true nor false")
    return cell == "true"


def _by(rows: Sequence[Row], column: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        code = getattr(row, column)
        if code in found:
            raise RegistryError(f"The code {code} stands twice in the seed of {type(row).__name__}.")
        found[code] = row
    return found


def _by_pair(rows: Sequence[Area]) -> dict[Pair, Area]:
    found = {(row.hierarchy_code, row.area_code): row for row in rows}
    if len(found) != len(rows):
        raise RegistryError("An area stands twice in areas.csv.")
    return found
