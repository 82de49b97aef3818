"""``fanin fit``: learn a column of a table, and save the model."""

from __future__ import annotations

import argparse
import datetime
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import fanin
from fanin.checks import counted
from fanin.command.bar import Bar
from fanin.command.diagnosis import add_diagnose, check_page, print_diagnoses
from fanin.command.inputs import inputs_of
from fanin.command.output import check_folder, plain, print_notes, score_lines
from fanin.command.parquet import read_file
from fanin.csv.errors import UserError, one_line, require, shown
from fanin.csv.options import add_columns, name, positive, whole
from fanin.csv.target import Target, check_range, target_of
from fanin.csv.typed import NUMBER
from fanin.tables.columns import Dropped
from fanin.tables.folds import folds_of
from fanin.written import duration, figure, memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.command.frame import Frame
    from fanin.csv.options import Commands
    from fanin.csv.table import Table

_DESCRIPTION = """\
Learn to predict one column of a table from the others, and save the model.
Print what was noticed about the columns, and the score of rows that the
networks which predict them were not trained on.

  fanin fit houses.csv --target price --model price.safetensors
  fanin predict price.safetensors new.csv -o predictions.csv
"""

_EPILOG = """\
TABLE is CSV (also .gz) or, if its name ends in .parquet, Parquet (by polars or
pandas). The first line of a CSV file names the columns, which are separated by
one of , ; tab and |. Cells that are empty, NA, N/A, NaN, null, none or ? are
missing. A column holds numbers (1234.5, 1,234.5, 1.234,5, $1,234, 12 %) or
dates if at least nine in ten of its other cells do; the remaining cells are
named and count as missing. 12 % is read as 12. A target of text, or of at most
20 different integers, means classification; any other means regression. Rows
without a target are left out. An existing model file is replaced.

Exit code: 0 on success; 2 on an error, with one line on stderr; 130 after
Ctrl-C; 141 if the output pipe is closed.
"""

_LOSSES = ("squared_error", "absolute_error", "quantile", "poisson", "gamma")


class _Task(NamedTuple):
    """What is learned, and with which weights."""

    frame: Frame
    target: Target
    weight: NDArray[np.float64] | None

    @property
    def rows(self) -> int:
        """How many rows are learned: those with a target and a weight."""
        return len(self.target.rows) if self.weight is None else int(np.count_nonzero(self.weight))


