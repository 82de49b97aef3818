"""A small model of tables, as the estimators save it.

``python small_table_model.py`` writes tests/models/table_v1.safetensors, and prints its predictions for
tests/cpp/test_table_model.cpp.
"""

from __future__ import annotations

from pathlib import Path

import fanin
from fanin import _core

COLUMNS = {"x": [0.0, 1.0, 2.0, 3.0, None], "job": ["baker", "clerk", "clerk", "smith", "smith"]}
ROWS = {"x": [1.0, 2.0, 2.5, None, 100.0], "job": ["clerk", "smith", None, "baker", "pilot"]}


def small_model() -> _core.TableModel:
    """Return an untrained model of two members and two labels."""
    encoder = fanin.TableEncoder(bins=3, min_count=1).fit(COLUMNS)
    inputs = encoder.transform(COLUMNS).shape[1]
    layers = [fanin.Dense(3, "tanh"), fanin.Dense(1)]
    networks = [fanin.Network(inputs, layers, "logistic", seed=seed) for seed in (1, 2)]
    members = [network._core for network in networks]
    metadata = {"fanin": '{"named": true, "about": {}}'}
    return _core.TableModel(encoder._fitted, members, [1.0, 2.0], ["no", "yes"], [], metadata)


if __name__ == "__main__":
    path = Path(__file__).parent / "models" / "table_v1.safetensors"
    small_model().save(bytes(path))
    from fanin.tables.model import TableModel

    for row in TableModel.load(path).predict(ROWS)[0].tolist():
        print(*row, sep=", ")
