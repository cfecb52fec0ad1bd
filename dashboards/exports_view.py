"""What can be taken away of an area and a period: made when asked for, with a bar while it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboards import access, formats
from dashboards.exports import archive, extracts, report
from dashboards.exports.scope import Scope
from dashboards.shell import Context
from pipelines.access.policy import AccessDeniedError
from pipelines.reference import load_registry

_MADE = "made_file"
_KILOBYTE = 1000


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
        if zip_asked and form:
            name = f"niis_{scope.stem}_{form}.zip"
            _keep(_File(view, name, "application/zip"), context, lambda step: _zip(scope, form, step))
        if report_asked:
            name = f"niis_{scope.stem}_{state.indicator}.pdf"
            _keep(
                _File(view, name, "application/pdf"), context, lambda step: report.to_pdf(scope, state.indicator, step)
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


@dataclass(frozen=True)
class _File:
    """A file that was made: of which view, under which name."""

    view: str
    name: str
    media_type: str


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
    except (extracts.ExtractError, AccessDeniedError) as error:
        st.error(str(error), icon=":material/error:")
    bar.empty()


def _size(count: int, language: str) -> str:
    return f"{formats.number(max(1, round(count / _KILOBYTE)), language)} kB"
