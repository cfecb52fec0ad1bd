select person_key, hierarchy_code, commune_code, residence_kind, valid_from, valid_to, unit_code
from {{ ref('int_person_residences') }}
