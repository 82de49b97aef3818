"""Every line of docs/textbook.md is accounted for: by tests of the suite, or by a feature that is planned."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from helpers import ROOT, TESTS
from textbook import CHECKS

TABLE = (ROOT / "docs" / "textbook.md").read_text(encoding="utf-8")
ROWS = {row[1]: row[2] for row in re.finditer(r"^\| (\d[^|]*) \|(.*)\|$", TABLE, re.MULTILINE)}


@cache
def names_of_tests() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in TESTS.rglob("test_*.py")]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_rows_1_to_86_and_63b_are_each_present_once():
    numbers = [number for row in ROWS for number in row.split(", ")]
    assert sorted(numbers) == sorted([*map(str, range(1, 87)), "63b"])


def test_only_rows_of_the_table_have_checks():
    assert set(CHECKS) <= set(ROWS)


def test_every_theme_has_rows_and_pictures_with_captions():
    themes = re.split(r"^## ", TABLE, flags=re.MULTILINE)[1:]
    assert len(themes) >= 12
    for theme in themes:
        title, lines = theme.split("\n", 1)
        captioned = re.findall(
            r"sphx_glr_(\w+)_001\.png\)\]\(gallery/\1\.rst\)\n\n.*\(gallery/\1\.rst\)", lines
        )
        assert len(captioned) == lines.count("[![") > 0, title
        assert re.search(r"^\| \d", lines, re.MULTILINE), title


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_tests_that_exist_or_what_is_planned(row: str):
    checks = CHECKS.get(row, ())
    assert checks or "*planned" in ROWS[row]
    assert set(checks) <= names_of_tests()


def test_sources_cite_rows_of_the_table():
    """As ``docs/textbook.md, row 50``."""
    folders = [ROOT / name for name in ("cpp", "python", "tests", "bench")]
    sources = [p for f in folders for p in f.rglob("*") if p.suffix in {".py", ".hpp", ".cpp"}]
    cited = [
        row for p in sources for row in re.findall(r"textbook\.md,\s+(?://\s+)?row (\w+)", p.read_text())
    ]
    assert cited
    assert set(cited) <= {number for row in ROWS for number in row.split(", ")}
