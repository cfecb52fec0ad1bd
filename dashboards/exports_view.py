"""What can be taken away of an area and a period: made when asked for, with a bar while it is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboards import access, formats
from dashboards.downloads import XLSX_TYPE
from dashboards.exports import archive, chart_files, extracts, forms, report
from dashboards.exports.scope import Scope
from dashboards.i18n import Texts
from dashboards.shell import Context
from pipelines.access.policy import AccessDeniedError
from pipelines.forms.workbook import FormError
from pipelines.reference import Form, load_registry

_MADE = "made_file"
_KILOBYTE = 1000
_CHART_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def draw(context: Context) -> None:
    """Draw what can be taken away of the area and period that the state names."""
    texts, state = context.texts, context.state
    if not state.period:
        return
    area = context.tree.areas[state.area]
    scope = Scope(context.release.leaving(), context.tree, area, state.period_type, state.period, texts)
    with st.container(border=True):
        st.subheader(texts("files"))
        st.caption(texts("files_note"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            form = st.segmented_control(
                texts("files_format"),
                archive.FORMATS,
                default=archive.FORMATS[0],
                format_func=str.upper,
                key="files_form",
            )
            zip_asked = st.button(texts("files_zip_make"), icon=":material/folder_zip:", disabled=form is None)
            report_asked = st.button(texts("files_report_make"), icon=":material/picture_as_pdf:")
        view = f"{context.release.release_id}/{scope.stem}/{texts.language}"
        form_asked = _choose_form(scope)
        if zip_asked and form:
            name = f"niis_{scope.stem}_{form}.zip"
            _keep(_File(view, name, "application/zip"), context, lambda step: _zip(scope, form, step))
        if report_asked:
            name = f"niis_{scope.stem}_{state.indicator}.pdf"
            _keep(
                _File(view, name, "application/pdf"), context, lambda step: report.to_pdf(scope, state.indicator, step)
            )
        if form_asked:
            chosen, page_format, facility = form_asked
            scope = dataclasses.replace(scope, facility=facility)
            name = f"{chosen.form_code}_{scope.stem}.{page_format}"
            _keep(
                _File(view, name, XLSX_TYPE if page_format == "xlsx" else "application/pdf"),
                context,
                lambda step: _form(scope, chosen, page_format, step),
            )
        kept: tuple[_File, bytes] | None = st.session_state.get(_MADE)
        if kept and kept[0].view == view:
            file, content = kept
            st.download_button(
                texts("files_get", name=file.name, size=_size(len(content), texts.language)),
                data=content,
                file_name=file.name,
                mime=file.media_type,
                icon=":material/download:",
                on_click="ignore",
            )


def offer_chart(context: Context, chart: dict[str, Any], title: str, stem: str) -> None:
    """Draw the buttons that make a drawing of a chart; nothing is drawn before one is pressed."""
    texts = context.texts
    scope = context.release.scope
    if scope is not None and not scope.reader.role.can_download:
        return
    info = context.release.info()
    kind = texts("kind_synthetic" if info.is_synthetic else "kind_routine")
    note = f"{kind} · {texts('as_of')} {formats.day(info.as_of_date, texts.language)} · {info.release_id}"

    def drawn(form: str) -> bytes:
        return chart_files.to_file(chart_files.titled(chart_files.specification(chart), title, note), form)

    with st.container(horizontal=True):
        for form, media_type in _CHART_TYPES.items():
            name = f"{stem}.{form}"
            st.download_button(
                texts("download_chart", format=form.upper()),
                data=access.audited("download", partial(drawn, form), file=name),
                file_name=name,
                mime=media_type,
                icon=":material/image:",
                on_click="ignore",
                type="tertiary",
                key=f"chart_{name}",
            )


@dataclass(frozen=True)
class _File:
    """A file that was made: of which view, under which name."""

    view: str
    name: str
    media_type: str


def _choose_form(scope: Scope) -> tuple[Form, str, dict[str, Any] | None] | None:
    """Draw the choice of an official form; return which was asked for in this run, how it is written, and of whom.

    In a commune it can be of one facility.
    """
    texts = scope.texts
    if scope.period_type not in forms.PERIOD_TYPES:
        return None
    offered = sorted(load_registry().forms.values(), key=lambda form: form.sort_order)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            texts("files_form"),
            offered,
            format_func=lambda form: form.name_vi if texts.language == "vi" else form.name_en,
            key="files_form_code",
        )
        facility = None
        if not scope.tree.children(scope.area.area_code):
            rows = scope.release.facilities(scope.hierarchy, [scope.area.area_code])
            names = {row["facility_code"]: texts.named(row) for row in rows.iter_rows(named=True)}
            code = st.selectbox(
                texts("files_form_facility"),
                ["", *names],
                format_func=lambda code: names.get(code, texts("files_form_whole")),
                key=f"files_form_facility_{scope.area.area_code}",
            )
            facility = scope.release.facility(code) if code else None
        for page_format in ("xlsx", "pdf"):
            if st.button(texts("files_form_make", format=page_format.upper()), key=f"files_form_{page_format}"):
                return chosen, page_format, facility
    return None


def _form(scope: Scope, form: Form, page_format: str, step: archive.Step) -> bytes:
    step(0, 1, form.name_vi)
    # The forms of the circular are Vietnamese, whoever reads.
    official = dataclasses.replace(scope, texts=Texts("vi"))
    filled = forms.workbook(load_registry(), form, official)
    return filled if page_format == "xlsx" else forms.pdf(filled, official)


def _zip(scope: Scope, form: str, step: archive.Step) -> bytes:
    registry = load_registry()
    return archive.to_zip(registry, extracts.in_order(registry), scope, form=form, step=step)


def _keep(file: _File, context: Context, make: Callable[[archive.Step], bytes]) -> None:
    """Write a file down, make it with a bar, and keep it for the session: one, so that memory stays small."""
    texts = context.texts
    st.session_state.pop(_MADE, None)
    bar = st.progress(0.0)

    def step(done: int, total: int, detail: str) -> None:
        bar.progress(done / total, text=texts("files_making", name=detail) if detail else None)

    try:
        made = access.audited("download", lambda: make(step), file=file.name, area=context.state.area)
        st.session_state[_MADE] = (file, made())
    except (extracts.ExtractError, FormError, AccessDeniedError) as error:
        st.error(str(error), icon=":material/error:")
    bar.empty()


def _size(count: int, language: str) -> str:
    return f"{formats.number(max(1, round(count / _KILOBYTE)), language)} kB"
