"""Every line of the textbook notes has a test in the suite, or names the capability it waits for."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest

from helpers import TESTS
from textbook import ROWS
from textbook_row import Row


@cache
def names_of_tests() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in TESTS.rglob("test_*.py")]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_rows_1_to_86_and_63b_are_each_present_once():
    assert Counter(number for row in ROWS for number in row.numbers) == Counter([*range(1, 87), "63b"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(map(str, row.numbers)))
def test_every_row_names_tests_that_exist_or_what_it_waits_for(row: Row):
    assert row.claim
    assert row.checks or row.waits_for
    assert set(row.checks) <= names_of_tests()
