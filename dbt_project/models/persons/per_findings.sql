-- Single records and pairs behind a finding. A finding of a facility's month names each of its records.
with keyed as (
    select
        {{ finding_key('rule_code', "'facility'", 'facility_code', period_of_month('month')) }} as finding_key,
        rule_code,
        person_key,
        record_key
    from {{ ref('int_quality_hits') }}
),

pairs as (
    select
        {{ finding_key("'identity_waiting'", "'person_pair'", "substring(md5(card_key_a || '|' || card_key_b), 1, 20)", 'cast(null as string)') }} as finding_key,
        card_key_a,
        card_key_b
    from {{ ref('stg_identity__person_links') }}
    where decision = 'review'
),

ends as (
    select finding_key, card_key_a as card_key, card_key_a, card_key_b from pairs
    union all
    select finding_key, card_key_b as card_key, card_key_a, card_key_b from pairs
)

select
    keyed.finding_key,
    keyed.rule_code,
    keyed.person_key,
    keyed.record_key,
    cast(null as string) as card_key_a,
    cast(null as string) as card_key_b
from keyed
inner join {{ ref('rpt_findings') }} as findings on keyed.finding_key = findings.finding_key

union all

select
    ends.finding_key,
    'identity_waiting' as rule_code,
    cards.person_key,
    cast(null as string) as record_key,
    ends.card_key_a,
    ends.card_key_b
from ends
inner join {{ ref('int_person_cards') }} as cards on ends.card_key = cards.card_key
