with parts as (
    select
        indicator_code,
        {{- needed_bits('term_bit', 'bits') }},
        {{- needed_bits('dose_bit', 'dose_bits') }}
    from {{ ref('dim_indicator_parts') }}
    group by indicator_code
)

select
    indicators.*,
    coalesce(parts.numerator_bits, 0) as numerator_bits,
    coalesce(parts.denominator_bits, 0) as denominator_bits,
    coalesce(parts.numerator_dose_bits, 0) as numerator_dose_bits,
    coalesce(parts.denominator_dose_bits, 0) as denominator_dose_bits
from {{ ref('int_indicators') }} as indicators
left join parts using (indicator_code)
order by indicators.sort_order, indicators.denominator_code
