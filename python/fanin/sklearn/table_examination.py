"""What a fit finds out about its model: how good it is, which columns give the target away, and who votes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.layers import Dense
from fanin.sklearn.notices import warn
from fanin.sklearn.table_data import Rows
from fanin.sklearn.table_inspection import sample
from fanin.sklearn.table_leaks import Leak, leaks_of
from fanin.tables.coding import rows_of_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.sklearn.table_quality import Quality
    from fanin.sklearn.table_validation import Held
    from fanin.tables.fitted import FittedTable

_CELLS = 1_000_000  # of the table that is searched for leaks, so that it takes a second at most
_FEWEST_ROWS = 500


@dataclass(frozen=True)
class Examination:
    """What is known of a model; nothing of one from a file, or after `partial_fit`.

    Attributes
    ----------
    quality : Quality or None
    leaks : tuple of Leak
    vote : dict
        The weight of the networks with the same hidden units, such as "256-256", "linear" or "constant".
    """

    quality: Quality | None = None
    leaks: tuple[Leak, ...] = ()
    vote: dict[str, float] = field(default_factory=dict)


def examine(model: Any, rows: Rows, fitted: FittedTable, held: Held | None = None) -> Examination:
    """Examine a fitted estimator of tables, by predictions of rows held out if there are such; warn of leaks."""
    few = sample(len(rows.y))[: max(_CELLS // rows.X.shape[1], _FEWEST_ROWS)]
    classes = len(getattr(model, "classes_", ()))
    leaks = leaks_of(fitted.encoder, rows_of_table(rows.X, few), rows.y[few], classes)
    for leak in leaks:
        warn(str(leak))
    y, weights, found = rows.y, rows.weights, fitted.out_of_fold
    places: NDArray[np.intp]
    if held is not None and fitted.validated is not None:
        y, weights, origin = held.y, held.weights, "validation rows"
        places, predicted = np.arange(len(y)), fitted.validated
    elif found is None:  # networks of an earlier fit, trained on
        places, origin = sample(len(y)), "training rows"
        predicted = model._model.predict(rows_of_table(rows.X, places))[0]
    else:
        places = np.flatnonzero(~np.isnan(found[:, 0]))
        origin = "out of fold" if len(places) == len(y) else "held out for the choice"
        predicted = found[places]
    weights = None if weights is None else weights[places]
    vote: dict[str, float] = {}
    for network, weight in zip(fitted.networks, fitted.weights, strict=True):
        vote[_units(network)] = vote.get(_units(network), 0) + weight
    return Examination(model._judged(y[places], model._shaped(predicted), weights, origin), leaks, vote)


def _units(network: Network) -> str:
    hidden = [str(layer.units) for layer in network.layers[:-1] if isinstance(layer, Dense)]
    if hidden:
        return "-".join(hidden)
    first, *_ = network.get_weights().values()
    return "linear" if np.any(first) else "constant"
