"""The group tables: where its files are, what the splits of one give together, and all files."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

from bench.cases import TABLES
from bench.report import EMPTY, Row, Table, note_of, number

FOLDER_VARIABLE = "FANIN_TABLES"  # the folder of the files
SLOW_VARIABLE = "FANIN_BENCH_SLOW"  # set: peers that take minutes a fit as well
REFERENCE = "LightGBM"
RESULTS = {
    "error": "Tables: root mean squared error, or log-loss, of a fifth of the rows",
    "relative error": f"Tables: the same in per cent of {REFERENCE}'s",
    "fit": "Tables: a fit to four fifths of the rows",
}
UNITS = {"error": "1e-3", "relative error": "%", "fit": "s"}


def path_of(name: str) -> Path:
    return Path(os.environ.get(FOLDER_VARIABLE, ""), f"{name}.csv")


def why_absent() -> str:
    """The files that are missing, or nothing."""
    missing = [path_of(case.name).name for case in TABLES if not path_of(case.name).is_file()]
    advice = f"set {FOLDER_VARIABLE} to the folder that has them; bench/README.md says where they come from"
    return f"{', '.join(missing)} not found; {advice}" if missing else ""


def of_all_splits(rounds: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Means over the splits, a round each with error and time, and the errors over the reference's on the same ones."""
    if not (splits := rounds.get("error")):
        return {}
    errors = {name: [one["error"] for one in of] for name, of in splits.items()}
    means = {"error": {name: [fmean(of)] for name, of in errors.items()}}
    if reference := errors.get(REFERENCE):
        means["relative error"] = {
            name: [100 * (fmean(of) / fmean(reference[: len(of)]))] for name, of in errors.items()
        }
    return means | {"fit": {name: [fmean(one["fit"] for one in of)] for name, of in splits.items()}}


def tables_of_all(rows: Sequence[Row]) -> list[Table]:
    """A line for each library and number of threads: geometric means over the files, and the worst."""
    chosen = [row for row in rows if row.result in ("relative error", "fit")]
    lines = []
    for name, threads in dict.fromkeys((name, row.threads) for row in chosen for name in row.times):
        of: dict[str, list[float]] = {"relative error": [], "fit": []}
        for row in chosen:
            if row.threads == threads and name in row.times:
                of[row.result].append(row.times[name][0])
        line: dict[str, object] = {"library": name, "threads": threads, "files": len(of["fit"])}
        for result, title in (("relative error", f"of {REFERENCE}'s error"), ("fit", "a fit")):
            mean, worst = (
                number(take(of[result])) if of[result] else EMPTY for take in (geometric_mean, max)
            )
            line |= {f"{title}, {UNITS[result]}": mean, f"worst, {UNITS[result]}": worst}
        lines.append(line)
    return [Table("Tables: geometric means over the files", lines, note_of(chosen))] if lines else []
