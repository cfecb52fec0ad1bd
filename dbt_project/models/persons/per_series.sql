select series_code, antigen_code, name_vi, name_en
from {{ ref('dose_series') }}
