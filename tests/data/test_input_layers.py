"""Input layers: what they learn, and that they act on X before it is rounded."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from reference.inputs import learned, squashed, standardized


def with_missing(X):
    gaps = np.random.default_rng(1).random(X.shape) < 0.2
    return np.where(gaps, np.nan, X)


def net_of(layer, n_inputs=7, **options):
    return fanin.Network(n_inputs, [layer, fanin.Dense(6, "tanh"), fanin.Dense(1)], **options)


def inputs_seen(net, X):
    """What the first dense layer gets: the prediction of a network that passes its inputs on."""
    columns = net.n_inputs
    passing = fanin.Network(columns, [net.layers[0], fanin.Dense(1)], dtype="float64")
    passing.adapt(X)
    return passing.first_inputs(X)


def test_a_layer_learns_the_published_statistics(kind, X):
    net = net_of(kind())
    assert dict(net.learned) == {}
    net.adapt(X)
    centre, scale = learned(kind.name, X, np.ones(len(X)))
    np.testing.assert_allclose(net.learned["layer1.centre"], centre, rtol=1e-13, atol=1e-22)
    np.testing.assert_allclose(net.learned["layer1.scale"], scale, rtol=1e-12)


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_missing_values_do_not_count_and_are_replaced(kind, missing, X):
    X = with_missing(X)
    net = net_of(kind(missing, indicators=False))
    net.adapt(X)
    centre, scale = learned(kind.name, X, np.ones(len(X)))
    np.testing.assert_allclose(net.learned["layer1.centre"], centre, rtol=1e-12, atol=1e-22)
    np.testing.assert_allclose(net.learned["layer1.scale"], scale, rtol=1e-12)
    replacement = (np.nanmean if missing == "mean" else np.nanmedian)(X, axis=0)
    fill = (replacement - centre) * scale
    np.testing.assert_allclose(net.learned["layer1.fill"], fill, rtol=1e-6, atol=1e-12)
    expected = standardized(X, net.learned, "layer1.")
    seen = inputs_seen(net, X)
    np.testing.assert_allclose(
        seen, squashed(expected) if kind is fanin.RobustScale else expected, rtol=1e-12, atol=1e-14
    )


def test_sample_weights_weight_the_statistics(kind, X):
    weight = np.random.default_rng(2).integers(0, 4, len(X)).astype(float)
    net = net_of(kind())
    net.adapt(X, sample_weight=weight)
    centre, scale = learned(kind.name, X, weight)
    np.testing.assert_allclose(net.learned["layer1.centre"], centre, rtol=1e-12, atol=1e-22)
    np.testing.assert_allclose(net.learned["layer1.scale"], scale, rtol=1e-12)


def test_unit_variance_takes_the_deviation_not_the_variance():
    X = np.random.default_rng(3).normal(5, 7, size=(1000, 3))
    seen = inputs_seen(net_of(fanin.Standardize(), 3), X)
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(seen.std(axis=0), 1, rtol=1e-12)


def test_outliers_stay_within_three():
    X = np.concatenate([np.random.default_rng(4).normal(size=999), [1e300]])[:, None]
    seen = inputs_seen(net_of(fanin.RobustScale(), 1), X)
    assert 2.999 < seen.max() <= 3


def test_a_constant_column_gives_zero(kind):
    X = np.full((10, 2), 0.1)
    net = net_of(kind(), 2)
    net.adapt(X)
    np.testing.assert_array_equal(net.learned["layer1.scale"], 0)
    np.testing.assert_array_equal(inputs_seen(net, X), 0)


def test_equal_quartiles_fall_back_to_half_the_range():
    X = np.array([0.0] * 18 + [-1.0, 3.0])[:, None]
    net = net_of(fanin.RobustScale(), 1)
    net.adapt(X)
    assert net.learned["layer1.scale"] == 0.5


def test_a_mean_of_a_million_loses_nothing_in_float32():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, -2.0, 0.5]
    losses = []
    for shift in (0.0, 1e6):
        net = fanin.Network(3, [fanin.Standardize(), fanin.Dense(1)], seed=1)
        losses.append(net.fit(X + shift, y, rule=optim.Momentum(0.05), epochs=10).loss[-1])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_the_first_fit_learns_from_its_training_rows_alone(kind, X):
    y = X[:, 1]
    fitted, adapted = net_of(kind()), net_of(kind())
    fitted.fit(X, y, rule=optim.SGD(1e-3), epochs=1, validation_fraction=0.2)
    adapted.adapt(X[:240])
    for name, values in adapted.learned.items():
        np.testing.assert_array_equal(fitted.learned[name], values)
    fitted.fit(100 * X, y, rule=optim.SGD(1e-3), epochs=1)
    np.testing.assert_array_equal(fitted.learned["layer1.scale"], adapted.learned["layer1.scale"])


def test_training_equals_that_on_inputs_mapped_before(kind, X):
    y = X[:, 1] / 10
    net = net_of(kind(), dtype="float64", seed=2)
    history = net.fit(X, y, rule=optim.Adam(0.01), epochs=3)
    twin = fanin.Network(7, [fanin.Dense(6, "tanh"), fanin.Dense(1)], dtype="float64", seed=2)
    expected = twin.fit(inputs_seen(net, X), y, rule=optim.Adam(0.01), epochs=3)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-12)
    np.testing.assert_array_equal(net.predict(X), twin.predict(inputs_seen(net, X)))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", ">f8", "float16"])
def test_any_type_of_numbers_is_mapped_alike(kind, dtype):
    X = np.random.default_rng(6).integers(-50, 50, (80, 5)).astype(dtype)
    net, other = net_of(kind(), 5), net_of(kind(), 5)
    net.adapt(X)
    other.adapt(X.astype("float64"))
    np.testing.assert_array_equal(net.predict(X), other.predict(X.astype("float64")))
    np.testing.assert_array_equal(net.predict(np.asfortranarray(X)), net.predict(X))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_number_of_threads_learns_the_same_bits(kind, threads):
    X = np.random.default_rng(7).normal(3, 2, size=(5000, 70)).astype("float32")
    with fanin.num_threads(threads):
        net = net_of(kind("median"), 70)
        net.adapt(X)
    with fanin.num_threads(1):
        alone = net_of(kind("median"), 70)
        alone.adapt(X)
    assert net.to_bytes() == alone.to_bytes()


def test_chunks_give_the_statistics_of_all_rows(kind, X):
    X = with_missing(X)
    whole, chunked = net_of(kind("median")), net_of(kind("median"))
    whole.adapt(X)
    chunked.adapt_chunks([(X[:100], None), (X[100:150], None), (X[150:], None)])
    for name, values in whole.learned.items():
        np.testing.assert_allclose(chunked.learned[name], values, rtol=1e-12, atol=1e-12)


def test_quantiles_of_many_rows_come_from_a_sample_that_chunks_do_not_change():
    X = np.random.default_rng(8).normal(size=(90_000, 1))
    whole, chunked = net_of(fanin.RobustScale(), 1), net_of(fanin.RobustScale(), 1)
    whole.adapt(X)
    chunked.adapt_chunks([(part, None) for part in np.split(X, 9)])
    assert dict(whole.learned) == dict(chunked.learned)
    q = np.quantile(X, [0.25, 0.75])
    assert whole.learned["layer1.scale"][0] * (q[1] - q[0]) == pytest.approx(1, abs=0.02)


def test_fit_chunks_learns_from_a_first_pass(kind, X):
    y = X[:, 1]
    net, adapted = net_of(kind()), net_of(kind())
    net.fit_chunks([(X[:100], y[:100]), (X[100:], y[100:])], rule=optim.SGD(1e-3))
    adapted.adapt_chunks([(X[:100], y[:100]), (X[100:], y[100:])])
    assert {k: v.tolist() for k, v in net.learned.items()} == {
        k: v.tolist() for k, v in adapted.learned.items()
    }


def test_fit_chunks_of_an_iterator_learns_from_the_first_chunk_and_says_so(kind, X):
    y = X[:, 1]
    net, adapted = net_of(kind()), net_of(kind())
    with pytest.warns(UserWarning, match="learns from the first chunk alone"):
        net.fit_chunks(iter([(X[:100], y[:100]), (X[100:], y[100:])]), rule=optim.SGD(1e-3))
    adapted.adapt(X[:100])
    np.testing.assert_array_equal(net.learned["layer1.centre"], adapted.learned["layer1.centre"])


def test_what_was_learned_is_saved_copied_and_resumed(kind, X):
    y = X[:, 1] / 10
    net = net_of(kind("mean"))
    net.fit(X, y, rule=optim.Adam(0.01), epochs=2)
    for twin in (net.copy(), fanin.Network.from_bytes(net.to_bytes())):
        np.testing.assert_array_equal(twin.predict(X), net.predict(X))
        assert twin.layers == net.layers
        first, second = (n.copy().fit(X, y, rule=optim.Adam(0.01), epochs=2).loss for n in (net, twin))
        assert first == second
    unfitted = fanin.Network.from_bytes(net_of(kind()).to_bytes())
    assert dict(unfitted.learned) == {}


def test_other_layers_and_solvers_work_behind_an_input_layer(X):
    y = X[:, 1] / 10
    layers = [
        fanin.Standardize(),
        fanin.Dropout(0.1),
        fanin.Dense(6, "relu", batch_norm=True),
        fanin.Dense(1),
    ]
    net = fanin.Network(7, layers, seed=1)
    net.adapt(X)
    fanin.train_together([(net, X, y, {"rule": optim.Adam(0.01), "epochs": 30})])
    assert net.evaluate(X, y)["rmse"] < 0.5
    plain = net_of(fanin.Standardize())
    with pytest.raises(
        ValueError, match="its input layer has not learned from data yet; call fit or adapt first"
    ):
        plain.objective(X, y)
    plain.adapt(X)
    objective = plain.objective(X, y)
    assert objective.loss(objective.weights()) == pytest.approx(plain.evaluate(X, y)["loss"], rel=1e-5)


def test_a_frame_names_its_columns(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdefg"))
    net = net_of(fanin.Standardize())
    net.adapt(frame)
    assert net.column_names["X"] == list("abcdefg")
    np.testing.assert_array_equal(net.predict(frame[list("gfedcba")]), net.predict(X))
    with pytest.raises(ValueError, match=r'row 0, column 0 \("a"\) is inf'):
        net.adapt(frame.replace(X[0, 0], np.inf))
