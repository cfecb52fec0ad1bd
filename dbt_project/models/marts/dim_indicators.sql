with parts as (
    select
        indicator_code,
        {{- needed_bits('term_bit', 'bits') }},
        {{- needed_bits('dose_bit', 'dose_bits') }}
    from {{ ref('dim_indicator_parts') }}
    group by indicator_code
)

select indicators.*, {{ columns_except('parts', ['indicator_code']) }}
from {{ ref('indicators') }} as indicators
inner join parts using (indicator_code)
order by indicators.sort_order
