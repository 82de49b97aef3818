"""Search for hyper-parameters: random, on suitable scales, from coarse to fine, many networks side by side."""

from fanin.search.choices import Choice, TupleOf
from fanin.search.optuna import OptunaPruningCallback
from fanin.search.ranges import IntUniform, LogUniform, OneMinusLogUniform, Uniform
from fanin.search.result import Result
from fanin.search.run import run
from fanin.search.space import Grid
from fanin.search.trials import Outcome, Trial

__all__ = [
    "Choice",
    "Grid",
    "IntUniform",
    "LogUniform",
    "OneMinusLogUniform",
    "OptunaPruningCallback",
    "Outcome",
    "Result",
    "Trial",
    "TupleOf",
    "Uniform",
    "run",
]


def __dir__() -> list[str]:
    return __all__
