-- What an indicator sums, one row a part, with a bit for each numerator and denominator term: a value stands only when
-- every term's bit is set. A dose count of a place that sends records needs no row: no row means no dose. Nor does a
-- count of children where some are followed: no row means none. Which units an indicator expects and includes are
-- terms of it where it says so (roles `expected` and `included`), else the months of facilities.
with indicators as (
    -- How values are spread is worked out of the values of others: nothing is summed for it.
    select * from {{ ref('int_indicators') }}
    where indicator_kind <> 'distribution'
),

terms as (
    select
        terms.*,
        measures.measure_kind in ('dose_count', 'rollout_count', 'event_count', 'cohort_count') as is_dose_count,
        row_number() over (
            partition by terms.indicator_code, terms.term_role order by terms.measure_code, terms.offset_years
        ) - 1 as term_no
    from {{ ref('int_indicator_terms') }} as terms
    inner join {{ ref('measures') }} as measures using (measure_code)
),

whole as (
    -- A multiple of 2^-20: sums of whole numbers times it are exact, so that no order of rows moves a last digit, and a
    -- value made again of a release's records is the one that was published.
    select indicator_code, term_role as part_role, measure_code, round(weight * 1048576) / 1048576 as weight,
        offset_years, term_no, is_dose_count
    from terms
    inner join indicators using (indicator_code)
    where indicators.missing_policy <> 'matched_units' and term_role in ('numerator', 'denominator')
),

own_units as (
    select indicator_code, term_role, measure_code from terms where term_role in ('expected', 'included')
),

matched as (
    select distinct
        indicator_code,
        term_role as part_role,
        indicator_code || '#' || term_role as measure_code,
        cast(1 as double) as weight,
        0 as offset_years,
        0 as term_no,
        false as is_dose_count
    from terms
    inner join indicators using (indicator_code)
    where indicators.missing_policy = 'matched_units'
),

units as (
    select
        indicators.indicator_code,
        roles.part_role,
        case
            when indicators.missing_policy = 'matched_units' and roles.part_role = 'expected' then 'places_expected'
            when indicators.missing_policy = 'matched_units'
                then indicators.indicator_code || '#' || roles.part_role
            when own_units.measure_code is not null then own_units.measure_code
            else 'units_' || roles.part_role
        end as measure_code,
        cast(1 as double) as weight,
        0 as offset_years,
        0 as term_no,
        false as is_dose_count
    from indicators
    cross join (values ('expected'), ('included'), ('with_records')) as roles (part_role)
    left join own_units
        on indicators.indicator_code = own_units.indicator_code
        -- A child that is followed is what a place with records is to a dose count: where it is, no row means none.
        and case when roles.part_role = 'with_records' then 'included' else roles.part_role end = own_units.term_role
    where roles.part_role <> 'with_records' or indicators.missing_policy <> 'matched_units'
)

select
    indicator_code,
    part_role,
    measure_code,
    weight,
    offset_years,
    {{ term_bit('term_no') }} as term_bit,
    case when is_dose_count then {{ term_bit('term_no') }} else 0 end as dose_bit
from (
    select * from whole
    union all
    select * from matched
    union all
    select * from units
)
