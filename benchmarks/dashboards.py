"""Readers of a served home, while a publication switches underneath; what a view weighs, and how soon it can be read.

`python -m benchmarks.dashboards [--home FOLDER] [--readers 50 100] [--seconds 90]`: serves the published release of a
home (one of a hundredth of the nation's children is generated when none is given) and lets readers come, each with a
session of its own as a browser has it, who look at a view for 10 to 30 seconds and then open another: the nation,
provinces, districts, communes, quality, definitions. In the middle another release takes the place of the first.
Printed are the time from asking for a view to its last element (median, 95th percentile), the server's processor time
a view and memory a reader; then, through Chromium where it is installed, the bytes of a view as they cross the line,
compressed, and the time to the first text on fast 3G as Chromium emulates it (1.6 Mbit/s down, 0.75 up, 150 ms).
Returns 1 when a reader met an error or a limit was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from benchmarks.line import Line
from benchmarks.measure import PAGE_BYTES, measured
from benchmarks.serving import wait_for
from dashboards.warehouse import Release, current_release_id, open_release
from pipelines.settings import Settings

PORT, LINE_PORT = 8790, 8791
ADDRESS = f"http://127.0.0.1:{PORT}"
LOOKS_FOR = (10.0, 30.0)  # seconds between a view and the next
FIRST_VIEW_SECONDS, FIRST_TEXT_SECONDS, VIEW_BYTES = 2.0, 6.0, 300_000
# What WebPageTest and Lighthouse call fast 3G; milliseconds, and bytes a second.
FAST_3G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
CHROMIUM = Path("/usr/bin/chromium")
VIEWS_SHARES = (("", 30), ("province", 30), ("local", 25), ("quality", 5), ("scorecard", 5), ("definitions", 5))
View = tuple[str, str]  # page, query


@dataclass
class Seen:
    """What readers met."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)


def views(release: Release, count: int, seed: int) -> list[View]:
    """Return views as readers open them, the same for a seed; the nation most often, then provinces and below."""
    chance = random.Random(seed)
    headlines = release.indicators().filter(pl.col("is_headline"))["indicator_code"].to_list()
    areas = {
        tree: release.areas(tree).filter(~pl.col("is_pseudo")).select("area_code", "level_code")
        for tree in release.hierarchies()["hierarchy_code"]
    }
    found = []
    for page in chance.choices([name for name, _ in VIEWS_SHARES], [share for _, share in VIEWS_SHARES], k=count):
        tree = chance.choice(sorted(areas))
        query = f"lang={chance.choice(('vi', 'vi', 'en'))}&hierarchy={tree}&indicator={chance.choice(headlines)}"
        if page in ("province", "local"):
            is_wanted = pl.col("level_code") == "province"
            of_level = areas[tree].filter(is_wanted if page == "province" else pl.col("level_code") != "nation")
            query += f"&area={chance.choice(of_level['area_code'].to_list())}"
        found.append((page, query))
    return found


class Reader:
    """One session: what a browser says to the server, without the browser."""

    def __init__(self, seen: Seen) -> None:
        """Write down what it meets in `seen`."""
        self._seen = seen

    async def look(self, looked: list[View], until: float) -> None:
        """Open views one after the other until a moment of the monotonic clock."""
        pause = random.Random(json.dumps(looked))
        await asyncio.sleep(pause.uniform(0, LOOKS_FOR[0]))
        try:
            async with connect(
                f"{ADDRESS.replace('http', 'ws')}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                origin=Origin(ADDRESS),
                max_size=None,
            ) as socket:
                for page, query in looked:
                    asked = BackMsg()
                    asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
                    started = time.perf_counter()
                    await socket.send(asked.SerializeToString())
                    while not self._take(await socket.recv(decode=False)):
                        pass
                    self._seen.seconds.append(time.perf_counter() - started)
                    wait = pause.uniform(*LOOKS_FOR)
                    if time.monotonic() + wait > until:
                        return
                    await asyncio.sleep(wait)
        except (OSError, WebSocketException) as error:
            self._seen.errors.append(f"connection: {error}")

    def _take(self, content: bytes) -> bool:
        """Take a message of the server in; return whether it was the last of a view."""
        message = ForwardMsg.FromString(content)
        if message.WhichOneof("type") == "script_finished":
            if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                self._seen.errors.append(f"a view ended with state {message.script_finished}")
            return True
        element = message.delta.new_element
        if element.WhichOneof("type") == "exception":
            self._seen.errors.append(f"{element.exception.type}: {element.exception.message}")
        if element.WhichOneof("type") == "alert" and element.alert.format == element.alert.ERROR:
            self._seen.errors.append(f"alert: {element.alert.body}")
        if element.WhichOneof("type") == "html" and 'class="release"' in element.html.body:
            self._seen.releases.add(element.html.body)
        return False


async def _read(count: int, seconds: float, published: Path, seen: Seen) -> None:
    release, again = open_release(published), made_again(published)
    opened = views(release, count * (int(seconds / LOOKS_FOR[0]) + 1), seed=count)
    until = time.monotonic() + seconds
    readers = [Reader(seen).look(opened[number::count], until) for number in range(count)]
    await asyncio.gather(*readers, _switch(published, again, seconds / 2))


async def _switch(published: Path, release_id: str, after: float) -> None:
    await asyncio.sleep(after)
    waiting = published / "CURRENT.new"
    waiting.write_text(release_id, encoding="utf-8")
    waiting.replace(published / "CURRENT")


