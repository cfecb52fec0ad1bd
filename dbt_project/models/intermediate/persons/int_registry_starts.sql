-- depends_on: {{ ref('int_registry_starts_before') }}
-- From when a province's children are followed: the first month in which a fair share of the facilities that ever send
-- records sent some. A child born before is known to the registry, but not its first doses.
with senders as (
    select ancestors.level_code, ancestors.area_code, facility_months.month, count(*) as sender_count
    from {{ ref('int_facility_months') }} as facility_months
    inner join {{ ref('int_unit_ancestors') }} as ancestors on facility_months.unit_code = ancestors.unit_code
    where
        facility_months.has_records
        and ancestors.hierarchy_code = '34'
        and ancestors.level_code in ('nation', 'province')
    group by all
),

most as (
    select level_code, area_code, max(sender_count) as sender_count
    from senders
    group by level_code, area_code
)

select senders.level_code, senders.area_code, min(senders.month) as start_month
from senders
inner join most using (level_code, area_code)
where senders.sender_count >= most.sender_count * {{ person_parameter('registry_start_share') }}
group by senders.level_code, senders.area_code
