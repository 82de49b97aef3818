"""The options of ``fanin demo``, and running it."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import fanin
from fanin.csv.errors import UserError, one_line, require, shown
from fanin.csv.options import add_columns, positive, whole
from fanin.demo import report
from fanin.demo.builtin_data import FASHION_FOLDER, load_digits, load_fashion_mnist
from fanin.demo.dataset import Dataset
from fanin.demo.learners import FaninLearner, ScikitLearner, Settings
from fanin.demo.result import Result
from fanin.demo.table import load_csv
from fanin.demo.training import train

if TYPE_CHECKING:
    from fanin.csv.options import Commands

_DESCRIPTION = """\
Train a net on real data. Print the validation error of every epoch, the test
result, the training time and the examples per second, and compare with
scikit-learn's MLP with the same net, batches and rule.

  fanin demo                              handwritten digits of scikit-learn
  fanin demo fashion-mnist --data DIR     Fashion-MNIST from its four IDX files
  fanin demo --csv FILE --target COLUMN   your own table of numbers and text
"""

_EPILOG = f"""\
Fashion-MNIST is Debian's package dataset-fashion-mnist, installed in
{FASHION_FOLDER}.

The first line of a CSV file names the columns, which are separated by one of
, ; tab and |. Cells that are empty, NA, N/A, NaN, null, none or ? are missing.
A column holds numbers (1234.5, 1,234.5, 1.234,5, $1,234, 12 %) or dates if at
least nine in ten of its other cells do; the remaining cells are named and
count as missing. Dates become days. Numbers are standardized by the training
set's mean and standard deviation; in other columns each text becomes an input.
A target of text, or of at most 20 different integers, means classification;
any other means regression.

Exit code: 0 on success; 2 on an error, with one line on stderr; 130 after
Ctrl-C; 141 if the output pipe is closed.
"""

_BATCHES_PER_EPOCH = 64
_BYTES_PER_WEIGHT = 5 * 4  # weight, gradient, Adam's two moments, the best weight


def add_demo(commands: Commands) -> None:
    """Add the command ``demo`` and its options to the parser."""
    parser = commands.add_parser(
        "demo",
        help="train a net on real data and compare with scikit-learn's MLP",
        usage="fanin demo [digits | fashion-mnist [--data DIR] |\n"
        "                  --csv FILE --target COLUMN] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data")
    data.add_argument("dataset", nargs="?", choices=("digits", "fashion-mnist"), help="default: digits")
    data.add_argument("--data", type=Path, metavar="DIR", help="folder of the IDX files, plain or .gz")
    data.add_argument("--csv", type=Path, metavar="FILE", help="train on this table")
    add_columns(data, required=False)
    net = parser.add_argument_group("training")
    net.add_argument(
        "--hidden", type=_units, metavar="N,N", help="units of the hidden layers, such as 256,128, or none"
    )
    net.add_argument(
        "--epochs", type=whole(1), metavar="N", help="passes over the data; default: 40, fashion-mnist 10"
    )
    net.add_argument(
        "--batch-size", type=whole(1), metavar="N", help="default: 128, fashion-mnist 64, a table 8 to 128"
    )
    net.add_argument(
        "--learning-rate",
        type=positive,
        metavar="R",
        help="for Adam; default: 0.001, fashion-mnist 0.002, decaying to 0 along a cosine",
    )
    net.add_argument(
        "--batch-norm",
        action=argparse.BooleanOptionalAction,
        help="batch norm in hidden layers (not in scikit-learn); default: fashion-mnist yes, else no",
    )
    net.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="for split, weights and order; default: 0"
    )
    net.add_argument("--threads", type=whole(1), metavar="N", help="default: all processors")
    net.add_argument(
        "--compare",
        action=argparse.BooleanOptionalAction,
        help="train scikit-learn's MLP too; default: yes, except for fashion-mnist (a minute or more)",
    )


def run_demo(options: argparse.Namespace) -> None:
    """Run the demo; raise UserError for invalid input."""
    _check_combination(options)
    compare, installed = options.compare, find_spec("sklearn") is not None
    if compare is None:
        compare = options.dataset != "fashion-mnist" and installed
    if compare:
        require("sklearn", "scikit-learn", "demo")
    _set_threads(options.threads)
    data, settings = _load(options)
    _check_memory(data, settings)
    print(report.introduction(data, settings), flush=True)
    results = [train(FaninLearner(data, settings), data, settings.epochs, show_epochs=True)]
    if compare:
        results += _peer(data, settings)
    print(report.table(data, results))
    print(report.conclusion(results))
    if options.compare is None and not compare:
        install = "" if installed else 'run pip install "fanin[demo]" and '
        print(f"To train scikit-learn's MLP too, {install}add --compare; it may take a minute or more.")


def _check_memory(data: Dataset, settings: Settings) -> None:
    """Raise UserError for a net that exceeds this machine's memory; allocating may succeed where using it fails."""
    sizes = [data.train.x.shape[1], *settings.hidden, data.n_classes or 1]
    needed = _BYTES_PER_WEIGHT * sum(n * units for n, units in itertools.pairwise(sizes))
    with contextlib.suppress(AttributeError, ValueError, OSError):  # systems without these names
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if 0 < memory < needed:
            raise UserError(
                f"--hidden: training the net {'-'.join(map(str, sizes))} needs {needed / 1e9:,.0f} GB of memory, "
                f"but this machine has {memory / 1e9:,.0f} GB"
            )