def add_fit(commands: Commands) -> None:
    """Add the command ``fit`` and its options to the parser."""
    parser = commands.add_parser(
        "fit",
        help="learn a column of a table, and save the model",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", type=Path, metavar="TABLE", help="CSV or Parquet file to learn from")
    add_columns(parser, required=True)
    parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="where to save the model")
    parser.add_argument("--weight", type=name, metavar="COLUMN", help="weights of the rows, at least 0")
    parser.add_argument("--loss", choices=_LOSSES, help="of a regression; default: squared_error")
    parser.add_argument(
        "--quantile", type=_share, metavar="Q", help="predict this quantile, such as 0.9, instead of the mean"
    )
    parser.add_argument(
        "--effort", choices=("fast", "default", "high"), default="default", help="how much is tried"
    )
    parser.add_argument("--max-time", type=positive, metavar="SECONDS", help="limit of each fit")
    parser.add_argument(
        "--cv", type=whole(2), metavar="K", help="cross-validate first: K more fits, each tested on a part"
    )
    parser.add_argument("--seed", type=whole(0), default=0, metavar="N", help="default: 0")
    parser.add_argument("--threads", type=whole(1, 4096), metavar="N", help="default: all processors")
    add_diagnose(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run_fit(options: argparse.Namespace) -> None:
    """Fit and save a model; raise UserError for invalid input."""
    check_folder("--model", options.model)
    if options.model.exists() and options.table.exists() and options.model.samefile(options.table):
        raise UserError("--model: this is the table itself; expected another file")
    check_page(options)
    with Bar(options.quiet) as bar:
        bar.stage("starting")
        require("sklearn", "scikit-learn", "sklearn")
        bar.stage(f"reading {one_line(options.table.name)}")
        table = read_file(options.table)
        target = target_of(table, options.target, options.task)
        weight = _weights(table, options.weight, target)
        ignored = {options.target, options.weight, *(column for column in options.drop if table[column])}
        inputs = inputs_of(table, [column for column in table.columns if column not in ignored], target.rows)
        if not inputs.frame:
            raise UserError(f"{table.path} has no columns left to predict {shown(options.target)} from")
        task = _Task(inputs.frame, target, weight)
        model = _estimator(options, target, bar)
        if not target.classifies:
            check_range(table, options.target, target, model.loss)
        bar.clear()
        print(_title(table, options.target, task), flush=True)
        print_notes((*table.notes, *target.notes, *inputs.notes))
        if options.cv:
            _cross_validate(model, task, options, bar)
        bar.restart("")
        model.set_params(diagnose=options.diagnose is not None)  # not of the fits for cross-validation
        _fit(model, task.frame, target.values, weight, bar)
        bar.clear()
        _print_result(model, options)
        if options.diagnose is not None:
            print_diagnoses(model.diagnoses_, options.diagnose)
        bar.stage("writing the model")
        model.notes_ = {
            "made": datetime.datetime.now().astimezone().isoformat(" ", "minutes"),
            "version": fanin.__version__,
            "file": options.table.name,
            "rows": task.rows,
            "target": {"name": options.target, "kind": target.kind, "style": target.style},
            "columns": inputs.read,
            "unused": [column for column in table.columns if column not in {options.target, *inputs.frame}],
            "score": plain(model.report().quality),
            "validation": options.cv or 0,
        }
        model.save(options.model)
    size = os.path.getsize(options.model)
    print(f"Saved {options.model} ({memory(size)})")


def _weights(table: Table, column: str | None, target: Target) -> NDArray[np.float64] | None:
    if column is None:
        return None
    read = table.typed(column)
    if read.kind != NUMBER:
        raise UserError(f"--weight: column {shown(column)} holds {read.kind}; expected numbers of at least 0")
    weights = read.values[target.rows]
    bad = np.flatnonzero(~(weights >= 0))
    if len(bad):
        row = target.rows[bad[0]]
        cell = table[column]
        raise UserError(
            f"--weight: column {shown(column)}, {cell.where(row)}: expected at least 0, got {shown(cell.cells[row])}"
        )
    if not weights.any():
        raise UserError(f"--weight: column {shown(column)} is 0 in every row with a target")
    return np.asarray(weights)


def _estimator(options: argparse.Namespace, target: Target, bar: Bar) -> Any:
    from fanin.sklearn import FaninClassifier, FaninRegressor

    common: dict[str, Any] = {
        "effort": options.effort,
        "max_time": options.max_time,
        "random_state": options.seed,
        "n_jobs": options.threads,
        "text_features": (),  # models with text cannot be saved
    }
    given = options.loss is not None or options.quantile is not None
    if target.classifies:
        if given:
            found = f"{shown(options.target)} has {target.description}{target.advice}"
            raise UserError(f"--loss and --quantile need numbers, but {found}")
        bar.figure = lambda score: f"log-loss {figure(score)}"
        return FaninClassifier(**common)
    loss: Any = options.loss or ("squared_error" if options.quantile is None else "quantile")
    if options.quantile is not None and loss != "quantile":
        raise UserError(f"--quantile needs --loss quantile, got {loss}")
    names = {"absolute_error": "MAE", "quantile": "pinball loss"}
    bar.figure = lambda score: f"{names.get(loss, 'loss')} {figure(score)}"
    if loss == "squared_error":
        bar.figure = lambda score: f"RMSE {figure(score**0.5)}"
    return FaninRegressor(loss=loss, quantile=options.quantile or 0.5, **common)


def _title(table: Table, target: str, task: _Task) -> str:
    predicted = f"{shown(target)}: {task.target.description}{task.target.advice}"
    rows, columns = counted(task.rows, "row"), counted(len(task.frame), "column")
    return f"{one_line(table.path.name)}: {rows}, {columns} to predict from\n{predicted}"


def _fit(model: Any, frame: Frame, y: NDArray[Any], weight: NDArray[np.float64] | None, bar: Bar) -> None:
    model.callbacks = [bar]
    if weight is not None:
        used = np.flatnonzero(weight)
        frame, y, weight = frame.rows(used), y[used], weight[used]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of leaks, which the report lists
        try:
            model.fit(frame, y, weight)
        except ValueError as error:
            raise UserError("; ".join(map(str.strip, str(error).splitlines()))) from None


def _cross_validate(model: Any, task: _Task, options: argparse.Namespace, bar: Bar) -> None:
    from sklearn.base import clone

    y = task.target.values
    fold = _folds(task.target, options.cv, options.seed)
    scores: dict[str, list[float]] = {}
    for number in range(options.cv):
        bar.restart(f"fold {number + 1}/{options.cv}: ")
        part, test, train = clone(model), np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        weight = None if task.weight is None else task.weight[train]
        _fit(part, task.frame.rows(train), y[train], weight, bar)
        for measure in part.report(task.frame.rows(test), y[test]).quality.measures:
            scores.setdefault(measure.name, []).append(measure.value)
    bar.clear()
    print(f"Cross-validation, {options.cv} folds: mean and standard deviation")
    width = max(map(len, scores))
    for measure, values in scores.items():
        print(
            f"  {measure:{width}}  {figure(float(np.mean(values)))} +- {figure(float(np.std(values)))}",
            flush=True,
        )


def _folds(target: Target, count: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each row, with each class in proportion; -1 for the only row of a class."""
    rows, classes = len(target.values), None
    if target.classifies:
        _, classes, sizes = np.unique(target.values, return_inverse=True, return_counts=True)
    fold = folds_of(rows, count, seed, classes)
    if classes is not None:
        fold[sizes[classes] == 1] = -1
    if len(np.unique(fold[fold >= 0])) < count:
        raise UserError(f"--cv {count}: expected at most as many folds as rows, got {counted(rows, 'row')}")
    return fold


def _print_result(model: Any, options: argparse.Namespace) -> None:
    report = model.report()
    print_notes([f"warning: {leak}" for leak in report.leaks])
    dropped = [column for column in report.columns if isinstance(column, Dropped)]
    print_notes([f"column {shown(column.name)} is {column.reason}" for column in dropped])
    quality = report.quality
    if not hasattr(model, "classes_"):
        print("Columns and target are standardized for training only; the score is in the")
        print(f"units of {shown(options.target)}.")
    print("\n".join(score_lines(plain(quality))))
    took = duration(sum(report.seconds.values()))
    print(f"Trained {counted(report.networks, 'network')} in {took}")


def _share(text: str) -> float:
    number = positive(text)
    if number >= 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {shown(text)}")
    return number
