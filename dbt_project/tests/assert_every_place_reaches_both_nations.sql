select units.unit_code, hierarchies.hierarchy_code
from (select distinct unit_code from {{ ref('stg_programme__facilities') }}) as units
cross join {{ ref('hierarchies') }} as hierarchies
left join {{ ref('int_unit_ancestors') }} as ancestors
    on units.unit_code = ancestors.unit_code
    and hierarchies.hierarchy_code = ancestors.hierarchy_code
    and ancestors.level_code = 'nation'
group by units.unit_code, hierarchies.hierarchy_code
having count(ancestors.area_code) <> 1
