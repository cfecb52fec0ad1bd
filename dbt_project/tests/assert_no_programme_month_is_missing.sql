-- A build that lost a month would look like a month in which nobody reported.
select months.month
from {{ ref('int_programme_months') }} as months
left join {{ ref('int_facility_months') }} as facility_months using (month)
where exists (
    select 1 from {{ ref('stg_programme__facilities') }} as facilities
    where facilities.opened_date <= months.month and (facilities.closed_date is null or facilities.closed_date > months.month)
)
and months.month < {{ month_of(as_of_date()) }}
group by months.month
having count(facility_months.facility_code) = 0
