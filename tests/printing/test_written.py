"""Times, amounts of memory and numbers are written as people read them."""

from __future__ import annotations

import math
import re

import pytest

from fanin.written import aligned, cut, duration, figure, memory
from helpers import ROOT


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (7.67e-05, "76.7 us"),
        (0.0012, "1.2 ms"),
        (3, "3 s"),
        (125, "2 min 5 s"),
        (5e-10, "0.5 ns"),
        (9.996e-7, "1 us"),
        (0.99951, "1 s"),
        (0.9994, "999 ms"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (119.6, "2 min"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h"),
        (3600 + 29, "1 h"),
        (7380, "2 h 3 min"),
        (86399, "1 d"),
        (100 * 86400 + 7200, "100 d 2 h"),
        (-0.5, "-500 ms"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_a_time_has_three_digits_or_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


def test_no_time_has_an_exponent_or_a_count_that_its_unit_does_not_have():
    for exponent in range(-90, 90):
        for factor in (1, 1.5, 9.995, 9.9949):
            text = duration(factor * 10 ** (exponent / 10))
            numbers = [float(number.replace(",", "")) for number in re.findall(r"[\d.,]+", text)]
            assert "e" not in text
            assert len(numbers) == 2 or numbers[0] < 1000 or "d" in text
            if "min" in text:
                assert all(number < 60 for number in numbers if "d" not in text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (2.5e12, "2,500 GB"),
    ],
)
def test_memory_has_three_digits_and_a_unit(count, text):
    assert memory(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999.94, "999.9"),
        (999.96, "1,000"),
        (-43210.4, "-43,210"),
        (1e9, "1e+09"),
        (math.nan, "nan"),
        (0, "0"),
    ],
)
def test_a_figure_has_four_digits_or_is_whole(value, text):
    assert figure(value) == text


def test_rows_are_aligned_and_wrapped_in_their_column():
    rows = [("name", "n"), ("one two three", "1"), ("averylongword", "20")]
    assert aligned(rows, most={0: 7}) == ["name      n", "one two   1", "three", "averylo  20", "ngword"]
    assert aligned([("a", "b", "c")], left=2, gap=" | ") == ["a | b | c"]


@pytest.mark.parametrize(
    ("width", "text"), [(9, "long text"), (8, "long ..."), (3, "..."), (1, "."), (0, "")]
)
def test_a_text_that_is_cut_keeps_to_its_width(width, text):
    assert cut("long text", width) == text


def test_no_other_module_writes_seconds_by_itself():
    for path in (ROOT / "python" / "fanin").rglob("*.py"):
        if path.name != "written.py":
            assert not re.search(r"\.\d[fg]\} ?(s|ms|us)\b", path.read_text(encoding="utf-8")), path
