-- How good the data of a facility or an area are, part by part and as a whole: one row a place, year and part. An area's
-- row is of all its facilities together, so a large one weighs more than a small one. A facility stands in the tree in
-- force; it is ranked among those of the area above its commune, an area among those of the area above it.
with counted as (
    select facility_code, score_year, component_code, sum(violations) as violations, sum(evaluated) as evaluated
    from {{ ref('int_scorecard_facilities') }}
    group by facility_code, score_year, component_code
),

communes as (
    select facility_code, '63' as hierarchy_code, commune_code_2017 as commune_code from {{ ref('stg_programme__facilities') }}
    union all
    select facility_code, '34' as hierarchy_code, commune_code_2025 as commune_code from {{ ref('stg_programme__facilities') }}
),

placed as (
    select
        communes.hierarchy_code,
        'facility' as level_code,
        communes.facility_code as place_code,
        communes.commune_code as area_code,
        communes.facility_code,
        areas.parent_code as peer_code,
        communes.facility_code as member_code
    from communes
    inner join {{ ref('hierarchies') }} as hierarchies
        on communes.hierarchy_code = hierarchies.hierarchy_code and hierarchies.valid_to is null
    inner join {{ ref('areas') }} as areas
        on communes.hierarchy_code = areas.hierarchy_code and communes.commune_code = areas.area_code

    union all

    select
        communes.hierarchy_code,
        areas.level_code,
        areas.area_code as place_code,
        areas.area_code,
        cast(null as string) as facility_code,
        areas.parent_code as peer_code,
        communes.facility_code as member_code
    from communes
    inner join {{ ref('int_area_ancestors') }} as ancestors
        on communes.hierarchy_code = ancestors.hierarchy_code and communes.commune_code = ancestors.area_code
    inner join {{ ref('areas') }} as areas
        on ancestors.hierarchy_code = areas.hierarchy_code and ancestors.ancestor_code = areas.area_code
),

-- Ten-thousandths of a percent as whole numbers: a mean of them does not depend on the order of rows.
parts as (
    select
        placed.hierarchy_code,
        placed.level_code,
        placed.place_code,
        placed.area_code,
        placed.facility_code,
        placed.peer_code,
        counted.score_year,
        counted.component_code,
        sum(counted.violations) as violations,
        sum(counted.evaluated) as evaluated,
        cast(round(
            1000000 * (1 - cast(sum(counted.violations) as double) / sum(counted.evaluated)), 0
        ) as bigint) as score_units
    from placed
    inner join counted on placed.member_code = counted.facility_code
    group by
        placed.hierarchy_code,
        placed.level_code,
        placed.place_code,
        placed.area_code,
        placed.facility_code,
        placed.peer_code,
        counted.score_year,
        counted.component_code
),

scored as (
    select * from parts

    union all

    select
        parts.hierarchy_code,
        parts.level_code,
        parts.place_code,
        parts.area_code,
        parts.facility_code,
        parts.peer_code,
        parts.score_year,
        wholes.component_code,
        sum(parts.violations) as violations,
        sum(parts.evaluated) as evaluated,
        cast(round(
            cast(sum(components.points * parts.score_units) as double) / sum(components.points), 0
        ) as bigint) as score_units
    from parts
    inner join {{ ref('scorecard_components') }} as components on parts.component_code = components.component_code
    inner join {{ ref('scorecard_components') }} as wholes on wholes.points is null
    group by
        parts.hierarchy_code,
        parts.level_code,
        parts.place_code,
        parts.area_code,
        parts.facility_code,
        parts.peer_code,
        parts.score_year,
        wholes.component_code
)

select
    scored.hierarchy_code,
    scored.level_code,
    scored.place_code,
    scored.area_code,
    scored.facility_code,
    scored.score_year,
    scored.component_code,
    cast(scored.violations as bigint) as violations,
    cast(scored.evaluated as bigint) as evaluated,
    cast(scored.score_units as double) / 10000 as score,
    bands.band_code,
    scored.peer_code,
    cast(rank() over (
        partition by scored.hierarchy_code, scored.level_code, scored.peer_code, scored.score_year, scored.component_code
        order by scored.score_units desc
    ) as bigint) as peer_rank,
    cast(count(*) over (
        partition by scored.hierarchy_code, scored.level_code, scored.peer_code, scored.score_year, scored.component_code
    ) as bigint) as peer_count
from scored
inner join {{ ref('scorecard_bands') }} as bands
    on scored.component_code = bands.component_code
    and (bands.lower_bound is null or cast(scored.score_units as double) / 10000 >= bands.lower_bound)
    and (bands.upper_bound is null or cast(scored.score_units as double) / 10000 < bands.upper_bound)
order by scored.hierarchy_code, scored.level_code, scored.place_code, scored.score_year, scored.component_code
