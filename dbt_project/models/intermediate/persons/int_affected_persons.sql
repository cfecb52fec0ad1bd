-- Persons whose rows may be others now: new or changed records name them, or a card went from one person to another.
{%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_person_cards') %}
{#- References stand outside the condition, or dbt would not see them when it parses. #}
{%- set cards_now = ref('stg_identity__person_cards') %}
{%- set all_records = ref('stg_lake__dose_records') %}
{%- set affected_keys = ref('int_affected_record_keys') %}
{%- set known_persons = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_persons') %}
-- depends_on: {{ ref('person_parameters') }}
{% if is_full_build() or not known or not known_persons %}

select cast(null as string) as person_key where false

{% else %}

with cards as (
    select card_key, person_key from {{ cards_now }}
),

known_cards as (
    select card_key, person_key from {{ known }}
),

-- Every version of the record: a correction may have taken it from one card to another.
named as (
    select distinct records.person_card_key as card_key
    from {{ all_records }} as records
    inner join {{ affected_keys }} as affected using (record_key)
),

-- What a mother had protects her child.
mothers as (
    select distinct {{ woman_key() }} as mother_key
    from {{ all_records }}
    inner join {{ affected_keys }} using (record_key)
),

moved as (
    select cards.person_key, known_cards.person_key as known_person_key
    from cards
    full join known_cards using (card_key)
    where cards.person_key is distinct from known_cards.person_key
)

select person_key from named inner join cards using (card_key)
union
select person_key from named inner join known_cards using (card_key)
union
select person_key from moved where person_key is not null and known_person_key is not null
union
select known_person_key from moved where known_person_key is not null
union
select known_persons.person_key from {{ known_persons }} as known_persons inner join mothers using (mother_key)

{% endif %}
