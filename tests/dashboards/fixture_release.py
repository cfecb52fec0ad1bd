"""A small release by the contract of docs/architecture.md: real registry, made-up values with known answers.

Two provinces have all their areas, the others only themselves. One province is silent, one is over 100 %,
one has a negative dropout, one reports in part; the nation has years reported to WHO/UNICEF.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb

from pipelines.settings import SEEDS_DIR

RELEASE_ID = "20260405T050000Z-000003"
FULL_PROVINCES = ("01", "48")
SILENT, OVER, NEGATIVE, PARTIAL = "04", "22", "92", "96"
INDICATORS = (
    "coverage_penta1",
    "coverage_penta3",
    "coverage_mcv1",
    "dropout_penta1_penta3",
    "completeness_reports",
    "zero_dose_target",
    "cohort_valid_penta3_12m",
)

_PLAIN = (
    "indicators/indicator_terms",
    "indicators/indicator_thresholds",
    "indicators/measures",
    "indicators/value_statuses",
    "indicators/sources",
    "indicators/indicators",
    "indicators/denominators",
    "indicators/red_rules",
    "indicators/red_categories",
    "geography/hierarchies",
    "geography/area_levels",
    "indicators/arrival_parameters",
    "intake/reporting_deadlines",
    "schedule/vaccine_doses",
    "schedule/product_series",
    "indicators/events",
    "quality/anomaly_causes",
    "quality/quality_rules",
    "quality/rejection_reasons",
    "quality/scorecard_components",
    "quality/scorecard_bands",
)

_MAKE = """
alter table dim_indicators add column base_indicator_code varchar;
alter table dim_indicators add column denominator_code varchar;
update dim_indicators set base_indicator_code = indicator_code;

create table dim_areas as
    select a.*, l.depth,
        lower(replace(replace(strip_accents(nfc_normalize(a.name_vi)), 'Đ', 'D'), 'đ', 'd')) as search_key,
        cast(row_number() over (partition by a.hierarchy_code order by a.name_vi collate vi, a.area_code) as integer)
            as sort_order
    from seed_areas as a join dim_area_levels as l using (hierarchy_code, level_code);

create table months as
    select cast(unnest(generate_series(date '2024-01-01', date '2026-04-01', interval 1 month)) as date) as month;
create table dim_periods as
    with ends as (
        select month, strftime(month, '%Y-%m') as code, cast(year(month) as varchar) as y,
            cast(date_trunc('year', month) as date) as ys, cast(date_trunc('quarter', month) as date) as qs
        from months union
        select make_date(n, 12, 1), n || '-12', cast(n as varchar), make_date(n, 1, 1), make_date(n, 10, 1)
        from range(2009, 2023) as r (n)
    )
    select *, period_end_month < date '2026-04-01' as is_complete from (
        select 'month' as period_type, code as period, month as period_start_month, month as period_end_month from ends
        union select 'quarter', y || 'Q' || quarter(month), qs, cast(qs + interval 2 month as date) from ends
        union select 'ytd', code, ys, month from ends
        union select 'year', y, ys, cast(ys + interval 11 month as date) from ends
        union select 'rolling12', code, cast(month - interval 11 month as date), month from ends
    );

-- The lowest areas that have values of their own: all of the full provinces, else the province.
create table paths as
    with recursive up as (
        select hierarchy_code, area_code as leaf, area_code, parent_code, level_code from dim_areas
        union all
        select u.hierarchy_code, u.leaf, a.area_code, a.parent_code, a.level_code
        from up as u join dim_areas as a on a.hierarchy_code = u.hierarchy_code and a.area_code = u.parent_code
    )
    select hierarchy_code, leaf, area_code, level_code from up;
create table leaves as
    select p.hierarchy_code, p.leaf, p.area_code as province_code
    from paths as p join dim_areas as a on a.hierarchy_code = p.hierarchy_code and a.area_code = p.leaf
    where p.level_code = 'province'
        and (
            (p.area_code in ('01', '48') and a.level_code = 'commune')
            or (p.area_code not in ('01', '48') and a.level_code = 'province')
        )
        and p.area_code <> '04';

