"""The router: one frame around every page, in the reader's language."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import components, shell
from dashboards.i18n import Texts
from dashboards.warehouse import ReleaseError

# A file of ours: an icon by name would be fetched from an outside host.
ICON = Path(__file__).parent / "static" / "icon.png"

language = shell.language()
texts = Texts(language)
st.set_page_config(page_title=texts("app_title"), page_icon=str(ICON), layout="wide")
components.style()
page = st.navigation(
    [
        st.Page(path, title=texts(key), url_path=key.removeprefix("page_"), default=key == "page_nation")
        for key, path in shell.pages().items()
    ],
    position="top",
)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.caption(texts("app_title"), width="content")
    components.language_switch(language)
try:
    context = shell.open_context()
except ReleaseError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
components.notices(context)
page.run()
components.footer(context)
