"""The README's Python examples run, in order."""

from __future__ import annotations

import re
from typing import Any

import fanin
from helpers import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_python_block_of_the_readme_runs() -> None:
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 3
    namespace: dict[str, Any] = {}
    threads = fanin.get_num_threads()
    try:
        for block in blocks:
            line = README.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], "README.md", "exec"), namespace)
    finally:
        fanin.set_num_threads(threads)


def test_the_readme_names_files_that_exist() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []
