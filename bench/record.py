"""The JSON file of a run: the machine's limits, and every round of every case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.group import Outcome


class RecordError(Exception):
    """A file is no record of a run; the message says what it is instead."""


def record(measured: dict[str, Any], outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """What a run measured, as plain values: the machine, and each group by its name."""
    groups = {
        name: {
            "versions": outcome.versions,
            "rate": outcome.rate,
            "cases": outcome.cases,
            "asked": [row.plain() for row in outcome.asked],
            "problems": outcome.problems,
        }
        for name, outcome in outcomes.items()
    }
    return {"machine": measured, **groups}


def write(path: Path, run: dict[str, Any]) -> None:
    path.write_text(json.dumps(run, indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """The record in a file."""
    try:
        run = json.loads(path.read_text())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RecordError(f"{path} is not a JSON file: {error}") from None
    if not isinstance(run, dict) or "machine" not in run:
        raise RecordError(f"{path} was not written by --json: it holds no measurements of a machine")
    return run


def groups(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The groups of a run by their names."""
    return {name: group for name, group in run.items() if name != "machine"}
