-- depends_on: {{ ref('int_affected_persons') }}
-- Replaced only after it was compared with the cards as they come now.
select card_key, person_key
from {{ ref('stg_identity__person_cards') }}
