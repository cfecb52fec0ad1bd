-- The terms of every indicator of `int_indicators`: those of the registry, and for each other denominator the same
-- numerator over what that denominator counts.
with denominators as (
    select * from {{ ref('int_indicator_denominators') }}
    where not is_own
)

select indicator_code, term_role, measure_code, weight, offset_years
from {{ ref('indicator_terms') }}

union all

select
    terms.indicator_code || '@' || denominators.denominator_code as indicator_code,
    terms.term_role,
    terms.measure_code,
    terms.weight,
    terms.offset_years
from {{ ref('indicator_terms') }} as terms
inner join denominators using (indicator_code)
where terms.term_role <> 'denominator'

union all

select
    indicator_code || '@' || denominator_code as indicator_code,
    'denominator' as term_role,
    measure_code,
    weight,
    offset_years
from denominators