create table made as
    select hierarchy_code, leaf, month, indicator_code, province_code,
        case indicator_code
            when 'completeness_reports' then 30.0
            when 'dropout_penta1_penta3' then target * 0.95
            else target
        end as denominator,
        case indicator_code
            when 'completeness_reports' then 27 + h % 4
            when 'dropout_penta1_penta3' then floor(target * 0.95
                * (case when province_code = '92' then -0.04 else 0.03 + (h % 10) / 100.0 end))
            when 'zero_dose_target' then floor(target * 0.05)
            else floor(target * (case when province_code = '22' then 1.12 else 0.72 + (h % 29) / 100.0 end))
        end as numerator,
        cast(case when province_code = '96' then 20 else 30 end as double) as included
    from (
        select l.*, m.month, i.indicator_code, 60.0 + hash(l.leaf) % 200 as target,
            hash(l.leaf || m.month || i.indicator_code) as h
        from leaves as l cross join (from months where month < date '2026-04-01') as m
        cross join (select unnest($indicators) as indicator_code) as i
    );

create table fct_indicator_values as
    select p.hierarchy_code, p.level_code, p.area_code, d.period_type, d.period, d.period_start_month,
        d.period_end_month, m.indicator_code, sum(m.numerator) as numerator,
        case when any_value(i.indicator_kind) = 'count' then null else sum(m.denominator) end as denominator,
        case when any_value(i.indicator_kind) = 'count' then sum(m.numerator)
            else any_value(i.multiplier) * sum(m.numerator) / sum(m.denominator) end as value,
        cast(sum(m.included) as bigint) as units_included, cast(sum(30) as bigint) as units_expected,
        case when sum(m.included) < sum(30) then 'calculated_partial' else 'calculated' end as value_status,
        i.definition_version, 'synthetic' as source_code
    from made as m
    join paths as p on p.hierarchy_code = m.hierarchy_code and p.leaf = m.leaf
    join dim_periods as d on m.month between d.period_start_month and d.period_end_month
    join dim_indicators as i using (indicator_code)
    group by all;
insert into fct_indicator_values
    select hierarchy_code, 'nation', 'VN', 'year', cast(n as varchar), make_date(n, 1, 1), make_date(n, 12, 1),
        'coverage_penta3', 1000.0 * (80 + n % 17), 100000.0, 80.0 + n % 17, 1, 1, 'calculated', 1, 'who_unicef_jrf'
    from range(2009, 2023) as r (n) cross join (values ('63'), ('34')) as h (hierarchy_code);

-- One coverage over another denominator, a quarter larger: 80 % of its own value.
update dim_indicators set denominator_code = 'official_target' where indicator_code = 'coverage_penta3';
insert into dim_indicators
    select * replace (indicator_code || '@un_estimate' as indicator_code, 'un_estimate' as denominator_code,
        false as is_headline)
    from dim_indicators where indicator_code = 'coverage_penta3';
insert into fct_indicator_values
    select * replace (indicator_code || '@un_estimate' as indicator_code, denominator * 1.25 as denominator,
        value / 1.25 as value)
    from fct_indicator_values where indicator_code = 'coverage_penta3' and area_code = 'VN';

create table fct_measure_values as
    select hierarchy_code, 'nation' as level_code, 'VN' as area_code, period_end_month as month,
        period_start_month as span_start_month, 'doses_penta3_u1' as measure_code, source_code, numerator as value
    from fct_indicator_values
    where indicator_code = 'coverage_penta3' and area_code = 'VN'
        and (period_type = 'month' or source_code = 'who_unicef_jrf');

