"""FaninClassifier and FaninRegressor: what they predict, of which data, and what they keep."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance

import fanin
from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
SIGNAL = np.sin(2 * X[:, 0]) + X[:, 1]
NUMBER = SIGNAL + 0.1 * RNG.normal(size=300)
CLASSES = np.digitize(SIGNAL, [-0.5, 0.5])
FRAME = pd.DataFrame({"size": X[:, 0], "weight": X[:, 1], "kind": np.where(X[:, 2] > 0, "long", "short")})
FRAME.loc[::7, "size"] = np.nan


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 5]),
        np.array(["no", "yes"]),
        np.array(["no", "yes"], object),
        np.array([False, True]),
        np.array([-1.0, 2.0]),
        np.array(["a", "b", "c"]),
        np.array([10, 20, 30], np.int8),
    ],
)
def test_labels_of_any_type_come_back_as_they_were_also_from_a_file(labels, tmp_path):
    y = labels[CLASSES % len(labels)]
    model = FaninClassifier(**FAST).fit(X, y)
    for one in (model, _loaded(model, tmp_path)):
        assert one.classes_.dtype == labels.dtype
        assert one.predict(X).dtype == labels.dtype
        np.testing.assert_array_equal(one.classes_, labels)
    assert model.score(X, y) > 0.8
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(model.predict(X), labels[probabilities.argmax(axis=1)])


def test_numbers_of_numpy_among_the_parameters_are_saved_and_a_dict_is_not(tmp_path):
    model = FaninClassifier(effort="fast", random_state=np.int64(1), class_weight={0: 1, 1: 2})
    loaded = _loaded(model.fit(X, CLASSES % 2), tmp_path)
    assert loaded.get_params() == model.get_params() | {"class_weight": None}


def test_a_frame_for_a_model_without_names_is_read_by_position_with_a_warning():
    model = FaninRegressor(**FAST).fit(X, NUMBER)
    with pytest.warns(
        UserWarning, match="X has feature names, but FaninRegressor was fitted without feature names"
    ):
        found = model.predict(pd.DataFrame(X, columns=["c", "b", "a"]))
    np.testing.assert_array_equal(found, model.predict(X))


def _loaded(model, folder):
    model.save(folder / "model.safetensors")
    return type(model).load(folder / "model.safetensors")


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_a_file_a_pickle_and_a_copy_predict_the_same_bits(kind, tmp_path):
    y = CLASSES if kind is FaninClassifier else NUMBER
    model = kind(**FAST, members=3, n_jobs=1).fit(FRAME, y, RNG.uniform(1, 2, size=300))
    method = "predict_proba" if kind is FaninClassifier else "predict"
    expected = getattr(model, method)(FRAME)
    for one in (_loaded(model, tmp_path), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(getattr(one, method)(FRAME), expected)
        assert one.get_params() == model.get_params()
        assert one.n_features_in_ == 3
        assert list(one.feature_names_in_) == list(FRAME)
        assert one.encoder_.describe() == model.encoder_.describe()
        assert not hasattr(clone(one), "encoder_")


def test_columns_of_a_frame_are_found_by_name_whatever_their_order():
    model = FaninRegressor(**FAST).fit(FRAME, NUMBER)
    expected = model.predict(FRAME)
    np.testing.assert_array_equal(model.predict(FRAME[["kind", "size", "weight"]]), expected)
    polars = pl.DataFrame({name: FRAME[name].to_list() for name in FRAME})
    np.testing.assert_array_equal(model.predict(polars), expected)
    with pytest.raises(ValueError, match='X: missing column "kind"'):
        model.predict(FRAME[["size", "weight"]])
    with pytest.raises(ValueError, match='X: unknown column "more"'):
        model.predict(FRAME.assign(more=1))
    with pytest.raises(
        ValueError, match="X has 2 features, but FaninRegressor is expecting 3 features as input"
    ):
        FaninRegressor(**FAST).fit(X, NUMBER).predict(X[:, :2])


def test_the_spread_is_that_of_the_members():
    model = FaninRegressor(**FAST, members=2).fit(X, NUMBER)
    mean, deviation = model.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, model.predict(X))
    assert deviation.shape == mean.shape
    assert 0 < np.median(deviation) < 0.2
    far = model.predict(X[:1] + 100, return_std=True)[0]
    assert NUMBER.min() <= far[0] <= NUMBER.max()
    assert not FaninRegressor(**FAST, members=1).fit(X, NUMBER).predict(X, return_std=True)[1].any()


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_out_of_fold_predictions_are_worse_than_those_of_the_model_and_none_for_rows_without_weight(kind):
    y = CLASSES if kind is FaninClassifier else NUMBER
    weights = np.ones(300)
    weights[[4, 9]] = 0
    model = kind(effort="fast", random_state=0, out_of_fold=True).fit(X, y, weights)
    found = model.out_of_fold_
    predicted = model.predict_proba(X) if kind is FaninClassifier else model.predict(X)
    assert found.shape == predicted.shape
    assert np.isnan(found[[4, 9]]).all()
    known = np.delete(np.arange(300), [4, 9])
    exact = np.eye(3)[CLASSES] if kind is FaninClassifier else NUMBER
    error, own_error = (np.abs(values[known] - exact[known]).mean() for values in (found, predicted))
    assert own_error < error < 0.5
    assert not hasattr(kind(**FAST).fit(X, y), "out_of_fold_")


def test_each_loss_gives_the_statistic_that_it_stands_for():
    coin = RNG.integers(2, size=(2000, 1))
    y = 1 + RNG.exponential(size=2000)
    expected = {"absolute_error": np.median(y), "quantile": np.quantile(y, 0.9), "squared_error": y.mean()}
    for loss, value in expected.items():
        model = FaninRegressor(loss=loss, quantile=0.9, **FAST).fit(coin, y)
        assert abs(model.predict(coin[:5]).mean() - value) < 0.3, loss
    huber = FaninRegressor(loss="huber", **FAST).fit(coin, y).predict(coin).mean()
    assert expected["absolute_error"] < huber < expected["squared_error"]


@pytest.mark.parametrize(
    ("loss", "deviance"), [("poisson", mean_poisson_deviance), ("gamma", mean_gamma_deviance)]
)
def test_losses_with_a_logarithmic_link_predict_positive_numbers_and_explain_the_deviance(loss, deviance):
    mean = np.exp(SIGNAL)
    y = RNG.poisson(mean) if loss == "poisson" else mean * RNG.gamma(4, 0.25, size=300)
    model = FaninRegressor(loss=loss, **FAST).fit(X, y)
    predicted = model.predict(X)
    assert (predicted > 0).all()
    assert deviance(y, predicted) < 0.6 * deviance(y, np.full(300, y.mean()))


def test_several_targets_are_learned_together(tmp_path):
    y = np.stack([NUMBER, 100 - 50 * X[:, 2] + 10 * RNG.normal(size=300)], axis=1)
    model = FaninRegressor(**FAST).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.predict(X, return_std=True)[1].shape == (300, 2)
    np.testing.assert_array_equal(_loaded(model, tmp_path).predict(X), model.predict(X))


def test_weights_do_what_repeated_rows_do_in_a_small_table():
    weights = RNG.integers(0, 3, size=300)
    weighted = FaninClassifier(**FAST).fit(X, CLASSES, weights)
    repeated = FaninClassifier(**FAST).fit(X.repeat(weights, axis=0), CLASSES.repeat(weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_weights_of_classes_multiply_those_of_samples():
    rare = (CLASSES == 2).astype(int)
    plain = FaninClassifier(**FAST).fit(X, rare)
    heavy = FaninClassifier(**FAST, class_weight={0: 1, 1: 20}).fit(X, rare)
    same = FaninClassifier(**FAST).fit(X, rare, np.where(rare, 20, 1))
    assert heavy.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()
    np.testing.assert_array_equal(heavy.predict_proba(X), same.predict_proba(X))


def test_the_number_of_threads_changes_no_bit():
    one, two = (FaninRegressor(**FAST, n_jobs=n).fit(X, NUMBER).predict(X) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_network_and_a_model_of_the_other_kind_are_not_loaded(tmp_path):
    path = tmp_path / "model"
    FaninRegressor(**FAST).fit(X, NUMBER).save(path)
    with pytest.raises(ValueError, match="not a FaninClassifier: it predicts numbers"):
        FaninClassifier.load(path)
    with pytest.raises(ValueError, match="a model of tables"):
        fanin.load(path)
    FaninClassifier(**FAST).fit(X, CLASSES).save(path)
    with pytest.raises(ValueError, match="not a FaninRegressor: it predicts classes"):
        FaninRegressor.load(path)
    fanin.Network(1, [fanin.Dense(1)]).save(path)
    with pytest.raises(ValueError, match="a network, which"):
        FaninRegressor.load(path)
