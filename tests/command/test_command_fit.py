"""`fanin fit`: what it says of a table, what it saves, and its message for each invalid input."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from fanin.command.bar import Bar
from fanin.command.main import main
from fanin.sklearn import FaninClassifier, FaninRegressor
from fanin.tables.progress import Progress
from tables import FAST, PRICES, FileWriter, rows
from terminals import in_terminal


def test_a_table_as_people_write_it_is_learned_and_everything_noticed_is_said(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, model = write("prices.csv", PRICES), tmp_path / "price.safetensors"
    assert main(["fit", str(table), "--target", "price", "--model", str(model), *FAST]) == 0
    printed, progress = capsys.readouterr()
    assert progress == ""
    lines = [line.strip() for line in printed.splitlines()]
    assert lines[:2] == [
        "prices.csv: 119 rows, 6 columns to predict from",
        "'price': numbers from 0 to 4,912.4",
    ]
    assert set(lines) >= {
        "1 column without a name and without a cell left out",
        "column 'price': '-' in line 11 is not a finite number and counts as missing",
        "1 row is left out (line 11): the target 'price' is missing",
        "column 'age': 'unknown' in line 9 is not a finite number and counts as missing",
        "column 'sold': dates from 2021-01-01 to 2021-12-28",
        "left out, without values: column 'nothing'",
        "numbers with a percent sign (12 % is 12) in 1 column: 'rate'",
        "numbers with thousands separators and a currency sign ($) in 1 column: 'income'",
        "column 'id' is dropped: a row number",
        "Columns and target are standardized for training only; the score is in the",
        "units of 'price'.",
    }
    assert FaninRegressor.load(model).notes_["rows"] == 119


def test_an_unnamed_index_is_left_out_and_a_class_with_one_row_is_pointed_out(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = ",x,kind\n" + rows(lambda n: f"{7 * n % 60},{n},{'rare' if n == 3 else 'ab'[n % 2]}")
    model = tmp_path / "m.safetensors"
    assert main(["fit", str(write("t.csv", content)), "--target", "kind", "--model", str(model), *FAST]) == 0
    printed = capsys.readouterr().out
    assert "left out, the number of each row: column 'column 1'" in printed
    assert "class 'rare' has one row (line 5): too few to learn it, or to test it" in printed
    assert "log-loss" in printed
    assert FaninClassifier.load(model).classes_.tolist() == ["a", "b", "rare"]


def test_cross_validation_prints_the_scores_of_folds(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write("t.csv", "x,kind\n" + rows(lambda n: f"{n % 7},{'rare' if n == 3 else n % 7 > 3}"))
    options = ["--target", "kind", "--model", str(tmp_path / "m.safetensors"), "--cv", "2", *FAST]
    assert main(["fit", str(table), *options]) == 0
    printed = capsys.readouterr().out.split("Score of")[0]
    assert "Cross-validation, 2 folds: mean and standard deviation\n  log-loss  " in printed
    assert "  accuracy  " in printed


def test_weights_quantiles_and_dropped_columns_are_options(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write("t.csv", "x,id,w,y\n" + rows(lambda n: f"{n},a{n % 30},{n % 2},{n / 7}"))
    options = ["--weight", "w", "--drop", "id", "--quantile", "0.9", "--seed", "3", *FAST]
    model = tmp_path / "m.safetensors"
    assert main(["fit", str(table), "--target", "y", "--model", str(model), *options]) == 0
    printed = capsys.readouterr().out
    assert "t.csv: 30 rows, 1 column to predict from\n" in printed
    assert "pinball loss" in printed
    loaded = FaninRegressor.load(model)
    assert [column.name for column in loaded.encoder_.columns] == ["x"]
    assert (loaded.quantile, loaded.random_state, loaded.notes_["rows"]) == (0.9, 3, 30)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", ["--target", "a"], "line 3: 3 fields, but the header has 2"),
        ("a,price\n1,2\n", ["--target", "Prise"], "did you mean 'price'?"),
        ("a,b\n" + "1,2\n" * 30, ["--target", "a"], "is '1' in every row that has a target: nothing to predict"),
        ("a,b\n" + ",2\n" * 30, ["--target", "a"], "the target column 'a' has no values"),
        ("a,b\n" + rows(lambda n: f"2020-01-{1 + n % 28},{n}"), ["--target", "a"], "'a' holds dates"),
        ("a,b\n" + rows(lambda n: f"name {n},{n}"), ["--target", "a"], "60 different values in 60 rows, too many"),
        ("a,b\n" + rows(lambda n: f"x{n % 2},{n}"), ["--target", "a", "--task", "regression"], "text such as 'x0'"),
        ("a\n" + rows(str), ["--target", "a", "--task", "regression"], "has no columns left to predict 'a' from"),
        ("a,b\n" + rows(lambda n: f"{n % 3},{n}"), ["--target", "a", "--loss", "gamma"], "need numbers, but 'a' has 3"),
        ("a,b\n" + rows(lambda n: f"{n / 8},-1"), ["--target", "a", "--weight", "b"], "line 2: expected at least 0"),
        ("a,b\n" + rows(lambda n: f"{n - 1.5},{n}"), ["--target", "a", "--loss", "gamma"], "line 2: expected numbers"),
        ("a,b\n" + rows(lambda n: f"{n + 1}e300,{n}"), ["--target", "a"], "line 2: expected numbers above -1e+38 and"),
        ("a,b\n" + rows(lambda n: f"{n / 8},7"), ["--target", "a"], 'to learn from; column "b": dropped: it is 7'),
        ("a,b\n" + rows(lambda n: f"{n / 8},{n}"), ["--target", "a", "--drop", "c"], "has no column 'c'"),
        ("a,b\n" + rows(lambda n: f"{n / 8},{n}"), ["--target", "a", "--cv", "99"], "at most as many folds as rows"),
        ("a,b\n" + rows(lambda n: f"{n / 8},{n}"), ["--target", "a", "--model", "absent/m"], "no folder absent"),
        ("a,b\n" + rows(lambda n: f"{n / 8},{n}"), ["--target", "a", "--model", "t.csv"], "this is the table itself"),
        ("a,b\n" + rows(lambda n: f"{n / 8},{n}"), ["--target", "a", "--model", "."], ". is a folder; expected a file"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_gets_one_line_and_no_file(
    content: str,
    options: list[str],
    message: str,
    write: FileWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("t.csv", content)
    monkeypatch.chdir(tmp_path)
    assert main(["fit", "t.csv", "--model", "m.safetensors", "--quiet", *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("fanin fit: ")
    assert error.count("\n") == 1
    assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_without_scikit_learn_the_extra_is_named(
    write: FileWriter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["fit", str(write("t.csv", "a\n1\n")), "--target", "a", "--model", "m", "-q"]) == 2
    assert 'run pip install "fanin[sklearn]"' in capsys.readouterr().err


def test_an_interrupted_fit_leaves_no_file(
    write: FileWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: Bar, progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "__call__", interrupt)
    table = write("t.csv", "x,y\n" + rows(lambda n: f"{n},{n / 7}"))
    assert main(["fit", str(table), "--target", "y", "--model", str(tmp_path / "m"), *FAST]) == 130
    assert capsys.readouterr().err == "\nfanin fit: interrupted\n"
    assert list(tmp_path.iterdir()) == [table]


def test_the_bar_shows_its_figures_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = in_terminal(monkeypatch, 80)
    with Bar(quiet=False) as bar:
        bar.figure = lambda score: f"RMSE {score:,.0f}"
        bar.restart("fold 10/10: ")
        bar._best = 43_210_123.0
        bar(Progress("choose", networks=16, done=0.45))
        bar._show(True)
    line = next(line for line in terminal.drawings if "45 %" in line)
    assert line.startswith("fold 10/10: choosing, 16 networks ")
    assert line.rstrip().endswith("left, best RMSE 43,210,123")
    assert len(line.rstrip()) < 80


def test_without_a_terminal_a_line_says_how_far_the_fit_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fanin.command.bar._REDRAWN", 0.01)
    monkeypatch.setattr("fanin.command.bar._SILENT", 0.02)
    with Bar(quiet=False) as bar:
        bar(Progress("train", networks=4, done=0.5))
        bar._thread.join(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert any(re.fullmatch(r"training, 4 networks 50 %, \S+ [mu]?s left", line) for line in lines), lines