create table fct_cohort_curve as
    select h.hierarchy_code, 'nation' as level_code, 'VN' as area_code, cast(y.n as integer) as birth_year,
        'penta3' as dose_code, cast(m.n as integer) as age_months, cast(1000 as bigint) as child_count,
        cast(greatest(0, 90 - 200 // m.n) * 10 as bigint) as recorded_count,
        cast(greatest(0, 80 - 200 // m.n) * 10 as bigint) as valid_count,
        cast(greatest(0, 90 - 200 // m.n) as double) as recorded_pct,
        cast(greatest(0, 80 - 200 // m.n) as double) as valid_pct
    from (values ('63'), ('34')) as h (hierarchy_code) cross join range(2023, 2025) as y (n)
    cross join range(1, 25) as m (n);
create table fct_dose_delays as
    select h.hierarchy_code, 'nation' as level_code, 'VN' as area_code, 'quarter' as period_type,
        '2025Q' || q.n as period, '12m' as cohort_age_code, 'penta3' as dose_code, cast(1000 as bigint) as child_count,
        cast(880 as bigint) as vaccinated_count, cast(700 as bigint) as within_window_count,
        cast(70 as double) as within_window_pct,
        cast(case when q.n < 4 then 9 + q.n end as integer) as median_delay_days,
        cast(case when q.n < 4 then 40 end as integer) as tail_delay_days
    from (values ('63'), ('34')) as h (hierarchy_code) cross join range(1, 5) as q (n);

-- Nine of ten reports and doses come in the first week, the last after a month.
create table fct_arrivals as
    select a.hierarchy_code, a.level_code, a.area_code, m.month, cast(d.delay as integer) as delay_days,
        true as is_dated_by_sender, cast(d.n as bigint) as report_count, cast(d.n * 10 + month(m.month) % 3 as bigint)
            as dose_count
    from (select * from dim_areas where level_code in ('nation', 'region', 'province')) as a
    cross join (from months where month < date '2026-04-01') as m
    cross join (values (2, 27), (7, 2), (30, 1)) as d (delay, n)
    where m.month + interval 1 month + to_days(cast(d.delay as integer)) <= date '2026-04-08';
insert into fct_measure_values
    select hierarchy_code, level_code, area_code, month, month, 'reports_expected', 'synthetic', 32.0
    from dim_areas cross join months where level_code in ('nation', 'province') and month < date '2026-04-01';

create table dim_bridge_steps as
    select step_code, step_kind, cast(row_number() over () as integer) as sort_order, 'Bước ' || step_code as name_vi,
        'Step ' || step_code as name_en, 'Giải thích' as explanation_vi, 'Explanation' as explanation_en,
        'test' as source
    from (values ('period_doses', 'start'), ('duplicate', 'step'), ('other_year_in', 'step'),
        ('cohort_recorded', 'subtotal'), ('invalid', 'step'), ('denominator', 'denominator_step'),
        ('denominator_followed', 'denominator_step'), ('cohort_valid', 'end'), ('target', 'denominator')
    ) as s (step_code, step_kind);
create table fct_coverage_bridge as
    select h.hierarchy_code, 'nation' as level_code, 'VN' as area_code, 2026 as year, 'penta3' as dose_code,
        v.step_code, d.sort_order, cast(v.value as double) as value, cast(v.points as double) as percentage_points
    from (values ('63'), ('34')) as h (hierarchy_code)
    cross join (values ('period_doses', 900, 90), ('duplicate', -50, -5), ('other_year_in', 10, 1),
        ('cohort_recorded', 860, 86), ('invalid', -60, -6), ('denominator', -100, 8.9),
        ('denominator_followed', -100, 11.1), ('cohort_valid', 800, 100), ('target', 1000, null)
    ) as v (step_code, value, points)
    inner join dim_bridge_steps as d using (step_code);

create table rpt_submissions as
    select submission_id, original_name, 'dose_records' as submission_kind, 'csv' as file_format,
        'utf-8' as encoding, ',' as delimiter, 'vi' as language, status, refusal_code, refusal_detail, line_count,
        case when refusal_code is null then 1 end as header_count, case when refusal_code is null then 0 end
        as blank_count, accepted_count, rejected_count, duplicate_count, date '2026-03-01' as first_report_month,
        date '2026-03-01' as last_report_month, 1 as facility_count, timestamp '2026-04-03 08:00:00' as submitted_at,
        sha256(submission_id) as sha256, 1000 as byte_count, timestamp '2026-04-03 09:30:00' as received_at,
        3 as batch_no
    from (values
        ('a0000000000000000001', '=cmd|tram_y_te_00001.csv', 'accepted', null, null, 41, 40, 0, 0),
        ('a0000000000000000002', 'tram_y_te_00004.csv', 'accepted_with_rejections', null, null, 31, 27, 2, 1),
        ('a0000000000000000003', 'bang_ke.pdf', 'refused', 'FILE_FORMAT', 'not a known format', null, null, null, null)
    ) as s (submission_id, original_name, status, refusal_code, refusal_detail, line_count, accepted_count,
        rejected_count, duplicate_count);
create table rpt_rejected_rows as
    select * from (values
        ('a0000000000000000002', 7, 'ROW_WIDTH', null), ('a0000000000000000002', 12, 'ROW_QUOTE', null)
    ) as r (submission_id, line_no, reason_code, field_name);
create table rpt_check_results as
    select rule_code, name_vi, name_en, dataset, 'release' as scope, cast(n - 1 as bigint) as violations,
        cast(100 as bigint) as evaluated,
        0.0 as threshold, case when n = 1 then 'passed' else 'failed' end as status, 'warning' as severity,
        timestamp '2026-04-05 05:00:00' as checked_at, name_vi as message_vi, name_en as message_en
    from (select *, row_number() over (order by rule_code) as n from dim_quality_rules) where n <= 3;
create table if not exists dim_facilities as
    select c.area_code || '01' as facility_code, 'Trạm y tế ' || c.name_vi as name_vi,
        c.name_en || ' health station' as name_en, 'commune_station' as facility_type_code,
        c.area_code as commune_code_2017, n.area_code as commune_code_2025
    from (select * from dim_areas where hierarchy_code = '63' and level_code = 'commune' order by area_code limit 3)
        as c
    cross join (select min(area_code) as area_code from dim_areas where hierarchy_code = '34' and parent_code = '01')
        as n;
create table rpt_findings as
    select lower(hex(f.n)) || repeat('ab12', 5)[1:19] as finding_key, q.rule_code, f.subject_kind,
        coalesce(f.facility_code, f.area_code) as subject_code, f.hierarchy_code, f.area_code, f.facility_code,
        f.period, f.measure_code, cast(null as varchar) as indicator_code, cast(f.violations as bigint) as violations,
        cast(100 as bigint) as evaluated, cast(f.value as double) as value, cast(f.expected as double) as expected,
        f.severity, cast(f.effect as double) as effect, 'Thấy ' || f.violations || ' chỗ' as detail_vi,
        'Found ' || f.violations as detail_en
    from (
        select 1 as n, 1 as rule_no, 'facility' as subject_kind, cast(null as varchar) as hierarchy_code,
            commune_code_2025 as area_code, facility_code, '2026-02' as period, 'doses_penta3_u1' as measure_code,
            1 as violations, 500 as value, 20 as expected, 'warning' as severity, 480 as effect
        from (select * from dim_facilities order by facility_code limit 1) as f
        union all
        select 2, 2, 'facility', null, commune_code_2025, facility_code, '2026-03', null, 7, null, null, 'notice', 7
        from (select * from dim_facilities order by facility_code limit 1) as f
        union all select 3, 3, 'area', '63', '48', null, '2026-02', null, 3, null, null, 'blocking', 30
        union all select 4, 1, 'area', '63', '01', null, '2026-01', 'doses_penta3_u1', 1, 90, 30, 'warning', 60
    ) as f
    inner join (select rule_code, row_number() over (order by rule_code) as n from dim_quality_rules) as q
        on q.n = f.rule_no;
create table rpt_scorecards as
    with places as (
        select hierarchy_code, level_code, area_code as place_code, area_code, cast(null as varchar) as facility_code,
            parent_code as peer_code
        from dim_areas where level_code <> 'commune' or parent_code in ('001', '01')
        union all
        select '34', 'facility', f.facility_code, f.commune_code_2025, f.facility_code, a.parent_code
        from dim_facilities as f
        inner join dim_areas as a on a.hierarchy_code = '34' and a.area_code = f.commune_code_2025
    )
    select p.hierarchy_code, p.level_code, p.place_code, p.area_code, p.facility_code, 2026 as score_year,
        c.component_code, cast(10 as bigint) as violations, cast(100 as bigint) as evaluated,
        cast(90 as double) as score,
        b.band_code, p.peer_code, cast(1 as bigint) as peer_rank,
        count(*) over (partition by p.hierarchy_code, p.level_code, p.peer_code, c.component_code) as peer_count
    from places as p cross join dim_scorecard_components as c
    inner join dim_scorecard_bands as b on b.component_code = c.component_code
        and coalesce(b.lower_bound, 0) <= 90 and coalesce(b.upper_bound, 101) > 90;
create table rpt_release as
    select $release_id as release_id, date '2026-04-01' as as_of_date, timestamp '2026-04-05 05:00:00' as built_at,
        'unknown' as code_version, true as is_synthetic;
drop table months; drop table paths; drop table leaves; drop table made; drop table seed_areas;
"""


def make_release(published: Path, release_id: str = RELEASE_ID) -> Path:
    """Write a release and make it the current one; return its database."""
    folder = published / release_id
    folder.mkdir(parents=True)
    database = folder / "niis.duckdb"
    with duckdb.connect(str(database)) as connection:
        for seed in _PLAIN:
            _load(connection, seed, "dim_" + seed.split("/")[1])
        _load(connection, "geography/areas", "seed_areas")
        for statement in _MAKE.split(";\n"):
            if statement.strip():
                used = {"indicators": list(INDICATORS), "release_id": release_id}
                bound = {name: value for name, value in used.items() if f"${name}" in statement}
                connection.execute(statement, bound)
        connection.execute("checkpoint")
    write_manifest(folder)
    (published / "CURRENT").write_text(release_id + "\n", encoding="utf-8")
    return database


def write_manifest(folder: Path) -> None:
    """Describe the database of a release as publication does."""
    database = folder / "niis.duckdb"
    content = {
        "release_id": folder.name,
        "file": database.name,
        "sha256": hashlib.sha256(database.read_bytes()).hexdigest(),
        "definition_version": "1",
        "is_synthetic": True,
    }
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


def _load(connection: duckdb.DuckDBPyConnection, seed: str, table: str) -> None:
    """Create a table from a seed: codes stay text, and what the contract types is typed."""
    typed = {
        "depth": "integer",
        "sort_order": "integer",
        "decimals": "integer",
        "multiplier": "double",
        "definition_version": "integer",
        "is_headline": "boolean",
        "is_synthetic": "boolean",
        "is_pseudo": "boolean",
        "has_value": "boolean",
        "lower_bound": "double",
        "upper_bound": "double",
        "precedence": "integer",
        "weight": "double",
        "offset_years": "integer",
        "valid_from": "date",
        "valid_to": "date",
        "threshold": "double",
        "tolerance_pct": "double",
        "access_minimum": "double",
        "utilisation_limit": "double",
        "is_default": "boolean",
        "is_limit_good": "boolean",
        "is_access_good": "boolean",
        "is_utilisation_good": "boolean",
        "value": "double",
        "deadline_days": "integer",
        "lower_limit": "double",
        "upper_limit": "double",
        "lookback_months": "integer",
        "is_for_excess": "boolean",
        "is_for_negative": "boolean",
        "points": "integer",
    }
    path = SEEDS_DIR / f"{seed}.csv"
    names = path.read_text(encoding="utf-8").split("\n", 1)[0].strip().split(",")
    columns = ", ".join(f"cast({name} as {typed[name]}) as {name}" if name in typed else name for name in names)
    connection.execute(f"create table {table} as select {columns} from read_csv('{path}', all_varchar = true)")
