"""Makes the pictures of the README from the pages of a home: `python -m benchmarks.screenshots [--home data]`.

Each is what a reader sees in Chromium, in as few colours as it needs.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.serving import wait_for

CHROMIUM = Path("/usr/bin/chromium")
IMAGES = Path(__file__).parent.parent / "docs" / "images"
PORT = 8795
COLOURS = 96
DISTRICT = "local?hierarchy=63&area=001&period_type=year&period=2025&indicator=coverage_mcv1"
# Name, path, width, height and theme.
SHOTS = (
    ("nation", "", 1280, 1760, "light"),
    ("district-dark", DISTRICT, 1280, 1000, "dark"),
    ("desk", "desk", 1280, 900, "light"),
    ("phone", "?lang=en", 390, 844, "light"),
)


def main() -> int:
    """Serve the home, take the pictures and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("data"))
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    niis = [sys.executable, "-c", "from pipelines.cli import app; app()", "--home", str(options.home)]
    server = subprocess.Popen([*niis, "serve", "--port", str(PORT)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{PORT}"
    try:
        wait_for(address)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
            for name, path, width, height, theme in SHOTS:
                page = chromium.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, locale="vi-VN"
                ).new_page()
                page.goto(f"{address}/{path}")
                page.locator(".release").wait_for(timeout=60_000)
                page.wait_for_timeout(3000)
                picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
                print(f"{(IMAGES / name).with_suffix('.png')}: {(IMAGES / f'{name}.png').stat().st_size / 1000:.0f} kB")
            chromium.close()
    finally:
        server.terminate()
        server.wait(timeout=30)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
