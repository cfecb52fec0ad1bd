select distinct old_person_key, new_person_key
from {{ ref('stg_identity__person_redirects') }}
