-- Places where facilities stand reach both trees exactly: each lies in one commune of either.
-- Areas that report themselves reach the other tree only where that is certain: a former province or district lies in
-- one province of today, a former commune in one commune unless it was split; a new commune in the former district and
-- province that all its parts come from.
with ancestors as (
    select * from {{ ref('int_area_ancestors') }}
),

-- Where facilities stand, and where persons live whose commune is known in both trees.
places as (
    select distinct unit_code, commune_code_2017, commune_code_2025
    from {{ ref('stg_programme__facilities') }}
    union
    select 'C:' || from_code || ':' || to_code as unit_code, from_code as commune_code_2017, to_code as commune_code_2025
    from {{ ref('area_changes') }} as changes
    inner join {{ ref('areas') }} as areas
        on changes.from_hierarchy_code = areas.hierarchy_code and changes.from_code = areas.area_code
    where changes.from_hierarchy_code = '63' and changes.to_hierarchy_code = '34' and areas.level_code = 'commune'
),

areas as (
    select hierarchy_code, area_code, level_code, 'A:' || hierarchy_code || ':' || area_code as unit_code
    from {{ ref('areas') }}
),

successors as (
    select from_code, min(to_code) as to_code, count(*) as successor_count
    from {{ ref('area_changes') }}
    where from_hierarchy_code = '63' and to_hierarchy_code = '34'
    group by from_code
),

crossings as (
    -- Codes have two digits for provinces, three for districts and five for communes, so they cannot be confused.
    select areas.unit_code, successors.to_code
    from areas
    inner join successors on areas.area_code = successors.from_code
    where areas.hierarchy_code = '63' and successors.successor_count = 1

    union all

    select areas.unit_code, 'VN' as to_code
    from areas
    where areas.hierarchy_code = '63' and areas.level_code in ('nation', 'region')
),

split_communes as (
    -- Both parts of a split commune lie in one province, since provinces were merged whole.
    select areas.unit_code, provinces.to_code
    from areas
    inner join successors on areas.area_code = successors.from_code
    inner join ancestors
        on areas.hierarchy_code = ancestors.hierarchy_code
        and areas.area_code = ancestors.area_code
        and ancestors.ancestor_level_code = 'province'
    inner join successors as provinces on ancestors.ancestor_code = provinces.from_code
    where areas.hierarchy_code = '63' and successors.successor_count > 1
),

parts as (
    select to_code, from_code, count(*) over (partition by to_code) as part_count
    from {{ ref('area_changes') }}
    where from_hierarchy_code = '63' and to_hierarchy_code = '34'
),

shared_origins as (
    -- Below the nation, what all former communes of a new one have above them.
    select parts.to_code, ancestors.ancestor_code
    from parts
    inner join ancestors
        on ancestors.hierarchy_code = '63'
        and parts.from_code = ancestors.area_code
        and ancestors.ancestor_level_code in ('region', 'province', 'district')
    group by parts.to_code, ancestors.ancestor_code
    having count(*) = max(parts.part_count)
),

origins as (
    -- The lowest of them; those above it follow from the tree.
    select shared_origins.to_code, shared_origins.ancestor_code
    from shared_origins
    where not exists (
        select 1
        from shared_origins as lower
        inner join ancestors
            on ancestors.hierarchy_code = '63'
            and lower.ancestor_code = ancestors.area_code
            and ancestors.ancestor_code = shared_origins.ancestor_code
        where lower.to_code = shared_origins.to_code and lower.ancestor_code <> shared_origins.ancestor_code
    )
),

reached as (
    select unit_code, '63' as hierarchy_code, commune_code_2017 as area_code from places
    union all
    select unit_code, '34' as hierarchy_code, commune_code_2025 as area_code from places
    union all
    select unit_code, hierarchy_code, area_code from areas
    union all
    select unit_code, '34' as hierarchy_code, to_code as area_code from crossings
    union all
    select unit_code, '34' as hierarchy_code, to_code as area_code from split_communes
    union all
    select areas.unit_code, '63' as hierarchy_code, coalesce(origins.ancestor_code, 'VN') as area_code
    from areas
    left join origins on areas.level_code = 'commune' and areas.area_code = origins.to_code
    where areas.hierarchy_code = '34'
)

select
    reached.unit_code,
    reached.hierarchy_code,
    ancestors.ancestor_level_code as level_code,
    ancestors.ancestor_code as area_code
from reached
inner join ancestors
    on reached.hierarchy_code = ancestors.hierarchy_code and reached.area_code = ancestors.area_code

union all

-- A report that can be added to nothing counts at its own area only; a facility's, in its commune of either tree.
select 'X:' || areas.unit_code as unit_code, areas.hierarchy_code, areas.level_code, areas.area_code
from areas

union all

select 'X:' || reached.unit_code as unit_code, reached.hierarchy_code, own.level_code, own.area_code
from reached
inner join places on reached.unit_code = places.unit_code
inner join areas as own
    on reached.hierarchy_code = own.hierarchy_code and reached.area_code = own.area_code
