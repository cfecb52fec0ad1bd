{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}

with records as (
    select * from {{ ref('int_person_records') }}
    where {{ affected('person_key') }}
),

-- The birth date that most records give; of two, the one that was sent last.
birth_dates as (
    select person_key, birth_date, count(*) as record_count, max(version_at) as version_at
    from records
    group by person_key, birth_date
),

ranked as (
    select
        person_key,
        birth_date,
        row_number() over (
            partition by person_key order by record_count desc, version_at desc, birth_date desc
        ) as birth_rank
    from birth_dates
),

known as (
    select
        records.person_key,
        ranked.birth_date,
        max(records.birth_at) filter (where cast(records.birth_at as date) = ranked.birth_date) as birth_at,
        {{ newest('records.birth_order') }} as birth_order,
        {{ newest('records.sex') }} as sex,
        {{ newest('records.death_date') }} as death_date,
        {{ newest('records.contact_opt_out') }} as contact_opt_out,
        {{ newest('records.source_code') }} as source_code,
        {{ newest('records.mother_key') }} as mother_key,
        min(records.given_date) as first_record_date,
        max(records.given_date) as last_record_date,
        count(distinct records.person_card_key) as card_count,
        count(*) as record_count
    from records
    inner join ranked on records.person_key = ranked.person_key and ranked.birth_rank = 1
    group by records.person_key, ranked.birth_date
)

select * from known
