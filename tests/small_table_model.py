"""Small models of tables, as the estimators save them.

``python small_table_model.py`` writes tests/models/table_*_v1.safetensors, and prints their predictions for
tests/cpp/test_table_model.cpp.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fanin
from fanin import _core, losses

COLUMNS = {"x": [0.0, 1.0, 2.0, 3.0, None], "job": ["baker", "clerk", "clerk", "smith", "smith"]}
ROWS = {"x": [1.0, 2.0, 2.5, None, 100.0], "job": ["clerk", "smith", None, "baker", "pilot"]}
LEVELS = (0.1, 0.5, 0.9)


def small_model(loss: Any = "logistic", labels: tuple[str, ...] = ("no", "yes")) -> _core.TableModel:
    """Return an untrained model of two members: of a label, of several labels of a row, or of quantiles."""
    encoder = fanin.TableEncoder(bins=3, min_count=1).fit(COLUMNS)
    inputs = encoder.transform(COLUMNS).shape[1]
    outputs = 1 if labels == ("no", "yes") else len(LEVELS)
    layers = [fanin.Dense(3, "tanh"), fanin.Dense(outputs)]
    networks = [fanin.Network(inputs, layers, loss, seed=seed) for seed in (1, 2)]
    members = [network._core for network in networks]
    metadata = {"fanin": '{"named": true, "about": {}}'}
    targets = [] if labels else [[1.0, 10.0, -5.0, 5.0]] * outputs
    return _core.TableModel(encoder._fitted, members, [1.0, 2.0], list(labels), targets, metadata)


MODELS = {
    "table_v1": small_model(),
    "table_labels_v1": small_model("logistic", ("red", "green", "blue")),
    "table_quantiles_v1": small_model(losses.Quantile(LEVELS), ()),
}

if __name__ == "__main__":
    from fanin.tables.model import TableModel

    for name, model in MODELS.items():
        path = Path(__file__).parent / "models" / f"{name}.safetensors"
        model.save(bytes(path))
        print(name)
        for row in TableModel.load(path).predict(ROWS)[0].tolist():
            print(*row, sep=", ")
