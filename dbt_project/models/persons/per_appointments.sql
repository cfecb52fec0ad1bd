-- Whose an appointment is follows from its person code, and from its birth date where one was sent; a code that
-- several persons use names nobody.
with appointments as (
    select * from {{ ref('int_appointments_current') }}
    where is_live
),

codes as (
    select person_code, birth_date, min(person_key) as person_key
    from {{ ref('per_cards') }}
    where person_code is not null
    group by person_code, birth_date
    having count(distinct person_key) = 1
),

bare_codes as (
    select person_code, min(person_key) as person_key
    from {{ ref('per_cards') }}
    where person_code is not null
    group by person_code
    having count(distinct person_key) = 1
)

select
    appointments.appointment_key,
    coalesce(codes.person_key, bare_codes.person_key) as person_key,
    appointments.facility_code,
    appointments.appointment_date,
    appointments.appointment_status,
    appointments.product_code,
    appointments.dose_number,
    appointments.submission_id,
    appointments.line_no,
    submissions.original_name,
    submissions.received_at
from appointments
inner join {{ ref('stg_lake__submissions') }} as submissions on appointments.submission_id = submissions.submission_id
left join codes
    on appointments.person_code = codes.person_code and appointments.birth_date = codes.birth_date
left join bare_codes
    on appointments.person_code = bare_codes.person_code and appointments.birth_date is null
where coalesce(codes.person_key, bare_codes.person_key) is not null
