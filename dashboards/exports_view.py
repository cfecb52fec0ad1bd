"""What can be taken away of an area and a period: made when asked for, with a bar while it is made."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards import access, formats
from dashboards.exports import archive, extracts
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
    scope = Scope(context.release, context.tree, area, state.period_type, state.period, texts)
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
            wanted = f"{context.release.release_id}/{scope.stem}/{texts.language}/{form}"
            is_asked = st.button(texts("files_zip_make"), icon=":material/folder_zip:", disabled=form is None)
        if is_asked and form:
            _keep(wanted, f"niis_{scope.stem}_{form}.zip", context, lambda step: _zip(scope, form, step))
        made = st.session_state.get(_MADE)
        if made and made[0] == wanted:
            st.download_button(
                texts("files_zip_get", size=_size(len(made[1]), texts.language)),
                data=made[1],
                file_name=f"niis_{scope.stem}_{form}.zip",
                mime="application/zip",
                icon=":material/download:",
                on_click="ignore",
            )


def _zip(scope: Scope, form: str, step: archive.Step) -> bytes:
    registry = load_registry()
    return archive.to_zip(registry, extracts.in_order(registry), scope, form=form, step=step)


def _keep(wanted: str, file_name: str, context: Context, make: Callable[[archive.Step], bytes]) -> None:
    """Write a file down, make it with a bar, and keep it for the session: one, so that memory stays small."""
    texts = context.texts
    st.session_state.pop(_MADE, None)
    bar = st.progress(0.0)

    def step(done: int, total: int, detail: str) -> None:
        bar.progress(done / total, text=texts("files_making", name=detail) if detail else None)

    try:
        made = access.audited("download", lambda: make(step), file=file_name, area=context.state.area)
        st.session_state[_MADE] = (wanted, made())
    except (extracts.ExtractError, AccessDeniedError) as error:
        st.error(str(error), icon=":material/error:")
    bar.empty()


def _size(count: int, language: str) -> str:
    return f"{formats.number(max(1, round(count / _KILOBYTE)), language)} kB"
