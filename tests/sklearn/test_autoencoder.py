"""Autoencoder: codes, reconstructions and scores; with less noise than PCA, or with its error."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fanin
from fanin import optim
from fanin.sklearn import Autoencoder

RNG = np.random.default_rng(0)
ANGLE = RNG.uniform(-2, 2, size=400)
ARC = np.column_stack([np.sin(ANGLE), np.cos(ANGLE), ANGLE]) + 0.02 * RNG.normal(size=(400, 3))
CURVED = Autoencoder(1, hidden_layer_sizes=(16,), activation="tanh", random_state=0)
LINEAR = Autoencoder(hidden_layer_sizes=(), solver="lbfgs", max_iter=3000, random_state=0)


def error(model, X):
    return np.square(X - model.inverse_transform(model.transform(X))).sum(axis=1).mean()


@pytest.fixture(scope="module")
def curved():
    return clone(CURVED).fit(ARC)


def test_one_curved_axis_reconstructs_an_arc_that_two_straight_ones_do_not(curved):
    assert error(curved, ARC) < error(PCA(2).fit(ARC), ARC) / 3


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("components", [1, 2, 5])
def test_a_linear_bottleneck_reaches_the_error_of_principal_components(components, tied):
    X = 1e3 + load_digits().data[:500, 10:30]
    model = clone(LINEAR).set_params(n_components=components, tied=tied).fit(X)
    assert error(model, X) == pytest.approx(error(PCA(components).fit(X), X), rel=1e-5)


def test_full_batches_reach_the_error_of_principal_components_too():
    rule = optim.Adam(optim.Cosine(0.02))
    model = clone(LINEAR).set_params(solver=rule, batch_size=len(ARC)).fit(ARC)
    assert error(model, ARC) == pytest.approx(error(PCA(2).fit(ARC), ARC), rel=1e-5)


def test_codes_and_reconstructions_are_those_of_encoder_and_decoder(curved):
    codes = curved.transform(ARC)
    assert codes.shape == (400, 1)
    assert_array_equal(codes, curved.encoder_.predict(ARC))
    assert_array_equal(curved.inverse_transform(codes), curved.decoder_.predict(codes))
    assert_array_equal(curved.reconstruct(ARC), curved.inverse_transform(codes))
    assert_array_equal(codes, clone(CURVED).fit_transform(ARC))


def test_the_error_is_the_loss_of_the_last_epoch_in_the_units_of_the_data():
    model = clone(CURVED).set_params(solver=optim.SGD(0.0), max_iter=1, batch_size=400).fit(ARC)
    assert error(model, ARC) == pytest.approx(2 * model.history_.loss[0] * ARC.var(axis=0).mean())


def test_scores_are_negative_squared_errors_and_lowest_for_rows_unlike_the_others(curved):
    rows = np.vstack([ARC, ARC[:50, [1, 0, 2]]])
    scores = curved.score_samples(rows)
    assert_allclose(scores, -np.square(rows - curved.reconstruct(rows)).sum(axis=1))
    assert roc_auc_score(np.arange(450) < 400, scores) > 0.95
    assert curved.score(rows) == pytest.approx(scores.mean())


def test_units_and_offsets_of_the_data_change_nothing_but_the_units_of_reconstructions(curved):
    X = 1e-4 * ARC - 7.0
    other = clone(CURVED).fit(X)
    assert_allclose(other.transform(X), curved.transform(ARC), atol=1e-4)
    assert_allclose(other.reconstruct(X), 1e-4 * curved.reconstruct(ARC) - 7.0, atol=1e-8)


def test_noise_makes_a_model_that_mends_rows_with_missing_parts():
    X = load_digits().data / 16
    lost, mean = np.random.default_rng(1).random(X.shape) < 0.5, X.mean(axis=0)
    broken = np.where(lost, mean, mean + 2 * (X - mean))
    plain, denoising = (
        Autoencoder(30, noise=noise, max_iter=60, random_state=0).fit(X) for noise in (0, 0.5)
    )
    errors = [np.square(X - model.reconstruct(broken)).sum() for model in (plain, denoising)]
    assert errors[1] < errors[0] / 2


def test_a_logistic_loss_gives_reconstructions_between_0_and_1():
    X = load_digits().data / 16
    model = Autoencoder(8, loss="logistic", max_iter=40, random_state=0).fit(X)
    rows = model.reconstruct(X)
    assert 0 <= rows.min() < 0.01 < 0.99 < rows.max() <= 1
    assert error(model, X) < error(PCA(8).fit(X), X)


def test_other_losses_and_hidden_layers_mirror_the_encoder():
    model = Autoencoder(2, hidden_layer_sizes=(7, 5), loss="absolute_error", max_iter=2).fit(ARC)
    assert [layer.units for layer in model.encoder_.layers[1:]] == [7, 5, 2]
    assert [layer.units for layer in model.decoder_.layers] == [5, 7, 3]
    assert model.decoder_.layers[-1].activation == "identity"


def test_tied_weights_are_the_same_in_encoder_and_decoder():
    model = Autoencoder(2, hidden_layer_sizes=(7,), tied=True, noise=0.1, random_state=0).fit(ARC)
    encoder, decoder = model.encoder_.get_weights(), model.decoder_.get_weights()
    assert_array_equal(decoder["layer1.weight"], encoder["layer3.weight"].T)
    deviation = np.sqrt(ARC.var(axis=0).mean())
    assert_allclose(decoder["layer2.weight"], deviation * encoder["layer2.weight"].T)
    assert error(model, ARC) < 0.05


def test_early_stopping_keeps_the_weights_of_the_best_epoch_on_rows_held_out_or_given():
    X, rest = ARC[:300], ARC[300:]
    options = {"early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.03}
    held_out = clone(CURVED).set_params(**options).fit(X)
    given = clone(CURVED).set_params(**options).fit(X, X_val=rest)
    for model in (held_out, given):
        assert model.history_.best_epoch == model.n_iter_ - 3 < 197
    best = given.history_.val_loss[given.history_.best_epoch - 1]
    assert error(given, rest) == pytest.approx(2 * best * X.var(axis=0).mean())
    watched = clone(CURVED).set_params(max_iter=3).fit(X, X_val=rest)
    assert len(watched.history_.val_loss) == watched.n_iter_ == 3
    assert watched.history_.best_epoch is None


def test_columns_names_and_types_are_those_of_other_transformers():
    frame = pd.DataFrame(ARC, columns=["x", "y", "z"])
    model = clone(CURVED).set_params(max_iter=2, n_components=2).set_output(transform="pandas").fit(frame)
    assert list(model.feature_names_in_) == ["x", "y", "z"]
    assert list(model.transform(frame).columns) == ["autoencoder0", "autoencoder1"]
    assert_array_equal(model.score_samples(frame), -np.square(ARC - model.reconstruct(frame)).sum(axis=1))
    single = clone(model).set_output(transform="default").fit(ARC.astype("float32"))
    assert single.transform(ARC).dtype == single.encoder_.dtype == np.float32
    assert clone(CURVED).set_params(max_iter=2, dtype="float32").fit(ARC).transform(ARC).dtype == np.float32


def test_a_pickle_has_the_same_model_and_the_encoder_can_be_saved(curved, tmp_path):
    again = pickle.loads(pickle.dumps(curved))
    assert_array_equal(again.score_samples(ARC), curved.score_samples(ARC))
    curved.encoder_.save(tmp_path / "encoder.safetensors")
    assert_array_equal(fanin.load(tmp_path / "encoder.safetensors").predict(ARC), curved.transform(ARC))


def test_a_search_finds_the_number_of_components():
    pipe = make_pipeline(StandardScaler(), clone(CURVED).set_params(max_iter=50))
    search = GridSearchCV(pipe, {"autoencoder__n_components": [1, 2]}, cv=2).fit(ARC)
    assert search.best_params_["autoencoder__n_components"] == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 0}, "'n_components' parameter of Autoencoder must be an int in the range [1, inf)"),
        ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes must be > 0, got [3, 0]."),
        ({"activation": "sine"}, "'activation' parameter of Autoencoder must be a str among"),
        ({"noise": 1.0}, "'noise' parameter of Autoencoder must be a float in the range [0.0, 1.0)"),
        (
            {"solver": "newton"},
            "must be a str among {'adam', 'lbfgs'}, an instance of 'fanin.optim.rule.Rule'",
        ),
        (
            {"loss": "logistic"},
            "X: row 1, column 0 is -0.794337; loss='logistic' needs values between 0 and 1",
        ),
        ({"loss": "huber"}, "'loss' parameter of Autoencoder must be a str among"),
    ],
)
def test_parameters_of_an_autoencoder_that_are_wrong_are_named(parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        clone(CURVED).set_params(**parameters).fit(ARC)


def test_codes_and_rows_of_another_width_are_refused(curved):
    with pytest.raises(ValueError, match="X: expected codes of 1 numbers, got 3"):
        curved.inverse_transform(ARC)
    with pytest.raises(ValueError, match="X has 2 features, but Autoencoder is expecting 3 features"):
        curved.transform(ARC[:, :2])
    with pytest.raises(ValueError, match="X has 2 features"):
        clone(CURVED).fit(ARC, X_val=ARC[:, :2])
