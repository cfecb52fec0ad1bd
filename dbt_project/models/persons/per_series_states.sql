-- Where everybody stands on the day of the release; for another day the same macro is asked again.
{{ series_states(
    ref('per_persons'), ref('per_dose_events'), ref('per_records'), ref('per_schedule_doses'),
    ref('per_product_series'), ref('per_due_states'), as_of_date()
) }}
