"""Partitions of Dask frames and blocks of Dask arrays are predicted on a cluster, with the bits of one machine."""

from __future__ import annotations

import io
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import fanin
from dask_clusters import executed, two_workers
from fanin.sklearn import Autoencoder, FaninClassifier, FaninRegressor, MLPClassifier, MLPRegressor
from helpers import ROOT

pytest.importorskip("distributed")
frames = pytest.importorskip("dask.dataframe", exc_type=ImportError)
arrays = pytest.importorskip("dask.array", exc_type=ImportError)
RNG = np.random.default_rng(4)
ROWS = 300
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=ROWS), "b": RNG.normal(size=ROWS), "kind": RNG.choice(["x", "y"], ROWS)}
)
AMOUNT = FRAME["a"] ** 2 + (FRAME["kind"] == "x")
LABEL = np.where(AMOUNT > 1, "large", "small")
NUMBERS = FRAME[["a", "b"]]
QUICK = {"members": 2, "effort": "fast", "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore")  # of distributed and dask


@pytest.fixture(scope="module")
def client():
    with two_workers() as found:
        yield found


@pytest.fixture(scope="module")
def models():
    """Fitted models, with the rows that they are for and their methods."""
    mlp = {"max_iter": 5, "random_state": 0}
    net = fanin.Network(2, [fanin.Dense(8, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    net.fit(NUMBERS, (LABEL == "large").astype(int), epochs=2)
    single = fanin.Network(2, [fanin.Dense(1)])
    single.fit(NUMBERS, AMOUNT, epochs=2)
    return {
        "table of classes": (FaninClassifier(**QUICK).fit(FRAME, LABEL), FRAME),
        "table of numbers": (FaninRegressor(**QUICK).fit(FRAME, AMOUNT), FRAME),
        "classes": (MLPClassifier(8, **mlp).fit(NUMBERS, LABEL), NUMBERS),
        "numbers": (MLPRegressor(hidden_layer_sizes=8, **mlp).fit(NUMBERS, AMOUNT), NUMBERS),
        "codes": (Autoencoder(n_components=1, **mlp).fit(NUMBERS), NUMBERS),
        "network": (net, NUMBERS),
        "network of one output": (single, NUMBERS),
    }


METHODS = [
    ("table of classes", "predict"),
    ("table of classes", "predict_proba"),
    ("table of numbers", "predict"),
    ("classes", "predict"),
    ("classes", "predict_proba"),
    ("numbers", "predict"),
    ("codes", "transform"),
    ("codes", "score_samples"),
    ("network", "predict"),
    ("network of one output", "predict"),
]


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_partitions_of_a_frame_are_predicted(client, models, name, method):
    model, rows = models[name]
    predict = getattr(model, method)
    expected = predict(rows)
    found = frames.from_pandas(rows, npartitions=4).map_partitions(predict)
    assert (found.ndim, found.dtype) == (expected.ndim, expected.dtype)
    assert np.array_equal(found.compute(), expected)


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_blocks_of_an_array_are_predicted(client, models, name, method):
    model, rows = models[name]
    given = rows.to_numpy()
    predict = getattr(model, method)
    expected = predict(rows)
    blocks = arrays.from_array(given, chunks=(80, given.shape[1]))
    if expected.ndim == 1:
        found = blocks.map_blocks(predict, drop_axis=1, dtype=expected.dtype)
    else:
        found = blocks.map_blocks(
            predict, chunks=(blocks.chunks[0], expected.shape[1:]), dtype=expected.dtype
        )
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(found.compute(), expected)


@pytest.mark.parametrize("name", ["table of classes", "table of numbers", "classes", "numbers", "network"])
def test_a_whole_frame_of_dask_is_refused_with_what_to_do(models, name):
    model, rows = models[name]
    lazy = frames.from_pandas(rows, npartitions=4)
    message = (
        "X: expected a frame or an array in memory, got a Dask DataFrame; load it by X.compute(), or "
        "predict its parts by X.map_partitions(model.predict)"
    )
    with pytest.raises(TypeError, match=re.escape(message)):
        model.predict(lazy)
    with pytest.raises(TypeError, match=re.escape(message)):
        model.fit(lazy, LABEL == "large")


def test_whole_arrays_of_dask_are_read_as_numpy_reads_them(models):
    net, rows = models["network"]
    assert np.array_equal(net.predict(arrays.from_array(rows.to_numpy(), chunks=(80, 2))), net.predict(rows))


def test_predictions_become_columns_of_a_frame(client, models):
    model, _ = models["table of numbers"]

    def predicted(part: pd.DataFrame) -> pd.Series:
        return pd.Series(model.predict(part), part.index, name="amount")

    given = frames.from_pandas(FRAME, npartitions=4)
    whole = given.assign(amount=given.map_partitions(predicted, meta=("amount", "float64"))).compute()
    assert list(whole.columns) == ["a", "b", "kind", "amount"]
    assert np.array_equal(whole["amount"], model.predict(FRAME))


def test_both_workers_predict(client, models):
    model, _ = models["table of classes"]
    before = executed(client)
    frames.from_pandas(FRAME, npartitions=8).map_partitions(model.predict).compute()
    after = executed(client)
    assert all(after[worker] > before[worker] for worker in before)


def test_the_page_on_dask_runs():
    page = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", page.partition("\n## Dask\n")[2], flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    names: dict = {}
    for block in blocks:
        exec(block, names)
    assert np.array_equal(names["priced"].compute()["price"], names["model"].predict(names["houses"]))


def test_what_travels_holds_no_training_rows(models, tmp_path):
    model, _ = models["table of classes"]
    path = tmp_path / "model.safetensors"
    model.save(path)
    assert len(pickle.dumps(model)) < path.stat().st_size + 20_000
    few, many = (MLPClassifier(8, max_iter=2, random_state=0) for _ in range(2))
    few.fit(NUMBERS, LABEL)
    many.fit(pd.concat([NUMBERS] * 20), np.tile(LABEL, 20))
    sizes = [len(pickle.dumps(each)) for each in (few, many)]
    assert abs(sizes[0] - sizes[1]) < 1000
    file = io.BytesIO()
    pickle.dump(models["network"][0], file)
    assert file.tell() < 5000
