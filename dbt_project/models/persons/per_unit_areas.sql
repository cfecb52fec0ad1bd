with places as (
    select distinct unit_code from {{ ref('per_residences') }}
)

select ancestors.unit_code, ancestors.hierarchy_code, ancestors.level_code, ancestors.area_code
from {{ ref('int_unit_ancestors') }} as ancestors
inner join places on ancestors.unit_code = places.unit_code
