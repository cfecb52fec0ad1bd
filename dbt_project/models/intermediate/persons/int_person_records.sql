{{ config(materialized='view') }}

select
    cards.person_key,
    records.*,
    facilities.unit_code,
    facilities.source_code
from {{ ref('int_dose_records_current') }} as records
inner join {{ ref('int_person_cards') }} as cards on records.person_card_key = cards.card_key
left join {{ ref('stg_programme__facilities') }} as facilities on records.facility_code = facilities.facility_code
where records.is_live
