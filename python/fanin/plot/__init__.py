"""Plots of update rules, learning rates, fits and searches; they need matplotlib: ``pip install "fanin[plot]"``."""

from fanin.plot.bowls import Bowl, trajectories
from fanin.plot.diagnosis import curves, layers, proof
from fanin.plot.rates import rates
from fanin.plot.search import importance, parallel_coordinates, rungs, scores

__all__ = [
    "Bowl",
    "curves",
    "importance",
    "layers",
    "parallel_coordinates",
    "proof",
    "rates",
    "rungs",
    "scores",
    "trajectories",
]


def __dir__() -> list[str]:
    return __all__
