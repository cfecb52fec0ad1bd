"""The router: one frame around every page, in the reader's language, of what the reader may see."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import access, access_view, components, shell
from dashboards.i18n import Texts
from dashboards.warehouse import ReleaseError
from pipelines.access.audit import AuditError
from pipelines.access.policy import AccessDeniedError
from pipelines.access.readers import AccessSettingsError

# A file of ours: an icon by name would be fetched from an outside host.
ICON = Path(__file__).parent / "static" / "icon.png"

language = shell.language()
texts = Texts(language)
st.set_page_config(page_title=texts("app_title"), page_icon=str(ICON), layout="wide")
components.style()
try:
    reader = access.reader()
except (AccessDeniedError, AccessSettingsError, AuditError) as error:
    if isinstance(error, AccessDeniedError):
        access.refused(error, "sign_in")
    st.navigation([st.Page(lambda: None, title=texts("app_title"))], position="hidden")
    access_view.draw_unknown(texts, error)
    st.stop()
if reader is None:
    st.navigation([st.Page(lambda: None, title=texts("app_title"))], position="hidden")
    components.language_switch(language)
    access_view.draw_sign_in(texts)
    st.stop()
offered = shell.pages()
first = next(iter(offered))
page = st.navigation(
    [
        st.Page(path, title=texts(key), url_path=key.removeprefix("page_"), default=key == first)
        for key, path in offered.items()
    ],
    position="top",
)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.caption(texts("app_title"), width="content")
    access_view.who(reader, texts)
    components.language_switch(language)
try:
    context = shell.open_context()
except ReleaseError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
components.notices(context)
try:
    page.run()
except AccessDeniedError as error:
    access_view.draw_refusal(error, texts, page.url_path or first.removeprefix("page_"))
except AuditError as error:
    st.error(str(error), icon=":material/error:")
components.footer(context)
