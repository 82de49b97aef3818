"""The Python examples of the README and of some pages of docs run, in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import fanin
from helpers import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["README.md", "docs/doctor.md", "docs/export.md", "docs/recurrent.md", "docs/text.md"]
)
def test_every_python_block_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / name).read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 3
    namespace: dict[str, Any] = {}
    threads = fanin.get_num_threads()
    try:
        for block in blocks:
            line = page.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], name, "exec"), namespace)
    finally:
        fanin.set_num_threads(threads)


def test_the_readme_names_files_that_exist() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []
