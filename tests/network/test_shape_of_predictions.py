"""Predictions of one output have the shape of the y that the network was last fitted with."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import fanin
from fanin import optim

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X.sum(axis=1)


def new_net(loss="squared_error", outputs=1, **options):
    return fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(outputs)], loss, **options)


def fitted(y, net=None, **options):
    net = net or new_net()
    net.fit(X, y, rule=optim.Adam(), epochs=1, **options)
    return net


def test_a_network_that_was_never_fitted_predicts_a_column():
    assert new_net().predict(X).shape == (20, 1)


@pytest.mark.parametrize(
    "y", [Y, Y.tolist(), Y.astype("float32"), Y[::-1]], ids=["64", "list", "32", "strided"]
)
def test_predictions_are_a_vector_after_a_fit_with_a_vector(y, dtype):
    net = fitted(y, new_net(dtype=dtype))
    assert net.predict(X).shape == (20,)
    assert net.predict(X.tolist()).shape == (20,)
    assert net.predict(X[:0]).shape == (0,)
    column = np.empty((20, 1), dtype=dtype)
    assert np.array_equal(net.predict(X), net.predict(X, out=column)[:, 0])


def test_predictions_have_the_shape_of_the_last_fit():
    net = fitted(Y)
    assert fitted(Y[:, None], net).predict(X).shape == (20, 1)
    assert fitted(Y, net).predict(X).shape == (20,)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_series_is_a_vector_and_a_frame_a_column(library):
    frames = pytest.importorskip(library)
    assert fitted(frames.Series(Y)).predict(X).shape == (20,)
    assert fitted(frames.DataFrame({"y": Y})).predict(X).shape == (20, 1)


def test_chunks_and_fits_together_count_as_fits():
    net, other = new_net(), new_net()
    net.fit_chunks([(X, Y)], rule=optim.Adam())
    fanin.train_together([(other, X, Y, {"rule": optim.Adam(), "epochs": 1})])
    assert net.predict(X).shape == other.predict(X).shape == (20,)


def test_a_fit_that_is_refused_or_has_no_epochs_leaves_the_shape(dtype):
    net = new_net(dtype=dtype)
    with pytest.raises(ValueError, match="y: row 0, column 0 is nan"):
        fitted(np.full(20, np.nan), net)
    net.fit(X, Y, rule=optim.Adam(), epochs=0)
    assert net.predict(X).shape == (20, 1)


def test_copies_and_files_keep_the_shape(tmp_path):
    net = fitted(Y)
    net.save(tmp_path / "model.safetensors")
    twins = [net.copy(), copy.deepcopy(net), fanin.load(tmp_path / "model.safetensors")]
    for twin in twins:
        assert twin.predict(X).shape == (20,)
        assert twin.to_bytes() == net.to_bytes()
    assert b"vector_targets" not in new_net().to_bytes()
    assert b"vector_targets" not in fitted(Y[:, None]).to_bytes()


def test_several_outputs_are_columns_whatever_y_is():
    labels = fitted(np.arange(20) % 2, new_net("softmax_cross_entropy", 2))
    quantiles = fitted(Y, new_net(fanin.losses.Quantile([0.1, 0.9]), 2))
    assert labels.predict(X).shape == quantiles.predict(X).shape == (20, 2)
    assert b"vector_targets" not in labels.to_bytes() + quantiles.to_bytes()


@pytest.mark.parametrize("y", [Y, Y[:, None]], ids=["vector", "column"])
def test_out_has_its_own_shape(y):
    net = fitted(y)
    for shape in ((20,), (20, 1)):
        out = np.empty(shape, dtype="float32")
        assert net.predict(X, out=out) is out
        assert np.array_equal(out.ravel(), net.predict(X).ravel())
    with pytest.raises(ValueError, match=r"out: expected shape \(20,\), got \(19,\)"):
        net.predict(X, out=np.empty(19, dtype="float32"))
    with pytest.raises(ValueError, match=r"out: expected shape \(20, 1\), got \(20, 2\)"):
        net.predict(X, out=np.empty((20, 2), dtype="float32"))
