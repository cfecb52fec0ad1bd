"""The policy: roles are rows, areas are any areas of any tree, and what is not given is refused with a sentence."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError, Place, Scope, Territory
from pipelines.access.readers import AccessSettingsError, ClaimNames, Readers
from pipelines.access.sign_in import SignIn, claim_names, write
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.access.conftest import NOON, ScopeOf

NAMES = ClaimNames()


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("63:VN", "34:VN", True),
        ("34:VN", "63:00001", True),
        ("63:01", "63:00001", True),
        ("63:01", "63:01", True),
        ("63:001", "63:01", False),
        ("63:01", "63:79", False),
        # Across the trees all ground has to lie inside: a whole province that stayed itself, and one of three merged.
        ("63:01", "34:01", True),
        ("34:01", "63:001", True),
        ("34:25", "63:26", True),
        ("63:26", "34:25", False),
        # The code 00004 names a commune in both trees, and not the same one.
        ("63:00001", "63:00004", False),
        ("63:00001", "34:00004", False),
        ("63:nowhere", "63:00001", False),
        ("63:01", "63:nowhere", False),
    ],
)
def test_an_area_lies_in_another_by_its_ground(outer: str, inner: str, holds: bool) -> None:
    assert Territory.of(load_registry()).contains(Place.read(outer), Place.read(inner)) is holds


def test_a_commune_that_was_split_lies_in_its_parts_only_together() -> None:
    trees = {
        "old": {"N": None, "a": "N", "b": "N"},
        "new": {"N": None, "P": "N", "Q": "N", "a1": "P", "a2": "Q", "b1": "P"},
    }
    territory = Territory(trees, [("old", "a", "new", "a1"), ("old", "a", "new", "a2"), ("old", "b", "new", "b1")])
    assert territory.contains(Place("new", "P"), Place("old", "b"))
    assert not territory.contains(Place("new", "P"), Place("old", "a")), "a part of it lies in Q"
    assert territory.contains(Place("old", "a"), Place("new", "a1"))
    assert territory.contains(Place("old", "N"), Place("new", "Q"))


ROLES = [
    # role, its area, an area asked for, aggregates, persons, findings, small cells hidden
    ("planner", "63:VN", "63:001", True, False, False, True),
    ("administrator", "63:VN", "34:01", True, False, False, True),
    ("partner", "34:VN", "63:001", True, False, False, True),
    ("official", "63:001", "63:00001", True, True, False, False),
    ("official", "63:001", "63:79", False, False, False, True),
    ("official", "63:001", "63:01", False, False, False, True),
    ("official", "34:01", "63:001", True, True, False, False),
    ("steward", "63:01", "34:00097", True, True, True, False),
    ("steward", "63:01", "63:48", False, False, False, True),
]


@pytest.mark.parametrize(("role", "own", "area", "values", "persons", "findings", "hidden"), ROLES)
def test_what_a_role_sees(
    scope_of: ScopeOf, role: str, own: str, area: str, values: bool, persons: bool, findings: bool, hidden: bool
) -> None:
    scope, place = scope_of(role, own), Place.read(area)
    given = (scope.may_see_values(place), scope.may_see_persons(place), scope.may_see_findings(place))
    assert given == (values, persons, findings)
    assert scope.hides_small_cells(place, leaving=True) is hidden
    assert scope.hides_small_cells(place, leaving=False) is (hidden and role in {"administrator", "partner"})
    asked = (scope.require_values, scope.require_persons, scope.require_findings)
    for require, is_given in zip(asked, given, strict=True):
        if is_given:
            require(place)
        else:
            with pytest.raises(AccessDeniedError, match=f"(?s){own}.*{area}.* / The role"):
                require(place)


def test_a_role_is_what_its_row_says(scope_of: ScopeOf) -> None:
    scope, place = scope_of("planner", "63:VN"), Place("63", "001")
    role = dataclasses.replace(scope.reader.role, person_scope="area")
    changed = Scope(dataclasses.replace(scope.reader, role=role), Territory.of(load_registry()))
    assert not scope.may_see_persons(place)
    assert changed.may_see_persons(place)


def test_another_area_is_given_for_some_hours_with_a_reason_that_is_logged(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    readers, place = Readers(settings, load_registry()), Place("63", "79")
    readers.give("hoa@x.vn", "official", Place("63", "001"), NOON.date())
    reader = readers.user("HOA@x.vn", NOON)
    for reason in ("", "ngắn", "x" * 14):
        with pytest.raises(AccessDeniedError, match="at least 15 letters"):
            readers.request(reader, place, reason, NOON)
    with pytest.raises(AccessDeniedError, match="no area"):
        readers.request(reader, Place("63", "nowhere"), "trẻ tiêm dở ở nơi khác", NOON)
    readers.request(reader, place, "trẻ tiêm dở ở nơi khác", NOON)
    hours = timedelta(hours=load_registry().access_parameters["request_hours"].value)
    for moment, is_given in ((NOON, True), (NOON + hours / 2, True), (NOON + hours, False)):
        scope = readers.scope(readers.user("hoa@x.vn", moment))
        assert scope.may_see_persons(Place("63", "26734")) is is_given
        assert scope.may_see_persons(Place("63", "00001"))
        assert not scope.may_see_persons(Place("63", "48")), "nowhere else"
    assert readers.grants_of("another@x.vn", NOON) == ()
    assert readers.requests_file.stat().st_mode & 0o777 == 0o600
    (row,) = AuditLog(settings.audit_log).rows()
    assert (row["who"], row["action"], row["area"]) == ("hoa@x.vn", "request", "63:79")
    assert row["reason"] == "trẻ tiêm dở ở nơi khác"


def test_a_planner_cannot_ask(scope_of: ScopeOf, home: Settings) -> None:
    planner = scope_of("planner", "63:VN").reader
    with pytest.raises(AccessDeniedError, match="may not ask"):
        Readers(home, load_registry()).request(planner, Place("63", "79"), "tôi muốn xem từng trẻ", NOON)


def test_users_have_one_role_at_a_time_and_lose_it(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    readers, today = Readers(settings, load_registry()), NOON.date()
    with pytest.raises(AccessDeniedError, match="has no role"):
        readers.user("lan@x.vn", NOON)
    readers.give("lan@x.vn", "planner", Place("63", "VN"), today - timedelta(days=9))
    readers.give("lan@x.vn", "official", Place("34", "01"), today)
    assert readers.user("lan@x.vn", NOON).role.role_code == "official"
    assert readers.user("lan@x.vn", NOON - timedelta(days=2)).role.role_code == "planner"
    assert readers.take("lan@x.vn", today)
    assert not readers.take("lan@x.vn", today)
    with pytest.raises(AccessDeniedError, match="has no role"):
        readers.user("lan@x.vn", NOON)
    for role in ("keeper", "local", "king"):
        with pytest.raises(AccessDeniedError, match="no role"):
            readers.give("lan@x.vn", role, Place("63", "VN"), today)
    assert readers.users_file.stat().st_mode & 0o777 == 0o600
    readers.users_file.write_text("user,role_code,area,valid_from,valid_to\nx,planner,VN,2026-01-01,\n", "utf-8")
    with pytest.raises(AccessSettingsError, match=r"line 2.*such as 63:01"):
        readers.users()


def test_a_sign_in_gives_role_and_area_by_its_claims_or_by_the_list_of_users(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    readers = Readers(settings, load_registry())
    readers.give("hoa@x.vn", "official", Place("63", "001"), NOON.date())
    assert readers.signed_in({"email": "hoa@x.vn"}, NAMES, NOON).place == Place("63", "001")
    by_claims = ClaimNames("sub", "niis_role", "niis_area")
    claims = {"sub": "u1", "niis_role": "steward", "niis_area": "34:01"}
    found = readers.signed_in(claims, by_claims, NOON)
    assert (found.user, found.role.role_code, found.place) == ("u1", "steward", Place("34", "01"))
    refused = [
        ({}, NAMES, "no claim 'email'"),
        ({"email": "hoa@x.vn", "email_verified": False}, NAMES, "not verified"),
        ({"email": "nobody@x.vn"}, NAMES, "has no role"),
        ({"sub": "hoa@x.vn"}, by_claims, "no claim 'niis_role'"),
        (claims | {"niis_role": "keeper"}, by_claims, "no role 'keeper'"),
        (claims | {"niis_area": "34"}, by_claims, "is no area"),
        (claims | {"niis_area": "34:nowhere"}, by_claims, "no area 34:nowhere"),
    ]
    for given, names, sentence in refused:
        with pytest.raises(AccessDeniedError, match=sentence):
            readers.signed_in(given, names, NOON)


def test_settings_of_sign_in_are_for_their_owner_alone(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert claim_names(settings) is None
    url = "https://login.x.vn/.well-known/openid-configuration"
    path = write(settings, SignIn(url, "niis", 'se"cret', "https://niis.x.vn", role_claim="role", area_claim="area"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert claim_names(settings) == ClaimNames("email", "role", "area")
    path.chmod(0o640)
    with pytest.raises(AccessSettingsError, match="chmod 600"):
        claim_names(settings)
    path.chmod(0o600)
    path.write_text("[auth]\nclient_id = 'x'\n", encoding="utf-8")
    with pytest.raises(AccessSettingsError, match="lacks server_metadata_url, client_secret"):
        claim_names(settings)
