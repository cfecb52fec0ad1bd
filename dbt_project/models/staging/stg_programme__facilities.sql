select
    facility_code,
    name_vi,
    name_en,
    facility_type_code,
    commune_code_2017,
    commune_code_2025,
    cast(opened_date as date) as opened_date,
    cast(closed_date as date) as closed_date,
    source_code,
    'C:' || commune_code_2017 || ':' || commune_code_2025 as unit_code
from {{ facility_register() }}