def made_again(published: Path) -> str:
    """Copy the release that is current under another name, as if it was published again; return the name."""
    old = current_release_id(published)
    new = f"{old.partition('-')[0]}-{int(old.rpartition('-')[2]) + 1:06d}"
    shutil.copytree(published / old, published / new)
    manifest = json.loads((published / new / "manifest.json").read_text(encoding="utf-8"))
    (published / new / "manifest.json").write_text(json.dumps(manifest | {"release_id": new}), encoding="utf-8")
    return new


@contextmanager
def server(published: Path) -> Iterator[int]:
    """Serve a folder of releases in a process of its own; give its number once it answers."""
    start = (
        "import sys; from pathlib import Path; from dashboards.server import serve; "
        "serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", start, str(published), str(PORT)], stdout=subprocess.DEVNULL)
    try:
        wait_for(ADDRESS)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def resident_bytes(pid: int) -> int:
    """Return the memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_by_many(pid: int, count: int, seconds: float, published: Path) -> list[str]:
    """Let readers come and print what they met; return what was wrong."""
    seen, memory, before = Seen(), resident_bytes(pid), cpu_seconds(pid)
    asyncio.run(_read(count, seconds, published, seen))
    grown, spent = resident_bytes(pid) - memory, cpu_seconds(pid) - before
    high = statistics.quantiles(seen.seconds, n=20)[-1]
    print(
        f"{count:8d} readers, {len(seen.seconds)} views: median {1000 * statistics.median(seen.seconds):.0f} ms,"
        f" 95 % {1000 * high:.0f} ms, longest {1000 * max(seen.seconds):.0f} ms;"
        f" {1000 * spent / len(seen.seconds):.0f} ms of processors a view;"
        f" {grown / count / 2**20:.1f} MiB more memory a reader ({resident_bytes(pid) / 2**20:.0f} MiB in all);"
        f" {len(seen.releases)} footers seen; {len(seen.errors)} errors",
        flush=True,
    )
    return seen.errors[:5]


def through_a_browser() -> list[str]:
    """Open views in Chromium over a line that is counted, then over a slow one; return which limits were missed."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where Chromium is there

    missed = []
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        with Line(LINE_PORT, PORT) as line:
            page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
            for name, path in [
                ("first visit, scripts included", ""),
                ("nation", "?indicator=coverage_mcv1"),
                ("province", "province?hierarchy=34&area=01"),
                ("commune or district", "local?hierarchy=63&area=001"),
                ("quality", "quality"),
            ]:
                before = line.bytes_down
                page.goto(f"{line.address}/{path}")
                page.locator(".release").wait_for(timeout=60_000)
                page.wait_for_timeout(3000)
                sent = line.bytes_down - before
                is_over = path != "" and sent > VIEW_BYTES
                missed += [f"{name}: {sent} bytes"] if is_over else []
                print(f"{sent / 1000:8.0f} kB over the line  {name}{'  over the limit' if is_over else ''}")
        context = chromium.new_context(viewport={"width": 390, "height": 800})
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", FAST_3G)
        for name, path in [("the first visit", ""), ("the next view", "province?hierarchy=34&area=01")]:
            page.goto(f"{ADDRESS}/{path}", wait_until="commit")
            page.locator("h1").first.wait_for(timeout=120_000)
            text = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
            print(f"{text:8.1f} s  to the first text of {name} on fast 3G")
            missed += [f"first text after {text:.1f} s"] if text > FIRST_TEXT_SECONDS else []
        chromium.close()
    return missed


def _home(given: Path | None, scale: float, folder: Path) -> Settings:
    if given is not None:
        return Settings(given)
    niis = [sys.executable, "-c", "from pipelines.cli import app; app()", "--home", str(folder / "home")]
    span = ["--from", "2025-01", "--to", "2025-12", "--scale", str(scale), "--layout", "bulk"]
    measured([*niis, "generate", "--out", str(folder / "generated"), *span])
    measured([*niis, "facilities", str(folder / "generated" / "facilities.csv")])
    measured([*niis, "submit", str(folder / "generated" / "submissions")])
    print(f"a home of {scale:.0%} of the children: {measured([*niis, 'run'])}")
    return Settings(folder / "home")


def main() -> int:
    """Serve, read and print; return 1 when something was wrong or a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=None, help="its release is copied, the home stays as it is")
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--readers", type=int, nargs="+", default=[50, 100])
    parser.add_argument("--seconds", type=float, default=90.0, help="for each number of readers")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="niis-bench-"))
    wrong: list[str] = []
    try:
        published = _home(options.home, options.scale, folder).published
        release_id = current_release_id(published)
        copied = folder / "served" / "published"
        shutil.copytree(published / release_id, copied / release_id)
        (copied / "CURRENT").write_text(release_id, encoding="utf-8")
        with server(copied) as pid:
            seen = Seen()
            asyncio.run(Reader(seen).look([("", "")], until=0))
            print(f"{seen.seconds[0]:8.2f} s  the first view of all on a server that was just started")
            if seen.seconds[0] > FIRST_VIEW_SECONDS:
                wrong.append(f"first view after {seen.seconds[0]:.2f} s")
            for count in options.readers:
                wrong += read_by_many(pid, count, options.seconds, copied)
            if CHROMIUM.exists():
                wrong += through_a_browser()
            else:
                print("Chromium is not installed: bytes of a view and the slow line were not measured")
    finally:
        shutil.rmtree(folder)
    for line in wrong:
        print(f"wrong: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
