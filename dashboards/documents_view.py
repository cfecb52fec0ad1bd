"""What opens the pages that Great Expectations makes of a release's checks, for whoever works on findings."""

from __future__ import annotations

import streamlit as st

from dashboards import access, source
from dashboards.shell import Context
from pipelines.access.audit import AuditError


def draw(context: Context) -> None:
    """Offer the pages where the reader may see them and the release has them."""
    texts = context.texts
    release_id = context.release.info().release_id
    if not access.may_see_checks() or not source.has_documents(release_id):
        return
    if not st.button(texts("docs_open"), icon=":material/fact_check:", key="w_docs_open"):
        return
    try:
        address = access.open_checks(release_id)
    except AuditError as error:
        st.error(str(error), icon=":material/error:")
        return
    if address is None:
        st.warning(texts("download_no_cookie"), icon=":material/cookie:")
        return
    st.html(f'<a class="handout" href="{address}" target="_blank" rel="noopener">{texts("docs_ready")}</a>')
