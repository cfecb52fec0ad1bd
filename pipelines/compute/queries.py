"""The SQL of a computation: steps that fill a DuckDB in memory, each from those before it.

The engine (what a report adds to what lies inside it, the spread of a year, sums and statuses) is rendered from the
macros of the warehouse. What is only here: matching over periods of any length, and which part of an area is covered.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evaluation.macros import render

# Period types by their number of months: what covers a month may be a report of a quarter or a year.
_SPANS = (1, 3, 12)


def closure() -> str:
    """Return area_code, ancestor_code (each area is its own too), depths of both; `hierarchy_code` is one for all."""
    return f"""
    create temp table closure as
    with recursive climbed as ({render("climbed_areas", "areas")})
    select climbed.hierarchy_code, climbed.area_code as unit_code, climbed.area_code, climbed.ancestor_code,
        own.depth, above.depth as ancestor_depth
    from climbed
    inner join areas as own on climbed.area_code = own.area_code
    inner join areas as above on climbed.ancestor_code = above.area_code
    """


def reports(number_type: str) -> str:
    """Return every value that is there, of the measures that an indicator uses, as a report that may hold others."""
    return f"""
    create temp table reports as
    select given.area_code as reporter_code, cast(null as varchar) as facility_code, given.area_code as unit_code,
        '' as hierarchy_code, given.area_code, periods.start_month as span_start_month, periods.end_month as month,
        periods.span_months, given.measure_code, used.annual_spread, areas.depth,
        cast(given.value as {number_type}) as reported_value
    from given
    inner join given_periods as periods on given.period = periods.period
    inner join areas on given.area_code = areas.area_code
    inner join (select distinct measure_code, annual_spread from terms) as used
        on given.measure_code = used.measure_code
    where given.value is not null
    """


def inside() -> str:
    """Return the pairs of reports that touch in place and time."""
    ancestors = "(select unit_code, hierarchy_code, ancestor_code as area_code from closure)"
    return f"create temp table inside as {render('containers_inside', 'reports', ancestors)}"


def outers() -> str:
    """Return the reports, and whether each holds others."""
    return """
    create temp table containers as
    select reports.*, held.measure_code is not null as is_outer
    from reports
    left join (
        select distinct outer_reporter_code, outer_start_month, outer_month, measure_code from inside where is_within
    ) as held
        on reports.reporter_code = held.outer_reporter_code and reports.span_start_month = held.outer_start_month
        and reports.month = held.outer_month and reports.measure_code = held.measure_code
    """


def sizes() -> str:
    """Return the spans and depths of reports that hold others, from the smallest to the largest."""
    return "select distinct span_months, depth from containers where is_outer order by span_months, depth desc"


def placed(found: Sequence[tuple[int, int]]) -> str:
    """Return what each report adds to what lies inside it."""
    ranks = ["not weighed.is_outer"]
    ranks += [f"weighed.is_outer and weighed.span_months = {span} and weighed.depth = {depth}" for span, depth in found]
    keys = "reporter_code, span_start_month, month, measure_code"
    leaves = f"(select {keys}, reported_value as value from reports where false)"
    steps = render("containers_placed", "containers", "inside", "overlapping", leaves, ranks)
    overlapping = render("containers_overlapping", "inside")
    return f"create temp table placed as with overlapping as ({overlapping}), {steps} select * from placed"


def contributions(number_type: str) -> str:
    """Return what adds up: area, span, measure, value; a year that is spread stands as its months."""
    position = render("months_between", "span_start_month", "spread_month") + " + 1"
    share = render(
        "spread_share", "cast(value as double)", "position", "span_months", render("steady_share", "area_code")
    )
    return f"""
    create temp table contributions as
    select area_code, span_start_month, month, span_months, measure_code, is_additive, value,
        has_parts and value = 0 as is_explained
    from placed
    where annual_spread = 'none'
    union all
    select area_code, spread_month, spread_month, 1, measure_code, is_additive, cast({share} as {number_type}),
        has_parts and value = 0
    from (
        select *, {position} as position
        from (
            select *, cast({render("month_series", "span_start_month", "month")} as date) as spread_month
            from placed
            where annual_spread <> 'none'
        ) as months
    ) as positions
    """


def parts() -> str:
    """Return the terms with their bits, counted over both roles of an indicator, and the bits that each needs."""
    return f"""
    create temp table parts as
    select *, {render("term_bit", "term_no")} as term_bit
    from (
        select *, row_number() over (
            partition by indicator_code order by part_role, measure_code, offset_years
        ) - 1 as term_no
        from terms
    ) as numbered;
    create temp table needed as
    select indicators.indicator_code, indicators.indicator_kind, indicators.multiplier,
        indicators.missing_policy = 'matched_units' and indicators.indicator_kind <> 'count' as is_matched,
        -- Which parts of an area are covered is told by units_included and units_expected.
        'none' as missing_policy, cast(null as varchar) as definition_version,
        bits.numerator_bits, bits.denominator_bits, bits.numerator_bits | bits.denominator_bits as all_bits,
        cast(0 as bigint) as numerator_dose_bits, cast(0 as bigint) as denominator_dose_bits
    from indicators
    inner join (
        select indicator_code, {render("needed_bits", "term_bit", "bits")} from parts group by indicator_code
    ) as bits using (indicator_code)
    """


def period_values() -> str:
    """Return the sums of each measure over each area and period: a report is in a period only as a whole."""
    return f"""
    create temp table facts as
    select closure.ancestor_code as area_code, span_start_month, month, measure_code, sum(value) as value
    from contributions
    inner join closure on contributions.area_code = closure.area_code
    where is_additive or closure.ancestor_code = contributions.area_code
    group by all;
    create temp table period_values as
    select facts.area_code, periods.period, offsets.offset_years, facts.measure_code,
        cast(sum(facts.value) as double) as value
    from facts
    inner join (select distinct measure_code, offset_years from parts) as offsets using (measure_code)
    inner join period_months as periods on {_shifted("facts.month")} = periods.month
        and {_shifted("facts.span_start_month")} >= periods.period_start_month
    group by all;
    create temp table whole_sums as
    select area_code, period, indicator_code, {render("part_sums", "parts", "period_values.value")}
    from period_values
    inner join parts using (measure_code, offset_years)
    group by all
    """


def matched_sums() -> str:
    """Return the sums over places that have every measure of an indicator, for those of matched units.

    Places are matched in the longest periods in which the file gives any measure of the indicator within a period. A
    place that lacks a measure is completed by the nearest area above it whose own report of that measure holds more
    than its parts explain; the two enter at that area.
    """
    return f"""
    create temp table matchable as
    select periods.period, parts.indicator_code, contributions.area_code, contributions.is_additive, parts.term_bit,
        parts.part_role, parts.weight, contributions.value,
        {render("months_between", "periods.period_start_month", _shifted("contributions.month", "parts"))}
        // max(contributions.span_months) over (partition by periods.period, parts.indicator_code) as bucket
    from contributions
    inner join parts using (measure_code)
    inner join needed on parts.indicator_code = needed.indicator_code and needed.is_matched
    inner join period_months as periods on {_shifted("contributions.month", "parts")} = periods.month
        and {_shifted("contributions.span_start_month", "parts")} >= periods.period_start_month
    where not contributions.is_explained;
    create temp table cells as
    select matchable.period, matchable.indicator_code, matchable.bucket, matchable.area_code,
        bit_or(matchable.term_bit) as bits, bool_and(matchable.is_additive) as is_additive, needed.all_bits
    from matchable
    inner join needed using (indicator_code)
    group by all;
    create temp table entries as
    with pairs as (
        select cells.period, cells.indicator_code, cells.bucket, cells.area_code, above.area_code as entry_code,
            closure.depth - closure.ancestor_depth as distance
        from cells
        inner join closure on cells.area_code = closure.area_code
        inner join cells as above
            on closure.ancestor_code = above.area_code and cells.period = above.period
            and cells.indicator_code = above.indicator_code and cells.bucket = above.bucket
        where (cells.bits | above.bits) = cells.all_bits
            and (cells.is_additive or above.area_code = cells.area_code)
    ),
    nearest as (
        select period, indicator_code, bucket, area_code, arg_min(entry_code, distance) as entry_code,
            min(distance) as distance
        from pairs
        group by all
    ),
    both_sides as (
        select period, indicator_code, bucket, area_code, entry_code, distance from nearest
        union all
        select distinct period, indicator_code, bucket, entry_code, entry_code, 0 from nearest
    )
    select period, indicator_code, bucket, area_code, arg_min(entry_code, distance) as entry_code
    from both_sides
    group by all;
    create temp table matched_sums as
    select area_code, period, indicator_code, {render("part_sums", "summed", "summed.value")}
    from (
        select closure.ancestor_code as area_code, matchable.period, matchable.indicator_code, matchable.term_bit,
            matchable.part_role, matchable.weight, cast(sum(matchable.value) as double) as value
        from matchable
        inner join entries using (period, indicator_code, bucket, area_code)
        inner join cells using (period, indicator_code, bucket, area_code)
        inner join closure on entries.entry_code = closure.area_code
        where cells.is_additive or closure.ancestor_code = entries.entry_code
        group by all
    ) as summed
    group by all
    """


def covered() -> str:
    """Return how many months of how many lowest areas each area owes in a period, and how many of them are in.

    A lowest area's month is in for a measure when a report of it, or of an area above it, holds it; for an area only
    reports of itself and of what lies in it count, and for a period only those that lie in it.
    """
    types = ", ".join(f"({span})" for span in _SPANS)
    return f"""
    create temp table lowest as
    select area_code from areas
    where area_code not in (select parent_code from areas where parent_code is not null);
    create temp table owed as
    select closure.ancestor_code as area_code, count(*) as lowest_count
    from lowest inner join closure using (area_code)
    group by closure.ancestor_code;
    create temp table report_months as
    select area_code, measure_code, is_additive, report_span,
        cast({render("month_series", "span_start_month", "month")} as date) as month
    from (
        select distinct area_code, measure_code, is_additive, span_start_month, month,
            case when annual_spread = 'none' then span_months else 1 end as report_span
        from placed
    ) as spans;
    create temp table first_held as
    select report_area_code, month, measure_code, span_months, count(*) as lowest_count
    from (
        select lowest.area_code, report_months.month, report_months.measure_code, types.span_months,
            arg_max(closure.ancestor_code, closure.ancestor_depth) as report_area_code
        from lowest
        inner join closure on lowest.area_code = closure.area_code
        inner join report_months on closure.ancestor_code = report_months.area_code and report_months.is_additive
        inner join (values {types}) as types (span_months) on report_months.report_span <= types.span_months
        where types.span_months in (select span_months from period_months)
        group by all
    ) as held
    group by all;
    create temp table held as
    select area_code, month, measure_code, span_months, sum(lowest_count) as lowest_count
    from (
        select closure.ancestor_code as area_code, month, measure_code, span_months, lowest_count
        from first_held
        inner join closure on first_held.report_area_code = closure.area_code
        union all
        select report_months.area_code, month, measure_code, types.span_months, owed.lowest_count
        from report_months
        inner join owed using (area_code)
        inner join (values {types}) as types (span_months) on report_months.report_span <= types.span_months
        where not report_months.is_additive
    ) as counted
    group by all;
    create temp table units as
    select area_code, period, indicator_code, min(included) as units_included
    from (
        select held.area_code, periods.period, parts.indicator_code, parts.term_bit,
            sum(held.lowest_count) as included
        from held
        inner join owed using (area_code)
        inner join parts using (measure_code)
        inner join period_months as periods on {_shifted("held.month", "parts")} = periods.month
            and held.span_months = periods.span_months
        group by all
    ) as terms_held
    group by area_code, period, indicator_code
    having count(*) = (select count(*) from parts where parts.indicator_code = terms_held.indicator_code)
    """


def values() -> str:
    """Return the answer: a row an area, period and indicator."""
    return f"""
    with sums as (
        select grid.area_code, grid.period, grid.indicator_code,
            case when matched.area_code is null then whole.numerator_sum else matched.numerator_sum end
                as numerator_sum,
            case when matched.area_code is null then whole.denominator_sum else matched.denominator_sum end
                as denominator_sum,
            coalesce(matched.numerator_found, whole.numerator_found, 0) as numerator_found,
            case
                when matched.area_code is not null then matched.denominator_found
                -- Both are there, and no place has both: none of the denominator belongs to the numerator.
                when needed.is_matched
                    and (whole.numerator_found | whole.denominator_found) = needed.all_bits then 0
                else coalesce(whole.denominator_found, 0)
            end as denominator_found,
            coalesce(units.units_included, 0) as units_included,
            grid.units_expected,
            0 as units_with_records,
            cast(null as varchar) as source_code
        from (
            select owed.area_code, periods.period, indicators.indicator_code,
                owed.lowest_count * periods.span_months as units_expected
            from owed
            cross join (select distinct period, span_months from period_months) as periods
            cross join indicators
        ) as grid
        inner join needed using (indicator_code)
        left join whole_sums as whole using (area_code, period, indicator_code)
        left join matched_sums as matched using (area_code, period, indicator_code)
        left join units using (area_code, period, indicator_code)
    )
    select area_code, period, indicator_code, numerator, denominator, value, value_status
    from ({render("judged_values", "sums", "needed", ["area_code", "period"])}) as judged
    order by area_code, period, indicator_code
    """


def _shifted(month: str, relation: str = "offsets") -> str:
    return render("add_months", month, f"-12 * {relation}.offset_years")
