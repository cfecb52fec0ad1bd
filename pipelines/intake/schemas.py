"""The columns of the lake, in order; the warehouse reads exactly these."""

from __future__ import annotations

import polars as pl

_MOMENT = pl.Datetime("us")

DOSE_RECORDS: dict[str, pl.DataType | type[pl.DataType]] = {
    "submission_id": pl.String,
    "batch_no": pl.Int32,
    "line_no": pl.Int32,
    "record_key": pl.String,
    "action": pl.String,
    "submitted_at": _MOMENT,
    "version_at": _MOMENT,
    "submission_mode": pl.String,
    "facility_code": pl.String,
    "report_month": pl.Date,
    "record_id": pl.String,
    "person_code": pl.String,
    "national_id": pl.String,
    "full_name": pl.String,
    "birth_date": pl.Date,
    "sex": pl.String,
    "mother_name": pl.String,
    "phone": pl.String,
    "household_commune_code": pl.String,
    "temporary_commune_code": pl.String,
    "product_code": pl.String,
    "lot_number": pl.String,
    "lot_expiry_date": pl.Date,
    "given_at": _MOMENT,
    "given_date": pl.Date,
    "has_given_time": pl.Boolean,
    "dose_number": pl.Int32,
    "dose_status": pl.Int32,
    "service_type": pl.String,
    "reaction_code": pl.Int32,
    "row_hash": pl.String,
    "birth_at": _MOMENT,
    "is_within_24h": pl.Boolean,
    "death_date": pl.Date,
    "birth_order": pl.Int32,
    "contact_opt_out": pl.Boolean,
    "record_origin": pl.String,
    "person_card_key": pl.String,
}

REPORT_VALUES: dict[str, pl.DataType | type[pl.DataType]] = {
    "submission_id": pl.String,
    "batch_no": pl.Int32,
    "line_no": pl.Int32,
    "action": pl.String,
    "submitted_at": _MOMENT,
    "version_at": _MOMENT,
    "submission_mode": pl.String,
    "reporter_code": pl.String,
    "facility_code": pl.String,
    "hierarchy_code": pl.String,
    "area_code": pl.String,
    "period": pl.String,
    "period_start_month": pl.Date,
    "period_end_month": pl.Date,
    "measure_code": pl.String,
    "value": pl.Float64,
    "source_code": pl.String,
    "row_hash": pl.String,
}

APPOINTMENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "submission_id": pl.String,
    "batch_no": pl.Int32,
    "line_no": pl.Int32,
    "appointment_key": pl.String,
    "action": pl.String,
    "submitted_at": _MOMENT,
    "version_at": _MOMENT,
    "submission_mode": pl.String,
    "facility_code": pl.String,
    "report_month": pl.Date,
    "appointment_id": pl.String,
    "person_code": pl.String,
    "full_name": pl.String,
    "birth_date": pl.Date,
    "phone": pl.String,
    "product_code": pl.String,
    "dose_number": pl.Int32,
    "appointment_date": pl.Date,
    "appointment_status": pl.String,
    "row_hash": pl.String,
}

REJECTED_ROWS: dict[str, pl.DataType | type[pl.DataType]] = {
    "submission_id": pl.String,
    "batch_no": pl.Int32,
    "line_no": pl.Int32,
    "reason_codes": pl.List(pl.String),
    "field_names": pl.List(pl.String),
    "field_values": pl.List(pl.String),
    "raw_text": pl.String,
}

SUBMISSIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "submission_id": pl.String,
    "batch_no": pl.Int32,
    "sha256": pl.String,
    "original_name": pl.String,
    "byte_count": pl.Int64,
    "received_at": _MOMENT,
    "submission_kind": pl.String,
    "file_format": pl.String,
    "encoding": pl.String,
    "delimiter": pl.String,
    "language": pl.String,
    "status": pl.String,
    "refusal_code": pl.String,
    "refusal_detail": pl.String,
    "line_count": pl.Int64,
    "header_count": pl.Int64,
    "blank_count": pl.Int64,
    "accepted_count": pl.Int64,
    "rejected_count": pl.Int64,
    "duplicate_count": pl.Int64,
    "first_report_month": pl.Date,
    "last_report_month": pl.Date,
    "facility_count": pl.Int64,
    "submitted_at": _MOMENT,
}

DATASETS = {
    "dose_records": DOSE_RECORDS,
    "report_values": REPORT_VALUES,
    "appointments": APPOINTMENTS,
    "rejected_rows": REJECTED_ROWS,
    "submissions": SUBMISSIONS,
}

# How rows lie inside a part, so that a reader can skip most of it.
SORTED_BY = {
    "dose_records": ["facility_code", "record_id"],
    "report_values": ["measure_code", "reporter_code"],
    "appointments": ["facility_code", "appointment_id"],
    "rejected_rows": ["submission_id", "line_no"],
    "submissions": ["submission_id"],
}
# The column and the form of it that name the folder of a row; a dataset that is not here has no folders.
FOLDERED_BY = {
    "dose_records": ("report_month", "%Y-%m"),
    "report_values": ("period_end_month", "%Y"),
    "appointments": ("report_month", "%Y-%m"),
}
