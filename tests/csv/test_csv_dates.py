"""How cells of CSV files become days and hours."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from fanin.csv.column import Column
from fanin.csv.dates import dates

DAY = datetime.date(2024, 1, 27)


@pytest.mark.parametrize(
    "form",
    [
        *(
            "%Y-%m-%d",
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%d/%m/%y",
            "%Y/%m/%d",
            "%d %b %Y",
            "%B %d, %Y",
            "%a, %d %b %Y",
        ),
        *("%d-%b-%y", "%Y-%m-%dT00:00:00Z", "%Y-%m-%d 12:00:00 AM", "%Y-%m-%d 02:30+02:30", "%m/%d/%Y 0:00"),
    ],
)
def test_dates_become_days_since_1970(form: str) -> None:
    days = [DAY + datetime.timedelta(days=13 * n) for n in range(20)]
    found = dates(Column("when", ["", *(day.strftime(form) for day in days)], range(21)))
    assert found is not None
    read, note = found
    np.testing.assert_array_equal(
        read.values, [np.nan, *((day - datetime.date(1970, 1, 1)).days for day in days)]
    )
    assert note == "column 'when': dates from 2024-01-27 to 2024-09-30"


def test_times_are_read_with_and_without_dates() -> None:
    found = dates(Column("a", ["2024-01-27 06:00", "2024-01-27 18:45:00.0", "2024-01"], range(3)))
    assert found is not None
    np.testing.assert_allclose(found[0].values - found[0].values[0], [0, 12.75 / 24, -26.25], atol=1e-9)
    found = dates(Column("a", ["6:30", "12:15 am", "11:45 PM"], range(3)))
    assert found is not None
    np.testing.assert_allclose(found[0].values, [6.5, 0.25, 23.75])
    assert found[1] == "column 'a': times of day, converted to hours"


@pytest.mark.parametrize(
    "cell",
    [
        "30 Feb 2024",
        "31/31/2024",
        "1.2.3",
        "192.168.0.1",
        "555-123-4567",
        "2024-13-01",
        "25:00",
        "12:60",
        "a/b/c",
    ],
)
def test_invalid_dates_are_rejected(cell: str) -> None:
    assert dates(Column("a", [cell] * 3, range(3))) is None
