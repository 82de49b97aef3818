"""MLPClassifier, MLPRegressor and Autoencoder as ONNX models."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from fanin.sklearn import Autoencoder, MLPClassifier, MLPRegressor
from onnx_models import TOLERANCE, assert_close, model_of, run

OPTIONS = {"hidden_layer_sizes": (8, 5), "random_state": 0, "solver": "lbfgs", "max_iter": 20}
LABELS = {
    "booleans": lambda x: x[:, 0] > 0,
    "integers": lambda x: np.digitize(x[:, 0], [-0.5, 0.5]) + 3,
    "small integers": lambda x: np.digitize(x[:, 0], [-0.5, 0.5]).astype("uint8"),
    "floats": lambda x: np.digitize(x[:, 0], [-0.5, 0.5]) * 2.0,
    "text": lambda x: np.array(["no", "maybe", "jà"])[np.digitize(x[:, 0], [-0.5, 0.5])],
    "objects": lambda x: np.where(x[:, 0] > 0, "yes", "no").astype(object),
    "one class": lambda x: np.full(len(x), "all"),
    "several": lambda x: (x[:, :3] > 0).astype(int),
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(name="X")
def rows_of_four(rng, dtype):
    return rng.normal(size=(80, 4)).astype(dtype)


@pytest.mark.parametrize("labels", LABELS)
def test_a_classifier_gives_labels_and_probabilities(labels, dtype, X):
    model = MLPClassifier(**OPTIONS).fit(X, LABELS[labels](X))
    found = run(model, X)
    assert_close(found["probabilities"], model.predict_proba(X), TOLERANCE[dtype])
    assert found["label"].tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("columns", [0, [0, 1]], ids=["one target", "two targets"])
def test_a_regressor_gives_numbers(loss, columns, dtype, X):
    model = MLPRegressor(loss, **OPTIONS).fit(X, X[:, columns] ** 2)
    assert_close(run(model, X)["prediction"], model.predict(X), TOLERANCE[dtype])
    assert model_of(model).doc_string == repr(model)


def test_assigned_weights_are_those_of_the_model(dtype, X):
    model = MLPRegressor(**OPTIONS).fit(X, X[:, 0])
    model.coefs_[0][...] *= 2
    assert_close(run(model, X)["prediction"], model.predict(X), TOLERANCE[dtype])


@pytest.mark.parametrize("options", [{}, {"loss": "logistic"}, {"tied": True, "noise": 0.2}], ids=str)
def test_an_autoencoder_gives_codes_and_reconstructions(options, dtype, X):
    X = 1 / (1 + np.exp(-X))
    given = {"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0, "activation": "tanh"}
    model = Autoencoder(2, **given, **options).fit(X)
    found = run(model, X)
    assert_close(found["codes"], model.transform(X), TOLERANCE[dtype])
    assert_close(found["reconstruction"], model.reconstruct(X), TOLERANCE[dtype])
    assert "Autoencoder" in model_of(model).doc_string


@pytest.mark.parametrize("model", [MLPClassifier(), MLPRegressor(), Autoencoder()])
def test_only_fitted_estimators_can_be_written(model, tmp_path):
    with pytest.raises(NotFittedError):
        model.to_onnx(tmp_path / "model.onnx")


def test_labels_that_onnx_does_not_have_are_refused(tmp_path):
    dates = np.array(["2020-01-01", "2021-01-01"], "M8[D]")
    model = MLPClassifier(**OPTIONS).fit([[0.0], [1.0]], [0, 1])
    model.classes_ = dates
    message = r"classes_: expected text, numbers or booleans, which ONNX has, got datetime64\[D\]"
    with pytest.raises(ValueError, match=message):
        model.to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
