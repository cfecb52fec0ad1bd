{# What every unit has of every measure in every month: what facilities count, what larger reports add, and how much of
   what is expected is in. Two models make it: of what was reported, and of what is left without excluded values.

   Leaves the common table expression `measured`. Goes after the common table expressions `facility_values` (like `int_facility_values`), `facility_months` (like
   `int_facility_months`) and `containers` (like `int_containers`).
   within   a macro that gives the condition on a column of months: which months are made #}
{% macro unit_month_measures(within) -%}
unit_values as (
    select unit_code, month, month as span_start_month, measure_code, source_code, sum(value) as value
    from facility_values
    group by all
),

statuses as (
    select
        unit_code,
        month,
        month as span_start_month,
        source_code,
        cast(count(*) as double) as expected,
        cast(count(*) filter (where is_received) as double) as received,
        cast(count(*) filter (where is_on_time) as double) as on_time,
        cast(count(*) filter (where has_records) as double) as with_records
    from facility_months
    group by all
),

status_values as (
    select unit_code, month, span_start_month, 'reports_expected' as measure_code, source_code, expected as value
    from statuses
    union all
    select unit_code, month, span_start_month, 'reports_received', source_code, received from statuses
    union all
    select unit_code, month, span_start_month, 'reports_on_time', source_code, on_time from statuses
    union all
    select unit_code, month, span_start_month, 'units_expected', source_code, expected from statuses
    union all
    select unit_code, month, span_start_month, 'units_included', source_code, received from statuses
    union all
    select unit_code, month, span_start_month, 'units_with_records', source_code, with_records from statuses
    union all
    -- What an indicator of matched units expects: each place once, however many facilities stand in it.
    select unit_code, month, span_start_month, 'places_expected', {{ one_source('source_code') }}, 1.0
    from statuses
    group by unit_code, month, span_start_month
),

container_values as (
    select unit_code, month, span_start_month, measure_code, source_code, value
    from containers
    where annual_spread = 'none' and {{ within('month') }}
),

container_units as (
    -- A container that counts something is one unit, expected because it came.
    select distinct unit_code, month, span_start_month, source_code
    from containers
    where annual_spread = 'none' and {{ within('month') }}
),

container_statuses as (
    select unit_code, month, span_start_month, 'units_expected' as measure_code, source_code, 1.0 as value
    from container_units
    union all
    select unit_code, month, span_start_month, 'units_included', source_code, 1.0 from container_units
),

spread_months as (
    select
        containers.*,
        {{ month_series('containers.span_start_month', 'containers.month') }} as spread_month
    from containers
    where annual_spread <> 'none'
),

spread_positions as (
    select
        *,
        {{ months_between('span_start_month', 'spread_month') }} + 1 as position,
        {{ steady_share('unit_code') }} as phase
    from spread_months
),

spread_values as (
    select
        unit_code,
        spread_month as month,
        spread_month as span_start_month,
        measure_code,
        source_code,
        {{ spread_share('value', 'position', 'span_months', 'phase') }} as value
    from spread_positions
    where {{ within('spread_month') }}
),

of_facilities as (
    -- What a registry's row counts of reports: how many state a number, how many state none, or the sum of several.
    select
        facility_values.unit_code,
        facility_values.month,
        facility_values.month as span_start_month,
        unit_measures.measure_code,
        facility_values.source_code,
        sum(
            case unit_measures.condition
                when 'reported' then 1.0
                when 'zero' then case when facility_values.value = 0 then 1.0 else 0.0 end
                else facility_values.value
            end
        ) as value
    from facility_values
    inner join {{ ref('unit_measures') }} as unit_measures
        on facility_values.measure_code = unit_measures.counted_measure_code
    group by all
),

reported as (
    select * from unit_values
    union all
    select * from container_values
    union all
    select * from spread_values
    union all
    select * from of_facilities
),

rolled_out as (
    -- Where and when a dose is offered: the registry's areas and dates, or any area that reported a target of its
    -- roll-out, for as long as that target is for. The latter says how many, so nothing is worked out inside it.
    select
        unit_areas.unit_code,
        roll_outs.dose_code,
        roll_outs.valid_from as first_month,
        roll_outs.valid_to as end_month,
        false as has_own_target
    from {{ ref('roll_outs') }} as roll_outs
    inner join {{ ref('int_unit_ancestors') }} as unit_areas
        on roll_outs.hierarchy_code = unit_areas.hierarchy_code and roll_outs.area_code = unit_areas.area_code

    union

    select
        unit_areas.unit_code,
        measures.dose_code,
        containers.span_start_month,
        cast({{ add_months('containers.month', 1) }} as date),
        true
    from containers
    inner join {{ ref('measures') }} as measures
        on containers.measure_code = measures.measure_code
        and measures.measure_kind = 'target' and measures.dose_code is not null
    inner join {{ ref('int_unit_ancestors') }} as unit_areas
        on containers.reporter_code = 'A:' || unit_areas.hierarchy_code || ':' || unit_areas.area_code
),

rollout_measures as (
    -- Which measures stand for which where a dose is offered.
    select
        own.measure_code,
        own.measure_kind,
        doses.dose_code,
        case own.measure_kind when 'target' then target_groups.measure_code else counted.measure_code end
            as counted_measure_code
    from {{ ref('measures') }} as own
    inner join {{ ref('vaccine_doses') }} as doses using (dose_code)
    inner join {{ ref('target_groups') }} as target_groups using (target_group_code)
    left join {{ ref('measures') }} as counted
        on own.dose_code = counted.dose_code
        and counted.measure_kind = 'dose_count'
        and own.age_limit_months = counted.age_limit_months
    where own.measure_kind = 'rollout_count' or own.measure_kind = 'target'
),

rollout_values as (
    select
        reported.unit_code,
        reported.month,
        reported.span_start_month,
        rollout_measures.measure_code,
        reported.source_code,
        reported.value
    from reported
    inner join rollout_measures on reported.measure_code = rollout_measures.counted_measure_code
    where exists (
        select 1
        from rolled_out
        where rolled_out.unit_code = reported.unit_code
            and rolled_out.dose_code = rollout_measures.dose_code
            and rolled_out.first_month <= reported.span_start_month
            and (rolled_out.end_month is null or reported.month < rolled_out.end_month)
    ) and not (
        rollout_measures.measure_kind = 'target'
        and exists (
            select 1
            from rolled_out
            where rolled_out.has_own_target
                and rolled_out.unit_code = reported.unit_code
                and rolled_out.dose_code = rollout_measures.dose_code
                and rolled_out.first_month <= reported.month
                and reported.span_start_month < rolled_out.end_month
        )
    )
),

counted as (
    select * from reported
    union all
    select * from rollout_values
),

matched_terms as (
    select
        terms.*,
        measures.measure_kind,
        {{ term_bit('dense_rank() over (partition by terms.indicator_code order by terms.measure_code) - 1') }}
            as measure_bit
    from {{ ref('indicator_terms') }} as terms
    inner join {{ ref('indicators') }} as indicators using (indicator_code)
    inner join {{ ref('measures') }} as measures using (measure_code)
    where indicators.missing_policy = 'matched_units'
),

required_measures as (
    select indicator_code, bit_or(measure_bit) as measure_bits
    from matched_terms
    group by indicator_code
),

known_zeros as (
    -- A place that sends records gave none of a dose that no record names.
    select statuses.unit_code, statuses.month, statuses.span_start_month, doses.measure_code, statuses.source_code
    from statuses
    cross join (select distinct measure_code from matched_terms where measure_kind = 'dose_count') as doses
    where statuses.with_records > 0
),

matchable as (
    select unit_code, month, span_start_month, measure_code, source_code, value from counted
    union all
    select unit_code, month, span_start_month, measure_code, source_code, 0 from known_zeros
),

matched as (
    -- A place and month enters with all measures of the indicator, whatever source they have, or not at all.
    select
        counted.unit_code,
        counted.month,
        counted.span_start_month,
        {{ one_source('counted.source_code') }} as source_code,
        matched_terms.indicator_code,
        sum(case when matched_terms.term_role = 'numerator' then matched_terms.weight * counted.value else 0 end)
            as numerator,
        sum(case when matched_terms.term_role = 'denominator' then matched_terms.weight * counted.value else 0 end)
            as denominator
    from matchable as counted
    inner join matched_terms using (measure_code)
    inner join required_measures using (indicator_code)
    group by
        counted.unit_code,
        counted.month,
        counted.span_start_month,
        matched_terms.indicator_code,
        required_measures.measure_bits
    having bit_or(matched_terms.measure_bit) = required_measures.measure_bits
),

matched_values as (
    select unit_code, month, span_start_month, indicator_code || '#numerator' as measure_code, source_code, numerator as value
    from matched
    union all
    select unit_code, month, span_start_month, indicator_code || '#denominator', source_code, denominator from matched
    union all
    select unit_code, month, span_start_month, indicator_code || '#included', source_code, 1.0 from matched
),

measured as (
    select * from counted
    union all
    select * from status_values
    union all
    select * from container_statuses
    union all
    select * from matched_values
)
{%- endmacro %}

{% macro every_month(column) %}true{% endmacro %}
