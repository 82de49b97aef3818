"""The Python examples of the README and of the pages of docs run, in order; their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib
import pytest

import fanin
from helpers import ROOT

FOUND = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md"))
GENERATED = ("docs/gallery/", "docs/reference/generated/")
PAGES = ["README.md", *(name for name in FOUND if not name.startswith(GENERATED))]
ELSEWHERE = ["docs/guide/distributed.md"]  # its programs need ranks or a cluster: tests/machines
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", [name for name in PAGES if name not in ELSEWHERE and BLOCK.search(text_of(name))]
)
def test_every_python_block_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    page = text_of(name)
    namespace: dict[str, Any] = {}
    threads = fanin.get_num_threads()
    try:
        for block in BLOCK.finditer(page):
            line = page.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], name, "exec"), namespace)
    finally:
        fanin.set_num_threads(threads)


@pytest.mark.parametrize("name", PAGES)
def test_the_links_of_a_page_lead_to_files_that_exist(name: str) -> None:
    linked = re.findall(r"\]\(([^)#:\s]+)[)#]", text_of(name))
    here = (ROOT / name).parent
    missing = [link for link in linked if not (here / link).exists()]
    assert [
        link for link in missing if not (here / link).resolve().is_relative_to(ROOT / "docs" / "gallery")
    ] == []


def test_the_readme_is_short_and_leads_to_the_site() -> None:
    readme = text_of("README.md")
    assert len(readme.splitlines()) < 200
    assert {"docs/start.md", "docs/guide/index.md"} <= set(re.findall(r"\]\(([^)#:]+)\)", readme))
