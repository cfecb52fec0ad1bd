with parts as (
    select
        indicator_code,
        cast(coalesce(sum(term_bit) filter (where part_role = 'numerator'), 0) as bigint) as numerator_bits,
        cast(coalesce(sum(term_bit) filter (where part_role = 'denominator'), 0) as bigint) as denominator_bits,
        cast(coalesce(sum(dose_bit) filter (where part_role = 'numerator'), 0) as bigint) as numerator_dose_bits,
        cast(coalesce(sum(dose_bit) filter (where part_role = 'denominator'), 0) as bigint) as denominator_dose_bits
    from {{ ref('dim_indicator_parts') }}
    group by indicator_code
)

select indicators.*, parts.* exclude (indicator_code)
from {{ ref('indicators') }} as indicators
inner join parts using (indicator_code)
order by indicators.sort_order