def _set_threads(number: int | None) -> None:
    if number is None:
        return
    try:
        fanin.set_num_threads(number)
    except ValueError as error:
        raise UserError(f"--threads: {str(error).removeprefix('n: ')}") from None


def _check_combination(options: argparse.Namespace) -> None:
    if options.csv is not None:
        if options.dataset or options.data:
            raise UserError("--csv cannot be combined with a data set or --data")
    elif options.target is not None or options.drop or options.task != "auto":
        raise UserError("--target, --drop and --task need --csv FILE")
    elif options.data is not None and options.dataset != "fashion-mnist":
        raise UserError("--data needs fashion-mnist: fanin demo fashion-mnist --data DIR")


def _load(options: argparse.Namespace) -> tuple[Dataset, Settings]:
    if options.csv is not None:
        data = load_csv(options.csv, options.target, options.drop, options.task, options.seed)
        return data, _settings(options, (128, 64), 40, _batch_size(len(data.train.x)))
    if options.dataset == "fashion-mnist":
        data = load_fashion_mnist(options.data or FASHION_FOLDER, options.seed)
        return data, _settings(options, (256, 128), 10, 64, rate=2e-3, modern=True)
    return load_digits(options.seed), _settings(options, (512, 128), 40, 128)


def _settings(
    options: argparse.Namespace,
    hidden: tuple[int, ...],
    epochs: int,
    batch_size: int,
    rate: float = 1e-3,
    modern: bool = False,
) -> Settings:
    return Settings(
        hidden=hidden if options.hidden is None else options.hidden,
        epochs=options.epochs or epochs,
        batch_size=options.batch_size or batch_size,
        learning_rate=options.learning_rate or rate,
        seed=options.seed,
        batch_norm=modern if options.batch_norm is None else options.batch_norm,
        cosine=modern,
    )


def _batch_size(n_rows: int) -> int:
    """Return a power of two from 8 to 128 that gives even a small table enough updates per epoch."""
    return 1 << min(7, max(3, round(math.log2(n_rows / _BATCHES_PER_EPOCH))))


def _peer(data: Dataset, settings: Settings) -> list[Result]:
    learner = ScikitLearner(data, settings)
    print(f"\nTraining the same net with {learner.name} (--no-compare skips this) ...", flush=True)
    try:
        return [train(learner, data, settings.epochs, show_epochs=False)]
    except (ValueError, MemoryError) as error:
        print(f"{learner.name} stopped: {one_line(error) or 'not enough memory'}")
        return []


def _units(text: str) -> Sequence[int]:
    try:
        return () if text == "none" else tuple(whole(1)(units.strip()) for units in text.split(","))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"expected units like 256,128, or none, got {shown(text)}") from None
