-- Evaluation runs a round for each dose number up to `highest_dose_number`: a dose above it would never be valid.
select dose_code, dose_number
from {{ ref('vaccine_doses') }}
where dose_number > {{ var('highest_dose_number') }}
