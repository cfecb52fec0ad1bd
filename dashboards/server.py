"""Serves the pages: Streamlit as an ASGI application, compressed, with a health address, on this machine only."""

from __future__ import annotations

import gc
import hashlib
import importlib
import pkgutil
import re
import secrets
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import altair
import streamlit as st
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

import dashboards
from dashboards import access, shell, source
from dashboards.access import Door, Entry
from dashboards.handout import SESSION_COOKIE, handouts, site_passes
from dashboards.persons import open_persons
from dashboards.warehouse import ReleaseError, current_release_id, open_release
from pipelines.access.audit import AuditError, AuditLog
from pipelines.access.policy import AccessDeniedError
from pipelines.access.readers import now
from pipelines.access.sign_in import secrets_file
from pipelines.settings import DOCUMENTS_NAME, is_production, turn_telemetry_off

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = Path(__file__).parent / "streamlit_app.py"
_ENGLISH_PAGE = b'<html lang="en">'
# Without this a browser offers to translate Vietnamese names of places, and mangles them.
_OUR_PAGE = b'<html lang="vi" translate="no">'
# The font is wanted when there are words; before, it takes the line from the scripts that bring them.
_EARLY_FONT = re.compile(rb'<link\s+rel="preload"[^>]*as="font"[^>]*>')


_NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_NO_SUCH_FILE = (
    "Đường dẫn này đã dùng rồi, đã hết hạn, hoặc của trình duyệt khác; hãy tạo lại tệp từ trang. / "
    "This address was used already, is too old, or belongs to another browser; make the file again on its page."
)


_NO_SUCH_PAGE = (
    "Trang này đã hết hạn hoặc không có; hãy mở lại từ trang chất lượng dữ liệu. / "
    "This page is too old or does not exist; open it again from the page of data quality."
)
_CHECKS_PAGE = re.compile(r"[a-z_]+\.html")
_LOADS_NOTHING = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class BrowserSession:
    """Gives every browser a name of its own (a cookie), to which files with personal data are bound."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _has_session(scope):
            await self._app(scope, receive, send)
            return
        secure = "; Secure" if scope["scheme"] == "https" or is_production() else ""
        named = f"{SESSION_COOKIE}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax{secure}"

        async def naming(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                message = {**message, "headers": [*message["headers"], (b"set-cookie", named.encode())]}
            await send(message)

        await self._app(scope, receive, naming)


def _has_session(scope: Scope) -> bool:
    sent = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
    return SESSION_COOKIE in SimpleCookie(sent.decode("latin-1"))


def _is_page(message: Message) -> bool:
    headers: dict[bytes, bytes] = dict(message["headers"])
    return headers.get(b"content-type", b"").startswith(b"text/html")


class PageShell:
    """Rewrites the page that Streamlit begins with: its language, and that letters come after scripts.

    Any other answer passes through untouched.
    """

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
    page = b"".join(part.get("body", b"") for part in parts)
    body = _EARLY_FONT.sub(b"", page.replace(_ENGLISH_PAGE, _OUR_PAGE))
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


async def hand_out(request: Request) -> Response:
    """Give a file with personal data to the browser for which its address was made, once.

    The file is made and its download written down before the first byte; without the line in the log there is no file.
    """
    client = request.client.host if request.client else "unknown"
    log = AuditLog(access.settings().audit_log)
    found = handouts.take(request.path_params["token"], request.cookies.get(SESSION_COOKIE))
    try:
        if found is None:
            await run_in_threadpool(log.append, who=f"page:{client}", at=now(), action="refused", page="download")
            return PlainTextResponse(_NO_SUCH_FILE, status_code=404, headers=_NOT_KEPT)
        content = await run_in_threadpool(found.make)
        what = dict(found.what) | {
            "file": found.file_name,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        await run_in_threadpool(partial(log.append, who=found.user, at=now(), action="download", **what))
    except (AuditError, AccessDeniedError, ReleaseError) as error:
        return PlainTextResponse(str(error), status_code=503, headers=_NOT_KEPT)
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.file_name)}"}
    return Response(content, media_type=found.media_type, headers=_NOT_KEPT | named)


def checks_page(request: Request) -> Response:
    """Give a page of a release's checks to a browser that was let in; it may load nothing and run nothing."""
    found = site_passes.of(request.path_params["token"], request.cookies.get(SESSION_COOKIE))
    page = request.path_params["page"]
    if found is None or not _CHECKS_PAGE.fullmatch(page):
        return PlainTextResponse(_NO_SUCH_PAGE, status_code=404, headers=_NOT_KEPT)
    path = source.published_dir() / found.release_id / DOCUMENTS_NAME / page
    try:
        content = path.read_bytes()
    except OSError:
        return PlainTextResponse(_NO_SUCH_PAGE, status_code=404, headers=_NOT_KEPT)
    return Response(content, media_type="text/html", headers=_NOT_KEPT | {"Content-Security-Policy": _LOADS_NOTHING})


def build_app(published_dir: Path, door: Door | None = None) -> st.App:
    """Return the application over a folder of releases, whose readers come in through a door."""
    turn_telemetry_off()
    source.use(published_dir)
    access.open_door(door)
    if door is not None and door.entry is Entry.SIGN_IN:
        st.config.set_option("secrets.files", [str(secrets_file(door.settings))])
    return st.App(
        _SCRIPT,
        routes=[
            Route("/healthz", health),
            Route("/download/{token}", hand_out),
            Route(f"/{access.CHECKS_ADDRESS}/{{token}}/{{page}}", checks_page),
        ],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1000),
            Middleware(BrowserSession),
            Middleware(PageShell),
        ],
    )


def _warm() -> None:
    """Load what the first reader would wait for.

    Streamlit collects garbage after every run of a page, and stops everybody while it does: what is loaded for good is
    taken out of what the collector walks through.
    """
    for module in pkgutil.iter_modules(dashboards.__path__):
        if not module.ispkg and module.name != _SCRIPT.stem:
            importlib.import_module(f"{dashboards.__name__}.{module.name}")
    shell.load(source.current())
    altair.Chart(altair.InlineData(values=())).mark_bar().encode(x="value:Q").to_dict()
    gc.collect()
    gc.freeze()


def serve(published_dir: Path, host: str = "127.0.0.1", port: int = 8501, *, door: Door | None = None) -> None:
    """Serve until interrupted; the address is printed.

    Raises NothingPublishedError when there is no release, PersonsFileError when the door opens persons and the release
    has none.
    """
    open_release(published_dir)
    if door is not None and door.persons:
        open_persons(published_dir)
    app = build_app(published_dir, door)
    _warm()
    shown = f"[{host}]" if ":" in host else host
    print(f"Bảng số liệu / dashboards: http://{shown}:{port}", flush=True)  # noqa: T201 - what a person waits for
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, log_config=None)
