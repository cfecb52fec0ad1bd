-- Where people live of whom only a former commune is known that was split: in each of its parts with its share, in
-- multiples of 2^-20, the largest part taking what is left. Counts times such shares add up exactly, in any order.
with parts as (
    select
        from_code,
        to_code,
        is_primary,
        floor(share * 1048576 + 0.5) / 1048576 as rounded_share,
        count(*) over (partition by from_code) as part_count
    from {{ ref('area_changes') }}
    where from_hierarchy_code = '63' and to_hierarchy_code = '34' and change_kind = 'split'
)

select
    'A:63:' || from_code as unit_code,
    '34' as hierarchy_code,
    to_code as area_code,
    case
        when is_primary
            then 1 - (sum(rounded_share) over (partition by from_code) - rounded_share)
        else rounded_share
    end as share
from parts
where part_count > 1
