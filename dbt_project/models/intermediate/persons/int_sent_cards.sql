{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='card_key') }}

-- What each card says of a person, as it was sent; all records of a card say the same.
with records as (
    select * from {{ ref('stg_lake__dose_records') }}
    {% if is_incremental() %}
    where person_card_key in (
        select person_card_key from {{ ref('stg_lake__dose_records') }} where batch_no > {{ var('since_batch_no') }}
    )
    {% endif %}
)

select
    person_card_key as card_key,
    {% for name in [
        'person_code', 'national_id', 'full_name', 'birth_date', 'sex', 'mother_name', 'phone',
        'household_commune_code', 'temporary_commune_code', 'birth_order'
    ] -%}
    min({{ name }}) as {{ name }},
    {% endfor -%}
    min(version_at) as known_from
from records
group by person_card_key
