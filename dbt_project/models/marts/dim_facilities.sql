select
    facility_code, name_vi, name_en, facility_type_code, commune_code_2017, commune_code_2025,
    opened_date, closed_date, source_code
from {{ ref('stg_programme__facilities') }}
