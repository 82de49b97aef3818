"""How `fanin demo` interprets the columns of a table, and its notes about them."""

from __future__ import annotations

import pytest

from fanin.csv.column import Column
from fanin.csv.errors import UserError
from fanin.csv.numbers import numbers
from fanin.demo.table import load_csv
from tables import Writer, rows


@pytest.mark.parametrize(
    "header", ['"a;1;2;3","b",y', '"a|b|c|d","b\n,c",y', '"a, m";"b";"y"', '"1,2,3";"b;""";"y"', "a;b;y"]
)
def test_delimiters_within_quotes_are_ignored(header: str, write: Writer) -> None:
    separator = ";" if header.endswith((';"y"', ";y")) else ","
    path = write(header + "\n" + rows(lambda row: separator.join((str(row), str(row / 3), str(row / 7)))))
    assert load_csv(path, "y", [], "auto", seed=0).train.x.shape == (42, 2)


@pytest.mark.parametrize(
    ("separator", "quote", "cells", "values", "style"),
    [
        (";", "", ["1,5", "2,0", "3", "-,5e1"], [1.5, 2, 3, -5], "a decimal comma"),
        (",", '"', ["1,5", "2,0", "3", "-,5e1"], [1.5, 2, 3, -5], "a decimal comma"),
        (";", "", ["1.234,5", "1.234.567", "12"], [1234.5, 1234567, 12], "a decimal comma"),
        (";", "", ["1 234,5", "1\u202f234", "1'234"], [1234.5, 1234, 1234], "a decimal comma"),
        (",", '"', ["1,234.5", "1,234,567", ".5"], [1234.5, 1234567, 0.5], "thousands separators"),
        (",", '"', ["1,234", "999"], [1234, 999], "thousands separators"),
        (";", "", ["1,234", "999"], [1.234, 999], "a decimal comma"),
        (",", '"', ["1234.5", " 12 ", "1e3"], [1234.5, 12, 1000], ""),
    ],
)
def test_numbers_are_read_in_the_formats_of_many_countries(
    separator: str, quote: str, cells: list[str], values: list[float], style: str, write: Writer
) -> None:
    column = Column("a", cells, range(len(cells)), separator == ",")
    read = numbers(column)
    assert read is not None
    assert (read.values.tolist(), read.style) == (values, style)
    lines = rows(lambda row: f"{quote}{cells[row % len(cells)]}{quote}{separator}{row}{separator}{row / 7}")
    data = load_csv(write(separator.join("abc") + "\n" + lines), "c", [], "auto", seed=0)
    assert data.train.x.shape == (42, 2)
    assert data.notes == ((f"numbers with {style} in 1 column: 'a'",) if style else ())


def test_if_one_column_has_decimal_commas_points_separate_thousands_in_others(write: Writer) -> None:
    lines = rows(lambda row: f"1{row}.000;{row},5;{row};{row}.5;{row / 7}")
    data = load_csv(write("a;b;c;d;e\n" + lines), "a", [], "auto", seed=0)
    assert data.notes == (
        "target 'a': numbers with a decimal comma",
        "numbers with a decimal comma in 1 column: 'b'",
    )
    assert data.target_mean > 10_000


@pytest.mark.parametrize(
    "stray", ["-", ".", "unknown", "12O", "1_000", "-nan", "inf", "1e400", "9" * 400, "1,2,3"]
)
def test_a_stray_cell_in_a_column_of_numbers_is_missing_and_reported(stray: str, write: Writer) -> None:
    path = write("a,b\n" + rows(lambda row: f"{row},{row / 7}") + f'"{stray}",1.5\n')
    data = load_csv(path, "b", [], "auto", seed=0)
    shown = stray if len(stray) < 60 else stray[:57] + "..."
    assert data.notes == (
        f"column 'a': '{shown}' in line 62 is not a finite number and counts as missing",
        "column 'a': 1 missing value replaced by the median",
    )


@pytest.mark.parametrize(
    ("strays", "note"),
    [
        (6, ": 6 cells that are not finite numbers count as missing, the first 'soon' in line 2"),
        (7, " is treated as text: 53 of 60 cells are numbers, fewer than nine in ten"),
    ],
)
def test_nine_in_ten_cells_that_are_numbers_make_a_column_of_numbers(
    strays: int, note: str, write: Writer
) -> None:
    path = write("a,b\n" + rows(lambda row: f"{'soon' if row < strays else row},{row / 7}") + ",1.5\n")
    data = load_csv(path, "b", [], "auto", seed=0)
    assert data.notes[0] == f"column 'a'{note}"
    assert (data.train.x.shape[1] == 2) == (strays == 6)


def test_a_row_with_a_stray_target_is_left_out_unless_targets_are_said_to_be_classes(write: Writer) -> None:
    data = load_csv(write("a,b\n" + rows(lambda row: f"{row / 7 if row else 'x'},{row}")), "a", [], "auto", 0)
    assert data.notes == (
        "column 'a': 'x' in line 2 is not a finite number and counts as missing",
        "1 row is left out (line 2): the target 'a' is missing",
    )
    lines = rows(lambda row: f"{row % 9 if row > 3 else 'x'},{row}")
    assert load_csv(write("a,b\n" + lines), "a", [], "auto", 0).n_classes == 9
    assert load_csv(write("a,b\n" + lines), "a", [], "classification", 0).n_classes == 10
    with pytest.raises(
        UserError, match="the target column 'a' holds text such as 'x0'; --task regression needs numbers"
    ):
        load_csv(write("a,b\n" + rows(lambda row: f"x{row % 3},{row}")), "a", [], "regression", 0)


def test_dates_in_an_ambiguous_order_are_refused(write: Writer) -> None:
    words = "column 'a', line 3: '2/1/2020' may be 2020-01-02 or 2020-02-01; write dates as 2020-01-02, or"
    with pytest.raises(UserError, match=words):
        load_csv(write("a,b\n" + rows(lambda row: f"{1 + row % 12}/1/2020,{row}")), "b", [], "auto", 0)


def test_a_column_of_many_texts_is_reported(write: Writer) -> None:
    data = load_csv(write("a,b\n" + rows(lambda row: f"no {row % 25},{row / 7}", 200)), "b", [], "auto", 0)
    assert data.notes == ("column 'a': one input for each of 25 different texts, such as 'no 0'",)
