"""Run the commands of a Markdown file's ```sh blocks, so that the page cannot promise what does not work.

A block preceded by `<!-- not in ci: reason -->` is left out. `make demo` runs without serving, and
`make test` is left to the caller, who runs it once. Exits with the first failing command's code.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"(?P<note><!--\s*not in ci:[^>]*-->\s*\n)?```sh\n(?P<body>.*?)```", re.DOTALL)
ELSEWHERE = {"make test"}
REPLACED = {"make demo": "make demo SERVE=0"}


def commands(markdown: str) -> list[str]:
    """Return the command lines of the page that are to be run, in order."""
    lines = (
        line.split("  #", 1)[0].strip()
        for block in BLOCK.finditer(markdown)
        if not block["note"]
        for line in block["body"].splitlines()
    )
    return [REPLACED.get(line, line) for line in lines if line and not line.startswith("#") and line not in ELSEWHERE]


def main(path: str) -> int:
    """Run the page's commands in a shell each; the home folder is NIIS_CI_HOME."""
    found = commands(Path(path).read_text(encoding="utf-8"))
    if not found:
        sys.stderr.write(f"{path} holds no command to run; is a ```sh block missing?\n")
        return 1
    home = os.environ["NIIS_CI_HOME"]
    environment = {
        **os.environ,
        "NIIS_HOME": home,
        "HOME_DIR": home,
        "PATH": f"{Path('.venv/bin').resolve()}{os.pathsep}{os.environ['PATH']}",
    }
    for command in found:
        sys.stdout.write(f"$ {command}\n")
        sys.stdout.flush()
        code = subprocess.run(["bash", "-c", command], env=environment, check=False).returncode
        if code:
            sys.stderr.write(f"{path}: `{command}` ended with code {code}\n")
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
