"""Serves the pages: Streamlit as an ASGI application, compressed, with a health address, on this machine only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from dashboards import access, source
from dashboards.persons import open_persons
from dashboards.warehouse import ReleaseError, current_release_id, open_release
from pipelines.settings import Settings, turn_telemetry_off

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = Path(__file__).parent / "streamlit_app.py"
_ENGLISH_PAGE = b'<html lang="en">'
# Without this a browser offers to translate Vietnamese names of places, and mangles them.
_OUR_PAGE = b'<html lang="vi" translate="no">'


class PageLanguage:
    """Rewrites the language that Streamlit's shell declares; any other answer passes through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []
        is_html = False

        async def rewrite(message: Message) -> None:
            nonlocal is_html
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                is_html = headers.get(b"content-type", b"").startswith(b"text/html")
            if not is_html:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                for rewritten in _rewritten(held):
                    await send(rewritten)

        # Streamlit compresses some of its answers itself; here they are wanted plain, and the layer above compresses.
        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, rewrite)


def _rewritten(messages: list[Message]) -> list[Message]:
    start, *parts = messages
    body = b"".join(part.get("body", b"") for part in parts).replace(_ENGLISH_PAGE, _OUR_PAGE)
    # The file's length and tag are those of the page before it was rewritten.
    kept = [(name, value) for name, value in start["headers"] if name.lower() not in (b"content-length", b"etag")]
    if any(name.lower() == b"content-length" for name, _ in start["headers"]):
        kept.append((b"content-length", str(len(body)).encode()))
    return [{**start, "headers": kept}, {"type": "http.response.body", "body": body, "more_body": False}]


def health(request: Request) -> JSONResponse:
    """Answer 200 with the release that is served, or 503 with the sentence that says why none is."""
    try:
        return JSONResponse({"status": "ok", "release_id": current_release_id(source.published_dir())})
    except ReleaseError as error:
        return JSONResponse({"status": "nothing published", "message": str(error)}, status_code=503)


def build_app(published_dir: Path, persons_of: Settings | None = None) -> st.App:
    """Return the application over a folder of releases; `persons_of` opens the pages of persons of an installation."""
    turn_telemetry_off()
    source.use(published_dir)
    access.open_to_readers(persons_of)
    return st.App(
        _SCRIPT,
        routes=[Route("/healthz", health)],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000), Middleware(PageLanguage)],
    )


def serve(
    published_dir: Path, host: str = "127.0.0.1", port: int = 8501, *, persons_of: Settings | None = None
) -> None:
    """Serve until interrupted; the address is printed.

    `persons_of` opens the pages of persons of that installation to every reader. Raises NothingPublishedError when
    there is no release, PersonsFileError when persons are asked for and the release has none.
    """
    open_release(published_dir)
    if persons_of is not None:
        open_persons(published_dir)
    app = build_app(published_dir, persons_of)
    shown = f"[{host}]" if ":" in host else host
    print(f"Bảng số liệu / dashboards: http://{shown}:{port}", flush=True)  # noqa: T201 - what a person waits for
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, log_config=None)
