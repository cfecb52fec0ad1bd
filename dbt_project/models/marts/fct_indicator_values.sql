{{ config(materialized='view') }}

-- Sums the parts over the period, and divides last. Filters on indicator, area and period reach the scan of the facts.
-- What does not add up over areas is worked out of the values below and joins them here.
with sums as (
    {{ period_sums(ref('fct_measure_values'), ref('dim_indicator_parts'), ref('dim_period_months')) }}
)

{{ judged_values('sums', ref('dim_indicators'), period_value_keys()) }}

union all

select
    {{ period_value_keys() | join(', ') }},
    indicator_code, numerator, denominator, value, units_included, units_expected, value_status, definition_version,
    source_code
from {{ ref('fct_distribution_values') }}
