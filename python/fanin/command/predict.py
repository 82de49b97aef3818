"""``fanin predict``: predict the rows of a table by a model that ``fanin fit`` has saved."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import counted
from fanin.command.bar import Bar
from fanin.command.inputs import inputs_like, listed
from fanin.command.model import load_model, quantiles_of
from fanin.command.output import check_folder, print_notes, write_csv
from fanin.command.parquet import read_file
from fanin.csv.errors import UserError, one_line, require
from fanin.csv.options import whole
from fanin.written import figure

if TYPE_CHECKING:
    from fanin.command.frame import Frame
    from fanin.csv.options import Commands
    from fanin.csv.table import Table

_DESCRIPTION = """\
Predict each row of a table, in order, by a model of fanin fit. Columns may
have any order, and there may be others; each is read as in the table that was
learned. If the table has the target, too, the score of its rows is printed.

  fanin predict price.safetensors new.csv -o predictions.csv
  fanin predict price.safetensors new.csv --join | head
"""


def add_predict(commands: Commands) -> None:
    """Add the command ``predict`` and its options to the parser."""
    parser = commands.add_parser(
        "predict",
        help="predict the rows of a table by a saved model",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="file of fanin fit")
    parser.add_argument(
        "table", type=Path, metavar="TABLE", help="CSV or Parquet file with the rows to predict"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="CSV file to write, compressed if .gz; default: stdout",
    )
    parser.add_argument("--proba", action="store_true", help="write the probability of each class, too")
    parser.add_argument("--join", action="store_true", help="write the columns of the table in front")
    parser.add_argument("--threads", type=whole(1, 4096), metavar="N", help="default: all processors")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes")


def run_predict(options: argparse.Namespace) -> None:
    """Predict and write; raise UserError for invalid input."""
    output = None if options.output == Path("-") else options.output
    if output is not None:
        _check_output(output, options)
    with Bar(options.quiet) as bar:
        bar.stage("starting")
        require("sklearn", "scikit-learn", "sklearn")
        bar.stage(f"reading {one_line(options.model.name)}")
        model = load_model(options.model)
        model.n_jobs = options.threads
        if options.proba and not hasattr(model, "classes_"):
            raise UserError(f"--proba: {options.model} predicts numbers, not classes")
        bar.stage(f"reading {one_line(options.table.name)}")
        table = read_file(options.table)
        target = model.notes_.get("target", {})
        inputs = inputs_like(table, model, model.notes_.get("columns", {}))
        bar.stage("predicting")
        header, columns = _predicted(model, inputs.frame, target.get("name"), options.proba)
        notes = [*table.notes, *inputs.notes, *_ignored(table, model, target.get("name"))]
        notes += _scored(table, model, inputs.frame, target)
        bar.stage("writing")
        rows: Iterator[Sequence[Any]] = zip(*columns, strict=True)
        if options.join:
            header = [*table.columns, *header]
            rows = zip(*table.columns.values(), *columns, strict=True)
        if output is None:
            bar.clear()
        write_csv(output, header, rows)
        bar.clear()
    if not options.quiet:
        print_notes(notes, sys.stderr)
        if output is not None:
            print(f"Wrote {counted(table.n_rows, 'prediction')} to {output}", file=sys.stderr)


def _check_output(output: Path, options: argparse.Namespace) -> None:
    if output.suffix in (".parquet", ".pq"):
        raise UserError(f"--output: predictions are written as CSV, got {output}")
    check_folder("--output", output)
    for source in (options.model, options.table):
        if output.exists() and source.exists() and output.samefile(source):
            raise UserError(f"--output: {output} is what predictions are made from; expected another file")


def _predicted(
    model: Any, frame: Frame, target: str | None, proba: bool
) -> tuple[list[str], list[list[Any]]]:
    name = "predicted" if target is None else f"predicted {target}"
    if levels := quantiles_of(model):
        header = [f"{name} quantile {level:g}" for level in levels] if len(levels) > 1 else [name]
        return header, model.predict_quantiles(frame).T.tolist()
    predicted = model.predict(frame)
    several = "label" if hasattr(model, "classes_") else "target"
    header = (
        [f"{name} {several} {place}" for place in range(predicted.shape[1])] if predicted.ndim > 1 else [name]
    )
    columns = predicted.reshape(len(predicted), -1).T.tolist()
    if proba:
        header += [f"probability of {label}" for label in model.classes_]
        columns += model.predict_proba(frame).T.tolist()
    return header, columns


def _ignored(table: Table, model: Any, target: str | None) -> list[str]:
    known = {column.name for column in model.encoder_.columns} | {target}
    others = [
        name for name in table.columns if name not in known and name not in model.notes_.get("unused", ())
    ]
    return [f"ignored, unknown to the model: {listed(others)}"] if others else []


def _scored(table: Table, model: Any, frame: Frame, target: dict[str, str]) -> list[str]:
    """Return a note on the score of the rows whose target is in the table."""
    if target.get("name") not in table.columns:
        return []
    read = table.typed_like(target["name"], target["kind"], target["style"])
    known = ~read.missing
    values = read.values
    if hasattr(model, "classes_"):
        if target["kind"] == "number":
            known &= read.values == np.round(read.values)
        values = read.values[known].astype(model.classes_.dtype.kind if target["kind"] == "number" else str)
        of_model = np.isin(values, model.classes_)
        values, rows = values[of_model], np.flatnonzero(known)[of_model]
    else:
        rows = np.flatnonzero(known)
        values = values[rows]
    if len(rows) < 2:
        return []
    quality = model.report(frame.rows(rows), values).quality
    found = ", ".join(f"{measure.name} {figure(measure.value)}" for measure in quality.measures)
    return [f"score of the {counted(len(rows), 'row')} with a target: {found}"]
