"""LightGBM's estimators, with their defaults."""

import os
from collections.abc import Iterator
from functools import partial

import lightgbm

from bench.cases import DataSet
from bench.workers import tables as of_tables
from bench.workers.serve import Task

VERSION = lightgbm.__version__


def tables(case: DataSet) -> Iterator[Task]:
    kind = lightgbm.LGBMClassifier if case.classes else lightgbm.LGBMRegressor
    make = partial(kind, n_jobs=int(os.environ["OMP_NUM_THREADS"]), verbosity=-1)
    yield from of_tables.tasks(case, make)
