"""How cells of CSV files become numbers, dates and text, in files of several encodings."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fanin.csv.column import Column
from fanin.csv.errors import UserError
from fanin.csv.table import read_table
from fanin.csv.typed import typed, typed_like


def column(*cells: str, commas: bool = True) -> Column:
    return Column("a", cells, range(2, 2 + len(cells)), commas)


@pytest.mark.parametrize(
    ("cells", "commas", "values", "style"),
    [
        (["$1,234.50", "-$2", "$ 3", "4"], True, [1234.5, -2, 3, 4], "thousands separators and a currency sign ($)"),
        (["1.234,50 \u20ac", "2 \u20ac"], False, [1234.5, 2], "a decimal comma and a currency sign (\u20ac)"),
        (["12 %", "3.5%", "-1 %"], True, [12, 3.5, -1], "a percent sign (12 % is 12)"),
        (["12,5 %", "3 %"], False, [12.5, 3], "a decimal comma and a percent sign (12 % is 12)"),
    ],
)  # fmt: skip
def test_currency_and_percent_signs_are_left_out(
    cells: list[str], commas: bool, values: list[float], style: str
) -> None:
    read = typed(column(*cells, commas=commas))
    assert (read.kind, read.values.tolist(), read.style) == ("number", values, style)


def test_cells_in_another_currency_are_strays() -> None:
    read = typed(column(*["$1"] * 10, "\u20ac2"))
    assert read.kind == "number"
    assert read.strays == (10,)
    assert typed(column("$1", "\u20ac2", "% 3")).kind == "text"


def test_a_column_is_read_like_that_of_another_file() -> None:
    assert typed_like(column("1", "2"), "text", "").values.tolist() == ["1", "2"]
    assert typed_like(column("1.234", commas=False), "number", "a decimal comma").values.tolist() == [1234]
    assert typed_like(column("1.234", commas=True), "number", "a decimal comma").values.tolist() == [1.234]
    days = typed_like(column("02.01.2020", "2020-01-02", "x"), "date", "dmy")
    assert days.values[0] == days.values[1]
    assert days.array()[0] == np.datetime64("2020-01-02")
    assert days.notes == ("column 'a': 'x' in line 4 is not a date and counts as missing",)
    assert typed_like(column("6:30"), "time", "time").values.tolist() == [6.5]


def test_a_file_may_be_compressed_or_in_other_encodings(tmp_path: Path) -> None:
    text = "gr\u00f6\u00dfe,b\n1,x\n"
    contents = [text.encode(), text.encode("utf-16"), text.encode("latin-1"), gzip.compress(text.encode())]
    notes = []
    for number, content in enumerate(contents):
        path = tmp_path / str(number)
        path.write_bytes(content)
        table = read_table(path)
        assert list(table.columns) == ["gr\u00f6\u00dfe", "b"]
        notes.append(table.notes)
    assert notes == [(), (), ("not UTF-8 from line 1 on; read as Windows-1252",), ()]
    path.write_bytes(contents[3][:-9])
    with pytest.raises(UserError, match="is not a valid gzip file"):
        read_table(path)


def test_trailing_delimiters_and_columns_without_name_and_cells_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",a,b,\n1,2,3,\n4,5,6,,,\n")
    table = read_table(path)
    assert dict(table.columns) == {"column 1": ["1", "4"], "a": ["2", "5"], "b": ["3", "6"]}
    assert table.unnamed == {"column 1"}
    assert table.notes == ("1 column without a name and without a cell left out",)
