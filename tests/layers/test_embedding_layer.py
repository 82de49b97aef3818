"""Rows of tables looked up by whole numbers train and predict as dense layers on one-hot rows."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import initializers, optim
from helpers import digest, rule_named
from rare import LAZY, SAME_BITS

ROWS, N, DIM = 240, (40, 25), 5
IDS = np.stack([np.arange(ROWS) ** 2 % 37, np.arange(ROWS) ** 3 % 25], axis=1)
Y = (IDS.sum(axis=1) + np.arange(ROWS) % 2) % 3
FROZEN_BIAS = {"frozen": ["layer1.bias"]}
pytestmark = pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")


def one_hot(ids, shared=False):
    """The rows for which a dense layer with weights of all tables, once for each column, gives the same sums."""
    sizes = (max(N),) * 2 if shared else N
    return np.concatenate([np.eye(n)[ids[:, j]] for j, n in enumerate(sizes)], axis=1)


def table(dtype, rows=N[0], dim=DIM):
    return np.sin(np.arange(rows * dim)).reshape(rows, dim).astype(dtype)


def pair(dtype, rule="sgd", **options):
    """An embedding of the first column, and a dense layer, after a fit."""
    nets = []
    for first, given in (
        (fanin.Embedding(N[0], DIM), IDS[:, :1]),
        (fanin.Dense(DIM), one_hot(IDS)[:, : N[0]]),
    ):
        net = fanin.Network(
            given.shape[1], [first, fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype, seed=1
        )
        net.set_weights({**net.get_weights(), "layer1.weight": table(dtype)})
        frozen = FROZEN_BIAS if isinstance(first, fanin.Dense) else {}
        net.fit(given, Y, rule=optim.Around(rule, **options, **frozen), epochs=3, batch_size=16)
        nets.append((net, given))
    return nets


def test_every_rule_trains_a_table_as_a_dense_layer_on_one_hot_rows(every_rule, dtype):
    if every_rule == "muon":
        return  # steps tables by AdamW: a test of its own
    (net, ids), (twin, hot) = pair(dtype, rule_named(every_rule))
    mine, theirs = (n.get_weights()["layer1.weight"] for n in (net, twin))
    assert not np.array_equal(mine, table(dtype))
    if every_rule in SAME_BITS or every_rule not in LAZY:
        assert np.array_equal(mine, theirs)
        assert np.array_equal(net.predict(ids), twin.predict(hot))
    else:
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=2e-8 if dtype == "float64" else 5e-6)


AROUND = [
    {"weight_decay": 0.5},
    {"l1": 0.01, "l2": 0.1},
    {"clip_norm": 0.1},
    {"accumulate": 3},
    {"average_decay": 0.9},
    {"rate_scales": {"layer1": 0.1}},
]


@pytest.mark.parametrize("options", AROUND, ids=str)
def test_what_is_applied_around_a_rule_applies_to_tables_as_to_dense_weights(options, dtype):
    (net, _), (twin, _) = pair(dtype, "momentum", **options)
    mine, theirs = (n.get_weights()["layer1.weight"] for n in (net, twin))
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12 if dtype == "float64" else 2e-6)


def test_the_fan_in_of_a_table_is_one_so_that_rates_do_not_shrink_with_it(dtype):
    (net, _), _ = pair(dtype, "sgd")
    (scaled, _), _ = pair(dtype, optim.SGD(0.01), fan_in_power=1.0, rate_scales={"layer2.weight": DIM})
    np.testing.assert_allclose(
        net.get_weights()["layer1.weight"], scaled.get_weights()["layer1.weight"], rtol=0, atol=1e-6
    )


def test_muon_steps_tables_by_adamw():
    rule = optim.Muon()
    (net, ids), _ = pair("float64", rule)
    twin = fanin.Network(1, net.layers, "softmax_cross_entropy", dtype="float64", seed=1)
    twin.set_weights({**twin.get_weights(), "layer1.weight": table("float64")})
    start, trained = table("float64"), net.get_weights()["layer1.weight"]
    moved = np.abs(trained - start).max(axis=1) > 0
    assert moved[np.unique(ids)].all()
    first = fanin.Network(1, net.layers, "softmax_cross_entropy", dtype="float64", seed=1)
    first.set_weights({**first.get_weights(), "layer1.weight": start})
    first.fit(ids[:1], Y[:1], rule=optim.Around(optim.Muon(weight_decay=0.0)), epochs=1)
    step = first.get_weights()["layer1.weight"] - start
    assert np.flatnonzero(np.abs(step).max(axis=1)).tolist() == [
        ids[0, 0]
    ]  # a matrix step moves no other row either
    sizes = np.abs(step[ids[0, 0]])  # but AdamW's first step is as long for every weight
    np.testing.assert_allclose(sizes, sizes[0], rtol=1e-4)


@pytest.mark.parametrize("shared", [True, False], ids=["one table", "two tables"])
def test_several_columns_are_side_by_side(shared, dtype):
    n = max(N) if shared else list(N)
    net = fanin.Network(2, [fanin.Embedding(n, DIM)], dtype=dtype)
    W = net.get_weights()["layer1.weight"]
    assert W.shape == (max(N) if shared else sum(N), DIM)
    second = W if shared else W[N[0] :]
    assert np.array_equal(net.predict(IDS), np.concatenate([W[IDS[:, 0]], second[IDS[:, 1]]], axis=1))


@pytest.mark.parametrize("shared", [True, False], ids=["one table", "two tables"])
@pytest.mark.parametrize("dim", [1, 3, 16, 40])
def test_gradients_of_tables_are_differences_of_the_loss(shared, dim):
    layers = [fanin.Embedding(max(N) if shared else N, dim), fanin.Dense(4, "tanh"), fanin.Dense(3)]
    net = fanin.Network(2, layers, "softmax_cross_entropy", dtype="float64")
    objective = net.objective(IDS, Y, sample_weight=Y + 0.5)
    w = objective.weights()
    loss, gradient = objective.loss_and_gradient(w)
    assert objective.loss(w) == loss
    for direction in np.random.default_rng(0).normal(size=(5, len(w))):
        h = 1e-6
        slope = (objective.loss(w + h * direction) - objective.loss(w - h * direction)) / (2 * h)
        assert slope == pytest.approx(gradient @ direction, rel=1e-6, abs=1e-9)


KINDS = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    ">i4",
    "float16",
    "float32",
]


@pytest.mark.parametrize("kind", [*KINDS, "float64", "longdouble", "bool"])
def test_whole_numbers_of_every_type_look_up_the_same_rows(kind, dtype):
    net = fanin.Network(2, [fanin.Embedding(N, DIM), fanin.Dense(1)], dtype=dtype)
    ids = IDS % 2 if kind == "bool" else IDS
    assert np.array_equal(net.predict(ids.astype(kind)), net.predict(ids.astype("int64")))
    assert np.array_equal(net.predict(np.asfortranarray(ids.astype(kind))), net.predict(ids.tolist()))


@pytest.fixture(scope="module")
def large():
    """A table of more rows than float32 has whole numbers, row i of which is i % 1000."""
    n = 2**24 + 8
    layers = [fanin.Embedding(n, 1, initializer=(np.arange(n) % 1000).astype("float32")[:, None])]
    return fanin.Network(1, layers, dtype="float32")


NUMBERS = np.array([2**24 + 1, 2**24 + 7, 2**24 - 1, 0])


@pytest.mark.parametrize("kind", ["int32", "int64", "uint32", "uint64", "float64", "longdouble"])
def test_numbers_beyond_those_of_float32_are_not_rounded(large, kind):
    assert np.array_equal(large.predict(NUMBERS.astype(kind)[:, None])[:, 0], NUMBERS % 1000)


@pytest.mark.parametrize("kind", ["int64", "uint32", "float64", "Int64", "arrow"])
def test_numbers_in_frames_are_not_rounded(large, kind):
    pandas = pytest.importorskip("pandas")
    if kind == "arrow":
        pytest.importorskip("pyarrow")
        column = pandas.array(NUMBERS, "int64[pyarrow]")
    else:
        column = pandas.array(NUMBERS, kind)
    assert np.array_equal(large.predict(pandas.DataFrame({"word": column}))[:, 0], NUMBERS % 1000)


@pytest.mark.parametrize("kind", ["Int64", "UInt32", "Float64"])
def test_numbers_in_frames_of_polars_are_not_rounded(large, kind):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"word": polars.Series(NUMBERS, dtype=getattr(polars, kind))})
    assert np.array_equal(large.predict(frame)[:, 0], NUMBERS % 1000)


def test_a_number_out_of_range_of_a_large_table_is_shown_with_all_its_digits(large):
    words = "X: row 1, column 0 is 16777224; expected a whole number from 0 to 16777223, a row of the embedding's table"
    with pytest.raises(ValueError, match=words):
        large.predict([[0], [2**24 + 8]])


def test_an_embedding_is_saved_copied_and_pickled_with_its_state(tmp_path, dtype):
    layers = [fanin.Embedding(N, DIM, initializer="orthogonal"), fanin.Dense(3)]
    net = fanin.Network(2, layers, "softmax_cross_entropy", dtype=dtype)
    net.fit(IDS, Y, rule="adam", epochs=1)
    net.save(tmp_path / "model.safetensors")
    others = [fanin.load(tmp_path / "model.safetensors"), net.copy(), copy.deepcopy(net)]
    others += [pickle.loads(pickle.dumps(net)), fanin.Network.from_bytes(net.to_bytes())]
    net.fit(IDS, Y, rule="adam", epochs=1)
    for other in others:
        assert other.layers == net.layers
        other.fit(IDS, Y, rule="adam", epochs=1)
        assert digest(other) == digest(net)


def test_a_network_shows_its_embedding():
    net = fanin.Network(2, [fanin.Embedding(N, DIM), fanin.Dense(3, "tanh"), fanin.Dense(1)])
    assert (
        repr(net)
        == "<fanin.Network 2-10-3-1 (embedding, tanh, identity), squared_error, float32, 362 parameters>"
    )
    assert net.summary(IDS).splitlines()[1].split() == [
        "layer1",
        "embedding",
        "2",
        "->",
        "10",
        "325",
        "1.3",
        "kB",
    ]
    assert "condition number" not in net.summary(IDS)
    assert repr(net.layers[0]) == "Embedding(n=(40, 25), dim=5, bags=False, initializer='auto')"


@pytest.mark.parametrize(
    "name", ["auto", "he_normal", "glorot_uniform", "lecun_normal", "zeros", "orthogonal"]
)
def test_initial_rows_have_the_deviation_for_a_fan_in_of_one(name):
    W = fanin.Network(1, [fanin.Embedding(4000, 4, initializer=name)]).get_weights()["layer1.weight"]
    gains = {"auto": 1, "lecun_normal": 1, "he_normal": 2**0.5, "zeros": 0}
    gains |= {"glorot_uniform": (2 / 5) ** 0.5, "orthogonal": 4000**-0.5}
    assert W.std() == pytest.approx(gains[name], rel=0.02)


def test_initial_rows_may_be_an_array(dtype):
    W = table(dtype, sum(N))
    for given in (W, initializers.Values(W)):
        net = fanin.Network(2, [fanin.Embedding(N, DIM, initializer=given)], dtype=dtype)
        assert np.array_equal(net.get_weights()["layer1.weight"], W)


def test_a_frozen_table_keeps_its_bits_while_others_train(dtype):
    net = fanin.Network(2, [fanin.Embedding(N, DIM), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype)
    before = net.get_weights()
    net.fit(IDS, Y, rule=optim.Around("adam", frozen=["layer1"]), epochs=2)
    assert np.array_equal(net.get_weights()["layer1.weight"], before["layer1.weight"])
    assert not np.array_equal(net.get_weights()["layer2.weight"], before["layer2.weight"])


def test_rows_that_no_sample_names_stay_as_they_are_without_decay(dtype):
    net = fanin.Network(1, [fanin.Embedding(100, DIM), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype)
    before = net.get_weights()["layer1.weight"]
    net.fit(IDS[:, :1], Y, rule="adam", epochs=3)
    changed = np.flatnonzero((net.get_weights()["layer1.weight"] != before).any(axis=1))
    assert np.array_equal(changed, np.unique(IDS[:, 0]))
