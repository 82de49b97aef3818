"""The group tables of the bench: its files, what its rounds give together, and its targets, without measuring."""

import sys

import numpy as np
import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import groups, report, tables, targets
from bench.cases import TABLES, DataSet

pd = pytest.importorskip("pandas")
of_tables = pytest.importorskip("bench.workers.tables")  # needs scikit-learn

ERRORS = {"fanin": [1.0, 2.0, 3.0], "LightGBM": [2.0, 2.0, 4.0], "TabM": [1.0]}
ROUNDS = {"error": {name: [{"error": e, "fit": 9 * e} for e in of] for name, of in ERRORS.items()}}


def test_the_group_is_left_out_with_the_way_to_its_files(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FANIN_TABLES", str(tmp_path))
    for case in TABLES[1:]:
        (tmp_path / f"{case.name}.csv").touch()
    every = {"tables": groups.groups(quick=True)["tables"]}
    assert not groups.available(every)
    words = "tables left out: housing.csv not found; set FANIN_TABLES to the folder that has them"
    assert words in capsys.readouterr().err
    (tmp_path / "housing.csv").touch()
    assert "fanin" in groups.available(every)["tables"].workers


def test_splits_become_means_beside_the_reference_on_the_same_splits():
    means = tables.of_all_splits(ROUNDS)
    assert means["error"] == {"fanin": [2.0], "LightGBM": [8 / 3], "TabM": [1.0]}
    assert means["fit"] == {"fanin": [18.0], "LightGBM": [24.0], "TabM": [9.0]}
    assert means["relative error"] == {"fanin": [75.0], "LightGBM": [100.0], "TabM": [50.0]}
    alone = tables.of_all_splits({"error": {"fanin": ROUNDS["error"]["fanin"]}})
    assert alone == {"error": {"fanin": [2.0]}, "fit": {"fanin": [18.0]}}
    assert tables.of_all_splits({}) == {}


def run_of(**errors):
    """A run of two files, with errors in per cent of LightGBM's and seconds of fanin's fit."""
    cases = []
    for number, name in enumerate(("housing", "adult")):
        columns = {"fanin": [errors["fanin"][number]], "LightGBM": [100.0]}
        plain = {"case": name, "threads": 2}
        cases += [
            {**plain, "result": "relative error", "unit": "%", "values": columns},
            {**plain, "result": "fit", "unit": "s", "values": {"fanin": [1.0 + number], "LightGBM": [0.5]}},
        ]
    return {"machine": {}, "tables": {"rate": "", "cases": cases}}


def test_all_files_have_a_line_for_each_library():
    (table,) = tables.tables_of_all(report.groups(run_of(fanin=(81.0, 100.0)))["tables"])
    fanin, lightgbm = table.rows
    assert fanin == {
        "library": "fanin",
        "threads": 2,
        "files": 2,
        "of LightGBM's error, %": "90.0",
        "worst, %": "100",
        "a fit, s": "1.41",
        "worst, s": "2.00",
    }
    assert (lightgbm["of LightGBM's error, %"], lightgbm["a fit, s"]) == ("100", "0.50")
    assert tables.tables_of_all([]) == []


def test_the_targets_are_the_mean_and_the_worst_file_and_the_longest_fit():
    lines = targets.targets_table(run_of(fanin=(81.0, 101.0)), "tables").rows
    assert [(line["measured, unit"], line["asked, unit"], line["verdict"]) for line in lines] == [
        ("90.4", "at most 96.5", "met"),
        ("101", "at most 100", "missed"),
        ("2.00", "at most 5.00", "met"),
    ]


@pytest.fixture
def written(monkeypatch, tmp_path):
    """A file with a number of the row, a gap, a text and a number to predict."""
    monkeypatch.setenv("FANIN_TABLES", str(tmp_path))
    rows = "".join(f"{i},{i % 7 if i % 5 else '?'},{'ab'[i % 2]},{100 * (i % 2) + 100}\n" for i in range(40))
    (tmp_path / "made.csv").write_text("row,x,text,y\n" + rows)
    return DataSet("made", "y", unit=100.0, ids=("row",))


def test_peers_get_categories_and_no_numbers_of_rows(written):
    X, y = of_tables.read(written)
    assert list(X) == ["row", "x", "text"]
    np.testing.assert_array_equal(y, np.arange(40) % 2 + 1)
    peers = of_tables.with_categories(X, written)
    assert peers.dtypes.astype(str).to_dict() == {"x": "float64", "text": "category"}
    assert peers["x"].isna().sum() == 8
    logarithms = of_tables.read(DataSet("made", "y", logarithm=True))[1]
    np.testing.assert_allclose(logarithms, np.log(100 * y))
    assert set(of_tables.read(DataSet("made", "text", classes=True))[1]) == {"a", "b"}


def test_a_round_is_a_fit_to_the_next_split_and_its_error(written):
    class Mean:
        def fit(self, X, y):
            self.mean = y.mean()

        def predict(self, X):
            return np.full((len(X), 1), self.mean)

    (task,) = of_tables.tasks(written, Mean, splits=2)
    for seed in (0, 1):
        X, y = of_tables.read(written)
        _, _, y_train, y_test = of_tables.split(X, y, written, seed)
        found = task.round(1.0)
        assert found["error"] == pytest.approx(1e3 * np.sqrt(np.mean((y_train.mean() - y_test) ** 2)))
        assert found["fit"] >= 0
    with pytest.raises(ValueError, match="fitted to 2 of the splits alone"):
        task.round(1.0)
