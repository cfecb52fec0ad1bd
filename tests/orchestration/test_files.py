"""Small files are whole or absent; a process is known by more than its number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipelines.files import process_is_alive, this_process, write_text_atomically


def test_a_file_is_replaced_whole_and_leaves_no_neighbour(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "CURRENT"
    write_text_atomically(target, "một\n")
    with target.open(encoding="utf-8") as reader:
        write_text_atomically(target, "hai\n")
        assert reader.read() == "một\n"
    assert target.read_text(encoding="utf-8") == "hai\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_process_that_ended_is_not_alive() -> None:
    script = "from pipelines.files import this_process; print(this_process())"
    name = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert not process_is_alive(name)
    assert process_is_alive(this_process())


def test_a_number_that_another_process_got_is_not_the_same_process() -> None:
    assert not process_is_alive(f"{os.getpid()}:1")
