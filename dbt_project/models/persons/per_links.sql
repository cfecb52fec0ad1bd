-- A pair that waits for a steward, or is kept apart, stands with both of its persons.
with cards as (
    select card_key, person_key from {{ ref('int_person_cards') }}
),

ends as (
    select card_key_a as card_key, card_key_a, card_key_b from {{ ref('stg_identity__person_links') }}
    union
    select card_key_b as card_key, card_key_a, card_key_b from {{ ref('stg_identity__person_links') }}
),

pairs as (
    select distinct cards.person_key, ends.card_key_a, ends.card_key_b
    from ends
    inner join cards on ends.card_key = cards.card_key
)

select
    pairs.person_key,
    links.card_key_a,
    links.card_key_b,
    links.rule_code,
    links.score,
    links.decision,
    links.evidence,
    links.decided_by,
    rules.text_vi as rule_vi,
    rules.text_en as rule_en
from pairs
inner join {{ ref('stg_identity__person_links') }} as links
    on pairs.card_key_a = links.card_key_a and pairs.card_key_b = links.card_key_b
left join {{ ref('identity_rules') }} as rules on links.rule_code = rules.rule_code
