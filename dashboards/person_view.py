"""The page of one person: a search, then who it is, where it stands, what happened, and where each row came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, access_view, area_picker, certificates, due, formats, history
from dashboards.persons import Persons
from dashboards.shell import Context
from dashboards.views import area_name

_CHOSEN = "person_key"


def draw(context: Context) -> None:
    """Draw the search, and the person that was chosen."""
    texts = context.texts
    persons = access.persons()
    st.title(texts("page_person"))
    st.caption(texts("person_intro"))
    _search(context, persons)
    key = st.session_state.get(_CHOSEN)
    person = persons.person(key) if key else None
    if person is None:
        st.info(texts("person_none"), icon=":material/person_search:")
        return
    access.note("person", person_key=person["person_key"])
    _who(context, persons, person)
    _states(context, persons, person)
    _timeline(context, persons, person)
    _doses(context, persons, person)
    _residences(context, persons, person)
    _identity(context, persons, person)
    _certificate(context, persons, person)


def _search(context: Context, persons: Persons) -> None:
    texts, state = context.texts, context.state
    area_picker.draw_path(context)
    text = st.text_input(
        texts("person_search"),
        placeholder=texts("person_search_hint"),
        help=texts("person_search_help", area=area_name(context.tree.areas[state.area], texts)),
        key="w_person_search",
    )
    if not text.strip():
        return
    found = persons.find(text, hierarchy_code=state.hierarchy, area_code=state.area, day=persons.as_of_date)
    ways = sorted(set(found["found_by"]))
    access.note("search", hierarchy=state.hierarchy, area=state.area, found=found.height, by=",".join(ways))
    if not found.height:
        st.info(texts("person_nobody"), icon=":material/search_off:")
        return
    names = {
        row["person_key"]: " · ".join(
            part
            for part in (
                row["full_name"] or texts("person_unnamed"),
                formats.day(row["birth_date"], texts.language),
                row["mother_name"],
                texts.named(row, "commune"),
            )
            if part
        )
        for row in found.iter_rows(named=True)
    }
    keys = list(names)
    chosen = st.selectbox(
        texts("person_found", count=formats.number(found.height, texts.language)),
        keys,
        index=0 if len(keys) == 1 else None,
        format_func=lambda code: names.get(code, code),
        placeholder=texts("person_choose"),
        key=f"w_person_{hash(tuple(keys))}",
    )
    if chosen is not None:
        st.session_state[_CHOSEN] = chosen


def _who(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, language = context.texts, context.texts.language
    cards = persons.cards(person["person_key"])
    with st.container(border=True):
        st.subheader(_plain(person["full_name"] or texts("person_unnamed")))
        if person["death_date"] is not None:
            st.warning(texts("due_note_died", date=formats.day(person["death_date"], language)))
        if person["contact_opt_out"]:
            st.warning(texts("due_note_opt_out"))
        facts = {
            texts("birth_date"): formats.day(person["birth_date"], language),
            texts("sex"): texts(f"sex_{person['sex']}") if person["sex"] else formats.NOTHING,
            texts("mother_name"): person["mother_name"] or formats.NOTHING,
            texts("phone"): person["phone"] or formats.NOTHING,
            texts("person_code"): _joined(cards["person_code"]),
            texts("national_id"): _joined(cards["national_id"]),
            texts("person_key"): person["person_key"],
        }
        st.markdown("  \n".join(f"**{name}**: {_plain(value)}" for name, value in facts.items()))


def _joined(column: pl.Series) -> str:
    return ", ".join(column.drop_nulls().unique(maintain_order=True).to_list()) or formats.NOTHING


def _states(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, language = context.texts, context.texts.language
    known = {"death_date": person["death_date"], "contact_opt_out": None, "next_appointment_date": None}
    rows = [
        {
            texts("series"): texts.named(row, "series"),
            texts("due_state"): texts.named(row, "state"),
            texts("next_dose"): texts.named(row, "dose"),
            texts("earliest_date"): formats.day(row["earliest_date"], language),
            texts("recommended_date"): formats.day(row["recommended_date"], language),
            texts("days_overdue"): formats.number(row["days_overdue"], language),
            texts("note"): due.note_of(row | known, texts),
        }
        for row in persons.series_states(person["person_key"], persons.as_of_date).iter_rows(named=True)
    ]
    st.subheader(texts("person_states", date=formats.day(persons.as_of_date, language)))
    _table(context, rows)


def _timeline(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, key = context.texts, person["person_key"]
    events = history.timeline(
        person,
        doses=persons.doses(key),
        records=persons.records(key),
        residences=persons.residences(key),
        appointments=persons.appointments(key),
        texts=texts,
    )
    st.subheader(texts("person_timeline"))
    st.caption(texts("person_timeline_note"))
    _table(
        context,
        [
            {
                texts("date"): formats.day(row["date"], texts.language),
                texts("event"): row["kind"],
                texts("event_what"): row["what"],
                texts("verdict"): row["verdict"],
                texts("place"): row["place"],
                texts("row_source"): row["source"],
            }
            for row in events.iter_rows(named=True)
        ],
    )


def _doses(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, language = context.texts, context.texts.language
    st.subheader(texts("person_doses"))
    _table(
        context,
        [
            {
                texts("date"): formats.day(row["given_date"], language),
                texts("series"): texts.named(row, "series"),
                texts("dose_reported"): formats.number(row["dose_number"], language),
                texts("dose_valid"): formats.number(row["valid_dose_number"], language),
                texts("verdict"): history.verdict_text(row, texts),
                texts("action"): texts.named(row, "action"),
                texts("age_days"): formats.number(row["age_days"], language),
                texts("interval_days"): formats.number(row["interval_days"], language),
                texts("record_count"): formats.number(row["record_count"], language),
            }
            for row in persons.doses(person["person_key"]).iter_rows(named=True)
        ],
    )


def _residences(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, language = context.texts, context.texts.language
    st.subheader(texts("person_residences"))
    _table(
        context,
        [
            {
                texts("from"): formats.day(row["valid_from"], language),
                texts("until"): formats.day(row["valid_to"], language),
                texts("commune"): texts.named(row, "commune") or row["commune_code"],
                texts("kind"): texts(f"residence_{row['residence_kind']}"),
            }
            for row in persons.residences(person["person_key"]).iter_rows(named=True)
        ],
    )


def _identity(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, language = context.texts, context.texts.language
    with st.expander(texts("person_identity")):
        st.caption(texts("person_identity_note"))
        _table(
            context,
            [
                {
                    texts("card"): row["card_key"],
                    texts("full_name"): row["full_name"],
                    texts("birth_date"): formats.day(row["birth_date"], language),
                    texts("mother_name"): row["mother_name"],
                    texts("phone"): row["phone"],
                    texts("person_code"): row["person_code"],
                    texts("national_id"): row["national_id"],
                }
                for row in persons.cards(person["person_key"]).iter_rows(named=True)
            ],
        )
        _table(
            context,
            [
                {
                    texts("decision"): texts(f"link_{row['decision']}"),
                    texts("reason"): texts.named(row, "rule") or row["rule_code"],
                    texts("score"): formats.number(row["score"], language, 4),
                    texts("evidence"): evidence_text(row["evidence"]),
                    texts("decided_by"): row["decided_by"],
                    texts("card"): f"{row['card_key_a']} – {row['card_key_b']}",
                }
                for row in persons.links(person["person_key"]).iter_rows(named=True)
            ],
        )


def evidence_text(evidence: str | None) -> str:
    """Return what a link rests on as `name: value; ...`, from its JSON."""
    if not evidence:
        return formats.NOTHING
    found = json.loads(evidence)
    if not isinstance(found, dict):
        return str(found)
    return "; ".join(f"{name}: {value}" for name, value in found.items())


def _certificate(context: Context, persons: Persons, person: Mapping[str, Any]) -> None:
    texts, key = context.texts, person["person_key"]
    st.subheader(texts("certificate"))
    if person["full_name"] is None:
        st.info(texts("certificate_unnamed"), icon=":material/info:")
        return

    installation = access.settings()

    def page() -> bytes:
        pdf, _ = certificates.issue(persons, installation, key, formats.viet_nam_now())
        return pdf

    st.caption(texts("certificate_note"))
    access_view.private_download(
        texts,
        texts("certificate_download"),
        page,
        f"{texts('certificate_file')}_{key}.pdf",
        "application/pdf",
        f"certificate_{key}",
        certificate="yes",
        person_key=key,
    )


def _table(context: Context, rows: list[dict[str, Any]]) -> None:
    if not rows:
        st.info(context.texts("no_data"), icon=":material/info:")
        return
    texts = [{name: value or formats.NOTHING for name, value in row.items()} for row in rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(rows[0], pl.String))
    st.dataframe(frame, hide_index=True, height=min(560, 38 + 35 * frame.height))


def _plain(text: str) -> str:
    """Return the text with what Markdown would take for its own signs escaped."""
    for sign in ("\\", "*", "_", "`", "[", "]", "<", "$", "~"):
        text = text.replace(sign, f"\\{sign}")
    return text
