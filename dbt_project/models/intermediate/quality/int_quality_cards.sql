{{ config(materialized='view') }}

-- What the names on a card are worth. Names are compared as they are searched for: without marks, in lower case.
with cards as (
    select
        card_key,
        nullif(trim(full_name), '') as full_name,
        nullif(trim(mother_name), '') as mother_name,
        {{ search_key('trim(full_name)') }} as name_key,
        {{ search_key('trim(mother_name)') }} as mother_name_key
    from {{ ref('int_sent_cards') }}
),

-- Few names are ever the same as one of a list, so that names are looked for by value.
test_names as (
    select distinct phrase from {{ ref('test_names') }}
),

unnamed as (
    select distinct phrase from {{ ref('name_placeholders') }} where kind = 'unnamed'
),

follows as (
    select distinct phrase from {{ ref('name_placeholders') }} where kind = 'mother_follows'
),

-- "Con ba Hoa": the words before the mother's name.
by_mother as (
    select distinct cards.name_key
    from (select distinct name_key from cards) as cards
    inner join follows on cards.name_key like follows.phrase || ' %'
)

select
    cards.card_key,
    cards.full_name,
    cards.mother_name,
    test_names.phrase is not null as is_test_name,
    unnamed.phrase is not null or by_mother.name_key is not null as is_unnamed,
    cards.name_key = cards.mother_name_key as is_own_mother
from cards
left join test_names on cards.name_key = test_names.phrase
left join unnamed on cards.name_key = unnamed.phrase
left join by_mother on cards.name_key = by_mother.name_key
