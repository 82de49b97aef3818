"""Indicator columns of missing values, and parameters that are laid out when the input layer learns."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim

KINDS = [fanin.Standardize, fanin.RobustScale, fanin.Quantile]


@pytest.fixture(name="X")
def rows():
    X = np.random.default_rng(0).normal(size=(200, 40))
    X[::3, 0] = X[::7, 33] = X[5, 39] = np.nan
    return X


def net_of(layer, n_inputs=40, **options):
    return fanin.Network(n_inputs, [layer, fanin.Dense(5, "tanh"), fanin.Dense(1)], **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", ">f4"])
def test_columns_with_missing_values_get_an_indicator_each(kind, dtype, X):
    net, without = net_of(kind("mean")), net_of(kind("mean", indicators=False))
    for each in (net, without):
        each.adapt(X)
    np.testing.assert_array_equal(net.learned["layer1.indicators"], [0, 33, 39])
    for rows in (X.astype(dtype), np.asfortranarray(X.astype(dtype)), X.astype(dtype)[::2, :]):
        seen = net.first_inputs(rows)
        np.testing.assert_array_equal(seen[:, :40], without.first_inputs(rows))
        np.testing.assert_array_equal(seen[:, 40:], np.isnan(np.asarray(rows, float)[:, [0, 33, 39]]))


@pytest.mark.parametrize("n_inputs", [1, 15, 16, 31, 32, 33, 511, 512, 513, 600])
def test_indicators_follow_any_number_of_columns(n_inputs):
    X = np.random.default_rng(1).normal(size=(9, n_inputs)).astype("float16")
    X[2, -1] = X[3, 0] = np.nan
    expected = sorted({0, n_inputs - 1})
    for dtype in ("float32", "float64"):
        net = net_of(fanin.Standardize("mean"), n_inputs, dtype=dtype)
        net.adapt(X)
        seen = net.first_inputs(X)
        np.testing.assert_array_equal(seen[:, n_inputs:], np.isnan(X[:, expected]))
        np.testing.assert_array_equal(net.first_inputs(X.astype(float)), seen)


def test_a_column_without_missing_values_in_training_gets_no_indicator(X):
    net = net_of(fanin.Standardize("mean"))
    net.adapt(X)
    seen = net.first_inputs(np.where(np.arange(40) == 7, np.nan, np.nan_to_num(X)))
    assert seen.shape == (200, 43)
    np.testing.assert_array_equal(seen[:, [7, 40, 41, 42]], 0)


def test_weight_zero_and_validation_rows_do_not_count(X):
    weight = np.ones(200)
    weight[5] = 0
    net = net_of(fanin.Standardize("mean"))
    net.adapt(X, sample_weight=weight)
    np.testing.assert_array_equal(net.learned["layer1.indicators"], [0, 33])
    fitted = net_of(fanin.Standardize("mean"))
    fitted.fit(X[::-1], X[:, 1], rule=optim.SGD(1e-3), validation_fraction=0.1)
    np.testing.assert_array_equal(fitted.learned["layer1.indicators"], [0, 33])


@pytest.mark.parametrize("batch_norm", [False, True])
def test_parameters_are_laid_out_at_the_first_fit_and_training_goes_on_from_files(batch_norm, X):
    y = np.nan_to_num(X[:, 0])
    layers = [fanin.Standardize("median"), fanin.Dense(5, "tanh", batch_norm=batch_norm), fanin.Dense(1)]
    net, twin = (fanin.Network(40, layers, seed=1) for _ in range(2))
    for action in (lambda: net.n_parameters, net.get_weights, lambda: net.set_weights({})):
        with pytest.raises(
            ValueError, match="laid out when its input layer learns how many columns it gives"
        ):
            action()
    history = net.fit(X, y, rule=optim.Around(optim.Adam(0.01), frozen=["layer3.bias"]), epochs=4)
    assert net.get_weights()["layer2.weight"].shape == (43, 5)
    fanin.train_together(
        [(twin, X, y, {"rule": optim.Around(optim.Adam(0.01), frozen=["layer3.bias"]), "epochs": 4})]
    )
    assert twin.to_bytes() == net.to_bytes()
    first = fanin.Network(40, layers, seed=1)
    first.adapt(X)
    assert (
        first.fit(X, y, rule=optim.Around(optim.Adam(0.01), frozen=["layer3.bias"]), epochs=4).loss
        == history.loss
    )


def test_a_race_an_early_stop_and_chunks_work_before_parameters_are_laid_out(X):
    y = np.nan_to_num(X[:, 0])
    net = net_of(fanin.Standardize("mean"), seed=1)
    net.fit(
        X, y, rule=optim.Adam("auto"), epochs=5, validation_fraction=0.2, callbacks=[fanin.EarlyStopping(2)]
    )
    assert net.evaluate(X, y)["rmse"] < 1
    chunked = net_of(fanin.Standardize("mean"), seed=1)
    chunked.fit_chunks([(X[:100], y[:100]), (X[100:], y[100:])], rule=optim.Adam(0.01), epochs=2)
    assert chunked.get_weights()["layer2.weight"].shape == (43, 5)


def test_nothing_is_laid_out_by_a_fit_that_is_refused(X):
    net = net_of(fanin.Standardize("mean"))
    before = net.to_bytes()
    with pytest.raises(ValueError, match="y"):
        net.fit(X, X[:, 0], rule=optim.SGD(1e-3))
    with pytest.raises(ValueError, match="validation"):
        net.fit(X, X[:, 1], rule=optim.SGD(1e-3), validation_data=(X, X[:, 0]))
    assert net.to_bytes() == before


def test_the_network_cannot_be_adapted_during_a_fit(X):
    class Adapts(fanin.Callback):
        def on_fit_begin(self, net, history):
            net.adapt(X[:, ::-1])

    with pytest.raises(
        RuntimeError, match="a fit is under way; let the input layer learn before or after it"
    ):
        net_of(fanin.Standardize("mean")).fit(X, X[:, 1], rule=optim.SGD(1e-3), callbacks=[Adapts()])
