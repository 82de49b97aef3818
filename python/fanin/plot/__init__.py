"""Plots of update rules, learning rates, fits and searches; they need matplotlib: ``pip install "fanin[plot]"``."""

from fanin.plot.bowls import Bowl, trajectories
from fanin.plot.confusion import confusion
from fanin.plot.diagnosis import layers, proof
from fanin.plot.history import history
from fanin.plot.rates import rates
from fanin.plot.search import importance, parallel_coordinates, rungs, scores
from fanin.plot.weights import weights

__all__ = [
    "Bowl",
    "confusion",
    "history",
    "importance",
    "layers",
    "parallel_coordinates",
    "proof",
    "rates",
    "rungs",
    "scores",
    "trajectories",
    "weights",
]


def __dir__() -> list[str]:
    return __all__
