"""``fanin show``: what a model file holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fanin.checks import counted
from fanin.command.model import load_model, quantiles_of
from fanin.command.output import print_indented, score_lines
from fanin.csv.errors import require, shown
from fanin.tables.columns import Dropped, Pair, described

if TYPE_CHECKING:
    from fanin.csv.options import Commands

_LISTED = 10


def add_show(commands: Commands) -> None:
    """Add the command ``show`` to the parser."""
    parser = commands.add_parser(
        "show",
        help="print what a model predicts, from which columns, and how well",
        description="Print what a model of fanin fit predicts, how its columns are read, its score, and its origin.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="file of fanin fit")


def run_show(options: argparse.Namespace) -> None:
    """Print what a model file holds; raise UserError if it holds no model of a table."""
    require("sklearn", "scikit-learn", "sklearn")
    model = load_model(options.model)
    notes = model.notes_
    print(f"{options.model}: predicts {_target(model, notes)}")
    if notes:
        file, rows = notes.get("file"), counted(int(notes.get("rows", 0)), "row")
        print(f"Made {notes.get('made')} by fanin {notes.get('version')} from {rows} of {file}")
    changed = _parameters(model)
    networks = model.report().networks
    mean = "" if networks == 1 else "The mean of "
    print(f"{mean}{counted(networks, 'network')}{f' ({changed})' if changed else ''}")
    if score := notes.get("score"):
        print("\n".join(score_lines(score)))
    columns = model.encoder_.columns
    used = [column for column in columns if not isinstance(column, Dropped)]
    needed = sum(not isinstance(column, Pair) for column in used)
    print(f"Needed to predict: {counted(needed, 'column')}")
    print_indented(described(used))
    if dropped := [column for column in columns if isinstance(column, Dropped)]:
        print("Not used")
        print_indented(described(dropped))


def _target(model: Any, notes: dict[str, Any]) -> str:
    name = notes.get("target", {}).get("name")
    named = "" if name is None else f"{shown(name)}, "
    if levels := quantiles_of(model):
        quantiles = "quantile" if len(levels) == 1 else "quantiles"
        return f"{named}{quantiles} {', '.join(f'{level:g}' for level in levels)} of a number"
    outputs = model._model.outputs
    if not hasattr(model, "classes_"):
        return f"{named}{'a number' if outputs == 1 else f'{outputs} numbers'} ({model.loss})"
    if model._model.several_labels:
        return f"{named}any of {outputs} labels, or none"
    labels = [shown(str(label)) for label in model.classes_[:_LISTED]]
    more = ", ..." if len(model.classes_) > _LISTED else ""
    return f"{named}one of {len(model.classes_)} classes: {', '.join(labels)}{more}"


def _parameters(model: Any) -> str:
    """Return the parameters that differ from their defaults."""
    default = type(model)().get_params()
    given = {name: value for name, value in model.get_params().items() if value != default[name]}
    for ignored in ("loss", "quantile", "n_jobs", "out_of_fold", "callbacks"):
        given.pop(ignored, None)
    return ", ".join(f"{name}={value!r}" for name, value in given.items())
