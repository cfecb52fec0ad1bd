select reporter_code, period, span_start_month, month, measure_code, decided_at from {{ exclusions() }} as exclusions
