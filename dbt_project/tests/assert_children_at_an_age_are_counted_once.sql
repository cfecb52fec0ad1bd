-- Every child is somewhere: the nation holds all that reached an age, wherever they live and are cared for.
with children as (
    select cohort_age_code, month, count(*) as child_count
    from {{ ref('int_cohort_children') }}
    where
        month < {{ month_of(as_of_date()) }}
        and month in (select month from {{ ref('int_programme_months') }})
    group by cohort_age_code, month
),

counted as (
    select measures.cohort_age_code, measures.place_basis, facts.hierarchy_code, facts.month, sum(facts.value) as child_count
    from {{ ref('fct_person_measure_values') }} as facts
    inner join {{ ref('person_measures') }} as measures using (measure_code)
    where measures.count_kind = 'registered' and facts.level_code = 'nation'
    group by all
)

select children.*, counted.place_basis, counted.hierarchy_code, counted.child_count as counted_count
from children
left join counted using (cohort_age_code, month)
where counted.child_count is distinct from children.child_count
