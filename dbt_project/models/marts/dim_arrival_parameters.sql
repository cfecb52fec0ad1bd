select * from {{ ref('arrival_parameters') }}
