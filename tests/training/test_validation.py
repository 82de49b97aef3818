"""Validation after each epoch, on separate data or on a part of the samples."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from fanin.values import share
from helpers import digest


@pytest.fixture
def net():
    return fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy")


OPTIONS = {"rule": optim.Adam(), "epochs": 3, "batch_size": 8}
WEIGHTS = np.random.default_rng(9).uniform(0, 3, size=53)


def twin(net):
    return fanin.Network(net.n_inputs, net.layers, loss=net.loss)


def test_validation_data_may_have_weights(net, classification):
    X, y = classification
    history = net.fit(X, y, validation_data=(X, y, list(WEIGHTS)), **OPTIONS)
    assert history.val_loss[-1] == net.evaluate(X, y, sample_weight=WEIGHTS)["loss"]
    assert history.val_metric[-1] == net.evaluate(X, y, sample_weight=WEIGHTS)["accuracy"]
    plain = twin(net)
    assert (
        plain.fit(X, y, validation_data=(X, y, None), **OPTIONS).val_loss[-1] == plain.evaluate(X, y)["loss"]
    )
    chunked = twin(net)
    last = chunked.fit_chunks([(X, y)], rule=optim.Adam(), validation_data=(X, y, WEIGHTS)).val_loss[-1]
    assert last == chunked.evaluate(X, y, sample_weight=WEIGHTS)["loss"]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize(("fraction", "kept"), [(0.2, 42), (0.5, 26), (0.01, 52), (0.98, 1), (1 / 53, 52)])
def test_a_validation_fraction_holds_back_the_last_samples(net, classification, weights, fraction, kept):
    X, y = classification
    first, last = (None, None) if weights is None else (weights[:kept], weights[kept:])
    by_hand = twin(net)
    data = (X[kept:], y[kept:], last)
    expected = by_hand.fit(X[:kept], y[:kept], sample_weight=first, validation_data=data, **OPTIONS)
    history = net.fit(X, y, sample_weight=weights, validation_fraction=fraction, **OPTIONS)
    assert digest(net) == digest(by_hand)
    assert (history.loss, history.val_loss) == (expected.loss, expected.val_loss)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 7, 10, 50, 75, 100, 997, 1000, 30_000, 10**9 + 7])
def test_a_fraction_of_rows_is_exact(rows):
    for per_mille in range(1, 1000):
        fraction = Fraction(per_mille, 1000)
        for given in (per_mille / 1000, fraction, np.float64(per_mille / 1000), np.float32(per_mille / 1000)):
            assert share(rows, given) == rows * fraction
    for part in range(1, min(rows, 1000)):
        assert share(rows, part / rows) == part
        assert share(rows, (rows - part) / rows) == rows - part


@pytest.mark.parametrize(
    ("rows", "percent"), [(10, 10), (10, 80), (10, 90), (5, 80), (50, 34), (75, 32), (100, 33)]
)
def test_a_fit_trains_on_the_rows_that_a_validation_fraction_leaves(rows, percent):
    net = fanin.Network(1, [fanin.Dense(1, initializer="zeros")], "absolute_error", dtype="float64")
    y = np.zeros(rows)
    y[0] = 1  # so that the mean loss is 1 over the number of rows
    history = net.fit(
        np.zeros((rows, 1)),
        y,
        rule=optim.SGD(0),
        epochs=1,
        batch_size=rows,
        validation_fraction=percent / 100,
    )
    assert round(1 / history.loss[0]) == math.floor(rows * (1 - Fraction(percent, 100)))


@pytest.mark.parametrize("library", ["list", "masked", "array_like", "pandas", "polars"])
def test_a_validation_fraction_may_be_of_anything_that_fit_takes(net, classification, library):
    class ArrayLike:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            return np.array(self.array, dtype=dtype)

    X, y = classification
    expected = twin(net).fit(X, y, validation_fraction=0.3, **OPTIONS)
    if library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        data = frames.DataFrame(dict(zip("abcde", X.T, strict=True))), frames.Series(y)
        if library == "pandas":  # labels of rows are not their places
            data[1].index = np.arange(53) * 1.5 - 7
    else:
        kinds = {"list": np.ndarray.tolist, "masked": np.ma.array, "array_like": ArrayLike}
        data = kinds[library](X), kinds[library](y)
    history = net.fit(*data, validation_fraction=0.3, **OPTIONS)
    assert (history.loss, history.val_loss) == (expected.loss, expected.val_loss)


def test_a_validation_fraction_copies_no_samples(net, classification):
    X, y = classification
    rows = 200_000
    endless = np.broadcast_to(X[0], (rows, 5))  # one row in memory
    history = net.fit(
        endless, np.broadcast_to(y[0], rows), validation_fraction=0.5, rule=optim.SGD(), epochs=1
    )
    assert len(history.val_loss) == 1


def test_early_stopping_watches_the_samples_held_back(net, classification):
    stopping = fanin.EarlyStopping(patience=2)
    options = {"rule": optim.SGD(0), "epochs": 9, "callbacks": [stopping]}
    assert net.fit(*classification, validation_fraction=0.2, **options).stopped_epoch == 3


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, np.nan, np.inf, 0.0, 1.0])
def test_a_validation_fraction_outside_0_to_1_is_refused(net, classification, fraction):
    with pytest.raises(ValueError, match=r"validation_fraction: expected a (finite )?number"):
        net.fit(*classification, validation_fraction=fraction, **OPTIONS)


def test_a_validation_fraction_that_is_no_number_is_refused(net, classification):
    with pytest.raises(TypeError, match="validation_fraction: expected a number"):
        net.fit(*classification, validation_fraction="0.1", **OPTIONS)


def test_a_validation_fraction_that_leaves_a_side_empty_is_refused(net, classification):
    words = "validation_fraction: 0.999 of 53 rows leaves 0 to train on and 53 to validate; expected at least one each"
    before = digest(net)
    with pytest.raises(ValueError, match=words):
        net.fit(*classification, validation_fraction=0.999, **OPTIONS)
    with pytest.raises(ValueError, match=r"validation_fraction: 0\.5 of 1 rows leaves 0"):
        net.fit(classification.X[:1], classification.y[:1], validation_fraction=0.5, **OPTIONS)
    assert digest(net) == before


def test_validation_data_and_a_fraction_exclude_each_other(net, classification):
    with pytest.raises(ValueError, match="validation_fraction: expected None together with validation_data"):
        net.fit(*classification, validation_fraction=0.5, validation_data=classification, **OPTIONS)


def test_a_bad_value_among_the_samples_held_back_is_located(net, classification):
    X, y = classification
    X[50, 3] = np.nan
    with pytest.raises(
        ValueError, match=r"^validation_fraction: rows counted from row 42: X: row 8, column 3 is nan"
    ):
        net.fit(X, y, validation_fraction=0.2, **OPTIONS)


@pytest.mark.parametrize(
    ("X", "y", "weights", "words"),
    [
        (np.zeros((10, 5)), np.zeros(9, int), None, "y: expected 10 rows to match X, got 9"),
        (
            np.zeros((10, 5)),
            np.zeros(10, int),
            [1.0] * 11,
            "sample_weight: expected 10 rows to match X, got 11",
        ),
        (np.zeros(5), np.zeros(5, int), None, "X: expected shape"),
        (3.0, [1], None, "validation_fraction: 0.5 of 1 rows leaves 0"),
    ],
    ids=["y", "weights", "vector", "number"],
)
def test_wrong_shapes_get_a_clear_message_with_a_validation_fraction(net, X, y, weights, words):
    with pytest.raises(ValueError, match=words):
        net.fit(X, y, sample_weight=weights, validation_fraction=0.5, **OPTIONS)


def test_values_of_validation_data_are_checked_before_the_fit_and_not_in_every_epoch(net, classification):
    """A value changed by a callback gives wrong numbers, but a label never reads outside its memory."""
    X, y = classification
    X_val, y_val = X.copy(), y.copy()

    def spoil(net, epoch, logs):
        X_val[3, 1] = np.nan

    history = net.fit(X, y, validation_data=(X_val, y_val), callbacks=[spoil], **OPTIONS)
    assert np.isfinite(history.val_loss[0])
    assert np.isnan(history.val_loss[1:]).all()

    def spoil_labels(net, epoch, logs):
        y_val[5] = 2**40

    with pytest.raises(ValueError, match="y: row 5 is 1099511627776"):
        net.fit(X, y, validation_data=(X, y_val), callbacks=[spoil_labels], **OPTIONS)


def by_class(y, rows):
    return np.bincount(np.asarray(y)[rows], minlength=3)


@pytest.mark.parametrize("fraction", [0.02, 0.2, 0.5, 0.9])
def test_a_stratified_split_holds_back_each_classs_share(net, classification, fraction):
    X, y = classification
    kept = math.floor(53 * (1 - fraction))
    back = np.isin(np.arange(53), _core.stratified_rows(y.astype("int32"), 53 - kept, 0))
    exact = by_class(y, slice(None)) * (53 - kept) / 53
    assert np.all(np.abs(by_class(y, back) - exact) < 1)
    by_hand = twin(net)
    data = (X[back], y[back], WEIGHTS[back])
    expected = by_hand.fit(X[~back], y[~back], sample_weight=WEIGHTS[~back], validation_data=data, **OPTIONS)
    options = {"validation_fraction": fraction, "validation_split": "stratified", **OPTIONS}
    history = net.fit(X, y, sample_weight=WEIGHTS, **options)
    assert digest(net) == digest(by_hand)
    assert (history.loss, history.val_loss) == (expected.loss, expected.val_loss)


@pytest.mark.parametrize("library", ["list", "tuple", "pandas", "polars"])
def test_a_stratified_split_may_be_of_anything_that_fit_takes(net, classification, library):
    X, y = classification
    options = {"validation_fraction": 0.3, "validation_split": "stratified", **OPTIONS}
    expected = twin(net).fit(X, y, **options)
    if library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        data = frames.DataFrame(dict(zip("abcde", X.T, strict=True))), frames.Series(y)
    else:
        data = (X.tolist(), y.tolist()) if library == "list" else (tuple(X.tolist()), tuple(y.tolist()))
    history = net.fit(*data, **options)
    assert (history.loss, history.val_loss) == (expected.loss, expected.val_loss)


def test_a_stratified_split_depends_on_the_seed_of_the_order_and_not_on_the_epoch(net, classification):
    options = {"validation_fraction": 0.3, "validation_split": "stratified", "batches": "in_order", **OPTIONS}
    rate_0 = {**options, "rule": optim.SGD(0.0), "epochs": 1}
    losses = [net.fit(*classification, order_seed=seed, **rate_0).val_loss[0] for seed in (1, 1, 2, 0, None)]
    assert losses[0] == losses[1] != losses[2]
    assert losses[3] == losses[4]  # the seed of the network


def test_a_stratified_split_needs_classes_and_a_fraction(net, classification):
    options = {"validation_split": "stratified", **OPTIONS}
    with pytest.raises(ValueError, match=r"^validation_split: expected validation_fraction too, got None$"):
        net.fit(*classification, **options)
    with pytest.raises(ValueError, match=r"^validation_split: expected one of last, stratified, got 'first'"):
        net.fit(*classification, **{**options, "validation_split": "first"})
    options["validation_fraction"] = 0.2
    with pytest.raises(ValueError, match=r"^validation_split: needs classes, .* got class probabilities$"):
        net.fit(classification.X, np.eye(3)[classification.y], **options)
    bad = classification.X.copy()
    bad[:] = np.nan
    with pytest.raises(ValueError, match=r"^validation_split: rows counted among those held back: X: row 0"):
        net.fit(bad, classification.y, **options)
    held_back = _core.stratified_rows(classification.y.astype("int32"), 11, 0)
    bad[held_back] = 0
    with pytest.raises(
        ValueError, match=r"^validation_split: rows counted among those to train on: X: row 0"
    ):
        net.fit(bad, classification.y, **options)
