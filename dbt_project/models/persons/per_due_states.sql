select state_code, sort_order, dose_status, span, is_invited, name_vi, name_en, explanation_vi, explanation_en
from {{ ref('due_states') }}
