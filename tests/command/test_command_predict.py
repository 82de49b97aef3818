"""`fanin predict` and `fanin show`: columns as in training, a line for each row, and whole files or none."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from fanin.command.main import main
from fanin.sklearn import FaninClassifier, FaninRegressor
from tables import PRICES, FileWriter

ROWS = "colour,age,extra,sold,income,rate\n"


def predicted(text: str, column: int = 0) -> list[float]:
    return [float(line[column]) for line in list(csv.reader(text.splitlines()))[1:]]


def test_columns_are_matched_by_name_and_read_as_in_training(
    price_model: Path, write: FileWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    american = write("a.csv", ROWS + 'red,12,1,2021-03-04,"$1,234.50",3.5 %\ngreen,40,2,2021-03-05,$999,7\n')
    european = write(
        "e.csv", ROWS.replace(",", ";") + "red;12;1;2021-03-04;1234,5;3,5\ngreen;40;2;2021-03-05;999;7,0\n"
    )
    found = []
    for table in (american, european):
        assert main(["predict", str(price_model), str(table)]) == 0
        printed, notes = capsys.readouterr()
        assert printed.startswith("predicted price\n")
        assert "  ignored, unknown to the model: column 'extra'\n" in notes
        found.append(predicted(printed))
    assert found[0] == found[1]
    assert len(found[0]) == 2
    assert abs(found[0][1] - 4000) < abs(found[0][0] - 4000)


def test_columns_that_the_fit_left_out_are_not_called_unknown(
    price_model: Path, write: FileWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write("t.csv", f"{ROWS.strip()},id,nothing\nred,12,1,2021-03-04,5,1,7,\n")
    assert main(["predict", str(price_model), str(table)]) == 0
    assert "  ignored, unknown to the model: column 'extra'\n" in capsys.readouterr().err


def test_text_stays_text_even_if_it_looks_like_numbers(
    kind_model: Path, write: FileWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write("t.csv", "name,code\nb,2\na,1\nc,2\n")
    assert main(["predict", str(kind_model), str(table), "--join", "--proba", "--quiet"]) == 0
    lines = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert lines[0] == ["name", "code", "predicted kind", "probability of False", "probability of True"]
    assert [line[:3] for line in lines[1:]] == [["b", "2", "False"], ["a", "1", "True"], ["c", "2", "False"]]
    assert all(abs(float(line[3]) + float(line[4]) - 1) < 1e-6 for line in lines[1:])


def test_numbers_stay_numbers_and_stray_cells_are_named(
    price_model: Path, write: FileWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write("t.csv", ROWS + "red,none at all,1,soon,5,1\n")
    assert main(["predict", str(price_model), str(table)]) == 0
    printed, notes = capsys.readouterr()
    assert len(predicted(printed)) == 1
    assert "column 'age': 'none at all' in line 2 is not a finite number and counts as missing" in notes
    assert "column 'sold': 'soon' in line 2 is not a date and counts as missing" in notes


def test_predictions_are_those_of_the_estimator_and_rows_with_a_target_are_scored(
    price_model: Path, write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "predictions.csv.gz"
    assert main(["predict", str(price_model), str(write("t.csv", PRICES)), "-o", str(output)]) == 0
    printed, notes = capsys.readouterr()
    assert printed == ""
    assert "score of the 119 rows with a target: RMSE" in notes
    assert f"Wrote 120 predictions to {output}\n" in notes
    assert len(predicted(gzip.decompress(output.read_bytes()).decode())) == 120
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "predictions.csv.gz"}
    model = FaninRegressor.load(price_model)
    low, high = 0, 4912.4
    assert all(low <= value <= high for value in predicted(gzip.decompress(output.read_bytes()).decode()))
    assert model.notes_["target"] == {"name": "price", "kind": "number", "style": ""}


def test_parquet_files_are_read_by_polars_or_pandas(
    kind_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "t.parquet"
    polars.DataFrame({"code": [2, 1, 2]}).write_parquet(path)
    assert main(["predict", str(kind_model), str(path), "--quiet"]) == 0
    assert capsys.readouterr().out == "predicted kind\nFalse\nTrue\nFalse\n"


def test_without_a_reader_of_parquet_one_is_named(
    kind_model: Path, write: FileWriter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for library in ("polars", "pandas"):
        monkeypatch.setitem(sys.modules, library, None)
    assert main(["predict", str(kind_model), str(write("t.parquet", "")), "-q"]) == 2
    assert "reading Parquet needs polars, or pandas with pyarrow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL", "other.csv"], "other.csv: column 'code' is missing; its columns are 'x', 'y'"),
        (["absent", "t.csv"], "there is no file absent"),
        (["t.csv", "t.csv"], "t.csv: expected "),
        (["MODEL", "t.csv", "-o", "t.csv"], "t.csv is what predictions are made from; expected another file"),
        (["MODEL", "t.csv", "-o", "absent/p.csv"], "--output: there is no folder absent"),
        (["MODEL", "t.csv", "-o", "p.parquet"], "--output: predictions are written as CSV, got p.parquet"),
    ],
)
def test_what_cannot_be_predicted_gets_one_line_and_no_file(
    arguments: list[str],
    message: str,
    kind_model: Path,
    write: FileWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("t.csv", "code\n1\n")
    write("other.csv", "x,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    given = [str(kind_model) if word == "MODEL" else word for word in arguments]
    assert main(["predict", *given, "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("fanin predict: ")
    assert error.count("\n") == 1
    assert message in error
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "other.csv"}


def test_probabilities_of_numbers_are_refused(
    price_model: Path, write: FileWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(price_model), str(write("t.csv", "a\n1\n")), "--proba", "-q"]) == 2
    assert "predicts numbers, not classes" in capsys.readouterr().err


def test_show_says_what_a_model_predicts_how_well_and_from_what(
    price_model: Path, kind_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(price_model)]) == 0
    printed = capsys.readouterr().out
    assert "price.safetensors: predicts 'price', a number (squared_error)\nMade 20" in printed
    assert " from 119 rows of prices.csv\n" in printed
    assert "Score of 119 rows, each by networks that were not trained on it\n  RMSE  " in printed
    assert "  sold    date, " in printed
    assert "Not used\n  id  dropped: a row number\n" in printed
    assert main(["show", str(kind_model)]) == 0
    assert "predicts 'kind', one of 2 classes: 'False', 'True'\n" in capsys.readouterr().out


def test_show_needs_no_notes_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = FaninRegressor(effort="fast", random_state=0).fit([[float(n)] for n in range(40)], range(40))
    model.save(tmp_path / "m")
    assert main(["show", str(tmp_path / "m")]) == 0
    assert "m: predicts a number (squared_error)\nThe mean of " in capsys.readouterr().out


NUMBERS = np.arange(40.0)
X = np.column_stack([NUMBERS, np.ones(40), -NUMBERS])  # the second column is dropped
LABELS = np.column_stack([NUMBERS > 20, NUMBERS < 9]).astype(int)


@pytest.mark.parametrize(
    ("model", "y", "predicts", "header"),
    [
        (FaninClassifier(), LABELS, "any of 2 labels, or none", "predicted label 0,predicted label 1"),
        (
            FaninRegressor(),
            np.column_stack([NUMBERS, -NUMBERS]),
            "2 numbers (squared_error)",
            "predicted target 0,predicted target 1",
        ),
        (
            FaninRegressor(loss="quantile", quantile=[0.1, 0.9]),
            NUMBERS,
            "quantiles 0.1, 0.9 of a number",
            "predicted quantile 0.1,predicted quantile 0.9",
        ),
        (FaninRegressor(loss="quantile"), NUMBERS, "quantile 0.5 of a number", "predicted"),
    ],
)
def test_several_predictions_of_a_row_have_a_column_each(
    model: Any,
    y: Any,
    predicts: str,
    header: str,
    write: FileWriter,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model.set_params(effort="fast", random_state=0, members=1).fit(X, y)
    model.save(tmp_path / "m")
    assert main(["show", str(tmp_path / "m")]) == 0
    assert f"m: predicts {predicts}\n" in capsys.readouterr().out
    table = write("t.csv", "x2,x0\n" + "".join(f"{-n},{n}\n" for n in NUMBERS))
    classifies = isinstance(model, FaninClassifier)
    options = ["--proba"] if classifies else []
    assert main(["predict", str(tmp_path / "m"), str(table), "-q", *options]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    expected: Any = model.predict_quantiles if model.get_params().get("loss") == "quantile" else model.predict
    found, wanted = np.loadtxt(lines, delimiter=",", ndmin=2), expected(X).reshape(40, -1)
    if classifies:
        header += ",probability of 0,probability of 1"
        wanted = np.hstack([wanted, model.predict_proba(X)])
    assert head == header
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that break, and /dev/full")
def test_closed_pipes_and_full_disks_end_in_the_codes_of_shells(kind_model: Path, write: FileWriter) -> None:
    command = [
        sys.executable,
        "-m",
        "fanin",
        "predict",
        str(kind_model),
        str(write("t.csv", "code\n1\n")),
        "-q",
    ]
    read, write_end = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")
    done = subprocess.run([*command, "-o", "/dev/full"], stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"fanin predict: /dev/full cannot be written: No space left on device\n"
