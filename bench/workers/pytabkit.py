"""RealMLP and TabM with the defaults of pytabkit, chosen by the error that is measured; a fit takes minutes."""

import os
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

import pytabkit

from bench.cases import DataSet
from bench.tables import SLOW_VARIABLE
from bench.workers import tables as of_tables
from bench.workers.serve import Task

VERSION = version("pytabkit")


def filled(X: Any, case: DataSet) -> Any:
    """Numbers that are missing become medians: these nets accept none."""
    X = of_tables.with_categories(X, case)
    return X.fillna(X.median(numeric_only=True))


def tables(case: DataSet) -> Iterator[Task]:
    if not os.environ.get(SLOW_VARIABLE):
        return
    options: dict[str, Any] = {"device": "cpu", "random_state": 0}
    options["n_threads"] = int(os.environ["OMP_NUM_THREADS"])
    kinds = {"RealMLP": pytabkit.RealMLP_TD_Regressor, "TabM": pytabkit.TabM_D_Regressor}
    if case.classes:
        kinds = {"RealMLP": pytabkit.RealMLP_TD_Classifier, "TabM": pytabkit.TabM_D_Classifier}
        options["val_metric_name"] = "cross_entropy"
    for name, kind in kinds.items():
        smoothing = {"use_ls": False} if case.classes and name == "RealMLP" else {}
        make = partial(kind, **options, **smoothing)
        yield from of_tables.tasks(case, make, name, filled, splits=1)
