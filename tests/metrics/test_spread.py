"""Annual targets over months: whole persons, the year kept, and no month of a nation of small places left out."""

from __future__ import annotations

from pipelines.settings import Settings
from tests.orchestration.published import query

TARGETS = (
    "select area_code, month, sum(value) from fct_measure_values where hierarchy_code = '63' and level_code = '{level}'"
    " and measure_code = 'target_under1' and year(month) = 2025 group by all order by all"
)


def test_a_province_of_small_communes_has_a_twelfth_of_its_target_in_every_month(published_home: Settings) -> None:
    months = [value for *_, value in query(published_home, TARGETS.format(level="province"))]
    communes = {code for code, *_ in query(published_home, TARGETS.format(level="commune"))}
    assert len(months) == 12
    # A commune's remainder is a draw of at most one person: five times the spread of them all is out of chance's reach.
    assert max(abs(value - sum(months) / 12) for value in months) < 5 * (len(communes) * 0.25) ** 0.5


def test_every_month_of_a_commune_is_whole_persons(published_home: Settings) -> None:
    values = [value for *_, value in query(published_home, TARGETS.format(level="commune"))]
    assert all(value >= 0 and value == round(value) for value in values)
