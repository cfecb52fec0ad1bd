select {{ columns_except('submissions', ['batch_no']) }}, cast(batch_no as integer) as batch_no
from {{ ref('stg_lake__submissions') }} as submissions
